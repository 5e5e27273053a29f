//! The cost of lists, searches, exports and the audit chain with many rows, and its growth.
//!
//! `cargo bench --bench rows [URL] [PART…]`: on a new SQLite database, or on the empty one of that URL; `keys`, `trips`,
//! `events`, and `findings` and `usage`, which need the keys, or all of them. What is asked goes through all of a node but its socket. Lists
//! are the median of several calls; exports, verifications and first writes are one.

mod dialect;
mod findings;
#[path = "../shared/node.rs"]
mod shared;
mod usage;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Method;
use kit::db::Location;
use planeconnection::app::App;
use planeconnection::audit::{self, Action, Actor, AuditContext, AuditedTx, Outcome, Target, TargetKind};
use planeconnection::config::Config;
use planeconnection::middleware::HttpStack;
use planeconnection::router;
use planeconnection::workspaces::WorkspaceId;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::{OWNER, PASSWORD, SIGN_IN};

use dialect::{Dialect, POSTGRES, SQLITE};
use shared::answer;

/// Calls of each kind, of which the median is reported.
const CALLS: usize = 7;

/// Events in one transaction while they are made.
const AT_ONCE: u64 = 10_000;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let given = std::env::args().find(|argument| argument.contains("://"));
    let url = given.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("rows.db").display()));
    let node = Node::start(&url).await;
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with("--") && !part.contains("://")).collect();
    let is_asked = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    if ["keys", "usage", "findings"].into_iter().any(is_asked) {
        node.keys().await;
    }
    if is_asked("trips") {
        node.trips().await;
    }
    if is_asked("events") {
        node.events().await;
    }
    if is_asked("findings") {
        node.findings().await;
    }
    // Last: it writes events of its own.
    if is_asked("usage") {
        node.usage().await;
    }
}

struct Node {
    app: App,
    front: HttpStack,
    workspace: WorkspaceId,
    token: String,
    /// SQL that differs between the engines, to insert rows behind the product's back.
    dialect: Dialect,
}

impl Node {
    async fn start(url: &str) -> Self {
        let location: Location = url.parse().expect("a database");
        let dialect = if url.starts_with("postgres") { POSTGRES } else { SQLITE };
        let app = App::open(Config::default(), &location).await.expect("a database");
        let workspace = shared::set_up(&app).await;
        let mut node = Self { front: router::router(app.clone()), app, workspace, token: String::new(), dialect };
        let signed_in = node.post(SIGN_IN, &json!({ "email": OWNER, "password": PASSWORD })).await;
        signed_in["token"].as_str().expect("a token").clone_into(&mut node.token);
        node
    }

    async fn keys(&self) {
        let first = json!({ "name": "First", "permissions": "read_only", "expiresAt": null });
        let first = self.post("/api/v1/api-keys", &first).await;
        let first = format!("/api/v1/api-keys/{}", first["apiKey"]["id"].as_str().expect("an id"));
        let paths = ["", "?page={last}", "?search=99", "?status=revoked"];
        println!(
            "| keys | first page of 20 | last page | search by part of a name | revoked, one in 1,000 | first page after a key \
             changed | search after a key changed | first search after a start |"
        );
        println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        let mut made = 1;
        for (size, round) in [100, 1_000, 10_000, 100_000].into_iter().zip(1..) {
            let Dialect { id, digest, time, .. } = self.dialect;
            let (created, revoked) = (time("i"), time("i + 1"));
            // Numbers of changes past those of the changes that are made here in earnest.
            let past = round * 1_000;
            self.add(
                "api_keys",
                "id, workspace_id, digest, hint, name, name_folded, name_skeleton, name_forms_of, permissions, scopes, \
                 created_at, created_by_id, created_by_name, revision, revoked_at",
                &format!(
                    "{id}, workspace_id, {digest}, hint, 'Key ' || i, 'key ' || i, 'key ' || i, i + {past}, permissions, scopes, \
                     {created}, created_by_id, created_by_name, i + {past}, CASE WHEN i % 1000 = 0 THEN {revoked} END"
                ),
                made..size,
            )
            .await;
            self.run(&format!("UPDATE revisions SET value = {}", size + past)).await;
            made = size;
            // They came from long ago, which the product takes for settled.
            self.app.key_counts.forget();
            let (mut changed, mut searched) = (Vec::new(), Vec::new());
            for number in 0..CALLS {
                let change = json!({ "description": format!("Change {number} of {size}") });
                self.ask(Method::PATCH, &first, Body::from(change.to_string())).await;
                changed.push(self.time("/api/v1/api-keys").await);
                searched.push(self.time("/api/v1/api-keys?search=99").await);
            }
            let cells = self.times(size, "/api/v1/api-keys", &paths).await;
            self.app.keys.names.forget();
            let first_search = self.time("/api/v1/api-keys?search=99").await;
            println!("| {size} | {cells} | {:.2} ms | {:.2} ms | {first_search:.2} ms |", median(changed), median(searched));
        }
        println!();
    }

    async fn trips(&self) {
        let first =
            json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2020-01-01T00:00:00Z" });
        self.post("/api/v1/ops/trips", &first).await;
        let paths = [
            "",
            "?page={last}",
            "?cursor={early}",
            "?cursor={late}",
            "?status=cancelled",
            "?date_from=2020-01-02&date_to=2020-01-02",
            "?updated_since={recent}",
        ];
        println!(
            "| trips | first page of 20 | last page | second 20 by cursor | last 20 by cursor | cancelled, one in 1,000 | \
             departures of one day | the last 100 changed |"
        );
        println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        let mut made = 1;
        for size in [1_000, 10_000, 100_000, 300_000] {
            let Dialect { id, time, .. } = self.dialect;
            let (created, departs) = (time("i"), time("i * 600"));
            self.add(
                "trips",
                "id, workspace_id, external_id, trip_type, status, origin, destination, departure_date, passenger_count, \
                 created_at, updated_at",
                &format!(
                    "{id}, workspace_id, 'T-' || i, trip_type, CASE WHEN i % 1000 = 0 THEN 'cancelled' ELSE 'scheduled' END, \
                     origin, destination, {departs}, 4, {created}, {created}"
                ),
                made..size,
            )
            .await;
            made = size;
            self.row(size, "/api/v1/ops/trips", &paths).await;
        }
        println!();
    }

    async fn events(&self) {
        let paths = [
            "",
            "?page={last}",
            "?cursor={early}",
            "?cursor={late}",
            "?action=api_key.used",
            "?outcome=denied",
            "?actor_id=key_1",
            "?api_key_id=key_1",
        ];
        println!(
            "| audit events | first page of 20 | last page | second 20 by cursor | last 20 by cursor | by the most common action | \
             denied, one in 1,000 | by actor | by key | export, NDJSON | verify everything |"
        );
        println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        let mut made = 0;
        for size in [1_000, 10_000, 100_000, 1_000_000] {
            while made < size {
                let mut work =
                    AuditedTx::begin(&self.app, self.workspace, AuditContext::operator("rows")).await.expect("a transaction");
                for number in made..size.min(made + AT_ONCE) {
                    let actor = Actor::api_key(format!("key_{}", number % 1_000), "Fleet website");
                    work.act_for(AuditContext { ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..AuditContext::of(actor) });
                    let outcome = if number % 1_000 == 0 { Outcome::Denied } else { Outcome::Success };
                    let target = Target::new(TargetKind::ApiKey, number % 1_000, "Fleet website");
                    work.record_as(Action::KeyUsed, outcome, Some(target), json!({ "number": number }));
                }
                work.commit().await.expect("a commit");
                made = size.min(made + AT_ONCE);
            }
            self.settle().await;
            let lists = self.times(size, "/api/v1/audit-log", &paths).await;
            let begun = Instant::now();
            self.get("/api/v1/audit-log/export?format=ndjson").await;
            let export = millis(begun);
            let begun = Instant::now();
            let verdict = audit::verify(&self.app.db, self.workspace).await.expect("a verdict");
            assert!(
                verdict.fault.is_none() && u64::try_from(verdict.events).is_ok_and(|events| events > size),
                "{size} events are verified"
            );
            println!("| {size} | {lists} | {export:.0} ms | {:.0} ms |", millis(begun));
        }
        println!();
    }

    async fn row(&self, size: u64, list: &str, queries: &[&str]) {
        println!("| {size} | {} |", self.times(size, list, queries).await);
    }

    /// The cells of a row.
    async fn times(&self, size: u64, list: &str, queries: &[&str]) -> String {
        let mut cells = Vec::new();
        let (early, late) = (self.cursor(list, 1).await, self.cursor(list, size.div_ceil(20) - 1).await);
        for query in queries {
            let recent = 1_577_836_800 + size - 100;
            let recent = jiff::Timestamp::from_second(recent.cast_signed()).expect("a time").to_string();
            let path = format!("{list}{query}").replace("{last}", &size.div_ceil(20).to_string()).replace("{recent}", &recent);
            let path = path.replace("{early}", &early).replace("{late}", &late);
            let mut took = Vec::new();
            for _ in 0..CALLS {
                took.push(self.time(&path).await);
            }
            cells.push(format!("{:.2} ms", median(took)));
        }
        cells.join(" | ")
    }

    /// The cursor that continues the list after a page of 20.
    async fn cursor(&self, list: &str, page: u64) -> String {
        let answer = self.ask(Method::GET, &format!("{list}?page={page}"), Body::empty()).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        answer["data"]["next_cursor"].as_str().expect("more rows").to_owned()
    }

    /// Makes rows out of one that is there, by number.
    async fn add(&self, table: &str, columns: &str, values: &str, numbers: std::ops::Range<u64>) {
        let (from, to) = (numbers.start, numbers.end - 1);
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}), \
             one AS (SELECT * FROM {table} LIMIT 1) INSERT INTO {table} ({columns}) SELECT {values} FROM one, n"
        );
        self.run(&sql).await;
        self.settle().await;
    }

    async fn run(&self, sql: &str) {
        let tx = self.app.db.begin().await.expect("a transaction");
        tx.execute_unprepared(sql).await.expect("a statement");
        tx.commit().await.expect("a commit");
    }

    /// Does the engine's own background maintenance at once.
    async fn settle(&self) {
        if let Some(statistics) = self.dialect.statistics {
            self.run(statistics).await;
        }
    }

    /// Returns the milliseconds that a call takes.
    async fn time(&self, path: &str) -> f64 {
        let begun = Instant::now();
        self.get(path).await;
        millis(begun)
    }

    async fn get(&self, path: &str) {
        self.ask(Method::GET, path, Body::empty()).await;
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let session = (!self.token.is_empty()).then(|| format!("Bearer {}", self.token));
        let credential = session.as_deref().map(|session| ("authorization", session));
        shared::post(&self.front, credential, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Body) -> Bytes {
        let request = Request::builder().method(method).uri(path).header("host", "rows.example");
        let request =
            request.header("content-type", "application/json").header("authorization", format!("Bearer {}", self.token));
        answer(self.front.clone(), request.body(body).expect("a request")).await
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}
