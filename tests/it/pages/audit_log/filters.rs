//! Each filter alone, together, in the URL, and wrong.

use std::time::Duration;

use planeconnection::audit::{Action, AuditContext, AuditedTx};
use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use super::{PAGE, expiring_key, sentences};
use crate::support::TestApp;

/// A log of three days with two keys, one of them revoked.
async fn with_a_log() -> (TestApp, String, String) {
    let t = TestApp::new().await;
    let fleet = expiring_key(&t, "Fleet Dashboard").await;
    t.advance(Duration::from_hours(24)).await;
    let old = expiring_key(&t, "Old website").await;
    t.with(&fleet).get(KEYS).await.is(403);
    t.flush().await;
    t.advance(Duration::from_hours(24)).await;
    t.owner().await.post(&format!("{KEYS}/{}/revoke", old.id), json!({})).await.is(200);
    (t, fleet.id, old.id)
}

#[tokio::test]
async fn filters_work_alone_and_together() {
    let (t, fleet, old) = with_a_log().await;
    let auditor = t.person(Role::Auditor).await;
    let ana = t.owner.id;
    let created = ["Ana Keller created the key Old website", "Ana Keller created the key Fleet Dashboard"];
    let refused = "A request with the key Fleet Dashboard was refused: only people can do that";
    let revoked = "Ana Keller revoked the key Old website";
    let everywhere = "The key Old website is refused everywhere: confirmed by 1 node";
    let cases: [(String, Vec<&str>); 9] = [
        ("action=api_key.created".to_owned(), created.to_vec()),
        ("outcome=denied".to_owned(), vec![refused]),
        ("unusual=1".to_owned(), vec![refused]),
        (format!("api_key_id={fleet}"), vec![refused, created[1]]),
        (format!("api_key_id={old}"), vec![everywhere, revoked, created[0]]),
        (format!("actor_id={fleet}"), vec![refused]),
        (format!("actor_id={ana}&action=api_key.revoked"), vec![revoked]),
        (
            format!(
                "actor_id={ana}&api_key_id={old}&action=api_key.created&outcome=success&date_from=2026-11-24&date_to=2026-11-24"
            ),
            vec![created[0]],
        ),
        (format!("actor_id={fleet}&api_key_id={fleet}&outcome=denied&unusual=1&date_from=2026-11-23"), vec![refused]),
    ];
    for (query, shown) in cases {
        let page = auditor.get(&format!("{PAGE}?{query}")).await.is(200);
        assert_eq!(sentences(&page), shown, "{query}");
        let export = format!("{PAGE}/export?format=ndjson&{query}");
        assert_eq!(auditor.get(&export).await.is(200).text.lines().count(), shown.len(), "{query}");
    }
}

#[tokio::test]
async fn date_filter_uses_the_time_zone_of_the_workspace() {
    let t = TestApp::new().await;
    // 23:30 UTC on the 23rd is half past midnight on the 24th in Zurich.
    t.app.clock.advance(Duration::from_hours(14));
    t.app.cluster.heartbeat().await.expect("a lease");
    expiring_key(&t, "Late").await;
    let ana = t.person(Role::AccountOwner).await;
    let shown = async |query: &str| sentences(&ana.get(&format!("{PAGE}?action=api_key.created&{query}")).await.is(200));
    assert_eq!(shown("date_from=2026-11-24&date_to=2026-11-24").await.len(), 1);
    assert!(shown("date_to=2026-11-23").await.is_empty());
    assert!(shown("date_from=2026-11-25").await.is_empty());
    ana.get(PAGE).await.is(200).says("Dates are in Europe/Zurich");
}

#[tokio::test]
async fn operator_and_removed_members_can_be_filtered() {
    let (t, ..) = with_a_log().await;
    let ana = t.person(Role::AccountOwner).await;
    let gone = t.add_member(Role::Admin).await;
    t.signed_in(gone.clone())
        .await
        .post(KEYS, json!({ "name": "Hers", "permissions": "read_only", "expiresAt": null }))
        .await
        .is(201);
    t.owner().await.delete(&format!("/api/v1/members/{}", gone.id)).await.is(200);
    let page = ana.get(PAGE).await.is(200);
    let page = page.says("<optgroup label=\"Removed members\">").says(&format!("<option value=\"{}\">Test admin", gone.id));
    page.says("<option value=\"operator\">Operator (command line)");
    let hers = ana.get(&format!("{PAGE}?actor_id={}", gone.id)).await.is(200);
    assert_eq!(sentences(&hers), ["Test admin created the key Hers", "Test admin signed in"]);
    let by_operator = ana.get(&format!("{PAGE}?actor_id=operator&action=workspace.created")).await.is(200);
    assert_eq!(sentences(&by_operator), ["The operator (command line) created the workspace Skyline Aviation"]);
}

#[tokio::test]
async fn equal_filters_have_one_url() {
    let (t, fleet, old) = with_a_log().await;
    let ana = t.person(Role::AccountOwner).await;
    let form = "actor_id=&api_key_id=&action=api_key.created&outcome=&date_from=&date_to=";
    ana.get(&format!("{PAGE}?{form}")).await.redirects_to(&format!("{PAGE}?action=api_key.created"));
    ana.get(&format!("{PAGE}?api_key_id=Fleet+Dashboard&outcome=denied"))
        .await
        .redirects_to(&format!("{PAGE}?outcome=denied&api_key_id={fleet}"));
    ana.get(&format!("{PAGE}?api_key_id=Old+website")).await.redirects_to(&format!("{PAGE}?api_key_id={old}"));
    let api = ana.get(&format!("{PAGE}?api_key_id={fleet}&outcome=denied")).await.is(200);
    let api = api.keeps("api_key_id", "Fleet Dashboard").keeps("outcome", "denied");
    api.says("Filtered by API key: Fleet Dashboard");
    ana.get(&format!("{PAGE}?api_key_id={old}")).await.is(200).says("This is Old website.");
}

#[tokio::test]
async fn invalid_filter_is_reported_per_field_and_input_is_kept() {
    let (t, ..) = with_a_log().await;
    let ana = t.person(Role::AccountOwner).await;
    let (_, other) = t.other_workspace().await;
    let made = other.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let theirs = made.text_at("/data/apiKey/id");
    for (field, value, fault) in [
        ("api_key_id", "Nope", "No key has this name."),
        ("api_key_id", "Theirs", "No key has this name."),
        ("api_key_id", theirs.as_str(), "There is no key with this id."),
        ("actor_id", "user_01h455vb4pex5vsknk084sn02q", "No events by a person with this id."),
        ("actor_id", "x' OR 1=1 --", "No events by a person with this id."),
        ("action", "api_key.gone", "Choose one of the actions."),
        ("outcome", "failed", "Choose one of the outcomes."),
        ("date_from", "2026-02-30", "Enter a date, such as 2026-11-23."),
        ("date_to", "2026-11-23T09:30:00Z", "Enter a date, such as 2026-11-23."),
        ("date_to", "2026-10-31", "The last day must not be before the first."),
        ("search", &"x".repeat(101), "Enter at most 100 characters."),
    ] {
        let mut fields = vec![("date_from", "2026-11-01"), ("outcome", "denied"), ("unusual", "1")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let query = serde_urlencoded::to_string(&fields).expect("a query");
        let page = ana.get(&format!("{PAGE}?{query}")).await.is(400);
        assert!(sentences(&page).is_empty());
        let page = page.page();
        assert!(page.error_of(field).is_some_and(|error| error.starts_with(fault)), "{field}: {:?}", page.error_of(field));
        assert_eq!(page.field("unusual").value(), "1");
        if field != "outcome" {
            assert_eq!(page.field("outcome").value(), "denied");
        }
        if field != "date_from" {
            assert_eq!(page.field("date_from").value(), "2026-11-01");
        }
    }
}

#[tokio::test]
async fn ambiguous_key_name_is_filtered_by_id() {
    let t = TestApp::new().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let key = expiring_key(&t, "Website").await;
        t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
        ids.push(key.id);
    }
    let ana = t.person(Role::AccountOwner).await;
    ana.get(&format!("{PAGE}?api_key_id=Website"))
        .await
        .is(400)
        .says("Several keys have had this name.")
        .says(&ids[0])
        .says(&ids[1]);
    let active = expiring_key(&t, "Website").await;
    ana.get(&format!("{PAGE}?api_key_id=Website")).await.redirects_to(&format!("{PAGE}?api_key_id={}", active.id));
}

#[tokio::test]
async fn empty_result_offers_the_whole_log() {
    let t = TestApp::new().await;
    let page = t.person(Role::Auditor).await.get(&format!("{PAGE}?action=invoice.voided")).await.is(200);
    insta::assert_snapshot!(page.says("No matching events").main());
}

#[tokio::test]
async fn search_finds_names_ids_and_addresses_within_the_other_filters() {
    let (t, fleet, old) = with_a_log().await;
    let auditor = t.person(Role::Auditor).await;
    let found = async |query: &str| sentences(&auditor.get(&format!("{PAGE}?{query}")).await.is(200));
    let (created, refused) = (
        "Ana Keller created the key Fleet Dashboard",
        "A request with the key Fleet Dashboard was refused: only people can do that",
    );
    for search in ["Fleet+Dashboard", "fleet+DASH", fleet.as_str()] {
        assert_eq!(found(&format!("search={search}")).await, [refused, created], "{search}");
    }
    assert_eq!(found(&format!("search={old}&action=api_key.created")).await, ["Ana Keller created the key Old website"]);
    assert_eq!(found("search=dash&topic=keys&outcome=denied").await, [refused]);
    for nothing in ["%25", "_", "Fleet+Dashboards", "key_", "dash&topic=people"] {
        assert!(found(&format!("search={nothing}")).await.is_empty(), "{nothing}");
    }
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "api_key.denied").expect("a denial");
    for field in ["id", "requestId", "ip"] {
        let text = event[field].as_str().expect("text");
        assert!(found(&format!("search={text}")).await.contains(&refused.to_owned()), "{field}: {text}");
    }
    let export = format!("{PAGE}/export?format=ndjson&search=dash");
    assert_eq!(auditor.get(&export).await.is(200).text.lines().count(), 2);
    auditor.get(&format!("{PAGE}?search=dash&page=1")).await.is(200).keeps("search", "dash").says("Search: dash");
}

#[tokio::test]
async fn search_ignores_case_in_every_script() {
    let t = TestApp::new().await;
    for name in ["ÜBERFLUG Zürich", "Рейс Москва", "ΟΔΟΣ ΑΘΗΝΩΝ", "Straße", "ԵՐԵՎԱՆ", "会社 50%"] {
        t.named_key(name).await;
    }
    let auditor = t.person(Role::Auditor).await;
    for (text, found) in [
        ("überflug", "ÜBERFLUG Zürich"),
        ("ZÜRICH", "ÜBERFLUG Zürich"),
        ("zu\u{308}rich", "ÜBERFLUG Zürich"),
        (" überflug\u{a0}\u{200b}zürich ", "ÜBERFLUG Zürich"),
        ("РЕЙС москва", "Рейс Москва"),
        ("οδος αθηνων", "ΟΔΟΣ ΑΘΗΝΩΝ"),
        ("οδοσ", "ΟΔΟΣ ΑΘΗΝΩΝ"),
        ("STRAẞE", "Straße"),
        ("երեվան", "ԵՐԵՎԱՆ"),
        ("会社 50%", "会社 50%"),
        ("zurich", ""),
        ("ü%ü", ""),
    ] {
        let query = serde_urlencoded::to_string([("search", text)]).expect("a query");
        let expected: Vec<_> = Some(found).filter(|name| !name.is_empty()).into_iter().collect();
        let sentences = sentences(&auditor.get(&format!("{PAGE}?{query}")).await.is(200));
        let names: Vec<_> =
            sentences.iter().filter_map(|sentence| sentence.split_once(" the key ").map(|(_, name)| name)).collect();
        assert_eq!(names, expected, "{text}");
        let export = auditor.get(&format!("{PAGE}/export?format=ndjson&{query}")).await.is(200);
        assert_eq!(export.text.lines().count(), expected.len(), "{text}");
    }
    auditor.get(&format!("{PAGE}?search=a%E2%80%AEb")).await.is(400).says("U+202E");
}

#[tokio::test]
async fn search_is_bounded_and_says_so() {
    let t = TestApp::new().await;
    expiring_key(&t, "Early bird").await;
    t.advance(Duration::from_hours(48)).await;
    let mut tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    for _ in 0..10_000 {
        tx.record(Action::KeyUsed, None, json!({}));
    }
    tx.commit().await.expect("a commit");
    let ana = t.person(Role::AccountOwner).await;
    let all = ana.get(&format!("{PAGE}?search=early")).await.is(200).says("The search covers the latest 10,000 events, back to");
    assert!(sentences(&all).is_empty());
    let earlier = ana.get(&format!("{PAGE}?search=early&date_to=2026-11-24")).await.is(200).does_not_say("The search covers");
    assert_eq!(sentences(&earlier), ["Ana Keller created the key Early bird"]);
    let export = ana.get(&format!("{PAGE}/export?format=ndjson&search=early")).await.is(200);
    assert_eq!(export.text.lines().count(), 1);
}

#[tokio::test]
async fn tabs_select_a_topic_or_what_is_unusual() {
    let (t, ..) = with_a_log().await;
    t.with(&t.key(&["trips:write"]).await).post("/api/v1/ops/trips", trip()).await.is(201);
    let ana = t.person(Role::AccountOwner).await;
    let page = ana.get(&format!("{PAGE}?outcome=success&action=api_key.created&page=1")).await.is(200).page();
    for (tab, query, first) in [
        ("All", "outcome=success", "Ana Keller signed in"),
        ("API keys", "outcome=success&topic=keys", "created the key"),
        ("People", "outcome=success&topic=people", "Ana Keller signed in"),
        ("Data", "outcome=success&topic=data", "created the trip"),
        ("Unusual", "outcome=success&unusual=1", "created the key"),
    ] {
        assert_eq!(page.link(tab), format!("{PAGE}?{query}"));
        let shown = ana.get(&page.link(tab)).await.is(200);
        assert_eq!(shown.page().root().first("#topic [aria-current]").text(), tab);
        assert!(sentences(&shown)[0].contains(first), "{tab}: {:?}", sentences(&shown));
    }
    ana.get(&format!("{PAGE}?topic=data&action=trip.created")).await.redirects_to(&format!("{PAGE}?action=trip.created"));
    ana.get(&format!("{PAGE}?topic=else")).await.is(400).says("Choose API keys, people or data.");
}

#[tokio::test]
async fn recent_time_ends_now_and_days_replace_it() {
    let (t, ..) = with_a_log().await;
    t.advance(Duration::from_hours(1)).await;
    let ana = t.person(Role::AccountOwner).await;
    let created = async |query: &str| {
        let page = ana.get(&format!("{PAGE}?action=api_key.created{query}")).await.is(200);
        (sentences(&page).len(), page.page().root().first("#recent [aria-current]").text())
    };
    assert_eq!(created("").await, (2, "All time".to_owned()));
    assert_eq!(created("&recent=24h").await, (0, "24 hours".to_owned()));
    assert_eq!(created("&recent=7d").await, (2, "7 days".to_owned()));
    let page = ana.get(&format!("{PAGE}?recent=7d&outcome=denied")).await.is(200).page();
    assert_eq!(page.link("30 days"), format!("{PAGE}?outcome=denied&recent=30d"));
    assert_eq!(page.link("All time"), format!("{PAGE}?outcome=denied"));
    assert_eq!(page.field("recent").value(), "7d");
    ana.get(&format!("{PAGE}?recent=7d&date_from=2026-11-24")).await.redirects_to(&format!("{PAGE}?date_from=2026-11-24"));
    ana.get(&format!("{PAGE}?recent=9d")).await.is(400).says("Choose 24 hours, 7 days or 30 days.");
}

#[tokio::test]
async fn events_are_grouped_by_the_day_of_the_workspace() {
    let t = TestApp::new().await;
    for name in ["Before midnight", "After midnight"] {
        // 22:30 and 23:30 UTC on the 23rd are on either side of midnight in Zurich.
        t.advance(Duration::from_hours(if name == "Before midnight" { 13 } else { 1 })).await;
        expiring_key(&t, name).await;
    }
    let ana = t.person(Role::AccountOwner).await;
    let page = ana.get(&format!("{PAGE}?action=api_key.created")).await.is(200).page();
    let rows: Vec<_> =
        page.rows().into_iter().map(|row| row.select("th, td:first-child").first().expect("a cell").text()).collect();
    assert_eq!(rows, ["Tuesday, 24 November 2026", "00:30", "Monday, 23 November 2026", "23:30"]);
    assert_eq!(page.root().first("td time").attribute("title"), "24 Nov 2026, 00:30:00 CET");
}

fn trip() -> serde_json::Value {
    json!({
        "tripType": "charter", "origin": "LSZH", "destination": "EGGW",
        "departureDate": "2026-12-01T08:00:00Z", "arrivalDate": "2026-12-01T10:00:00Z",
    })
}
