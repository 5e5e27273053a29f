//! The command `keys policy`.

use super::database::{InWorkspace, operator};
use super::output::{self, Failure, validated};
use crate::keys::{self, KeyPolicy, OnLeak};

/// Settings that are left out stay as they are.
#[derive(clap::Args)]
pub(super) struct Policy {
    #[command(flatten)]
    at: InWorkspace,
    /// Longest lifetime of new keys in days, 1 to 1825; none for no limit
    #[arg(long, env = "PLANECONNECTION_MAX_LIFETIME_DAYS", value_parser = days, value_name = "DAYS")]
    max_lifetime_days: Option<Limit>,
    /// Permission for new keys without expiration: true or false
    #[arg(long, env = "PLANECONNECTION_ALLOW_NO_EXPIRATION", value_name = "BOOL")]
    allow_no_expiration: Option<bool>,
    /// Requirement of an allow-list for new keys that can write: true or false
    #[arg(long, env = "PLANECONNECTION_REQUIRE_IP_ALLOWLIST_FOR_WRITE", value_name = "BOOL")]
    require_ip_allowlist_for_write: Option<bool>,
    /// Age at which a key is due for rotation in days, 30 to 365
    #[arg(long, env = "PLANECONNECTION_ROTATE_AFTER_DAYS", value_name = "DAYS")]
    rotate_after_days: Option<u32>,
    /// Remedy for a key that is found in the open: notify, pause or revoke
    #[arg(long, env = "PLANECONNECTION_ON_LEAK", value_name = "REMEDY")]
    on_leak: Option<OnLeak>,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

/// A number of days, or no limit.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<u32>);

fn days(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => text.parse().map(|days| Limit(Some(days))).map_err(|_| "must be a number of days, or none".to_owned()),
    }
}

impl Policy {
    /// Sets what is given, and prints the policy.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (app, workspace) = self.at.open().await?;
        let before = keys::policy_of(app.db.read(), workspace.id).await?;
        let policy = validated(self.changed(before))?;
        if policy != before {
            keys::update_policy(&app, workspace.id, operator(), policy).await?;
        }
        if self.json {
            return output::json(&policy);
        }
        let limit = policy.max_lifetime_days.map_or_else(|| "none".to_owned(), |days| days.to_string());
        let row = |setting: &str, value: String| [setting.to_owned(), value];
        let rows = [
            row("max-lifetime-days", limit),
            row("allow-no-expiration", policy.allow_no_expiration.to_string()),
            row("require-ip-allowlist-for-write", policy.require_ip_allowlist_for_write.to_string()),
            row("rotate-after-days", policy.rotate_after_days.to_string()),
            row("on-leak", policy.on_leak.as_str().to_owned()),
        ];
        output::table(["SETTING", "VALUE"], &rows)
    }

    fn changed(&self, before: KeyPolicy) -> KeyPolicy {
        KeyPolicy {
            max_lifetime_days: self.max_lifetime_days.map_or(before.max_lifetime_days, |limit| limit.0),
            allow_no_expiration: self.allow_no_expiration.unwrap_or(before.allow_no_expiration),
            require_ip_allowlist_for_write: self.require_ip_allowlist_for_write.unwrap_or(before.require_ip_allowlist_for_write),
            rotate_after_days: self.rotate_after_days.unwrap_or(before.rotate_after_days),
            on_leak: self.on_leak.unwrap_or(before.on_leak),
        }
    }
}
