//! "Profile & Security": the page of a person's own account. Its forms call the same services as `api`.
//!
//! - here the page; `profile`, `password`, `two_factor`, `passkeys`, `sessions` and `notices` its forms; `rows` a session in words
//! - `reset` the page of a link that resets a password; `forgot` the page that sends such a link by email; `redirects` to the page

mod forgot;
mod notices;
mod passkeys;
mod password;
mod profile;
mod redirects;
mod reset;
mod rows;
mod sessions;
mod two_factor;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::{PageSession, Permission, SignedIn};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::members::Member;
use crate::security;
use kit::http::route::page;
use kit::http::{ApiError, Routes};
use kit::page::{Asked, Fields, FormErrors, html_with};
use redirects::{PATH, moved};
use rows::SessionRow;
use two_factor::TwoFactorSection;

pub fn routes() -> Routes<App> {
    let own =
        vec![page(PATH, "Profile & Security", show), page("/settings/account", "Profile & Security, by its old address", moved)];
    Routes::new(
        "Account",
        [
            own,
            profile::routes(),
            password::routes(),
            two_factor::routes(),
            passkeys::routes(),
            sessions::routes(),
            notices::routes(),
            reset::routes(),
            forgot::routes(),
        ]
        .concat(),
    )
}

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage {
    frame: Frame,
    member: Member,
    /// The name in the form.
    name: String,
    two_factor: TwoFactorSection,
    passkeys: passkeys::Section,
    rows: Vec<SessionRow>,
    notices: notices::Section,
    /// The shortest new password, in characters.
    min_length: usize,
    notice: Option<String>,
    faults: FormErrors,
}

impl AccountPage {
    async fn new<P: Permission>(app: &App, who: &PageSession<P>, faults: FormErrors) -> Result<Self, ApiError> {
        let (frame, member) = (who.frame(app, "Profile & Security", MenuEntry::Account), who.member().clone());
        let listed = crate::sessions::list(app.db.read(), member.id, frame.at.now()).await?;
        let passkeys = passkeys::Section::new(app, who).await?;
        let rows = listed.into_iter().map(|session| SessionRow::new(session, who.session(), frame.at.now())).collect();
        let min_length = security::min_password_length(app.db.read(), &member).await?;
        let two_factor = TwoFactorSection::new(app, &member).await?;
        let notices = notices::Section::new(app, &member).await?;
        let name = member.name.clone();
        Ok(Self { frame, name, member, two_factor, passkeys, rows, notices, min_length, notice: None, faults })
    }

    fn has_others(&self) -> bool {
        self.rows.iter().any(|row| !row.is_current)
    }
}

async fn show(who: PageSession<SignedIn>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let page = AccountPage::new(&app, &who, FormErrors::default()).await?;
    Ok(html_with(StatusCode::OK, &AccountPage { notice: notice(&fields, &page.member), ..page }))
}

fn notice(fields: &Fields, member: &Member) -> Option<String> {
    let notice = match fields.text("after") {
        "name" => "Your name was changed.".to_owned(),
        "password" => "Your password was changed. You were signed out everywhere else.".to_owned(),
        "two-factor" => "Two-factor authentication is enabled. You were signed out everywhere else.".to_owned(),
        "two-factor-off" if member.second_factor_at.is_some() => {
            "The authenticator app was removed. Signing in still asks for a passkey after the password.".to_owned()
        }
        "two-factor-off" => "Two-factor authentication is disabled.".to_owned(),
        "backup-codes" => "Your new backup codes work now. The earlier ones do not.".to_owned(),
        "passkey" => "The passkey was added. You can sign in with it.".to_owned(),
        "passkey-name" => "The passkey was renamed.".to_owned(),
        "passkey-removal" => "The passkey was removed. Delete it from the device or the password manager as well.".to_owned(),
        "notices" => "Your email notices were changed.".to_owned(),
        "session" => "The session was signed out.".to_owned(),
        "sessions" => "You were signed out everywhere else.".to_owned(),
        "role" => {
            format!("Your role was changed to {}. The menu shows the pages that you can open.", member.role.title())
        }
        _ => return None,
    };
    Some(notice)
}
