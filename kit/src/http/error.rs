//! A failure on its way to the caller.

use std::borrow::Cow;

use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::envelope::Envelope;
use super::{FieldErrors, Policy};
use crate::db::WritesRefused;
use crate::limit::RateLimited;

/// A validation error of one field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The path of the field: `expiresAt`, `lineItems[2].quantity`.
    pub field: String,
    /// An instruction for the caller.
    pub message: String,
}

/// A refusal in the API's words. It becomes JSON at the outermost layer, which knows the request id.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Refusal>);

/// The content of an [`ApiError`].
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: StatusCode,
    /// Stable name of the failure, upper case.
    pub code: &'static str,
    /// One sentence that says what to do next.
    pub message: Cow<'static, str>,
    /// Errors of single fields, for a body or query that was refused.
    pub fields: Vec<FieldError>,
    extra: Map<String, Value>,
    /// True if a secret was added for the caller, which must reach them.
    carries_secret: bool,
    replayed: Option<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl std::ops::Deref for ApiError {
    type Target = Refusal;
    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl ApiError {
    /// A refusal with this status, code and message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let (fields, extra, headers) = (Vec::new(), Map::new(), Vec::new());
        Self(Box::new(Refusal {
            status,
            code,
            message: message.into(),
            fields,
            extra,
            carries_secret: false,
            replayed: None,
            headers,
        }))
    }

    /// 400: the request cannot be understood as it is.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    /// 400: these fields need another value.
    pub fn invalid_fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            several => format!("{} fields are invalid; see fields.", several.len()),
        };
        let mut error = Self::invalid(message);
        error.0.fields = fields;
        error
    }

    /// 400: this field needs another value.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// 404: there is no such `what` in this workspace.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("There is no such {what} in this workspace."))
    }

    /// 409: true as a request, but the present state does not allow it.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    /// 429: true as a request, but it came too soon.
    pub fn rate_limited(message: impl Into<Cow<'static, str>>, retry_after_seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message).header(RETRY_AFTER, retry_after_seconds.into())
    }

    /// 429 with the limit as `RateLimit` header fields (IETF draft).
    pub fn too_soon(message: impl Into<Cow<'static, str>>, too_soon: RateLimited) -> Self {
        let RateLimited { rate, .. } = too_soon;
        Self::limited(message, Policy::of_caller(rate), too_soon.seconds())
    }

    /// 429 for a named limit.
    pub fn limited(message: impl Into<Cow<'static, str>>, policy: Policy, seconds: u64) -> Self {
        let fields = policy.fields(0, seconds);
        fields.into_iter().fold(Self::rate_limited(message, seconds), |error, (name, value)| error.header(name, value))
    }

    /// 500, which says nothing of the inside; the cause belongs in the log.
    pub fn internal() -> Self {
        let message = "Something went wrong on our side. Try again. If the problem persists, report the request id.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
    }

    /// 503: the database cannot be reached. A change that was under way may have been made or not.
    pub fn unavailable() -> Self {
        let message = "The database cannot be reached right now. Try again in a moment; the change may still have been made.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message).header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 503: a write waited too long for another one. Earlier transactions of the same request may have committed.
    fn blocked() -> Self {
        let message = "Another change took too long, so this one was given up. Send it again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message).header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 507 or 503: a write was refused before it began. The cause is in the log of the node, once, and not of each request.
    fn writes_refused(refused: WritesRefused) -> Self {
        let (status, code, message, seconds) = match refused {
            WritesRefused::LowSpace => (
                StatusCode::INSUFFICIENT_STORAGE,
                "INSUFFICIENT_STORAGE",
                "Disk space is low, so nothing was changed. Revoking keys and signing out still work. Try again later.",
                "60",
            ),
            WritesRefused::Fault(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                "Nothing can be stored right now, so nothing was changed. Try again in a moment.",
                "2",
            ),
            WritesRefused::Queue => (
                StatusCode::SERVICE_UNAVAILABLE,
                "OVERLOADED",
                "Too many changes of this workspace wait for one another, so this one was given up. Send it again in a moment.",
                "2",
            ),
        };
        Self::new(status, code, message).header(RETRY_AFTER, HeaderValue::from_static(seconds))
    }

    /// 503: the node does as much at once as it may. Nothing was done.
    pub fn overloaded(message: impl Into<Cow<'static, str>>) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", message);
        error.header(RETRY_AFTER, HeaderValue::from_static("2"))
    }

    /// 413: the body is larger than it may be.
    pub fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// Not a failure: the first answer to a request that is repeated, taken by the same short way out of a handler.
    pub fn replay(status: u16, data: Value) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let mut answer = Self::new(status, "", "");
        answer.0.replayed = Some(data);
        answer.header(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"))
    }

    /// Returns the first answer of a request that is repeated.
    pub fn replayed(&self) -> Option<&Value> {
        self.0.replayed.as_ref()
    }

    /// 422: the key belongs to another request.
    pub fn idempotency_key_reused() -> Self {
        let message = "This Idempotency-Key was used for another request. Use a new one for a new request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", message)
    }

    /// Replaces the errors of single fields.
    #[must_use]
    pub(super) fn with_fields(mut self, faults: FieldErrors) -> Self {
        self.0.fields = faults.into_fields();
        self
    }

    /// Returns the members that were added to the error object.
    pub(super) fn extra(&self) -> &Map<String, Value> {
        &self.0.extra
    }

    /// Replaces the message.
    #[must_use]
    pub(super) fn reworded(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Adds a member to the error object.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a member with a secret for the caller, such as the token of a challenge. No cache may keep the response.
    #[must_use]
    pub fn with_secret(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.carries_secret = true;
        self.with(name, value).header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    /// Returns true if the body has a secret for the caller, and no other.
    pub fn carries_secret(&self) -> bool {
        self.0.carries_secret
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds the `Retry-After` header of this error, if it has one, to a page in its place.
    #[must_use]
    pub fn with_retry_after(&self, mut page: Response) -> Response {
        page.headers_mut().extend(self.retry_after().map(|wait| (RETRY_AFTER, wait)));
        page
    }

    /// Returns the `Retry-After` header.
    pub fn retry_after(&self) -> Option<HeaderValue> {
        self.headers.iter().find(|(name, _)| *name == RETRY_AFTER).map(|(_, value)| value.clone())
    }

    /// The body, once the request id is known. `docs` is the address of the paragraph about the code.
    pub fn body(&self, request_id: &str, docs: &str) -> String {
        let Refusal { code, message, fields, extra, replayed, .. } = &*self.0;
        // None of it can fail: there are texts and JSON in it, and nothing else.
        let written = match replayed {
            Some(data) => serde_json::to_string(&Envelope::new(data)),
            None => serde_json::to_string(&Failed {
                success: false,
                error: Failure { code, message, request_id, docs, fields, extra },
            }),
        };
        written.unwrap_or_default()
    }
}

/// The envelope of every failure.
#[derive(Serialize)]
struct Failed<'a> {
    success: bool,
    error: Failure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
    docs: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldError],
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

/// Marks a response with an [`ApiError`] whose body stays empty: for callers that read the status only.
#[derive(Clone, Copy, Debug)]
pub struct WithoutErrorBody;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<sea_orm::DbErr> for ApiError {
    fn from(error: sea_orm::DbErr) -> Self {
        if let Some(refused) = crate::db::WritesRefused::find(&error) {
            return Self::writes_refused(refused);
        }
        if crate::db::is_blocked(&error) {
            tracing::warn!(%error, "a write waited too long for another one");
            return Self::blocked();
        }
        if crate::db::is_unavailable(&error) {
            if !crate::db::is_reported(&error) {
                tracing::warn!(%error, "the database is unavailable");
            }
            return Self::unavailable();
        }
        if crate::db::is_unstorable(&error) {
            return Self::invalid("A text contains a character that cannot be stored, such as U+0000. Remove it.");
        }
        tracing::error!(%error, "the database refused a statement");
        Self::internal()
    }
}
