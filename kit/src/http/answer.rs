//! Success on its way to the caller: `{"success":true,"data":…}`.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::ApiError;

/// A 200 response with data.
#[derive(Debug)]
pub struct JsonOk<T>(pub T);

/// A 201 response with data.
#[derive(Debug)]
pub struct Created<T>(pub T);

/// An answer that no cache may keep: there is a secret in it.
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

/// Which part of a list: pages count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The page number, from 1.
    #[serde(default = "first_page")]
    pub page: u32,
    /// Rows per page, 1 to 100.
    #[serde(default = "usual_size")]
    pub page_size: u32,
}

fn first_page() -> u32 {
    1
}

fn usual_size() -> u32 {
    20
}

impl Default for Paging {
    fn default() -> Self {
        Self { page: first_page(), page_size: usual_size() }
    }
}

impl Paging {
    /// Rows before this page.
    pub fn offset(self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.page_size)
    }

    /// Rows on a page.
    pub fn limit(self) -> u64 {
        u64::from(self.page_size)
    }
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Total number of rows.
    pub total: u64,
    /// Number of this page, from 1.
    pub page: u32,
    /// Rows on a full page.
    pub per_page: u32,
    pub total_pages: u64,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let count = |least: i64, about: &str| {
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).description(Some(about))
        };
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name())).description(Some("The rows of this page."));
        ObjectBuilder::new()
            .property("items", items)
            .property("total", count(0, "Total number of rows."))
            .property("page", count(1, "Number of this page, from 1."))
            .property("per_page", count(1, "Rows on a full page."))
            .property("total_pages", count(0, "Number of pages."))
            .required("items")
            .required("total")
            .required("page")
            .required("per_page")
            .required("total_pages")
            .into()
    }
}

// By hand: the derived one does not register the schema of the rows.
impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Page", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T> Page<T> {
    /// A page out of `total` rows.
    pub fn new(items: Vec<T>, total: u64, paging: Paging) -> Self {
        Self { items, total, page: paging.page, per_page: paging.page_size, total_pages: total.div_ceil(paging.limit()) }
    }

    /// Converts every item, keeping the paging.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, total, page, per_page, total_pages } = self;
        Page { items: items.into_iter().map(each).collect(), total, page, per_page, total_pages }
    }
}
