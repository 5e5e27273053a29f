//! Four months of an operator, simulated in order with a manual clock, so that numbers, times and the audit log are
//! consistent.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::facts::{AIRCRAFT, AIRPORTS, CLIENTS, KEYS, MEMBERS, OLD_WEBSITE, REPORTS};
use crate::app::App;
use crate::audit::{Actor, AuditContext, AuditedTx};
use crate::auth::password::{Claimant, NewPassword, PasswordError};
use crate::cli::Failure;
use crate::config::Config;
use crate::fleet::{self, AircraftId};
use crate::invoices;
use crate::keys;
use crate::members::{self, Member};
use crate::safety::{self, Reporter};
use crate::trips::{self, TripId};
use crate::workspaces::{self, CreateWorkspace, Owner, WorkspaceId};
use kit::clock::{Clock, Time};
use kit::db::Location;
use kit::random::Random;

/// The email address of the demo's account owner.
pub(super) const OWNER: &str = "ana@skyline.example";

pub(super) const DAY: Duration = Duration::from_hours(24);
pub(super) const HOUR: Duration = Duration::from_hours(1);
const DAYS: u32 = 120;

/// The credentials that the demo prints.
pub(super) struct Seeded {
    /// The key of the Fleet Dashboard.
    pub(super) secret: String,
    pub(super) password: String,
}

/// The simulated operator on one day.
pub(super) struct Operator {
    pub(super) app: App,
    pub(super) workspace: WorkspaceId,
    /// Seeded, so that each demo has the same figures; secrets come from the operating system.
    chance: Random,
    members: Vec<Member>,
    aircraft: Vec<AircraftId>,
    /// Trips flown for a client and not invoiced yet.
    trips: Vec<(TripId, Time)>,
    planned: u32,
    pub(super) today: Time,
}

pub(super) async fn seed(location: &Location) -> Result<Seeded, Failure> {
    let today = Clock::System.now();
    let clock = Clock::manual(today.before(DAYS * DAY));
    let app = App::open_with(Config::default(), location, clock, Random::System).await?;
    let password = app.random.base62(16);
    let mut operator = Operator::found(app, today, &password).await?;
    operator.buy_aircraft().await?;
    let (mut secret, mut old_website) = (String::new(), None);
    for ago in (0..DAYS).rev() {
        operator.app.clock.advance(DAY);
        operator.live_a_day(ago).await?;
        for demo_key in KEYS.iter().filter(|key| key.made_days_ago == ago) {
            let made = operator.make_key(demo_key).await?;
            if demo_key.name == "Fleet Dashboard" {
                made.secret.expose().clone_into(&mut secret);
            }
            if demo_key.name == OLD_WEBSITE {
                old_website = Some(made);
            }
        }
        if let Some(old) = &old_website {
            operator.live_with_the_old_website(old, ago).await?;
        }
        operator.have_trouble(ago).await?;
    }
    keys::record_expiries(&operator.app).await?;
    operator.app.db.clone().close().await;
    Ok(Seeded { secret, password })
}

impl Operator {
    async fn found(app: App, today: Time, password: &str) -> Result<Self, Failure> {
        let owner = Owner { email: parse(OWNER)?, name: parse("Ana Keller")?, password: password.to_owned().into() };
        let create = CreateWorkspace {
            name: parse("Skyline Aviation")?,
            slug: parse("skyline")?,
            timezone: parse("Europe/Zurich")?,
            owner,
        };
        let (workspace, owner) = workspaces::create(&app, AuditContext::operator("demo"), create).await?;
        // All members of the demo have the same password.
        let chosen = NewPassword::choose(&password.to_owned().into(), &[]).map_err(PasswordError::from)?;
        let hash = app.passwords.hash(&app.random, app.passwords.permit(Claimant::Operator)?, chosen).await?;
        let mut tx = AuditedTx::begin(&app, workspace.id, AuditContext::of(Actor::member(owner.id, &owner.name))).await?;
        let mut all = vec![owner];
        for (name, role, email) in MEMBERS {
            let role = members::Role::parse(role).ok_or_else(|| Failure::refused("a role of the demo"))?;
            all.push(members::insert(&mut tx, parse(email)?, parse(name)?, role, Some(hash.clone())).await?);
        }
        tx.commit().await?;
        let (aircraft, trips) = (Vec::new(), Vec::new());
        Ok(Self { app, workspace: workspace.id, chance: Random::seeded(24), members: all, aircraft, trips, planned: 0, today })
    }

    fn one_of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    pub(super) fn below(&self, bound: usize) -> usize {
        usize::from(u16::from_le_bytes(self.chance.bytes())) % bound
    }

    pub(super) fn by(&self, member: usize) -> AuditContext {
        AuditContext::of(Actor::member(self.members[member].id, &self.members[member].name))
    }

    async fn tx(&self, member: usize) -> Result<AuditedTx, Failure> {
        Ok(AuditedTx::begin(&self.app, self.workspace, self.by(member)).await?)
    }

    async fn buy_aircraft(&mut self) -> Result<(), Failure> {
        let mut tx = self.tx(0).await?;
        for (tail, designator, model, base, status, note) in AIRCRAFT {
            let returns = matches!(status, "maintenance" | "aog").then(|| self.today.after(9 * DAY).hour());
            let aircraft = json!({
                "tailNumber": tail, "typeDesignator": designator, "model": model, "homeBase": base,
                "status": status, "statusNote": note, "expectedReturn": returns,
            });
            let made = fleet::create(&mut tx, input(aircraft)?).await.map_err(failed)?;
            if status == "active" {
                self.aircraft.push(made.id);
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Plans trips ten days ahead and invoices them a week later; safety reports are occasional.
    async fn live_a_day(&mut self, ago: u32) -> Result<(), Failure> {
        let mut tx = self.tx(3).await?;
        for _ in 0..=self.below(2) {
            self.plan_trip(&mut tx, ago).await?;
        }
        tx.commit().await?;
        if self.below(3) == 0 {
            let mut tx = self.tx(4).await?;
            self.file_report(&mut tx).await?;
            tx.commit().await?;
        }
        if ago.is_multiple_of(3) {
            let mut tx = self.tx(0).await?;
            self.bill(&mut tx, ago).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn plan_trip(&mut self, tx: &mut AuditedTx, ago: u32) -> Result<(), Failure> {
        let (origin, _) = self.one_of(&AIRPORTS[..3]);
        let (destination, hours) = self.one_of(&AIRPORTS[3..]);
        let hour = u32::try_from(5 + self.below(13)).unwrap_or(6);
        let departs = start_of_day(self.app.clock.now()).after(10 * DAY + hour * HOUR);
        let status = match (ago, self.below(12)) {
            (_, 0) => "cancelled",
            (11.., _) => "completed",
            (10, _) => "active",
            (8..=9, _) => "filed",
            (4..=7, _) => "scheduled",
            (2..=3, _) => "confirmed",
            (_, chance) => *["draft", "quoted", "requested"].get(chance % 3).unwrap_or(&"draft"),
        };
        let kind = *self.one_of(&["charter", "charter", "charter", "owner", "positioning", "training"]);
        let passengers = if matches!(kind, "charter" | "owner") { 1 + self.below(7) } else { 0 };
        let trip = json!({
            "externalId": format!("FP-{}", 41_000 + self.planned), "tripType": kind, "status": status,
            "origin": origin, "destination": destination, "departureDate": departs,
            "arrivalDate": departs.after(*hours * HOUR), "aircraftId": self.one_of(&self.aircraft), "passengerCount": passengers,
        });
        self.planned += 1;
        let made = trips::create(tx, input(trip)?).await.map_err(failed)?;
        if kind == "charter" && status == "completed" {
            self.trips.push((made.id, departs));
        }
        Ok(())
    }

    async fn file_report(&self, tx: &mut AuditedTx) -> Result<(), Failure> {
        let (kind, title, description, severity) = self.one_of(&REPORTS);
        let confidentiality = *self.one_of(&["standard", "standard", "confidential"]);
        let report = json!({
            "reportType": kind, "title": title, "description": description, "severity": severity,
            "location": self.one_of(&AIRPORTS[..8]).0, "occurredAt": self.app.clock.now().before(5 * HOUR), "confidentiality": confidentiality,
        });
        let reporter = Reporter::from(tx.by().actor.clone());
        let filed = safety::create(tx, reporter, input(report)?).await.map_err(failed)?;
        let age = self.today.since(self.app.clock.now());
        let path: &[&str] = match age.as_secs() / DAY.as_secs() {
            0..=7 => &[],
            8..=20 => &["under_review"],
            21..=40 => &["under_review", "corrective_action"],
            _ => &["under_review", "corrective_action", "closed"],
        };
        for status in path {
            safety::update(tx, filed.id, input(json!({ "status": status }))?).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn bill(&mut self, tx: &mut AuditedTx, ago: u32) -> Result<(), Failure> {
        let now = self.app.clock.now();
        let Some(place) = self.trips.iter().position(|(_, departed)| departed.after(2 * DAY) <= now) else { return Ok(()) };
        let (trip, _) = self.trips.remove(place);
        let (name, email) = self.one_of(&CLIENTS);
        let hours = 2 + self.below(5);
        let invoice = json!({
            "client": { "name": name, "email": email }, "tripId": trip, "currency": "CHF", "dueDate": now.after(30 * DAY).date(),
            "lineItems": [
                { "description": "Flight hours", "quantity": format!("{hours}.{}", self.below(10)), "unitPrice": 385_000 },
                { "description": "Landing and handling", "quantity": "2", "unitPrice": 64_500 },
                { "description": "Catering", "quantity": "1", "unitPrice": 18_000 + 500 * self.below(20) },
            ],
        });
        let made = invoices::create(tx, input(invoice)?).await.map_err(failed)?;
        if ago < 4 {
            return Ok(());
        }
        invoices::send(tx, made.id).await.map_err(failed)?;
        // Some clients pay late: two invoices are overdue.
        if ago > 14 && !(33..=38).contains(&ago) {
            invoices::pay(tx, made.id, input(json!({ "amount": made.total, "reference": "Bank transfer" }))?)
                .await
                .map_err(failed)?;
        }
        Ok(())
    }
}

fn start_of_day(time: Time) -> Time {
    Time::start_of(time.date()).unwrap_or(time)
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
