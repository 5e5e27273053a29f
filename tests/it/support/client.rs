//! An HTTP client that calls the router in process, and its responses.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, header};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use planeconnection::middleware::HttpStack;
use serde_json::{Value, json};
use testkit::PASSWORD;
use tower::ServiceExt;

/// An HTTP client that calls the router in process.
#[derive(Clone)]
pub struct Client {
    router: HttpStack,
    headers: HeaderMap,
    address: IpAddr,
}

/// A response with assertions; a failure prints its body.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Client {
    /// A client without credentials.
    pub fn on(router: &HttpStack) -> Self {
        Self { router: router.clone(), headers: HeaderMap::new(), address: [192, 0, 2, 1].into() }
    }

    /// Calls another node.
    #[must_use]
    pub fn via(&self, router: &HttpStack) -> Self {
        Self { router: router.clone(), ..self.clone() }
    }

    /// Adds a header to every request.
    #[must_use]
    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.header_value(name, value.parse().expect("a header value"))
    }

    /// Adds a header that need not be text.
    #[must_use]
    pub fn header_value(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sends requests from another address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        self.address = address.parse().expect("an address");
        self
    }

    /// Proves again who the owner is, for what needs a recent proof.
    pub async fn reauthenticate(&self) {
        self.post("/api/v1/auth/reauthenticate", json!({ "password": PASSWORD })).await.is(200);
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.send(Method::DELETE, path, Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.json(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Response {
        self.json(Method::PUT, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.json(Method::PATCH, path, body).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Value) -> Response {
        self.clone().header("content-type", "application/json").send(method, path, Body::from(body.to_string())).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Body) -> Response {
        let mut request = Request::builder().method(method).uri(path).body(body).expect("a request");
        request.headers_mut().extend(self.headers.clone());
        request.headers_mut().entry(header::USER_AGENT).or_insert("planeconnection-tests/1".parse().expect("a value"));
        request.headers_mut().entry(header::HOST).or_insert("localhost".parse().expect("a value"));
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.address, 40_000)));
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let bytes = decoded(parts.headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes), &bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Response { status: parts.status.as_u16(), headers: parts.headers, text, json }
    }
}

fn decoded(coding: Option<&[u8]>, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match coding {
        None => text.extend_from_slice(bytes),
        Some(b"gzip") => drop(GzDecoder::new(bytes).read_to_end(&mut text).expect("gzip")),
        Some(b"br") => brotli::BrotliDecompress(&mut &*bytes, &mut text).expect("Brotli"),
        Some(b"zstd") => text = zstd::stream::decode_all(bytes).expect("zstd"),
        Some(other) => panic!("an unknown coding {other:?}"),
    }
    text
}

impl Response {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn code(self, code: &str) -> Self {
        assert_eq!(self.json["error"]["code"], code, "{}", self.text);
        self
    }

    /// Asserts that the error names this field.
    #[track_caller]
    pub fn names_field(self, field: &str) -> Self {
        let fields = self.json["error"]["fields"].as_array().cloned().unwrap_or_default();
        assert!(fields.iter().any(|fault| fault["field"] == field), "no fault of {field}: {}", self.text);
        self
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_else(|| panic!("no header {name}: {:?}", self.headers))
    }

    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}: {}", self.text))
    }

    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer}: {}", self.text)).to_owned()
    }

    /// The values of a field of all items of a list.
    #[track_caller]
    pub fn items(&self, field: &str) -> Vec<String> {
        let items = self.at("/data/items").as_array().expect("a list");
        items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}
