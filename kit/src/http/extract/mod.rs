//! Extractors. Unknown fields and parameters are refused: a misspelt filter must not return everything.
//!
//! - `body` JSON, with or without an `Idempotency-Key`; `batch` many inputs in a body; `query` parameters, filters and pages; here the
//!   parameters in a path
//! - `field_errors` validation errors by field, all at once: `walk` finds those of a body by its schema, `expected` says what the
//!   schema asks for, `probe` asks the type of a single text; `nesting` compares lists and objects with the schema

mod batch;
mod body;
mod expected;
mod field_errors;
mod nesting;
mod probe;
mod query;
mod walk;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;

pub use batch::{Batch, BatchItem};
pub use body::{Body, IdempotencyKey, IdempotentBody, present};
pub use field_errors::{Check, FieldErrors, NoFields};
pub use query::{Listing, NoParameters, Query};

use super::{ApiError, Describe, Doc};

/// The one parameter in a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = axum::extract::Path::<String>::from_request_parts(parts, state).await.map_err(|_| missing())?;
        text.0.parse().map(Self).map_err(|_| missing())
    }
}

/// Returns the refusal of a text that is no id: it names nothing, as an id does that is not there.
fn missing() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this address in this workspace.")
}

impl<T: ToSchema> Describe for Path<T> {
    fn describe(doc: &mut Doc) {
        let schema = doc.schema::<T>();
        // The name is filled in by the route, which knows the path.
        doc.parameter("", ParameterIn::Path, Required::True, schema, "");
        doc.fails(404, "NOT_FOUND");
    }
}

/// The two parameters in a path.
#[derive(Debug)]
pub struct Paths<A, B>(pub A, pub B);

impl<S: Send + Sync, A: std::str::FromStr + Send, B: std::str::FromStr + Send> FromRequestParts<S> for Paths<A, B> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let texts = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let axum::extract::Path((first, second)) = texts.map_err(|_| missing())?;
        Ok(Self(first.parse().map_err(|_| missing())?, second.parse().map_err(|_| missing())?))
    }
}

impl<A: ToSchema, B: ToSchema> Describe for Paths<A, B> {
    fn describe(doc: &mut Doc) {
        Path::<A>::describe(doc);
        Path::<B>::describe(doc);
    }
}
