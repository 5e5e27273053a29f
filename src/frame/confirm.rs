//! The page on which a person proves again who they are. It keeps the form that asked for it.

use std::borrow::Cow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::denied::{SECRET_FIELDS, without_secrets};
use super::{Frame, SignedInMember};
use crate::config::Config;
use crate::core::Core;
use crate::sessions::AuthMethod;
use kit::page::{Fields, FormErrors, html_with};

/// The fields of the proof. The CSRF middleware takes them out of the form before its handler sees it.
pub const PROOF_PASSWORD: &str = "reauth_password";
pub const PROOF_CODE: &str = "reauth_code";
pub const PROOF_CEREMONY: &str = "reauth_ceremony";
pub const PROOF_CREDENTIAL: &str = "reauth_credential";

// No Debug: it carries the token of a ceremony.
/// A ceremony of a passkey that a page starts.
pub struct PasskeyPrompt {
    pub ceremony: String,
    /// The options for `navigator.credentials.get`, as JSON.
    pub options: String,
    pub public_url: String,
}

impl PasskeyPrompt {
    pub fn new(config: &Config, ceremony: &str, options: &Value) -> Self {
        Self { ceremony: ceremony.to_owned(), options: options.to_string(), public_url: config.public_url.clone() }
    }
}

// No Debug: it carries what was typed.
/// A form to be sent once its sender has proved who they are.
pub struct ConfirmForm<'a> {
    /// The path that the form is sent to, with the proof.
    pub path: &'a str,
    pub fields: &'a Fields,
    /// The methods by which the person can prove who they are.
    pub methods: &'a [AuthMethod],
    /// The ceremony of a passkey, for a person who has one.
    pub passkey: Option<PasskeyPrompt>,
    pub faults: FormErrors,
}

#[derive(Template)]
#[template(path = "frame/confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame,
    email: String,
    path: &'a str,
    fields: Vec<(&'a str, Cow<'a, str>)>,
    passkey: Option<PasskeyPrompt>,
    faults: FormErrors,
    needs_code: bool,
    /// True if a form with input waits.
    keeps_input: bool,
    /// True if passwords of that form are not kept.
    drops_secrets: bool,
}

/// Responds with the page.
pub fn confirm_identity(core: &Core, (caller, token): SignedInMember, form: ConfirmForm<'_>, status: StatusCode) -> Response {
    let ConfirmForm { path, fields, methods, passkey, faults } = form;
    // The page has the token of the present session.
    let kept: Vec<_> = without_secrets(fields).into_iter().filter(|(name, _)| *name != "csrf").collect();
    let page = ConfirmPage {
        email: caller.member().email.clone(),
        frame: Frame::new(core, &caller, "Confirm it is you".to_owned(), None, token),
        path,
        keeps_input: kept.iter().any(|(name, _)| *name != "next"),
        drops_secrets: SECRET_FIELDS.iter().any(|name| fields.given(name).is_some()),
        needs_code: [AuthMethod::Totp, AuthMethod::BackupCode, AuthMethod::ResetCode]
            .iter()
            .any(|method| methods.contains(method)),
        fields: kept,
        passkey,
        faults,
    };
    html_with(status, &page)
}
