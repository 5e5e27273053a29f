//! JSON bodies.

use std::time::Duration;

use axum::body::Bytes;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::faults::misread;
use super::{Check, Faults};
use crate::kit::http::{ApiError, Describe, Doc};

/// A field of a body that may be left out, `null`, or a value: `#[serde(default, deserialize_with = "present")]`.
pub fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The largest body, 1 MiB.
const LARGEST_BODY: usize = 1 << 20;

/// What a request without a body is taken for.
const NO_MEMBERS: Bytes = Bytes::from_static(b"{}");

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Check> FromRequest<S> for Body<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        parse(&read(&parts.headers, body).await?).map(Self)
    }
}

impl<T: ToSchema> Describe for Body<T> {
    fn describe(doc: &mut Doc) {
        doc.body = Some(doc.schema::<T>());
        doc.fails(400, "INVALID_REQUEST");
        doc.fails(408, "REQUEST_TIMEOUT");
        doc.fails(413, "PAYLOAD_TOO_LARGE");
        doc.fails(415, "UNSUPPORTED_MEDIA_TYPE");
    }
}

/// The caller's promise that a repetition of this request is the same request.
#[derive(Clone, Debug)]
pub struct OnceKey {
    /// `Idempotency-Key`.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// A JSON body that creates something, with the `Idempotency-Key` it may come with.
#[derive(Debug)]
pub struct Creating<T> {
    /// The body.
    pub input: T,
    /// The key, if one was sent.
    pub once: Option<OnceKey>,
}

impl<S: Send + Sync, T: DeserializeOwned + Check> FromRequest<S> for Creating<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let key = once_key(&parts.headers)?;
        let body = read(&parts.headers, body).await?;
        let input = parse(&body)?;
        let once = key.map(|key| OnceKey { key, fingerprint: fingerprint(&parts.method, parts.uri.path(), &body) });
        Ok(Self { input, once })
    }
}

impl<T: ToSchema> Describe for Creating<T> {
    fn describe(doc: &mut Doc) {
        Body::<T>::describe(doc);
        let about = "Makes a retry safe: the same key and body within 24 hours gives the first answer again. 1 to 255 visible ASCII characters.";
        let key =
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
        doc.parameter("Idempotency-Key", ParameterIn::Header, Required::False, key.into(), about);
        doc.fails(422, "IDEMPOTENCY_KEY_REUSED");
    }
}

fn once_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let visible = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || values.next().is_some() {
        return Err(ApiError::invalid("Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none."));
    }
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

/// The body, which has to be JSON; none at all is an object without members.
async fn read(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, ApiError> {
    if body.is_end_stream() {
        return Ok(NO_MEMBERS);
    }
    require_json(headers)?;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > LARGEST_BODY as u64) {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, LARGEST_BODY).collect()).await.map_err(|_| {
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The body did not arrive in time. Send it again.")
    })?;
    match collected {
        Ok(body) => Ok(Some(body.to_bytes()).filter(|bytes| !bytes.is_empty()).unwrap_or(NO_MEMBERS)),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(ApiError::invalid("The body did not arrive whole. Send it again.")),
    }
}

fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "The body is larger than 1 MiB. Send less at once.")
}

fn parse<T: DeserializeOwned + Check>(body: &[u8]) -> Result<T, ApiError> {
    // A list of the values in order would do for the types, and mean whatever the next version makes of the order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(ApiError::invalid("The body is not a JSON object. Send one, such as {\"name\":\"…\"}."));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let input: T = serde_path_to_error::deserialize(&mut json).map_err(|error| misread("The body is not as expected", error))?;
    json.end().map_err(|_| ApiError::invalid("The body has something after its JSON value. Send one value."))?;
    let mut faults = Faults::default();
    input.check(&mut faults);
    faults.into_result()?;
    Ok(input)
}
