//! The log as a file: enough to verify it elsewhere, and harmless in a spreadsheet.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{KEYS, LOG};
use crate::support::{TestApp, hex};

/// RFC 8785 for what is in an event: members in the order of their names, no spaces, no numbers but whole ones.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: std::collections::BTreeMap<_, _> = members.iter().collect();
            let members: Vec<_> = sorted.iter().map(|(name, value)| format!("{}:{}", json!(name), canonical(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        simple => simple.to_string(),
    }
}

#[tokio::test]
async fn the_ndjson_export_can_be_verified_elsewhere() {
    let t = TestApp::new().await;
    let odd = "Zürich \"100%\" <\u{20ac}\u{1f680}\u{2028}> /\\".replace('\u{2028}', "");
    t.key_with(json!({ "name": odd, "permissions": "read_only", "expiresAt": null, "ipAllowlist": ["192.0.2.0/24"] })).await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).header("user-agent", "agent \"é\" \\ \t/1").get("/api/v1/auth/whoami").await.is(200);
    t.with(&key).get(KEYS).await.is(403);
    t.flush().await;
    let export = t.owner().await.get(&format!("{LOG}/export?format=ndjson")).await.is(200);
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    let mut previous = vec![0_u8; 32];
    let mut events = 0;
    for (line, number) in export.text.lines().zip(1..) {
        let mut event: Value = serde_json::from_str(line).expect("a line of JSON");
        let hash = event.as_object_mut().and_then(|event| event.remove("hash")).expect("a hash");
        assert_eq!(event["sequence"], json!(number));
        previous = Sha256::new().chain_update(&previous).chain_update(canonical(&event)).finalize().to_vec();
        assert_eq!(json!(hex(&previous)), hash, "{line}");
        events = number;
    }
    assert!(events > 8 && export.text.contains("api_key.denied"));
    let verdict = planeconnection::audit::verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert_eq!((verdict.events, verdict.head), (events, hex(&previous)));
}

#[tokio::test]
async fn an_export_goes_on_past_the_first_batch() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..600 {
        let enabled = json!({ "enabled": number % 2 == 1 });
        owner.put("/api/v1/settings/api-keys", enabled).await.is(200);
    }
    let export = owner.get(&format!("{LOG}/export?format=ndjson")).await.is(200);
    assert_eq!(export.text.lines().count(), 603);
    let csv = owner.get(&format!("{LOG}/export?format=csv")).await.is(200);
    assert_eq!(csv.text.lines().filter(|line| line.starts_with("id,")).count(), 1);
    assert_eq!(csv.text.lines().count(), 604);
}

#[tokio::test]
async fn the_csv_export_has_a_header_and_a_line_an_event() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=api_key.created")).await.is(200);
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"audit-log-skyline.csv\"");
    assert_eq!(export.header("cache-control"), "no-store");
    let mut reader = csv::Reader::from_reader(export.text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    assert_eq!(header.iter().collect::<Vec<_>>()[..4], ["id", "sequence", "occurredAt", "action"]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    let cell = |name: &str| rows[0].get(header.iter().position(|column| column == name).expect("a column"));
    assert_eq!((rows.len(), cell("action"), cell("targetId")), (1, Some("api_key.created"), Some(key.id.as_str())));
    let details: Value = serde_json::from_str(cell("details").expect("details")).expect("JSON");
    assert_eq!(details["scopes"], json!(["trips:read"]));
}

#[tokio::test]
async fn an_empty_csv_export_still_has_its_header() {
    let t = TestApp::new().await;
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=invoice.voided")).await.is(200);
    assert!(export.text.starts_with("id,sequence,") && export.text.lines().count() == 1, "{}", export.text);
}

#[tokio::test]
async fn a_cell_that_a_spreadsheet_would_run_is_text() {
    let t = TestApp::new().await;
    for (number, formula) in ["=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", "＝1"].into_iter().enumerate() {
        let agent = format!("=cmd|' /C calc'!A{number}");
        let owner = t.owner().await.header("user-agent", &agent);
        owner.post(KEYS, json!({ "name": formula, "permissions": "read_only", "expiresAt": null })).await.is(201);
    }
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=api_key.created")).await.is(200);
    let mut reader = csv::Reader::from_reader(export.text.as_bytes());
    let mut quoted = 0;
    for row in reader.records() {
        for cell in &row.expect("a row") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝']), "{cell}");
            quoted += usize::from(cell.starts_with('\''));
        }
    }
    assert_eq!(quoted, 10);
}
