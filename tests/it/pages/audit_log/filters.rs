//! Each filter alone, together, in the URL, and wrong.

use std::time::Duration;

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
    ] {
        let mut fields = vec![("date_from", "2026-11-01"), ("outcome", "denied"), ("unusual", "1")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let query = serde_urlencoded::to_string(&fields).expect("a query");
        let page = ana.get(&format!("{PAGE}?{query}")).await.is(400);
        assert!(sentences(&page).is_empty());
        let page = page.page();
        assert!(page.error_of(field).is_some_and(|error| error.starts_with(fault)), "{field}: {:?}", page.error_of(field));
        assert!(page.field("unusual").has_attribute("checked"));
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
