//! Refusals of a credential, in words for whoever holds it.

use std::net::IpAddr;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};

use crate::keys::Refusal;
use crate::kit::http::ApiError;

/// Why a key did not open what was asked for.
pub(super) fn refused(refusal: &Refusal, address: IpAddr) -> ApiError {
    match refusal {
        Refusal::Invalid => unauthorized(
            "API_KEY_INVALID",
            "This is not a valid API key. Check that it was copied whole: pck_ and 38 characters.",
        ),
        Refusal::Revoked(_) => {
            unauthorized("API_KEY_REVOKED", "This API key was revoked. Ask an administrator of the workspace for a new one.")
        }
        Refusal::Expired(_) => {
            unauthorized("API_KEY_EXPIRED", "This API key has expired. Ask an administrator of the workspace for a new one.")
        }
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
        Refusal::Limited(entry, too_soon) => {
            let seconds = too_soon.seconds();
            let message = format!("Too many requests with this API key. Try again in {seconds} seconds.");
            let error = ApiError::rate_limited(message, seconds);
            let Some(limit) = entry.rate_limit else { return error };
            let policy = format!("\"default\";q={};w={}", limit.requests, limit.per_seconds);
            let state = format!("\"default\";r=0;t={seconds}");
            [("ratelimit-policy", policy), ("ratelimit", state)].into_iter().fold(error, |error, (name, value)| {
                match HeaderValue::from_str(&value) {
                    Ok(value) => error.header(HeaderName::from_static(name), value),
                    Err(_) => error,
                }
            })
        }
    }
}

/// 401 with the challenge that RFC 9110 asks for.
pub(crate) fn unauthorized(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, message)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"PlaneConnection\""))
}

pub(super) fn session_invalid() -> ApiError {
    unauthorized("SESSION_INVALID", "This session is unknown, expired or signed out. Sign in again.")
}
