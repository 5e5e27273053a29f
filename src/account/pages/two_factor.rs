//! "Two-Factor Authentication": setting up an authenticator app, removing it, and new backup codes.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;

use super::redirects::{back, moved};
use crate::access::{Form, PageSession, RecentlySignedIn, SignedIn};
use crate::app::App;
use crate::auth::factors::{self, BACKUP_CODES, BackupCode, FEW_BACKUP_CODES, FactorError, SetUp, TwoFactorState};
use crate::frame::{Frame, MenuEntry};
use crate::members::Member;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/account/two-factor";
const VERIFY: &str = "/account/two-factor/verify";
const DISABLE: &str = "/account/two-factor/disable";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Form of two-factor authentication", moved),
        form(PATH, "Begin to set up an authenticator app", begin),
        page(VERIFY, "Form of the first verification code", moved),
        form(VERIFY, "Verify the authenticator app", verify),
        form("/account/two-factor/enable", "Enable the authenticator app", enable),
        page(DISABLE, "Page that asks before two-factor authentication is disabled", ask),
        form(DISABLE, "Disable two-factor authentication", disable),
        form("/account/backup-codes", "Replace the backup codes", replace_backup_codes),
    ]
}

/// The section of the account page.
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the section")]
pub(super) struct TwoFactorSection {
    pub(super) enabled_at: Option<Time>,
    /// The number of backup codes that are left: “3 of 10”.
    pub(super) left: String,
    pub(super) has_few_codes: bool,
    pub(super) has_codes: bool,
    /// True if the member has any second factor.
    pub(super) has_factor: bool,
    /// False if the server cannot seal secrets.
    pub(super) is_possible: bool,
}

impl TwoFactorSection {
    pub(super) async fn new(app: &App, member: &Member) -> DbResult<Self> {
        let TwoFactorState { enabled_at, backup_codes } = factors::two_factor_state(app, member).await?;
        Ok(Self {
            enabled_at,
            left: format!("{backup_codes} of {BACKUP_CODES}"),
            has_few_codes: backup_codes <= FEW_BACKUP_CODES,
            has_codes: backup_codes > 0,
            has_factor: member.second_factor_at.is_some(),
            is_possible: app.config.secret_keys.is_some(),
        })
    }
}

// No Debug: it carries a secret.
#[derive(Template)]
#[template(path = "account/two_factor_set_up.html")]
struct SetUpPage {
    frame: Frame,
    set_up: SetUp,
    faults: FormErrors,
}

impl SetUpPage {
    fn new(app: &App, who: &PageSession<RecentlySignedIn>, set_up: SetUp, faults: FormErrors) -> Self {
        Self { frame: who.frame(app, "Enable 2FA", MenuEntry::Account), set_up, faults }
    }
}

// No Debug: it carries secrets.
#[derive(Template)]
#[template(path = "account/backup_codes.html")]
struct CodesPage {
    frame: Frame,
    /// One code in each line.
    codes: String,
    /// The codes as a file, in a link.
    file: String,
    /// True if the codes take effect only when the person has stored them.
    is_set_up: bool,
}

impl CodesPage {
    fn new(app: &App, who: &PageSession<RecentlySignedIn>, codes: &[BackupCode], is_set_up: bool) -> Self {
        let frame = who.frame(app, "Backup codes", MenuEntry::Account);
        let codes: Vec<String> = codes.iter().map(BackupCode::expose).collect();
        // Codes and short names of workspaces have nothing that a URL escapes.
        let file = format!(
            "data:text/plain;charset=utf-8,PlaneConnection%20backup%20codes%20({}):%0A%0A{}%0A",
            frame.slug,
            codes.join("%0A")
        );
        Self { frame, codes: codes.join("\n"), file, is_set_up }
    }
}

#[derive(Template)]
#[template(path = "account/two_factor_disable.html")]
struct DisablePage {
    frame: Frame,
    faults: FormErrors,
}

async fn begin(who: PageSession<RecentlySignedIn>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    match factors::begin_set_up(&app, who.member(), who.workspace_slug(), who.audit_context(&app)).await {
        Ok(set_up) => Ok(html_with(StatusCode::OK, &SetUpPage::new(&app, &who, set_up, FormErrors::default()))),
        Err(error) => Err(error.into()),
    }
}

async fn verify(
    who: PageSession<RecentlySignedIn>,
    State(app): State<App>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let code = SecretString::from(fields.verbatim("code"));
    match factors::verify_set_up(&app, who.member(), &code, who.audit_context(&app)).await {
        Ok(codes) => Ok(html_with(StatusCode::OK, &CodesPage::new(&app, &who, &codes, true))),
        Err(FactorError::Wrong) => {
            let message =
                "This code is not the one that your app should show now. Check the clock of your phone, and try the next code.";
            let set_up = factors::find_set_up(&app, who.member(), who.workspace_slug()).await?;
            let page = SetUpPage::new(&app, &who, set_up, FormErrors::of_whole(message));
            Ok(html_with(StatusCode::BAD_REQUEST, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn enable(who: PageSession<RecentlySignedIn>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    match factors::enable(&app, who.session(), who.audit_context(&app)).await {
        Ok(()) => Ok(back("two-factor")),
        Err(error) => Err(error.into()),
    }
}

async fn ask(who: PageSession<SignedIn>, State(app): State<App>) -> Response {
    let frame = who.frame(&app, "Disable 2FA?", MenuEntry::Account);
    html_with(StatusCode::OK, &DisablePage { frame, faults: FormErrors::default() })
}

async fn disable(who: PageSession<RecentlySignedIn>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    match factors::disable(&app, who.member(), who.audit_context(&app)).await {
        // Not found: the form was sent twice.
        Ok(()) | Err(FactorError::NoFactor) => Ok(back("two-factor-off")),
        Err(error @ (FactorError::ShortPassword | FactorError::Required)) => {
            let frame = who.frame(&app, "Disable 2FA?", MenuEntry::Account);
            let faults = FormErrors::of_whole(sentence(&error));
            Ok(html_with(ApiError::from(error).status, &DisablePage { frame, faults }))
        }
        Err(error) => Err(error.into()),
    }
}

async fn replace_backup_codes(who: PageSession<RecentlySignedIn>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    let codes = factors::replace_backup_codes(&app, who.member(), who.audit_context(&app)).await?;
    Ok(html_with(StatusCode::CREATED, &CodesPage::new(&app, &who, &codes, false)))
}
