//! Filters that cannot match, and parameters that a list does not have.

use planeconnection::members::Role;
use testkit::{AIRCRAFT, INVOICES, KEYS, MEMBERS, REPORTS, TRIPS};

use crate::lists::LOG;
use crate::support::TestApp;

#[tokio::test]
async fn filter_that_cannot_match_is_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = t.key(&["trips:read"]).await;
    let usage = format!("{KEYS}/{}/usage", key.id);
    let export = format!("{LOG}/export?format=ndjson&");
    let log = |query: &'static str| [format!("{LOG}?{query}"), format!("{export}{query}")];
    let log = [
        ("actor_id=owner@skyline.example", "actor_id"),
        ("actor_id=Operator", "actor_id"),
        ("actor_id=member", "actor_id"),
        ("actor_id=", "actor_id"),
        ("actor_id=user_zzz", "actor_id"),
        ("actor_id=USER_01h455vb4pex5vsknk084sn02q", "actor_id"),
        ("actor_id=ac_01h455vb4pex5vsknk084sn02q", "actor_id"),
        ("actor_id=evt_01h455vb4pex5vsknk084sn02q", "actor_id"),
        ("api_key_id=key_zzz", "api_key_id"),
        ("api_key_id=", "api_key_id"),
        ("api_key_id=Fleet%20sync", "api_key_id"),
        ("api_key_id=user_01h455vb4pex5vsknk084sn02q", "api_key_id"),
        ("action=api_key.create", "action"),
        ("action=", "action"),
        ("outcome=Denied", "outcome"),
        ("outcome=", "outcome"),
        ("date_from=yesterday", "date_from"),
        ("date_to=", "date_to"),
        ("date_from=2026-11-24&date_to=2026-11-23", "date_to"),
        ("date_from=2026-11-24T08:00:00Z&date_to=2026-11-24T07:59:59Z", "date_to"),
    ]
    .into_iter()
    .flat_map(|(query, field)| log(query).map(|path| (path, field)));
    let others = [
        (format!("{TRIPS}?aircraft_id=N123AB"), "aircraft_id"),
        (format!("{TRIPS}?aircraft_id=key_01h455vb4pex5vsknk084sn02q"), "aircraft_id"),
        (format!("{TRIPS}?aircraft_id="), "aircraft_id"),
        (format!("{TRIPS}?status=Draft"), "status"),
        (format!("{TRIPS}?trip_type="), "trip_type"),
        (format!("{TRIPS}?updated_since=%20"), "updated_since"),
        (format!("{TRIPS}?date_from=2026-11-24&date_to=2026-11-23"), "date_to"),
        (format!("{REPORTS}?date_from=2026-11-24&date_to=2026-11-23"), "date_to"),
        (format!("{REPORTS}?severity=enormous"), "severity"),
        (format!("{REPORTS}?report_type=HAZ"), "report_type"),
        (format!("{INVOICES}?due_from=2026-11-24&due_to=2026-11-23"), "due_to"),
        (format!("{INVOICES}?client="), "client"),
        (format!("{INVOICES}?client=%20%20"), "client"),
        (format!("{INVOICES}?status=open"), "status"),
        (format!("{AIRCRAFT}?search="), "search"),
        (format!("{AIRCRAFT}?status=flying"), "status"),
        (format!("{KEYS}?search="), "search"),
        (format!("{KEYS}?search=%20"), "search"),
        (format!("{KEYS}?status=Active"), "status"),
        (format!("{KEYS}?unused=yes"), "unused"),
        (format!("{KEYS}?expiring="), "expiring"),
        (format!("{KEYS}?no_expiration=True"), "no_expiration"),
        (format!("{KEYS}?can_write=1"), "can_write"),
        (format!("{KEYS}?custodian_id=ana"), "custodian_id"),
        (format!("{KEYS}?custodian_id=key_01h455vb4pex5vsknk084sn02q"), "custodian_id"),
        (format!("{KEYS}?module=trips:read"), "module"),
        (format!("{usage}?from=2026-11-24&to=2026-11-23"), "to"),
        (format!("{usage}?bucket="), "bucket"),
    ];
    for (path, field) in log.chain(others) {
        let refused = owner.get(&path).await;
        assert_eq!(refused.status, 400, "{path}: {}", refused.text);
        refused.code("INVALID_REQUEST").names_field(field);
    }
    for same in ["date_from=2026-11-23&date_to=2026-11-23", "date_from=2026-11-23T08:00:00Z&date_to=2026-11-23T08:00:00Z"] {
        for list in [LOG, TRIPS, REPORTS] {
            owner.get(&format!("{list}?{same}")).await.is(200);
        }
    }
    for known in ["operator", "system", "anonymous", "user_01h455vb4pex5vsknk084sn02q", "key_01h455vb4pex5vsknk084sn02q"] {
        owner.get(&format!("{LOG}?actor_id={known}")).await.is(200);
    }
}

#[tokio::test]
async fn unknown_parameter_is_refused_with_all_that_are_known() {
    let t = TestApp::new().await;
    let admin = t.member(Role::Admin).await;
    for (list, filter) in [(KEYS, "status"), (MEMBERS, "page"), (TRIPS, "aircraft_id"), (LOG, "outcome")] {
        let refused = admin.get(&format!("{list}?limit=5")).await.is(400).code("INVALID_REQUEST");
        for known in ["page", "page_size", "cursor", filter] {
            assert!(refused.text.contains(known), "{list}: {known}: {}", refused.text);
        }
    }
    admin.get(&format!("{LOG}/export?format=csv&page=1")).await.is(400).code("INVALID_REQUEST");
}
