//! Parts of lists: [`Paging`] asks for one, by its number or by a [`cursor`](Cursor); [`Page`] is one.

mod cursor;

use std::borrow::Cow;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

pub use cursor::{BadCursor, Cursor, ListIdentity, Position};

/// The largest number of rows in a response.
pub const MAX_SIZE: u32 = 100;

/// The default number of rows in a response.
pub const DEFAULT_SIZE: u32 = 20;

/// The part of a list that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paging {
    pub start: Start,
    /// The largest number of rows.
    pub size: u32,
    /// The largest number of rows that are counted and paged; without a bound if it is `None`.
    most: Option<u64>,
    /// The list, for cursors of the response.
    of: ListIdentity,
}

/// The beginning of a part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// The first row of this page, from 1.
    Page(u32),
    /// The row after this one.
    After(Position),
}

impl Default for Paging {
    fn default() -> Self {
        Self::page(1, DEFAULT_SIZE)
    }
}

impl Paging {
    /// The page with this number, from 1.
    pub fn page(number: u32, size: u32) -> Self {
        Self { start: Start::Page(number.max(1)), size, most: None, of: ListIdentity::default() }
    }

    /// The rows after this position.
    pub fn after(position: Position, size: u32) -> Self {
        Self { start: Start::After(position), size, most: None, of: ListIdentity::default() }
    }

    /// Sets the list to which cursors of the response belong.
    #[must_use]
    pub fn of(self, list: ListIdentity) -> Self {
        Self { of: list, ..self }
    }

    /// Counts and pages at most so many rows, so that no page costs more than that, however long the list is.
    #[must_use]
    pub fn within(self, most: u64) -> Self {
        let last = u32::try_from(most.div_ceil(self.limit().max(1))).unwrap_or(u32::MAX).max(1);
        let start = match self.start {
            Start::Page(number) => Start::Page(number.min(last)),
            Start::After(position) => Start::After(position),
        };
        Self { start, most: Some(most), ..self }
    }

    /// Returns the largest number of rows that are counted.
    pub fn most(self) -> Option<u64> {
        self.most
    }

    /// Returns the number of the page, unless the part starts at a position.
    pub fn number(self) -> Option<u32> {
        match self.start {
            Start::Page(number) => Some(number),
            Start::After(_) => None,
        }
    }

    /// Returns the number of rows before the page; 0 if the part starts at a position.
    pub fn offset(self) -> u64 {
        self.number().map_or(0, |number| u64::from(number - 1) * u64::from(self.size))
    }

    /// Returns the largest number of rows.
    pub fn limit(self) -> u64 {
        u64::from(self.size)
    }
}

/// A part of a list.
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The number of the page; `None` if the part was asked for by a cursor, which spares the count.
    pub number: Option<PageNumber>,
    /// Rows on a full page.
    pub per_page: u32,
    /// The position of the last row, if there are rows after it.
    next: Option<Position>,
    of: ListIdentity,
}

/// The number of a page in its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageNumber {
    /// The total number of rows.
    pub total: u64,
    /// The number of the page, from 1.
    pub page: u32,
    pub total_pages: u64,
    /// True if there are more rows than were counted.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// The rows that `paging` asked for, out of `total`; the number of rows is unknown in a walk. `next` is the position of the
    /// last row, if there are rows after it.
    pub fn new(items: Vec<T>, total: Option<u64>, paging: Paging, next: Option<Position>) -> Self {
        let number = paging.number().zip(total).map(|(page, counted)| {
            let total = paging.most.map_or(counted, |most| counted.min(most));
            PageNumber { total, page, total_pages: total.div_ceil(paging.limit().max(1)), has_more: counted > total }
        });
        Self { items, number, per_page: paging.size, next, of: paging.of }
    }

    /// Returns the part of the list after this one, if it is not the last.
    pub fn next(&self) -> Option<Paging> {
        self.next.map(|position| Paging::after(position, self.per_page).of(self.of))
    }

    /// Converts every item, keeping the paging.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, number, per_page, next, of } = self;
        Page { items: items.into_iter().map(each).collect(), number, per_page, next, of }
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_struct("Page", 6)?;
        page.serialize_field("items", &self.items)?;
        page.serialize_field("total", &self.number.map(|number| number.total))?;
        page.serialize_field("page", &self.number.map(|number| number.page))?;
        page.serialize_field("per_page", &self.per_page)?;
        page.serialize_field("total_pages", &self.number.map(|number| number.total_pages))?;
        page.serialize_field("next_cursor", &self.next.map(|position| Cursor::new(self.of, position)))?;
        page.end()
    }
}

const FIELDS: [&str; 6] = ["items", "total", "page", "per_page", "total_pages", "next_cursor"];

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let count = |least: i64, kind: SchemaType, about: &str| {
            ObjectBuilder::new().schema_type(kind).minimum(Some(least)).description(Some(about))
        };
        let or_null = |kind: Type| SchemaType::from_iter([kind, Type::Null]);
        let items = "The rows, the newest first: sorted by creation, in descending order, and by id.";
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name())).description(Some(items));
        let total = "Total number of rows; null if the list was continued with a cursor.";
        let page = "Number of this page, from 1; null if the list was continued with a cursor.";
        let pages = "Number of pages; null if the list was continued with a cursor.";
        let next = "The cursor that continues the list after these rows; null if there are no more.";
        let cursor = ObjectBuilder::new().schema_type(or_null(Type::String)).pattern(Some(PATTERN)).description(Some(next));
        let object = ObjectBuilder::new()
            .property("items", items)
            .property("total", count(0, or_null(Type::Integer), total))
            .property("page", count(1, or_null(Type::Integer), page))
            .property("per_page", count(1, Type::Integer.into(), "Rows on a full page."))
            .property("total_pages", count(0, or_null(Type::Integer), pages))
            .property("next_cursor", cursor);
        FIELDS.into_iter().fold(object, ObjectBuilder::required).into()
    }
}

/// The form of a cursor.
pub const PATTERN: &str = "^[0-9a-f]{96}$";

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
