//! Success on its way to the caller: `{"success":true,"data":…}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::ApiError;

/// A 200 response with data.
#[derive(Debug)]
pub struct JsonOk<T>(pub T);

/// A 201 response with data.
#[derive(Debug)]
pub struct Created<T>(pub T);

/// A 202 response with data: the work goes on after it.
#[derive(Debug)]
pub struct Accepted<T>(pub T);

/// A response that no cache may keep: there is a secret in it.
#[derive(Debug)]
pub struct NoStore<R>(pub R);

/// The outcome of a PUT: 201 with a new resource, 200 with a replaced one.
#[derive(Debug)]
pub enum Put<T> {
    /// There was none; it was created.
    Created(T),
    /// There was one; it was replaced.
    Replaced(T),
}

impl<T> Put<T> {
    /// Returns the resource.
    pub fn get(&self) -> &T {
        match self {
            Self::Created(thing) | Self::Replaced(thing) => thing,
        }
    }

    /// Converts the resource, keeping the outcome.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Put<U> {
        match self {
            Self::Created(thing) => Put::Created(with(thing)),
            Self::Replaced(thing) => Put::Replaced(with(thing)),
        }
    }
}

/// The envelope of every success.
#[derive(Debug, Serialize)]
pub struct Envelope<T> {
    success: bool,
    data: T,
}

impl<T> Envelope<T> {
    /// Wraps what a call gives.
    pub fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

impl<T: Serialize> IntoResponse for JsonOk<T> {
    fn into_response(self) -> Response {
        written(self.0)
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, written(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, written(self.0)).into_response()
    }
}

/// Room for most answers about one thing, so that they are not moved while they are written.
const USUAL_LENGTH: usize = 1 << 9;

fn written(data: impl Serialize) -> Response {
    let mut json = Vec::with_capacity(USUAL_LENGTH);
    match serde_json::to_writer(&mut json, &Envelope::new(data)) {
        Ok(()) => {
            // By hand, as what axum makes of bytes has a type of its own first.
            let mut response = Response::new(json.into());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            ApiError::internal().into_response()
        }
    }
}

impl<R: IntoResponse> IntoResponse for NoStore<R> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], self.0).into_response()
    }
}

impl<T: Serialize> IntoResponse for Put<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Created(thing) => Created(thing).into_response(),
            Self::Replaced(thing) => JsonOk(thing).into_response(),
        }
    }
}
