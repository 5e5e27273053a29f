//! What handlers take from a request. Everything unknown is refused: a misspelt filter must not return everything.

use std::time::Duration;

use axum::body::Bytes;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use super::{ApiError, Describe, Doc, FieldError, Paging};

/// A field of a body that may be left out, `null`, or a value: `#[serde(default, deserialize_with = "present")]`.
pub fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The largest body, 1 MiB.
pub const LARGEST_BODY: usize = 1 << 20;

/// What a request without a body is taken for.
const NO_MEMBERS: Bytes = Bytes::from_static(b"{}");

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Faults found in an input, field by field.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes a fault of `field`.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Notes a fault of `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.add(field, message);
        }
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one refusal, if there is any.
    pub fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(self.0)) }
    }
}

/// Rules of an input that its types cannot say, and that need neither time nor the database.
pub trait Check {
    /// Notes every fault.
    fn check(&self, _faults: &mut Faults) {}
}

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
    let input: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let message = error.into_inner().to_string();
        if field == "." {
            ApiError::invalid(format!("The body is not as expected: {message}."))
        } else {
            ApiError::invalid_field(field, message)
        }
    })?;
    json.end().map_err(|_| ApiError::invalid("The body has something after its JSON value. Send one value."))?;
    let mut faults = Faults::default();
    input.check(&mut faults);
    faults.into_result()?;
    Ok(input)
}

/// Query parameters, none of them unknown.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.uri)
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// The parameters of a URI.
    pub fn of(uri: &Uri) -> Result<Self, ApiError> {
        from_query(uri.query().unwrap_or_default()).map(Self)
    }
}

/// For a route that takes no parameters, or a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(doc: &mut Doc) {
        doc.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        doc.fails(400, "INVALID_REQUEST");
    }
}

/// Filters of a list, with `page` and `page_size`.
#[derive(Debug)]
pub struct Listing<T> {
    /// The filters.
    pub filter: T,
    /// Which page.
    pub paging: Paging,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Listing<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let (paging, filter): (Vec<&str>, Vec<&str>) = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .partition(|pair| matches!(pair.split('=').next(), Some("page" | "page_size")));
        let paging: Paging = from_query(&paging.join("&"))?;
        let mut faults = Faults::default();
        faults.require(paging.page >= 1, "page", "Pages count from 1.");
        faults.require((1..=100).contains(&paging.page_size), "page_size", "Ask for 1 to 100 rows.");
        faults.into_result()?;
        Ok(Self { filter: from_query(&filter.join("&"))?, paging })
    }
}

impl<T: IntoParams> Describe for Listing<T> {
    fn describe(doc: &mut Doc) {
        Query::<T>::describe(doc);
        let count = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        doc.parameter(
            "page",
            ParameterIn::Query,
            Required::False,
            count().maximum(Some(u32::MAX)).default(Some(1.into())).into(),
            "From 1.",
        );
        doc.parameter(
            "page_size",
            ParameterIn::Query,
            Required::False,
            count().maximum(Some(100)).default(Some(20.into())).into(),
            "Rows on a page.",
        );
    }
}

fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs: Vec<(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)> =
        serde_urlencoded::from_str(query).map_err(|_| ApiError::invalid("The query string cannot be read."))?;
    let pairs = serde::de::value::MapDeserializer::new(pairs.into_iter().map(|(name, value)| (name, Text(value))));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let field = error.path().to_string();
        let message = error.into_inner().to_string();
        if field == "." { ApiError::invalid(format!("Query: {message}.")) } else { ApiError::invalid_field(field, message) }
    })
}

/// A value of a query: text, and whatever a type reads out of text.
struct Text<'a>(std::borrow::Cow<'a, str>);

impl<'de> serde::de::IntoDeserializer<'de, serde::de::value::Error> for Text<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! read_from_text {
    ($($method:ident => $visit:ident: $type:ty, $wanted:literal;)+) => {$(
        fn $method<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let value: $type = self.0.parse().map_err(|_| serde::de::Error::custom($wanted))?;
            visitor.$visit(value)
        }
    )+};
}

impl<'de> serde::Deserializer<'de> for Text<'de> {
    type Error = serde::de::value::Error;

    read_from_text! {
        deserialize_bool => visit_bool: bool, "expected true or false";
        deserialize_u8 => visit_u8: u8, "expected a whole number";
        deserialize_u16 => visit_u16: u16, "expected a whole number";
        deserialize_u32 => visit_u32: u32, "expected a whole number";
        deserialize_u64 => visit_u64: u64, "expected a whole number";
        deserialize_i64 => visit_i64: i64, "expected a whole number";
    }

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str(&self.0)
    }

    fn deserialize_option<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: serde::de::Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        use serde::de::IntoDeserializer;
        let deserializer: serde::de::value::CowStrDeserializer<'_, Self::Error> = self.0.into_deserializer();
        deserializer.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The one parameter in a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A text that is no id names nothing: the answer is the same as for an id that is not there.
        let missing = || ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this address in this workspace.");
        let text = axum::extract::Path::<String>::from_request_parts(parts, state).await.map_err(|_| missing())?;
        text.0.parse().map(Self).map_err(|_| missing())
    }
}

impl<T: ToSchema> Describe for Path<T> {
    fn describe(doc: &mut Doc) {
        let schema = doc.schema::<T>();
        // The name is filled in by the route, which knows the path.
        doc.parameter("", ParameterIn::Path, Required::True, schema, "");
        doc.fails(404, "NOT_FOUND");
    }
}
