//! Two-factor authentication: verification codes of an authenticator app, and backup codes.

mod codes;
mod guessing;
mod pages;
mod reauthentication;
mod resets;
mod set_up;
mod short_passwords;
mod sign_in;
mod workspace;

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Authenticator, SIGN_IN};

use crate::support::{Client, PASSWORD, Response, TestApp};

const EMAIL: &str = "ana@skyline.example";
const TWO_FACTOR: &str = "/api/v1/auth/two-factor";
const SET_UP: &str = "/api/v1/auth/two-factor/setup";
const CONFIRM: &str = "/api/v1/auth/two-factor/setup/confirm";
const BACKUP_CODES: &str = "/api/v1/auth/two-factor/backup-codes";

const STEP: Duration = Duration::from_secs(30);

/// An authenticator app at the time of the server.
#[derive(Clone)]
struct App(Authenticator);

impl App {
    fn of(secret: &str) -> Self {
        Self(Authenticator::of(secret))
    }

    /// The code now, or some steps later.
    fn code(&self, t: &TestApp, later: i64) -> String {
        self.0.code(t.app.clock.now(), later)
    }

    fn wrong(&self, t: &TestApp) -> String {
        self.0.wrong(t.app.clock.now())
    }
}

/// The owner with two-factor authentication, whose first code was used a minute ago.
struct Protected {
    t: TestApp,
    app: App,
    backup_codes: Vec<String>,
    /// The session that has set it up.
    desk: Client,
}

async fn protected() -> Protected {
    protect(TestApp::new().await).await
}

async fn protect(t: TestApp) -> Protected {
    let desk = t.owner().await;
    let app = App::of(&desk.post(SET_UP, json!({})).await.is(200).text_at("/data/secret"));
    let confirmed = desk.post(CONFIRM, json!({ "code": app.code(&t, 0) })).await.is(200);
    let backup_codes = texts(confirmed.at("/data/backupCodes"));
    t.advance(2 * STEP).await;
    Protected { t, app, backup_codes, desk }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// The first step with this password.
async fn password(t: &TestApp, password: &str) -> Response {
    t.anonymous().post(SIGN_IN, json!({ "email": EMAIL, "password": password })).await
}

/// The token of a new challenge.
async fn challenge(t: &TestApp) -> String {
    password(t, PASSWORD).await.is(401).code("TWO_FACTOR_REQUIRED").text_at("/error/challenge/token")
}

async fn complete(t: &TestApp, challenge: &str, code: &str) -> Response {
    t.anonymous().post(TWO_FACTOR, json!({ "challenge": challenge, "code": code })).await
}

fn bearer(t: &TestApp, token: &str) -> Client {
    t.anonymous().header("authorization", &format!("Bearer {token}"))
}

/// The names of all events.
async fn actions(t: &TestApp) -> Vec<String> {
    t.audit().await.iter().map(|event| event["action"].as_str().expect("a name").to_owned()).collect()
}
