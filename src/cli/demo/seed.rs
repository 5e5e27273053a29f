//! The plan, carried out with a manual clock through the services that the API calls, so that numbers, times and the audit
//! log are consistent.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use sea_orm::ConnectionTrait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calendar::Calendar;
use super::facts::{ANA, OWNER, PEOPLE};
use super::integrations::{FLEET_DASHBOARD, FLIGHT_PLAN, KEYS};
use super::plan::{Deed, Plan, Step, Who};
use super::rules;
use super::webhooks::DemoEndpoint;
use crate::app::App;
use crate::audit::{Actor, AuditContext, AuditedTx};
use crate::auth::password::{Claimant, NewPassword, PasswordError};
use crate::cli::Failure;
use crate::config::Config;
use crate::fleet::AircraftId;
use crate::invoices::{self, Invoice};
use crate::keys::{self, NewKey, UnusualWatch};
use crate::members::{self, Member};
use crate::safety::ReportId;
use crate::scopes::Scope;
use crate::security::{self, SecuritySettings, TwoFactorPolicy};
use crate::trips::TripId;
use crate::workspaces::{self, CreateWorkspace, Owner, WorkspaceId};
use kit::clock::{Clock, Time, zone};
use kit::db::{Db, DbOptions, Location};
use kit::random::Random;

const TIMEZONE: &str = "Europe/Zurich";

/// The credentials that the demo prints, and the endpoints that its receiver serves.
pub(super) struct Seeded {
    /// The keys of the Fleet Dashboard and of the scheduling software.
    pub(super) fleet_key: String,
    pub(super) trips_key: String,
    pub(super) password: String,
    pub(super) endpoints: Vec<DemoEndpoint>,
    pub(super) receiver: SocketAddr,
}

/// The simulated operator. What it has made is in the order of the facts and of the plan.
pub(super) struct Operator {
    pub(super) app: App,
    pub(super) workspace: WorkspaceId,
    pub(super) plan: Plan,
    pub(super) today: Time,
    pub(super) members: Vec<Member>,
    /// All members of the demo have the same password.
    password_hash: String,
    pub(super) keys: BTreeMap<usize, NewKey>,
    pub(super) aircraft: BTreeMap<usize, AircraftId>,
    pub(super) trips: BTreeMap<usize, TripId>,
    pub(super) invoices: BTreeMap<usize, Invoice>,
    pub(super) reports: BTreeMap<usize, ReportId>,
    pub(super) webhooks: Vec<DemoEndpoint>,
    /// The address at which the webhooks are received.
    pub(super) receiver: SocketAddr,
    /// Writes with keys, by key, hour and scope.
    pub(super) writes: BTreeMap<(usize, Time, Scope), i64>,
}

/// Changes who an event names, as somebody with access to the database could: its hash does not fit any more.
pub(super) async fn tamper(location: &Location) -> Result<(), Failure> {
    let db = Db::open(location, &DbOptions::default()).await?;
    let tx = db.begin().await?;
    tx.execute_unprepared("UPDATE audit_events SET actor_name = 'Tom Baumann' WHERE action = 'api_key.revoked'").await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Fills the database as a node with the secret keys and the webhook settings of `config` would have.
pub(super) async fn seed(location: &Location, today: Time, config: &Config, receiver: SocketAddr) -> Result<Seeded, Failure> {
    let plan = Plan::new(Calendar::new(today, zone(TIMEZONE)));
    let (secret_keys, webhooks) = (config.secret_keys.clone(), config.webhooks.clone());
    let config = Config { node_name: "demo".to_owned(), secret_keys, webhooks, ..Config::default() };
    let app = App::open_with(config, location, Clock::manual(plan.founded_at()), Random::System).await?;
    // A node, so that revocations have one that confirms them.
    app.cluster.join("demo").await?;
    let password = app.random.base62(16);
    let mut operator = Operator::found(app, plan, (today, receiver), &password).await?;
    for step in operator.plan.steps.clone() {
        if step.at > today {
            break;
        }
        operator.take(step).await?;
    }
    operator.use_keys().await?;
    operator.straggle_lately().await?;
    operator.visit_elsewhere().await?;
    operator.app.clock.advance(today.since(operator.app.clock.now()));
    operator.deliver_events().await?;
    let app = &operator.app;
    keys::hygiene::review(app).await?;
    UnusualWatch::default().run(app, &app.index).await?;
    app.cluster.leave().await?;
    app.db.clone().close().await;
    let [fleet_key, trips_key] =
        [FLEET_DASHBOARD, FLIGHT_PLAN].map(|key| operator.key(key).map(|key| key.secret.expose().to_owned()));
    Ok(Seeded { fleet_key: fleet_key?, trips_key: trips_key?, password, endpoints: operator.webhooks, receiver })
}

impl Operator {
    async fn found(app: App, plan: Plan, (today, receiver): (Time, SocketAddr), password: &str) -> Result<Self, Failure> {
        let owner = Owner { email: parse(OWNER)?, name: parse(PEOPLE[ANA].name)?, password: password.to_owned().into() };
        let create =
            CreateWorkspace { name: parse("Skyline Aviation")?, slug: parse("skyline")?, timezone: parse(TIMEZONE)?, owner };
        let (workspace, owner) = workspaces::create(&app, AuditContext::operator("demo"), create).await?;
        let chosen = NewPassword::choose(&password.to_owned().into(), &[]).map_err(PasswordError::from)?;
        let password_hash = app.passwords.hash(&app.random, app.passwords.permit(Claimant::Operator)?, chosen).await?;
        Ok(Self {
            app,
            workspace: workspace.id,
            plan,
            today,
            members: vec![owner],
            password_hash,
            keys: BTreeMap::new(),
            aircraft: BTreeMap::new(),
            trips: BTreeMap::new(),
            invoices: BTreeMap::new(),
            reports: BTreeMap::new(),
            webhooks: Vec::new(),
            receiver,
            writes: BTreeMap::new(),
        })
    }

    /// Carries out a step, if the role or the scopes allow it.
    async fn take(&mut self, step: Step) -> Result<(), Failure> {
        let Step { at, who, deed } = step;
        self.app.clock.advance(at.since(self.app.clock.now()));
        if !rules::may(who, deed) {
            return Err(failed(format!("{who:?} may not do {deed:?}")));
        }
        match deed {
            Deed::AddMember(member) => self.add_member(who, member).await?,
            Deed::SignIn => self.sign_in(who).await?,
            Deed::AddAircraft(place) => self.add_aircraft(who, place).await?,
            Deed::Ground(place) => self.ground(who, place).await?,
            Deed::MakeKey(place) => self.make_key(who, place).await?,
            Deed::RetireKey(place) => self.retire_key(who, place).await?,
            Deed::MakeWebhook(place) => self.make_webhook(who, place).await?,
            Deed::DisableWebhook => self.disable_webhook().await?,
            Deed::RecommendFactors => self.recommend_factors(who).await?,
            Deed::Elapse => self.elapse().await?,
            Deed::Book(flight, status) => self.book(who, flight, status).await?,
            Deed::Move(flight, status) => self.advance(who, flight, status).await?,
            Deed::Bill(bill) => self.bill(who, bill).await?,
            Deed::Send(bill) => self.send(who, bill).await?,
            Deed::Pay(bill) => self.pay(who, bill).await?,
            Deed::File(report) => self.file(who, report).await?,
            Deed::Assess(report, status) => self.assess(who, report, status).await?,
            Deed::Read(scope, address) => self.read(who, scope, address).await?,
            Deed::LackScope(scope) => self.lack_scope(who, scope).await?,
            Deed::Straggle => self.straggle(who).await?,
            Deed::GuessPassword(address) => self.guess_password(address).await?,
        }
        if let (Who::Key(key), Some(scope), false) = (who, rules::scope_of(deed), matches!(deed, Deed::Read(..))) {
            *self.writes.entry((key, at.hour(), scope)).or_default() += 1;
        }
        Ok(())
    }

    /// Records what the passing of time brings, as the background jobs do.
    async fn elapse(&self) -> Result<(), Failure> {
        invoices::record_overdue(&self.app).await?;
        keys::record_expiring(&self.app).await?;
        keys::end_rotations(&self.app.keys).await?;
        Ok(keys::record_expiries(&self.app).await?)
    }

    async fn recommend_factors(&self, who: Who) -> Result<(), Failure> {
        let Who::Member(place) = who else { return Err(failed("a key that changes security settings")) };
        let by = self.members.get(place).ok_or_else(|| failed("a member who is not there"))?.id;
        let settings = SecuritySettings { two_factor_policy: TwoFactorPolicy::Recommended, ..SecuritySettings::default() };
        security::update(&self.app, self.workspace, self.audit_context(who)?, by, settings).await.map_err(failed)?;
        Ok(())
    }

    async fn add_member(&mut self, who: Who, place: usize) -> Result<(), Failure> {
        let person = &PEOPLE[place];
        let role = rules::role_of(place).ok_or_else(|| failed("a role of the demo"))?;
        let mut tx = self.begin(who).await?;
        let hash = Some(self.password_hash.clone());
        let member = members::insert(&mut tx, parse(person.email)?, parse(person.name)?, role, hash).await?;
        tx.commit().await?;
        self.members.push(member);
        Ok(())
    }

    pub(super) fn key(&self, place: usize) -> Result<&NewKey, Failure> {
        self.keys.get(&place).ok_or_else(|| failed("a key that is not there"))
    }

    /// Returns the audit context of a member or a key.
    pub(super) fn audit_context(&self, who: Who) -> Result<AuditContext, Failure> {
        let (actor, address, program) = match who {
            Who::Member(place) => {
                let member = self.members.get(place).ok_or_else(|| failed("a member who is not there"))?;
                (Actor::member(member.id, &member.name), PEOPLE[place].address, PEOPLE[place].browser)
            }
            Who::Key(place) => {
                let key = &self.key(place)?.key;
                (Actor::api_key(key.id, &key.name), KEYS[place].address, KEYS[place].program)
            }
        };
        Ok(AuditContext { ip: Some(parse(address)?), user_agent: Some(program.to_owned()), ..AuditContext::of(actor) })
    }

    pub(super) async fn begin(&self, who: Who) -> Result<AuditedTx, Failure> {
        Ok(AuditedTx::begin(&self.app, self.workspace, self.audit_context(who)?).await?)
    }
}

/// Parses an input as the API does.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    Ok(serde_json::from_value(value)?)
}

pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(failed)
}

pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::refused(format!("the demo cannot be filled: {error}"))
}
