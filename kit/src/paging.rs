//! Pages of lists: [`Paging`] asks for one, [`Page`] is one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// The position of a page in a list.
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
