//! The fixture of every test: a workspace "Skyline Aviation", its members and keys, and clients for them.
//!
//! ```ignore
//! let t = TestApp::new().await;
//! let key = t.key(&["trips:read"]).await;
//! t.with(&key).get("/api/v1/ops/trips").await.is(200);
//! t.admin().await.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
//! t.with(&key).get("/api/v1/ops/trips").await.is(401).code("API_KEY_REVOKED");
//! t.audit_ends_with(&["api_key.revoked"]).await;
//! ```

mod authenticator;
mod client;
mod log;

use std::sync::Arc;
use std::time::Duration;

use kit::clock::{Clock, Time};
use kit::db::Location;
use kit::random::Random;
use planeconnection::app::App;
use planeconnection::audit::{Actor, AuditContext, AuditedTx};
use planeconnection::config::Config;
use planeconnection::keys::Flush;
use planeconnection::members::{self, Member, Role};
use planeconnection::middleware::HttpStack;
use planeconnection::migrations::Migrations;
use planeconnection::secret_key::SecretKeys;
use planeconnection::workspaces::{self, CreateWorkspace, Owner, Workspace};
use planeconnection::{auth, background, router};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use testkit::TestDatabase;

pub use authenticator::Authenticator;
pub use client::{Client, Response};
pub use log::Lines;
pub use testkit::PASSWORD;

/// A node on a database without a workspace.
pub struct EmptyApp {
    pub app: App,
    pub router: HttpStack,
    pub database: TestDatabase,
}

pub struct TestApp {
    pub app: App,
    pub router: HttpStack,
    pub workspace: Workspace,
    pub owner: Member,
    pub database: TestDatabase,
}

/// A key with its secret.
#[derive(Clone, Debug)]
pub struct TestKey {
    pub id: String,
    pub secret: String,
}

/// The settings of a node with a secret key.
pub fn test_config() -> Config {
    let keys = SecretKeys::parse(&SecretKeys::generate(&Random::seeded(17))).expect("a key");
    Config { secret_keys: Some(Arc::new(keys)), ..Config::default() }
}

impl EmptyApp {
    pub async fn new() -> Self {
        Self::with_config(test_config()).await
    }

    async fn with_config(config: Config) -> Self {
        Self::on(TestDatabase::migrated::<Migrations>().await, config).await
    }

    async fn on(database: TestDatabase, config: Config) -> Self {
        let clock = Clock::manual("2026-11-23T09:30:00Z".parse::<Time>().expect("a time"));
        let app = App::open_with(config, database.location(), clock, Random::seeded(7)).await.expect("a database");
        app.cluster.join("test").await.expect("a lease");
        Self { router: router::router(app.clone()), app, database }
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Client {
        Client::on(&self.router)
    }

    /// Creates a workspace as the operator does.
    pub async fn make_workspace(&self, slug: &str) -> (Workspace, Member) {
        workspace(&self.app, slug, slug, &format!("owner@{slug}.example")).await
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with_config(test_config()).await
    }

    pub async fn with_config(config: Config) -> Self {
        Self::fill(EmptyApp::with_config(config).await).await
    }

    /// A workspace in a file, on any engine of the suite.
    pub async fn in_a_file() -> Self {
        Self::fill(EmptyApp::on(TestDatabase::in_file(), test_config()).await).await
    }

    /// Replaces the node by another one on the database, with other settings.
    pub async fn restarted_with(self, config: Config) -> Self {
        let Self { app: before, workspace, owner, database, .. } = self;
        let app = App::open_with(config, database.location(), before.clock.clone(), Random::seeded(8)).await.expect("a database");
        before.cluster.leave().await.expect("the node before has left");
        app.cluster.join("test").await.expect("a lease");
        Self { router: router::router(app.clone()), app, workspace, owner, database }
    }

    async fn fill(EmptyApp { app, router, database }: EmptyApp) -> Self {
        let (workspace, owner) = workspace(&app, "skyline", "Skyline Aviation", "ana@skyline.example").await;
        Self { app, router, workspace, owner, database }
    }

    pub fn location(&self) -> &Location {
        self.database.location()
    }

    /// A second workspace, and its owner.
    pub async fn other_workspace(&self) -> (Workspace, Client) {
        let (other, owner) = workspace(&self.app, "northwind", "Northwind Charter", "ben@northwind.example").await;
        let client = self.signed_in(owner).await;
        (other, client)
    }

    /// Another workspace of this name, and its owner.
    pub async fn workspace_named(&self, slug: &str, name: &str) -> (Workspace, Client) {
        let (other, owner) = workspace(&self.app, slug, name, &format!("owner@{slug}.example")).await;
        let client = self.signed_in(owner).await;
        (other, client)
    }

    /// Another workspace in this time zone, and its owner.
    pub async fn workspace_in(&self, slug: &str, zone: &str) -> (Workspace, Client) {
        let (other, owner) = workspace_in(&self.app, slug, slug, &format!("owner@{slug}.example"), zone).await;
        let client = self.signed_in(owner).await;
        (other, client)
    }

    /// Executes SQL behind the product's back.
    pub async fn tamper(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// Returns the one number that a query finds.
    pub async fn number(&self, sql: &str) -> i64 {
        let read = self.app.db.read();
        let row = read.query_one_raw(Statement::from_string(read.get_database_backend(), sql)).await.expect("an answer");
        row.expect("a row").try_get_by_index(0).expect("a number")
    }

    /// Inserts the row of a node that does not run.
    pub async fn other_node(&self, name: &str, applied: &str, lease_until: &str) {
        self.tamper(&format!(
            "INSERT INTO nodes (id, started_at, applied_revision, lease_until, address, name, version) VALUES \
             ({}, '2026-11-18 08:00:00+00:00', {applied}, '{lease_until}', '10.0.0.7:8080', '{name}', '')",
            self.database.new_id_sql()
        ))
        .await;
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Client {
        Client::on(&self.router)
    }

    /// The metrics, which a program on the same machine may read.
    pub async fn metrics(&self) -> String {
        self.anonymous().from("127.0.0.1").header("host", "127.0.0.1:8080").get("/metrics").await.is(200).text
    }

    pub fn with(&self, key: &TestKey) -> Client {
        self.anonymous().header("x-api-key", &key.secret)
    }

    pub async fn owner(&self) -> Client {
        self.signed_in(self.owner.clone()).await
    }

    pub async fn admin(&self) -> Client {
        self.member(Role::Admin).await
    }

    /// A new member of this role, signed in.
    pub async fn member(&self, role: Role) -> Client {
        let member = self.add_member(role).await;
        self.signed_in(member).await
    }

    pub async fn add_member(&self, role: Role) -> Member {
        let mut tx = AuditedTx::begin(&self.app, self.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
        let number = self.app.random.base62(6).to_lowercase();
        let email = format!("{role}-{number}@skyline.example").parse().expect("an email");
        let name = format!("Test {role}").parse().expect("a name");
        let member =
            members::insert(&mut tx, email, name, role, Some("no password has this hash".to_owned())).await.expect("a member");
        tx.commit().await.expect("a commit");
        member
    }

    pub async fn signed_in(&self, member: Member) -> Client {
        let token = self.token_of(member).await;
        self.anonymous().header("authorization", &format!("Bearer {token}"))
    }

    /// The token of a new session.
    pub async fn token_of(&self, member: Member) -> String {
        let by = AuditContext::of(Actor::member(member.id, &member.name));
        // In a box: the futures of tests stay small.
        let session = Box::pin(auth::open_session(&self.app, member, by, None)).await.expect("a session");
        session.token.expose().to_owned()
    }

    /// A key with these scopes, without expiry.
    pub async fn key(&self, scopes: &[&str]) -> TestKey {
        let name = format!("Test key {}", self.app.random.base62(8));
        self.key_with(json!({ "name": name, "permissions": "custom", "scopes": scopes, "expiresAt": null })).await
    }

    /// A read-only key of this name, without expiry.
    pub async fn named_key(&self, name: &str) -> TestKey {
        self.key_with(read_only_key(name)).await
    }

    /// A key as the body says, created by the account owner.
    pub async fn key_with(&self, body: Value) -> TestKey {
        let made = self.owner().await.post("/api/v1/api-keys", body).await.is(201);
        TestKey { id: made.text_at("/data/apiKey/id"), secret: made.text_at("/data/secret") }
    }

    /// Advances the clock, and runs the node's background jobs once.
    pub async fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
        self.app.cluster.heartbeat().await.expect("a lease");
        background::flush(&self.app, Flush::Regular).await;
    }

    /// Flushes the usage counters.
    pub async fn flush(&self) {
        background::flush(&self.app, Flush::Last).await;
    }

    /// The whole audit log, the oldest event first.
    pub async fn audit(&self) -> Vec<Value> {
        self.flush().await;
        let owner = self.owner().await;
        let mut events = Vec::new();
        for page in 1.. {
            let answer = owner.get(&format!("/api/v1/audit-log?page_size=100&page={page}")).await.is(200);
            let items = answer.json["data"]["items"].as_array().cloned().unwrap_or_default();
            events.extend(items.iter().cloned());
            if items.len() < 100 {
                break;
            }
        }
        events.reverse();
        events
    }

    /// The last events, not counting that members were added and signed in for the test.
    pub async fn audit_ends_with(&self, actions: &[&str]) {
        let events = self.audit().await;
        let names: Vec<&str> = events
            .iter()
            .filter_map(|event| event["action"].as_str())
            .filter(|name| !matches!(*name, "member.signed_in" | "member.added"))
            .collect();
        assert!(
            names.ends_with(actions),
            "the log ends with {:?}, not with {actions:?}",
            &names[names.len().saturating_sub(actions.len() + 3)..]
        );
    }
}

/// The body that creates a read-only key of this name, without expiry.
pub fn read_only_key(name: &str) -> Value {
    json!({ "name": name, "permissions": "read_only", "expiresAt": null })
}

async fn workspace(app: &App, slug: &str, name: &str, email: &str) -> (Workspace, Member) {
    Box::pin(workspace_in(app, slug, name, email, "Europe/Zurich")).await
}

async fn workspace_in(app: &App, slug: &str, name: &str, email: &str, zone: &str) -> (Workspace, Member) {
    let owner = Owner {
        email: email.parse().expect("an email"),
        name: "Ana Keller".parse().expect("a name"),
        password: PASSWORD.to_owned().into(),
    };
    let create = CreateWorkspace {
        name: name.parse().expect("a name"),
        slug: slug.parse().expect("a slug"),
        timezone: zone.parse().expect("a time zone"),
        owner,
    };
    workspaces::create(app, AuditContext::operator("test"), create).await.expect("a workspace")
}
