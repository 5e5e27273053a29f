//! The form of the settings. What is chosen is shown with its effects before it can be saved.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::fields::{self, Choice};
use super::passkeys::{self, PasskeyOverview};
use crate::access::{Form, ManageSecurity, PageSession, Permission, ViewSecurity};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::security::preview::{Coverage, Preview, coverage, preview};
use crate::security::{SecuritySettings, service, store};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::number::plural;
use kit::page::{Asked, Fields, FormErrors, html_with};

pub(super) const PATH: &str = "/settings/security";

/// The form that shows effects, and changes nothing.
const PREVIEW: &str = "/settings/security/preview";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Security settings", show),
        form(PATH, "Change the security settings", save),
        page(PREVIEW, "Effects of security settings, when it is opened", moved),
        form(PREVIEW, "Effects of security settings", effects),
    ]
}

#[derive(Template)]
#[template(path = "security/show.html")]
pub(super) struct SecurityPage {
    frame: Frame,
    /// The values of the form, as they were sent if they are faulty.
    fields: Fields,
    /// The settings when the form was opened.
    opened: String,
    coverage: Coverage,
    passkeys: PasskeyOverview,
    effects: Option<Preview>,
    /// The settings whose effects are shown.
    previewed: String,
    /// True if the settings were changed since the form was opened.
    is_outdated: bool,
    is_saved: bool,
    faults: FormErrors,
    /// The faults of the form that signs everyone out.
    sign_out_faults: FormErrors,
}

impl SecurityPage {
    pub(super) async fn new<P: Permission>(app: &App, who: &PageSession<P>, fields: Option<&Fields>) -> Result<Self, ApiError> {
        let workspace = who.session().member.workspace;
        let settings = store::policy_of(app.db.read(), workspace).await?.settings;
        let opened = fields::digest(&settings);
        Ok(Self {
            frame: who.frame(app, "Security", MenuEntry::Security),
            fields: fields.cloned().unwrap_or_else(|| fields::of(&settings)),
            is_outdated: fields.and_then(|fields| fields.given("opened")).is_some_and(|before| before != opened),
            opened,
            coverage: coverage(app, workspace).await?,
            passkeys: PasskeyOverview::new(app, workspace).await?,
            effects: None,
            previewed: String::new(),
            is_saved: false,
            faults: FormErrors::default(),
            sign_out_faults: FormErrors::default(),
        })
    }

    pub(super) fn with_sign_out_faults(self, sign_out_faults: FormErrors) -> Self {
        Self { sign_out_faults, ..self }
    }

    async fn with_effects<P: Permission>(
        self,
        app: &App,
        who: &PageSession<P>,
        chosen: &SecuritySettings,
    ) -> Result<Self, ApiError> {
        let effects = preview(app, who.session(), chosen).await?;
        Ok(Self { effects: Some(effects), previewed: fields::digest(chosen), ..self })
    }

    fn choices(&self, name: &str) -> Vec<Choice> {
        fields::choices(name, self.fields.text(name))
    }

    /// Returns how many members can no longer sign in with a passkey alone, in words; `None` if it stays as it is.
    fn passkeys_ending(&self) -> Option<String> {
        let count = self.effects.as_ref().map(|effects| effects.passkey_owners).filter(|count| *count > 0)?;
        Some(passkeys::owners(count))
    }

    fn members(&self) -> String {
        plural(self.coverage.with_factor + self.coverage.without.total, "member")
    }
}

async fn show(who: PageSession<ViewSecurity>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let page = SecurityPage::new(&app, &who, None).await?;
    Ok(html_with(StatusCode::OK, &SecurityPage { is_saved: asked.is("after", "saved"), ..page }))
}

async fn moved(_: PageSession<ViewSecurity>) -> Response {
    Redirect::to(PATH).into_response()
}

async fn effects(
    who: PageSession<ViewSecurity>,
    State(app): State<App>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let fields = if fields.is("preset", "strict") { fields::strict(&fields) } else { fields };
    let page = SecurityPage::new(&app, &who, Some(&fields)).await?;
    match fields::read(&fields) {
        Ok(chosen) => Ok(html_with(StatusCode::OK, &page.with_effects(&app, &who, &chosen).await?)),
        Err(faults) => Ok(html_with(StatusCode::BAD_REQUEST, &SecurityPage { faults, ..page })),
    }
}

async fn save(who: PageSession<ManageSecurity>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let page = SecurityPage::new(&app, &who, Some(&fields)).await?;
    let chosen = match fields::read(&fields) {
        Ok(chosen) => chosen,
        Err(faults) => return Ok(html_with(StatusCode::BAD_REQUEST, &SecurityPage { faults, ..page })),
    };
    // Another administrator has saved meanwhile, or other settings were chosen than those whose effects were shown.
    if page.is_outdated || !fields.is("previewed", &fields::digest(&chosen)) {
        let status = if page.is_outdated { StatusCode::CONFLICT } else { StatusCode::OK };
        return Ok(html_with(status, &page.with_effects(&app, &who, &chosen).await?));
    }
    match service::update(&app, who.workspace(), who.audit_context(&app), who.member().id, chosen).await {
        Ok(_) => Ok(Redirect::to(&format!("{PATH}?after=saved")).into_response()),
        Err(error) => {
            let error = ApiError::from(error);
            if error.code != "SECOND_FACTOR_NEEDED" {
                return Err(error);
            }
            // The effects say why it cannot be saved.
            Ok(html_with(error.status, &page.with_effects(&app, &who, &chosen).await?))
        }
    }
}
