//! The call by which GitHub's secret scanning reports what it has found.

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};

use super::model::{Feedback, Match};
use super::public_keys::NoKey;
use super::service;
use crate::access::{Allowed, Anyone};
use crate::app::App;
use crate::request_context::RequestContext;
use kit::db::settled;
use kit::http::describe::Shape;
use kit::http::intake::{self, NotTaken};
use kit::http::route::post;
use kit::http::{ApiError, Describe, Doc, Matched, Routes, client_ip};

/// The headers of a signed report.
const KEY_ID: &str = "Github-Public-Key-Identifier";
const SIGNATURE: &str = "Github-Public-Key-Signature";

/// The largest report: some thousand matches.
const LARGEST: usize = 1 << 20;

/// The most matches of one report.
const MOST: usize = 10_000;

const INVALID: &str = "SIGNATURE_INVALID";

pub fn routes() -> Routes<App> {
    let about = "For GitHub's secret scanning partner program, and other senders that sign in this way: ECDSA on the curve P-256 \
                 over the SHA-256 of the raw body. The response has a label for each match, in order: true_positive for a secret \
                 of this server, whatever its state. Off unless the server is started with --github-keys.";
    Routes::new(
        "Secret scanning",
        [post("/api/v1/secret-scanning/github", "Report leaked API keys", report).essential().about(about)],
    )
}

async fn report(_: Allowed<Anyone>, State(app): State<App>, SignedReport(matches): SignedReport) -> Result<Answer, ApiError> {
    // A task of its own, which continues if the sender disconnects.
    let reported = tokio::spawn(settled(async move { service::report(&app.keys, &matches).await })).await;
    match reported {
        Ok(feedback) => Ok(Answer(feedback??)),
        Err(error) => {
            tracing::error!(%error, "a report of secret scanning failed");
            Err(ApiError::internal())
        }
    }
}

/// The feedback, without the envelope of other responses.
struct Answer(Vec<Feedback>);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl Describe for Answer {
    fn describe(doc: &mut Doc) {
        let items = doc.schema::<Feedback>();
        doc.success.push((200, Shape::Bare(Box::new(Schema::from(ArrayBuilder::new().items(items).build()).into()))));
    }
}

/// Extractor of a body whose signature was verified.
struct SignedReport(Vec<Match>);

impl FromRequest<App> for SignedReport {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let Some(keys) = &app.github_keys else { return Err(off()) };
        let (parts, body) = request.into_parts();
        let context = RequestContext::of(&parts)?;
        let network = client_ip::network(context.client_ip());
        let limited = app.report_limits.try_acquire(network, context.received_at_ticks());
        limited.map_err(|limited| {
            ApiError::too_soon("Too many reports without a right signature. Send them again later.", limited)
        })?;
        let (id, signature) = (header(&parts.headers, KEY_ID)?, header(&parts.headers, SIGNATURE)?);
        let key = keys.find(app, id).await.map_err(no_key)?;
        let mut held = app.report_limits.hold(Matched::sender(&parts.extensions));
        let body = intake::read(&parts.headers, body, LARGEST, &mut held).await.map_err(not_taken)?;
        if !key.verifies(&body, signature) {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                INVALID,
                "The signature is not that of this body. Nothing was changed.",
            ));
        }
        app.report_limits.refund(network);
        let matches: Vec<Match> = serde_json::from_slice(&body).map_err(|_| {
            // The message of the parser may quote a secret.
            ApiError::invalid("The body is not a JSON array of matches, each with token and type. Nothing was changed.")
        })?;
        if matches.len() > MOST {
            return Err(ApiError::too_large("The report has more than 10,000 matches. Send fewer at once."));
        }
        Ok(Self(matches))
    }
}

fn off() -> ApiError {
    let message = "Secret scanning is off on this server. The operator can switch it on with --github-keys.";
    ApiError::new(StatusCode::NOT_FOUND, "SECRET_SCANNING_OFF", message)
}

/// Returns the one value of a header.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, ApiError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => {
            let message = format!("Send one header {name}: reports are accepted with a signature only.");
            Err(ApiError::new(StatusCode::FORBIDDEN, INVALID, message))
        }
    }
}

fn no_key(error: NoKey) -> ApiError {
    match error {
        NoKey::Unknown => {
            let message = format!("{KEY_ID} names no known key. Nothing was changed.");
            ApiError::new(StatusCode::FORBIDDEN, INVALID, message)
        }
        NoKey::Unavailable => ApiError::overloaded("The public keys cannot be had right now. Send the report again in a minute."),
    }
}

fn not_taken(why: NotTaken) -> ApiError {
    match why {
        NotTaken::TooLarge => ApiError::too_large("The report is larger than 1 MiB. Send fewer matches at once."),
        NotTaken::Late => {
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The report did not arrive in time. Send it again.")
        }
        NotTaken::Broken => ApiError::invalid("The report is incomplete. Send it again."),
        NotTaken::Busy => {
            ApiError::overloaded("Too many request bodies are arriving at once. Send the report again in a moment.")
        }
    }
}

impl Describe for SignedReport {
    fn describe(doc: &mut Doc) {
        let text = || ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).into();
        doc.parameter(KEY_ID, ParameterIn::Header, Required::True, text(), "The public key that verifies the signature.");
        doc.parameter(SIGNATURE, ParameterIn::Header, Required::True, text(), "The signature of the body, in ASN.1, in base64.");
        let items = doc.schema::<Match>();
        let matches = ArrayBuilder::new().items(items).max_items(Some(MOST)).build();
        doc.body = Some(Schema::from(matches).into());
        doc.fails(403, INVALID);
        doc.fails(404, "SECRET_SCANNING_OFF");
        doc.fails(408, "REQUEST_TIMEOUT");
        doc.fails(413, "PAYLOAD_TOO_LARGE");
        doc.fails(429, "RATE_LIMITED");
        doc.fails(503, "OVERLOADED");
        doc.fails(503, "UNAVAILABLE");
    }
}
