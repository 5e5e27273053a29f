//! The security settings of a workspace.

mod pages;
mod preview;
mod sessions;
mod settings;
mod setup;
mod sign_out;

use serde_json::{Value, json};

use crate::support::TestApp;

pub const SETTINGS: &str = "/api/v1/settings/security";

/// The defaults, with some fields changed.
pub fn settings(changes: Value) -> Value {
    let mut settings = json!({
        "twoFactorPolicy": "optional", "graceDays": 0, "passkeysAllowed": true,
        "idleMinutes": 720, "absoluteMinutes": 10_080, "minimumPasswordLength": 15,
    });
    if let (Value::Object(all), Value::Object(changes)) = (&mut settings, changes) {
        all.extend(changes);
    }
    settings
}

/// Gives the members with this email a second factor.
pub async fn give_factor(t: &TestApp, email: &str) {
    t.tamper(&format!("UPDATE members SET second_factor_at = '2026-11-20 08:00:00+00:00' WHERE email = '{email}'")).await;
}
