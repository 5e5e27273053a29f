//! The command `keys list`, with the filters of the API.

use super::database::InWorkspace;
use super::members;
use super::output::{self, Failure};
use crate::keys::{self, Include, KeyDetails, KeyFilter, KeyQuery, KeyView, Status};
use crate::members::Email;
use crate::scopes::Module;

// The variables of filters have names of their own: those of `keys create` would leave keys out unasked.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct List {
    #[command(flatten)]
    at: InWorkspace,
    /// Only keys with this status: active, paused, revoked or expired
    #[arg(long, env = "PLANECONNECTION_ONLY_STATUS")]
    status: Option<Status>,
    /// Only keys whose name or hint contains this text
    #[arg(long, env = "PLANECONNECTION_ONLY_SEARCH", value_name = "TEXT")]
    search: Option<String>,
    /// Only keys that can be used and were not for 30 days, without those of the last 7 days
    #[arg(long, env = "PLANECONNECTION_ONLY_UNUSED", value_parser = output::switch)]
    unused: bool,
    /// Only keys that expire within 14 days
    #[arg(long, env = "PLANECONNECTION_ONLY_EXPIRING", value_parser = output::switch)]
    expiring: bool,
    /// Only keys without expiration
    #[arg(long, env = "PLANECONNECTION_ONLY_NO_EXPIRATION", value_parser = output::switch)]
    no_expiration: bool,
    /// Only keys with a write scope; with --module, with that of the module
    #[arg(long, env = "PLANECONNECTION_ONLY_CAN_WRITE", value_parser = output::switch)]
    can_write: bool,
    /// Only test keys
    #[arg(long, env = "PLANECONNECTION_ONLY_TEST", value_parser = output::switch)]
    test: bool,
    /// Only keys for which the member with this email address is responsible
    #[arg(long, env = "PLANECONNECTION_ONLY_CUSTODIAN", value_parser = Email::parse_known, value_name = "EMAIL")]
    custodian: Option<Email>,
    /// Only keys with a scope of this module
    #[arg(long, env = "PLANECONNECTION_ONLY_MODULE")]
    module: Option<Module>,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

impl List {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (app, workspace) = self.at.open().await?;
        let custodian_id = match &self.custodian {
            Some(email) => Some(members::find(&app, workspace.id, email).await?.id),
            None => None,
        };
        let filter = KeyFilter {
            status: self.status,
            search: self.search,
            unused: Some(self.unused),
            expiring: Some(self.expiring),
            no_expiration: Some(self.no_expiration),
            can_write: Some(self.can_write),
            test: Some(self.test),
            custodian_id,
            module: self.module,
        };
        let (query, now) = (KeyQuery::from(&filter), app.clock.now());
        let include = Include::LastUseAndSuccessor;
        let part = async |paging| keys::list_part(&app.keys, workspace.id, &query, paging, include, now).await;
        let all = output::all_pages(part).await?;
        if self.json {
            return output::json(&all.into_iter().map(|key| KeyView::new(key, now)).collect::<Vec<_>>());
        }
        let row = |KeyDetails { key, custodian, .. }: KeyDetails| {
            let expires = key.expires_at.map_or_else(|| "never".to_owned(), |time| time.date().to_string());
            [
                key.id.to_string(),
                key.name.clone(),
                key.hint.clone(),
                key.permissions.as_str().to_owned(),
                key.status(now).as_str().to_owned(),
                expires,
                custodian.map_or_else(|| "-".to_owned(), |custodian| custodian.name),
            ]
        };
        let headings = ["ID", "NAME", "KEY", "PERMISSIONS", "STATUS", "EXPIRES", "CUSTODIAN"];
        output::table(headings, &all.into_iter().map(row).collect::<Vec<_>>())
    }
}
