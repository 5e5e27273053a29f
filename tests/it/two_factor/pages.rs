//! The pages of two-factor authentication, without JavaScript.

use planeconnection::config::Config;
use planeconnection::members::Role;

use super::{App, EMAIL, Protected, STEP, protected};
use crate::browser::Person;
use crate::support::{PASSWORD, Response, TestApp, test_config};

const CODE_PAGE: &str = "/sign-in/two-factor";

/// The text of the only element that this CSS selector finds.
fn text_of(answer: &Response, selector: &str) -> String {
    let html = scraper::Html::parse_document(&answer.text);
    let selector = scraper::Selector::parse(selector).expect("a selector");
    let found = html.select(&selector).next().unwrap_or_else(|| panic!("nothing is there: {}", answer.text));
    found.text().collect::<String>().trim().to_owned()
}

/// Sends the form for `action` on a page that was the response to another form.
async fn submit(person: &Person, page: &Response, action: &str, fields: &[(&str, &str)]) -> Response {
    let hidden = page.hidden(action);
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(fields);
    person.post(action, &all).await
}

async fn first_step(person: &Person) {
    let answer = person.submit("/sign-in?next=/settings/members", "/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await;
    answer.redirects_to("/sign-in/two-factor?next=%2Fsettings%2Fmembers");
    assert!(person.cookie("planeconnection_session").is_none());
    assert!(person.cookie("planeconnection_challenge").is_some_and(|token| token.starts_with("pcc_")));
}

#[tokio::test]
async fn person_sets_up_an_app_and_signs_in_with_it() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let begun = ana.submit("/account", "/account/two-factor", &[]).await.is(200);
    let phone = App::of(&text_of(&begun, "#secret"));
    assert!(begun.text.contains("<svg ") && begun.header("cache-control") == "no-store");
    let again = submit(&ana, &begun, "/account/two-factor/verify", &[("code", &phone.wrong(&t))]).await.is(400);
    assert_eq!(text_of(&again, "#secret"), phone.0.base32(), "the same secret is shown again");
    let codes = submit(&ana, &again, "/account/two-factor/verify", &[("code", &phone.code(&t, 0))]).await.is(200);
    let shown: Vec<String> = text_of(&codes, "#codes").lines().map(str::to_owned).collect();
    assert_eq!(shown.len(), 10);
    let file = codes.page().link("Download");
    assert!(file.starts_with("data:text/plain") && shown.iter().all(|code| file.contains(code)), "{file}");
    // Nothing has taken effect yet.
    let (laptop, tablet) = (t.anonymous_person(), t.anonymous_person());
    laptop.submit("/sign-in", "/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await.redirects_to("/");
    submit(&ana, &codes, "/account/two-factor/enable", &[]).await.redirects_to("/account?after=two-factor");
    ana.get("/account?after=two-factor").await.is(200).says("Two-factor authentication is enabled.").says("10 of 10 left");
    laptop.get("/account").await.is(303);
    t.advance(STEP).await;
    first_step(&tablet).await;
    tablet.get(CODE_PAGE).await.is(200).says("one-time-code").says(EMAIL).does_not_say("pcc_");
    tablet.submit(CODE_PAGE, CODE_PAGE, &[("code", &phone.wrong(&t))]).await.is(401).says("wrong or was already used");
    tablet.submit(CODE_PAGE, CODE_PAGE, &[("code", "")]).await.is(400).says("Enter the code.");
    let next = "/sign-in/two-factor?next=%2Fsettings%2Fmembers";
    tablet.submit(next, CODE_PAGE, &[("code", &phone.code(&t, 0))]).await.redirects_to("/settings/members");
    assert!(tablet.cookie("planeconnection_challenge").is_none(), "the cookie is deleted");
    tablet.get("/account").await.is(200).says("Password and code");
}

#[tokio::test]
async fn backup_code_is_entered_on_a_view_of_its_own() {
    let Protected { t, backup_codes, .. } = protected().await;
    let ana = t.anonymous_person();
    first_step(&ana).await;
    let page = ana.get(CODE_PAGE).await.is(200).says("Use a backup code");
    let link = page.page().link("Use a backup code");
    ana.get(&link).await.is(200).says("Backup code").says("Use a verification code").does_not_say("numeric");
    ana.submit(&link, CODE_PAGE, &[("code", &backup_codes[0])]).await.redirects_to("/");
    ana.get("/account").await.is(200).says("9 of 10 left").says("Password and backup code").does_not_say("Few backup codes");
    for code in &backup_codes[1..7] {
        let ana = t.anonymous_person();
        first_step(&ana).await;
        ana.submit(&link, CODE_PAGE, &[("code", code)]).await.redirects_to("/");
    }
    ana.get("/account").await.is(200).says("3 of 10 left").says("Few backup codes are left.");
    let new = ana.submit("/account", "/account/backup-codes", &[]).await.is(201);
    assert_eq!(text_of(&new, "#codes").lines().count(), 10);
    ana.get("/account?after=backup-codes").await.is(200).says("10 of 10 left").says("The earlier ones do not.");
}

#[tokio::test]
async fn ended_challenge_leads_back_to_the_first_step() {
    let Protected { t, app, .. } = protected().await;
    let ana = t.anonymous_person();
    ana.get(CODE_PAGE).await.redirects_to("/sign-in?after=challenge&next=%2F");
    first_step(&ana).await;
    let page = ana.get(CODE_PAGE).await.is(200);
    for _ in 0..4 {
        submit(&ana, &page, CODE_PAGE, &[("code", &app.wrong(&t))]).await.is(401);
    }
    submit(&ana, &page, CODE_PAGE, &[("code", &app.wrong(&t))]).await.redirects_to("/sign-in?after=challenge&next=%2F");
    assert!(ana.cookie("planeconnection_challenge").is_none());
    ana.get("/sign-in?after=challenge").await.is(200).says("Sign in again.");
    submit(&ana, &page, CODE_PAGE, &[("code", &app.code(&t, 0))]).await.redirects_to("/sign-in?after=challenge&next=%2F");
}

#[tokio::test]
async fn page_asks_before_two_factor_authentication_is_disabled() {
    let Protected { t, .. } = protected().await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/account").await.is(200).says("/account/two-factor/disable");
    let disable = "/account/two-factor/disable";
    ana.submit(disable, disable, &[]).await.redirects_to("/account?after=two-factor-off");
    ana.get("/account").await.is(200).says("Enable 2FA").does_not_say("Disable 2FA");
    let anonymous = t.anonymous_person();
    anonymous.submit("/sign-in", "/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await.redirects_to("/");
}

#[tokio::test]
async fn page_of_a_server_without_a_secret_key_says_so() {
    let t = TestApp::with_config(Config::default()).await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/account").await.is(200).says("This server has no secret key").does_not_say("Enable 2FA");
    let t = t.restarted_with(test_config()).await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/account").await.is(200).says("Enable 2FA");
}
