//! The rows that are read: trips and invoices by the API, which records an audit event for each, reports and keys as copies of
//! one, and the usage of each key.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::{INVOICES, REPORTS, TRIPS};

use crate::node::Node;
use crate::trip::trip;

/// Rows of each kind.
const ROWS: u32 = 300;

/// Hours in which each key is used: 14 days.
const HOURS: u32 = 14 * 24;

/// The SQL in which the engines differ.
struct Dialect {
    id: &'static str,
    digest: &'static str,
    /// As many seconds after the beginning of 2020 as the number of the row.
    created: &'static str,
    /// The beginning of the hour that is as many hours ago as the number of the row.
    hour: &'static str,
    /// Refreshes the statistics of the query planner.
    statistics: Option<&'static str>,
}

const SQLITE: Dialect = Dialect {
    id: "randomblob(16)",
    digest: "randomblob(32)",
    created: "strftime('%Y-%m-%dT%H:%M:%S', '2020-01-01', '+' || i || ' seconds') || '+00:00'",
    hour: "strftime('%Y-%m-%dT%H:00:00', 'now', '-' || i || ' hours') || '+00:00'",
    statistics: None,
};

const POSTGRES: Dialect = Dialect {
    id: "gen_random_uuid()",
    digest: "sha256(gen_random_uuid()::text::bytea)",
    created: "timestamptz '2020-01-01 00:00:00Z' + make_interval(secs => i)",
    hour: "date_trunc('hour', now(), 'UTC') - make_interval(hours => i)",
    statistics: Some("ANALYZE"),
};

/// Makes all rows in the database at `url`, which is that of the node.
pub(super) async fn fill(node: &Node, url: &str) {
    let dialect = if url.starts_with("postgres") { POSTGRES } else { SQLITE };
    let lists = [(TRIPS, (0..ROWS).map(trip).collect()), (INVOICES, (0..ROWS).map(invoice).collect::<Vec<Value>>())];
    for (list, items) in lists {
        let results = node.post(&format!("{list}/batch"), &json!({ "items": items })).await;
        assert_eq!(results["failed"], 0, "{results}");
    }
    node.post(REPORTS, &report()).await;
    let tx = node.app.db.begin().await.expect("a transaction");
    for statement in statements(&dialect) {
        tx.execute_unprepared(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    tx.commit().await.expect("a commit");
    // The keys, into memory.
    node.renew_lease().await;
}

fn statements(dialect: &Dialect) -> Vec<String> {
    let Dialect { id, digest, created, hour, statistics } = dialect;
    let numbers = |last| format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})");
    let (rows, hours) = (numbers(ROWS), numbers(HOURS));
    let mut statements = vec![
        format!(
            "{rows}, one AS (SELECT * FROM reports LIMIT 1) \
             INSERT INTO reports (id, workspace_id, number, report_type, title, description, location, occurred_at, severity, \
                                  icao_severity, status, confidentiality, filed_as, reporter_id, reporter_name, created_at, \
                                  updated_at) \
             SELECT {id}, workspace_id, 'HAZ-2020-' || i, report_type, title, description, location, {created}, severity, \
                    icao_severity, status, confidentiality, filed_as, reporter_id, reporter_name, {created}, {created} \
             FROM one, n"
        ),
        format!(
            "{rows}, one AS (SELECT * FROM api_keys LIMIT 1) \
             INSERT INTO api_keys (id, workspace_id, digest, hint, name, permissions, scopes, created_at, created_by_id, \
                                   created_by_name, revision) \
             SELECT {id}, workspace_id, {digest}, hint, 'Key ' || i, permissions, scopes, {created}, created_by_id, \
                    created_by_name, revision + i \
             FROM one, n"
        ),
        "UPDATE revisions SET value = (SELECT max(revision) FROM api_keys)".to_owned(),
        format!(
            "{hours} INSERT INTO api_key_usage (workspace_id, key_id, hour, scope, allowed, denied) \
             SELECT workspace_id, id, {hour}, 0, 40, 1 FROM api_keys, n"
        ),
        format!(
            "WITH n(i) AS (SELECT 1) INSERT INTO api_key_last_uses (key_id, at, ip) \
             SELECT id, {hour}, '203.0.113.7' FROM api_keys, n"
        ),
        format!(
            "WITH n(i) AS (SELECT 1) \
             INSERT INTO api_key_addresses (workspace_id, key_id, ip, first_used_at, last_used_at) \
             SELECT workspace_id, id, '203.0.113.7', {hour}, {hour} FROM api_keys, n"
        ),
    ];
    statements.extend(statistics.map(str::to_owned));
    statements
}

fn invoice(number: u32) -> Value {
    json!({
        "externalId": format!("I-{number}"),
        "client": { "name": "Alpine Charter AG", "email": "accounts@alpine.example" },
        "currency": "EUR",
        "lineItems": [
            line("Charter flight LSZH–EGLL", "1.9", 540_000),
            line("Landing and handling fees", "2", 64_250),
            line("Discount for early booking", "1", -25_000),
        ],
        "dueDate": "2027-02-28",
        "notes": "Payable within 30 days.",
    })
}

fn line(description: &str, quantity: &str, unit_price: i64) -> Value {
    json!({ "description": description, "quantity": quantity, "unitPrice": unit_price })
}

fn report() -> Value {
    json!({
        "reportType": "hazard",
        "title": "Ground power unit left on the stand",
        "description": "The ground power unit stood beside the aircraft after departure, and the next crew had to wait for it.",
        "location": "LSZH, stand 4",
        "occurredAt": "2026-01-15T09:30:00Z",
        "severity": "minor",
    })
}
