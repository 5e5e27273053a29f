//! The page between a form and its handler, on which a person proves again who they are.
//!
//! The page carries what was typed in the form and sends it to the form's own path, together with the proof. The CSRF middleware
//! verifies the proof, notes it in the session and passes the form on: for the handler it is as if it had come once.

use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;

use super::admit::authenticate_session;
use super::caller::Identity;
use super::csrf_token::csrf_token;
use super::refusal::REAUTHENTICATION_REQUIRED;
use crate::app::App;
use crate::auth::factors::FactorError;
use crate::auth::passkeys;
use crate::auth::{self, Browser, Error, Origin, Proof};
use crate::frame::{
    self, ConfirmForm, PROOF_CEREMONY, PROOF_CODE, PROOF_CREDENTIAL, PROOF_PASSWORD, PasskeyPrompt, SignedInMember,
};
use crate::request_context::RequestContext;
use kit::http::ApiError;
use kit::page::{Fields, FormErrors};
use kit::text::sentence;

// No Debug: it carries a password.
/// The proof that a form carries beside its own fields.
pub(super) enum SentProof {
    Password {
        password: SecretString,
        code: Option<SecretString>,
    },
    /// The response of the browser to a ceremony of a passkey.
    Passkey {
        ceremony: String,
        credential: String,
    },
}

impl SentProof {
    /// Takes the proof out of the fields, so that neither the handler nor a page has it.
    pub(super) fn take(fields: Fields) -> (Option<Self>, Fields) {
        if !fields.has(PROOF_PASSWORD) {
            return (None, fields);
        }
        let proof = if let Some(credential) = fields.given(PROOF_CREDENTIAL) {
            Self::Passkey { ceremony: fields.verbatim(PROOF_CEREMONY).to_owned(), credential: credential.to_owned() }
        } else {
            let password = SecretString::from(fields.verbatim(PROOF_PASSWORD));
            Self::Password { password, code: fields.given(PROOF_CODE).map(SecretString::from) }
        };
        let names = [PROOF_PASSWORD, PROOF_CODE, PROOF_CEREMONY, PROOF_CREDENTIAL];
        (Some(proof), names.into_iter().fold(fields, |fields, name| fields.with(name, "")))
    }
}

/// A form that waits for a proof.
#[derive(Clone, Copy)]
pub(super) struct WaitingForm<'a> {
    pub(super) path: &'a str,
    pub(super) fields: &'a Fields,
}

/// Returns true if a handler refused a form because the last proof of identity is too old.
pub(super) fn is_asked_for(response: &Response) -> bool {
    response.extensions().get::<ApiError>().is_some_and(|error| error.code == REAUTHENTICATION_REQUIRED)
}

/// Verifies a proof and notes it in the session. Fails with the page to send again.
pub(super) async fn prove(
    app: &App,
    parts: &Parts,
    token: &str,
    proof: SentProof,
    form: WaitingForm<'_>,
) -> Result<(), Response> {
    let request = RequestContext::of(parts).map_err(IntoResponse::into_response)?;
    let failed = |error: sea_orm::DbErr| ApiError::from(error).into_response();
    // Without a session the handler answers.
    let Some(caller) = authenticate_session(app, token.as_bytes()).await.map_err(failed)? else { return Ok(()) };
    let context = caller.audit_context(app, &request);
    let proved = match proof {
        SentProof::Password { password, code } => {
            let browser = Browser { token: Browser::read(&app.config, &parts.headers) };
            let origin = Origin { address: request.client_ip(), browser: Some(browser) };
            let proof = Proof { password, code, origin };
            auth::reauthenticate(app, &app.passwords, &app.sign_ins, &caller.session, proof, context).await
        }
        SentProof::Passkey { ceremony, credential } => {
            let credential = serde_json::from_str(&credential).unwrap_or_default();
            match passkeys::reauthenticate(app, &caller.session, &ceremony, credential, context).await {
                Ok(proved) => Ok(proved),
                Err(passkeys::Error::Denied(_)) => return Ok(()),
                Err(error) => return Err(refuse_passkey(app, (caller, csrf_token(token)), form, error).await),
            }
        }
    };
    let error = match proved {
        // The session ended meanwhile, or the role was changed: the handler answers.
        Ok(_) | Err(Error::Denied(_)) => return Ok(()),
        Err(error) => error,
    };
    let fault = match &error {
        Error::CurrentPassword => Some((PROOF_PASSWORD, "The password is wrong.".to_owned())),
        Error::CodeRequired => Some((PROOF_CODE, "Enter a verification code or a backup code.".to_owned())),
        Error::Factor(FactorError::Wrong) => Some((PROOF_CODE, sentence(FactorError::Wrong))),
        Error::Db(_) => return Err(ApiError::from(error).into_response()),
        _ => None,
    };
    let error = ApiError::from(error);
    let faults = match fault {
        Some((field, message)) => FormErrors::of_field(field, message),
        None => FormErrors::of_whole(error.message.clone()),
    };
    Err(error.with_retry_after(show(app, (caller, csrf_token(token)), form, error.status, faults).await))
}

async fn refuse_passkey(app: &App, signed_in: SignedInMember, form: WaitingForm<'_>, error: passkeys::Error) -> Response {
    let message = sentence(&error);
    let error = ApiError::from(error);
    if error.status.is_server_error() {
        return error.into_response();
    }
    error.with_retry_after(show(app, signed_in, form, error.status, FormErrors::of_whole(message)).await)
}

/// Responds to a form whose handler asked for a proof, with the page that keeps what was typed.
pub(super) async fn ask(app: &App, signed_in_member: Option<SignedInMember>, form: WaitingForm<'_>) -> Response {
    match signed_in_member {
        Some(signed_in) => show(app, signed_in, form, StatusCode::FORBIDDEN, FormErrors::default()).await,
        None => frame::signed_out_meanwhile(form.path, form.fields),
    }
}

async fn show(
    app: &App,
    signed_in: SignedInMember,
    WaitingForm { path, fields }: WaitingForm<'_>,
    status: StatusCode,
    faults: FormErrors,
) -> Response {
    match auth::own_methods(app.db.read(), signed_in.0.member()).await {
        Ok(methods) => {
            let started = auth::start_by_passkey(app, &signed_in.0.session, &methods).await;
            let passkey = started.map(|started| PasskeyPrompt::new(&app.config, started.token.expose(), &started.options));
            let form = ConfirmForm { path, fields, methods: &methods, passkey, faults };
            frame::confirm_identity(app, signed_in, form, status)
        }
        Err(error) => ApiError::from(error).into_response(),
    }
}
