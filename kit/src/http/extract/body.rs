//! Extractors of JSON bodies.

use axum::body::Bytes;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{Check, FieldErrors, nesting, walk};
use crate::http::intake::{self, BodyBudget, Held, LARGEST_ANONYMOUS, NotTaken, Sender};
use crate::http::{ApiError, Describe, Doc, Matched};
use crate::text::{refuse_secret, sentence};

/// A field of a body that may be left out, `null`, or a value: `#[serde(default, deserialize_with = "present")]`.
pub fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The largest body, 1 MiB.
const LARGEST_BODY: usize = 1 << 20;

/// The replacement for an absent body.
const NO_MEMBERS: Bytes = Bytes::from_static(b"{}");

/// Extractor of a JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: AsRef<BodyBudget> + Send + Sync, T: DeserializeOwned + ToSchema + Check> FromRequest<S> for Body<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let (body, _held) = read(&parts, body, state.as_ref()).await?;
        parse(&body).map(Self)
    }
}

impl<T: ToSchema> Describe for Body<T> {
    fn describe(doc: &mut Doc) {
        doc.body = Some(doc.schema::<T>());
        doc.fails(400, "INVALID_REQUEST");
        doc.fails(408, "REQUEST_TIMEOUT");
        doc.fails(413, "PAYLOAD_TOO_LARGE");
        doc.fails(415, "UNSUPPORTED_MEDIA_TYPE");
        doc.fails(503, "OVERLOADED");
    }
}

/// The caller's promise that a repetition of this request is the same request.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// The value of the `Idempotency-Key` header.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// A JSON body that creates something, with the `Idempotency-Key` it may come with.
#[derive(Debug)]
pub struct IdempotentBody<T> {
    pub input: T,
    /// The key, if one was sent.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl<S: AsRef<BodyBudget> + Send + Sync, T: DeserializeOwned + ToSchema + Check> FromRequest<S> for IdempotentBody<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let key = idempotency_key_of(&parts.headers)?;
        let (body, _held) = read(&parts, body, state.as_ref()).await?;
        let input = parse(&body)?;
        let idempotency_key =
            key.map(|key| IdempotencyKey { key, fingerprint: fingerprint(&parts.method, parts.uri.path(), &body) });
        Ok(Self { input, idempotency_key })
    }
}

impl<T: ToSchema> Describe for IdempotentBody<T> {
    fn describe(doc: &mut Doc) {
        Body::<T>::describe(doc);
        let about = "Makes retries safe: the same key and body within 24 hours returns the first response again. 1 to 255 visible ASCII characters.";
        let key =
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
        doc.parameter("Idempotency-Key", ParameterIn::Header, Required::False, key.into(), about);
        doc.fails(422, "IDEMPOTENCY_KEY_REUSED");
    }
}

fn idempotency_key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let visible = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || values.next().is_some() {
        return Err(ApiError::invalid("Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none."));
    }
    refuse_secret(text).map_err(|error| ApiError::invalid_field("Idempotency-Key", sentence(error)))?;
    Ok(Some(text.to_owned()))
}

fn fingerprint(method: &Method, path: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = "Send the body as JSON, with the header Content-Type: application/json.";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
}

/// Refuses an encoded body, such as a compressed one: a few bytes could become more than the limit.
fn require_identity(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_identity = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(is_identity) {
        return Ok(());
    }
    let message = "Send the body without Content-Encoding.";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
}

/// The body, which has to be JSON; none at all is an object without members.
pub(super) async fn read(parts: &Parts, body: axum::body::Body, budget: &BodyBudget) -> Result<(Bytes, Held), ApiError> {
    let sender = Matched::sender(&parts.extensions);
    let mut held = budget.hold(sender);
    if body.is_end_stream() {
        return Ok((NO_MEMBERS, held));
    }
    require_json(&parts.headers)?;
    require_identity(&parts.headers)?;
    let limit = if let Sender::Client(_) = sender { LARGEST_ANONYMOUS } else { LARGEST_BODY };
    let bytes = intake::read(&parts.headers, body, limit, &mut held).await.map_err(|why| refused(why, sender))?;
    Ok((Some(bytes).filter(|bytes| !bytes.is_empty()).unwrap_or(NO_MEMBERS), held))
}

fn refused(why: NotTaken, sender: Sender) -> ApiError {
    match (why, sender) {
        (NotTaken::TooLarge, Sender::Client(_)) => {
            ApiError::too_large("The body is larger than 8 KiB, the limit without a credential. Send less.")
        }
        (NotTaken::TooLarge, Sender::Group(_)) => ApiError::too_large("The body is larger than 1 MiB. Send less at once."),
        (NotTaken::Late, _) => {
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The body did not arrive in time. Send it again.")
        }
        (NotTaken::Broken, _) => ApiError::invalid("The body is incomplete. Send it again."),
        (NotTaken::Busy, _) => {
            ApiError::overloaded("Too many request bodies are arriving at once, so nothing was changed. Try again in a moment.")
        }
    }
}

/// Parses a body.
pub(super) fn parse<T: DeserializeOwned + ToSchema + Check>(body: &[u8]) -> Result<T, ApiError> {
    parse_object(body, "The body")
}

/// Parses an item of a batch.
pub(super) fn parse_item<T: DeserializeOwned + ToSchema + Check>(item: &[u8]) -> Result<T, ApiError> {
    parse_object(item, "The item")
}

fn parse_object<T: DeserializeOwned + ToSchema + Check>(body: &[u8], subject: &str) -> Result<T, ApiError> {
    // A list of the values in order would do for the types, and mean whatever the next version makes of the order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(ApiError::invalid(format!("{subject} is not a JSON object. Send one, such as {{\"name\":\"…\"}}.")));
    }
    let mut by_rule = FieldErrors::default();
    if let Ok(input) = serde_json::from_slice::<T>(body) {
        input.check(&mut by_rule);
        if by_rule.is_empty() && nesting::follows_schema::<T>(body) {
            return Ok(input);
        }
    }
    let mut faults = walk::faults_of::<T>(body, subject)?;
    faults.join(by_rule);
    faults.into_result()?;
    Err(ApiError::invalid(format!("{subject} does not have the form of this call. Compare it with the API reference.")))
}
