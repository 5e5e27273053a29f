//! "Email notices": which of the optional ones the person gets.

use axum::extract::State;
use axum::response::Response;

use super::redirects::{back, moved};
use crate::access::{Form, PageSession, RecentlySignedIn};
use crate::app::App;
use crate::mail::{self, MailKind};
use crate::members::Member;
use kit::db::DbResult;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};

const PATH: &str = "/account/notices";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of the email notices", moved), form(PATH, "Choose the email notices", choose)]
}

/// The section of the account page.
pub(super) struct Section {
    /// False if the server sends no emails.
    pub(super) is_on: bool,
    pub(super) choices: Vec<Choice>,
}

/// A notice that can be chosen.
pub(super) struct Choice {
    /// The name of the field.
    pub(super) field: &'static str,
    pub(super) label: &'static str,
    pub(super) is_wanted: bool,
}

impl Section {
    pub(super) async fn new(app: &App, member: &Member) -> DbResult<Self> {
        let muted = mail::muted(app.db.read(), member).await?;
        let choice = |kind: MailKind| {
            let label = label(kind)?;
            Some(Choice { field: kind.as_str(), label, is_wanted: !muted.contains(&kind) })
        };
        Ok(Self { is_on: mail::is_on(app), choices: mail::choices(member).filter_map(choice).collect() })
    }
}

/// Returns the label of a notice that can be chosen.
const fn label(kind: MailKind) -> Option<&'static str> {
    match kind {
        MailKind::NewDevice => Some("Sign-ins to my account from a new browser and address"),
        MailKind::WeeklyDigest => Some("What needs attention, on Mondays"),
        MailKind::KeyExpiring => Some("API keys that expire in 7 days, or within a day"),
        MailKind::KeyLeaked => Some("API keys that were found where others can read them"),
        MailKind::KeyUnusual => Some("Unusual activity of API keys"),
        MailKind::WebhookFailing => Some("Webhooks that fail and may be disabled"),
        MailKind::WebhookDisabled => Some("Webhooks that were disabled"),
        MailKind::Invitation
        | MailKind::PasswordReset
        | MailKind::PasswordChanged
        | MailKind::FactorAdded
        | MailKind::FactorRemoved
        | MailKind::BackupCodeUsed => None,
    }
}

/// Demands recent authentication: a thief of a session must not silence the notice of their own sign-in.
async fn choose(
    who: PageSession<RecentlySignedIn>,
    State(app): State<App>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let wanted: Vec<MailKind> = mail::choices(who.member()).filter(|kind| fields.has(kind.as_str())).collect();
    mail::choose(&app, who.member(), who.audit_context(&app), &wanted).await?;
    Ok(back("notices"))
}
