//! Settings > Webhooks.

use std::time::Duration;

use planeconnection::config::Config;
use planeconnection::members::Role;
use planeconnection::webhooks::{WebhookSettings, delivery};
use serde_json::json;
use testkit::{Receiver, Reply};

use crate::browser::Person;
use crate::support::{PASSWORD, Response, TestApp, test_config};
use crate::webhooks::test::to_loopback;
use crate::webhooks::{URL, WEBHOOKS, trip, webhook};

const PAGE: &str = "/settings/webhooks";
const NEW: &str = "/settings/webhooks/new";
const DAY: Duration = Duration::from_hours(24);

/// The form of a webhook for all events of trips, and one more.
const FORM: [(&str, &str); 7] = [
    ("url", URL),
    ("description", "Crew scheduling\r\nrun by Ida"),
    ("events", "chosen"),
    ("event-trip.*", "yes"),
    ("event-invoice.paid", "yes"),
    ("secret", "generated"),
    ("schedule", "standard"),
];

fn secret_of(shown: &Response) -> String {
    shown.page().root().first("#secret").text()
}

/// Creates a webhook by the form, and returns the path of its page.
async fn create(person: &Person) -> String {
    let shown = person.submit(NEW, NEW, &FORM).await.is(201);
    shown.page().root().first("[data-secret]").attribute("data-secret").to_owned()
}

#[tokio::test]
async fn webhook_is_created_with_a_secret_that_is_shown_once() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    person.get(PAGE).await.is(200).says("No webhooks yet").says("New Webhook");
    let shown = person.submit(NEW, NEW, &FORM).await.is(201).says("shown only once");
    assert_eq!(shown.header("cache-control"), "no-store");
    let secret = secret_of(&shown);
    assert!(secret.starts_with("whsec_"), "{secret}");
    let path = shown.page().root().first("[data-secret]").attribute("data-secret").to_owned();
    let page = person.get(&path).await.is(200).says("trip.*, invoice.paid").says(URL).says("run by Ida");
    page.says("Nothing has been delivered yet").does_not_say(&secret);
    person.get(PAGE).await.is(200).says("Crew scheduling").says("trip.*, invoice.paid").does_not_say(&secret);
    let listed = t.owner().await.get(WEBHOOKS).await.is(200);
    assert_eq!(listed.at("/data/items/0/events"), &json!(["trip.*", "invoice.paid"]));
}

#[tokio::test]
async fn form_sent_twice_creates_one_webhook() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let opened = person.get(NEW).await.is(200);
    let hidden = opened.hidden(NEW);
    let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(FORM);
    person.post(NEW, &fields).await.is(201);
    let again = person.post(NEW, &fields).await.is(303);
    assert!(again.header("location").ends_with("?after=already"));
    person.get(again.header("location")).await.is(200).says("cannot be shown again");
    assert_eq!(t.owner().await.get(WEBHOOKS).await.at("/data/total"), 1);
}

#[tokio::test]
async fn faulty_fields_are_named_and_the_rest_is_kept() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let faulty = [("url", "http://8.8.8.8/"), ("description", "Crew"), ("events", "all"), ("secret", "generated")];
    person.submit(NEW, NEW, &faulty).await.is(400).says("url-fault").keeps("url", "http://8.8.8.8/").says("Crew");
    let none = [("url", URL), ("events", "chosen"), ("secret", "generated")];
    person.submit(NEW, NEW, &none).await.is(400).says("Choose at least one event");
    let short = [("url", URL), ("events", "all"), ("secret", "own"), ("signing_secret", "too short for this")];
    let refused = person.submit(NEW, NEW, &short).await.is(400).says("signing_secret-fault");
    refused.does_not_say("too short for this");
    assert_eq!(t.owner().await.get(WEBHOOKS).await.at("/data/total"), 0);
}

#[tokio::test]
async fn creation_after_20_minutes_asks_once_and_loses_nothing() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    t.advance(Duration::from_mins(20)).await;
    let asked = owner.submit(NEW, NEW, &FORM).await.is(403).says("Confirm it is you");
    owner.confirm(&asked, NEW, PASSWORD).await.is(201).says("whsec_");
    assert_eq!(t.owner().await.get(WEBHOOKS).await.at("/data/items/0/events"), &json!(["trip.*", "invoice.paid"]));
}

#[tokio::test]
async fn own_secret_is_asked_for_again_after_the_proof() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    t.advance(Duration::from_mins(20)).await;
    let own = "a-secret-of-another-system-0001";
    let fields = [("url", URL), ("events", "all"), ("secret", "own"), ("signing_secret", own)];
    let asked = owner.submit(NEW, NEW, &fields).await.is(403).does_not_say(own).says("except passwords and secrets");
    owner.confirm(&asked, NEW, PASSWORD).await.is(400).says("Enter the secret").keeps("url", URL);
    let shown = owner.submit(NEW, NEW, &fields).await.is(201);
    assert_eq!(secret_of(&shown), own);
}

#[tokio::test]
async fn new_url_asks_for_a_proof_and_other_changes_do_not() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    let path = create(&owner).await;
    let edit = format!("{path}/edit");
    t.advance(Duration::from_mins(20)).await;
    let kept = [("url", URL), ("description", "Changed"), ("events", "all"), ("schedule", "extended")];
    owner.submit(&edit, &edit, &kept).await.redirects_to(&format!("{path}?after=updated"));
    owner.get(&path).await.is(200).says("All events").says("8 attempts within about 3 days");
    let moved = [("url", "https://8.8.4.4/hooks"), ("events", "all"), ("schedule", "extended")];
    let asked = owner.submit(&edit, &edit, &moved).await.is(403).says("Confirm it is you");
    owner.confirm(&asked, &edit, PASSWORD).await.redirects_to(&format!("{path}?after=updated"));
    owner.get(&path).await.is(200).says("https://8.8.4.4/hooks");
}

#[tokio::test]
async fn switching_off_and_deleting_ask_for_no_proof() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    let path = create(&owner).await;
    t.advance(Duration::from_mins(20)).await;
    let off = format!("{path}/off");
    owner.submit(&path, &off, &[]).await.redirects_to(&format!("{path}?after=off"));
    owner.get(&path).await.is(200).says("Inactive").says("aria-checked=\"false\"");
    let on = format!("{path}/on");
    owner.post(&on, &[]).await.is(403);
    owner.submit(&on, &on, &[("backlog", "skip")]).await.redirects_to(&format!("{path}?after=on"));
    owner.get(&path).await.is(200).says("aria-checked=\"true\"");
    let delete = format!("{path}/delete");
    owner.submit(&delete, &delete, &[]).await.redirects_to("/settings/webhooks?after=deleted");
    owner.get(&path).await.is(404);
    owner.get("/settings/webhooks?after=deleted").await.is(200).says("was deleted").says("No webhooks yet");
}

#[tokio::test]
async fn secret_is_rotated_and_the_old_one_signs_for_a_while() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    let path = create(&owner).await;
    let rotate = format!("{path}/rotate-secret");
    let usual = [("secret", "generated"), ("overlap_hours", "24")];
    let shown = owner.submit(&rotate, &rotate, &usual).await.is(201).says("shown only once");
    let secret = secret_of(&shown);
    owner.get(&path).await.is(200).says("signs as well until").does_not_say(&secret);
    owner.submit(&rotate, &rotate, &usual).await.is(201);
    owner.submit(&rotate, &rotate, &usual).await.is(409).says("overlap_hours-fault");
    t.advance(Duration::from_mins(20)).await;
    let asked = owner.submit(&rotate, &rotate, &[("secret", "generated"), ("overlap_hours", "0")]).await.is(403);
    owner.confirm(&asked, &rotate, PASSWORD).await.is(201);
    owner.get(&path).await.is(200).does_not_say("signs as well until");
}

#[tokio::test]
async fn test_is_sent_and_its_outcome_is_shown() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let url = receiver.url();
    let person = t.person(Role::Admin).await;
    let fields = [("url", url.as_str()), ("events", "all"), ("secret", "generated")];
    let shown = person.submit(NEW, NEW, &fields).await.is(201).says("Send Test");
    let path = shown.page().root().first("[data-secret]").attribute("data-secret").to_owned();
    let test = format!("{path}/test");
    person.submit(&path, &test, &[]).await.is(200).says("The test was accepted").says("200 after");
    assert_eq!(receiver.wait_for(1)[0].json()["type"], "webhook.test");
    person.get(&format!("{path}/deliveries")).await.is(200).says("webhook.test").does_not_say("Not stored any more");
    person.get(&test).await.redirects_to(&path);
    receiver.answer(Reply::Status(503));
    person.submit(&path, &test, &[]).await.is(200).says("The test failed").says("503 after");
}

#[tokio::test]
async fn deliveries_show_what_was_sent_and_are_sent_again() {
    let t = TestApp::new().await;
    let api = t.owner().await;
    let id = webhook(&api, &["trip.*"]).await;
    trip(&api).await;
    crate::webhooks::deliver_all(&t, "failed").await;
    let headers = r#"[["content-type","application/json"]]"#;
    t.tamper(&format!(
        "INSERT INTO webhook_attempts (delivery_id, number, workspace_id, started_at, duration_ms, status_code, error, \
         request_headers, response_headers, response_body) SELECT id, attempts, workspace_id, created_at, 87, 503, \
         'the server answered 503', '{headers}', '{headers}', '<b>out of order</b>' FROM webhook_deliveries"
    ))
    .await;
    let person = t.person(Role::Admin).await;
    person.get(PAGE).await.is(200).says("0 delivered, 1 failed");
    let list = format!("{PAGE}/{id}/deliveries");
    let shown = person.get(&list).await.is(200).says("trip.created").says("503").says("87 ms").says("KTEB");
    person.get(&format!("{list}?status=delivered")).await.is(200).says("No matching deliveries");
    person.get(&format!("{list}?type=trip.created&status=failed")).await.is(200).says("87 ms");
    let page = shown.page();
    let links = page.root().select("td[data-label=\"Time\"] a");
    let delivery = links[0].attribute("href").to_owned();
    let opened = person.get(&delivery).await.is(200).says("the server answered 503").says("&#60;b&#62;out of order");
    opened.says("KMIA").says("Resend");
    let resent = person.submit(&delivery, &format!("{delivery}/resend"), &[]).await.is(303);
    let new = resent.header("location").to_owned();
    person.get(&new).await.is(200).says("is sent again").says("an earlier delivery");
    api.patch(&format!("{WEBHOOKS}/{id}"), json!({ "active": false })).await.is(200);
    person.submit(&delivery, &format!("{delivery}/resend"), &[]).await.is(409).says("switch it on first");
}

/// Lets all endpoints fail since they were created.
async fn fail(t: &TestApp, deliveries: u32) {
    t.tamper(&format!(
        "UPDATE webhook_endpoints SET failing_since = created_at, failed_attempts = 5 * {deliveries}, failed_deliveries = {deliveries}"
    ))
    .await;
}

#[tokio::test]
async fn failing_webhook_is_warned_of_until_it_is_disabled_and_switched_on() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let path = create(&person).await;
    person.get(&path).await.is(200).does_not_say("No delivery has succeeded");
    fail(&t, 19).await;
    let page = person.get(&path).await.is(200).says("No delivery has succeeded since");
    page.says("28 Nov 2026, 10:30:00 CET").says("or later, once one more delivery has failed");
    fail(&t, 20).await;
    person.get(&path).await.is(200).says("28 Nov 2026, 10:30:00 CET").does_not_say("or later").does_not_say("within a day");
    person.get(PAGE).await.is(200).does_not_say("notice bad");

    t.advance(4 * DAY).await;
    let person = t.person(Role::Admin).await;
    for tab in ["", "/deliveries", "/verify"] {
        let page = person.get(&format!("{path}{tab}")).await.is(200);
        page.says("will disable this webhook within a day").says("28 Nov 2026, 10:30:00 CET").says("notice bad");
    }
    person.get(PAGE).await.is(200).says("A webhook will be disabled within a day").does_not_say("The server disabled");

    t.advance(DAY).await;
    delivery::tidy(&t.app.core).await.expect("a run");
    let person = t.person(Role::Admin).await;
    let page = person.get(&path).await.is(200).says("The server disabled this webhook on").says("no success for 5 days");
    page.says("kept for 30 days").says("28 Dec 2026, 10:30:00 CET").says("Switch on").does_not_say("within a day");
    person.get(PAGE).await.is(200).says("The server disabled a webhook").does_not_say("within a day");
    t.advance(30 * DAY).await;
    let person = t.person(Role::Admin).await;
    person.get(&path).await.is(200).says("Only events of the last 30 days are kept").does_not_say("the first of them until");
    let on = format!("{path}/on");
    person.submit(&on, &on, &[("backlog", "deliver")]).await.redirects_to(&format!("{path}?after=on"));
    person.get(&path).await.is(200).does_not_say("The server disabled");
    person.get(PAGE).await.is(200).does_not_say("notice bad");
}

#[tokio::test]
async fn list_names_every_webhook_that_is_disabled_or_will_be() {
    let t = TestApp::new().await;
    let api = t.owner().await;
    for name in ["Crew", "Books", "Radar", "Fuel"] {
        let body = json!({ "url": URL, "events": ["*"], "description": name });
        api.post(WEBHOOKS, body).await.is(201);
    }
    fail(&t, 20).await;
    t.tamper(
        "UPDATE webhook_endpoints SET disabled_at = created_at, disabled_reason = 'gone' WHERE description IN ('Crew', 'Books')",
    )
    .await;
    t.advance(4 * DAY).await;
    let page = t.person(Role::AccountOwner).await.get(PAGE).await.is(200);
    let text = page.page().root().first(".notice").text();
    assert!(text.contains("The server disabled 2 webhooks: Books, Crew. Nothing is delivered to them"), "{text}");
    assert!(text.contains("2 webhooks will be disabled within a day: Fuel, Radar, unless"), "{text}");
}

#[tokio::test]
async fn pages_say_what_the_operator_has_set() {
    let webhooks = WebhookSettings {
        schedule: vec![Duration::ZERO, Duration::from_mins(10)],
        retention: 90 * DAY,
        ..WebhookSettings::default()
    };
    let t = TestApp::with_config(Config { webhooks, ..test_config() }).await;
    let person = t.person(Role::Admin).await;
    person.get(NEW).await.is(200).says("2 attempts within about 10 minutes.");
    let path = create(&person).await;
    person.get(&path).await.is(200).says("Standard: 2 attempts within about 10 minutes");
    person.get(&format!("{path}/edit")).await.is(200).says("2 attempts within about 10 minutes.");
    person.get(&format!("{path}/delete")).await.is(200).says("its events are kept for 90 days");
    person.submit(&path, &format!("{path}/off"), &[]).await.redirects_to(&format!("{path}?after=off"));
    let on = format!("{path}/on");
    person.get(&on).await.is(200).says("Those of the last 90 days");
    person.submit(&on, &on, &[("backlog", "skip")]).await.redirects_to(&format!("{path}?after=on"));
    let list = format!("{path}/deliveries");
    person.get(&format!("{list}?status=failed")).await.is(200).says("No delivery of the last 90 days matches.");
    person.submit(&path, &format!("{path}/test"), &[]).await.is(200);
    person.get(&list).await.is(200).says("Deliveries are kept for 90 days.");
}

#[tokio::test]
async fn other_roles_and_workspaces_see_no_webhook() {
    let t = TestApp::new().await;
    let (_, outsider) = t.other_workspace().await;
    let id = webhook(&outsider, &["*"]).await;
    t.person(Role::Pilot).await.get(PAGE).await.is(403);
    t.person(Role::Auditor).await.get(PAGE).await.is(403);
    let owner = t.person(Role::AccountOwner).await;
    for page in ["", "/edit", "/on", "/rotate-secret", "/delete", "/deliveries", "/verify"] {
        owner.get(&format!("{PAGE}/{id}{page}")).await.is(404);
    }
    owner.get(PAGE).await.is(200).says("No webhooks yet");
}
