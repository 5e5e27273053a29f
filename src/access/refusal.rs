//! Refusals of a credential, in words for whoever holds it.

use std::net::IpAddr;

use axum::http::{HeaderValue, StatusCode, header};

use crate::keys::Refusal;
use kit::http::{ApiError, client};

/// Why a key did not open what was asked for.
pub(super) fn refused(refusal: &Refusal, address: IpAddr) -> ApiError {
    match refusal {
        Refusal::Invalid => unauthorized(
            "API_KEY_INVALID",
            "This is not a valid API key. Check that you copied all of it: pck_ and 38 characters.",
        ),
        Refusal::Revoked(_) => {
            unauthorized("API_KEY_REVOKED", "This API key was revoked. Ask an administrator of the workspace for a new one.")
        }
        Refusal::Expired(_) => {
            unauthorized("API_KEY_EXPIRED", "This API key has expired. Ask an administrator of the workspace for a new one.")
        }
        Refusal::Address(_) if address == client::UNKNOWN => ApiError::new(
            StatusCode::FORBIDDEN,
            "IP_NOT_ALLOWED",
            "This API key has an allow-list, and the proxy does not report where the request comes from. Ask the operator of the proxy.",
        ),
        Refusal::Address(_) => {
            let message = format!(
                "This API key cannot be used from {address}. Ask an administrator of the workspace to add it to the key's allow-list."
            );
            ApiError::new(StatusCode::FORBIDDEN, "IP_NOT_ALLOWED", message)
        }
        Refusal::Scope(_, scope) => {
            let message =
                format!("This API key lacks the scope {scope}. Ask an administrator of the workspace for a key that has it.");
            ApiError::new(StatusCode::FORBIDDEN, "SCOPE_REQUIRED", message).with("requiredScope", scope.to_string())
        }
        Refusal::Limited(_, too_soon) => {
            let message = format!("Too many requests with this API key. Try again in {} seconds.", too_soon.seconds());
            ApiError::too_soon(message, *too_soon)
        }
    }
}

/// 401 with the challenge that RFC 9110 asks for.
pub(crate) fn unauthorized(code: &'static str, message: &'static str) -> ApiError {
    // RFC 6750, 3.1: no error is named where there was no credential.
    let challenge = match code {
        "AUTHENTICATION_REQUIRED" | "INVALID_CREDENTIALS" => "Bearer realm=\"PlaneConnection\"",
        _ => "Bearer realm=\"PlaneConnection\", error=\"invalid_token\"",
    };
    ApiError::new(StatusCode::UNAUTHORIZED, code, message).header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

pub(super) fn session_invalid() -> ApiError {
    unauthorized("SESSION_INVALID", "This session is unknown, expired or signed out. Sign in again.")
}
