//! The results of a batch: a status for each item, with what was stored or the error.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::{ApiError, FieldError, FieldErrors, Put};

/// The largest number of failed items that the error of an atomic batch lists.
const LISTED: usize = 50;

/// An error of the use case that applies an item.
pub trait ItemError: Into<ApiError> {
    /// Returns whether the database failed. The transaction cannot go on then, so that no item is stored.
    fn is_of_database(&self) -> bool;
}

/// The results of a batch in progress.
#[derive(Debug)]
pub struct Results<V> {
    is_atomic: bool,
    /// The number of items of the batch.
    count: usize,
    /// The results so far.
    items: Vec<ItemResult<V>>,
    /// The number of items whose transactions have committed.
    kept: usize,
    /// The errors of an atomic batch, by index.
    errors: BTreeMap<usize, ApiError>,
}

/// The results of a batch.
#[derive(Debug, Serialize)]
pub struct BatchResult<V> {
    items: Vec<ItemResult<V>>,
    succeeded: usize,
    failed: usize,
}

/// The result of an item. One of `data` and `error` is `null`.
#[derive(Debug, Serialize)]
struct ItemResult<V> {
    status: u16,
    data: Option<V>,
    error: Option<ItemFailure>,
}

/// The error of an item, as that of a response without its request id.
#[derive(Debug, Serialize)]
struct ItemFailure {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldError>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl<V> Results<V> {
    /// Begins the results of a batch of `count` items.
    pub fn new(is_atomic: bool, count: usize) -> Self {
        Self { is_atomic, count, items: Vec::new(), kept: 0, errors: BTreeMap::new() }
    }

    /// Adds the result of the next item. Fails if the database failed.
    pub fn add<E: ItemError>(&mut self, result: Result<Put<V>, E>) -> Result<(), ApiError> {
        match result {
            Ok(Put::Created(stored)) => self.items.push(ItemResult { status: 201, data: Some(stored), error: None }),
            Ok(Put::Replaced(stored)) => self.items.push(ItemResult { status: 200, data: Some(stored), error: None }),
            Err(error) if error.is_of_database() => return Err(error.into()),
            Err(error) => self.refuse(error.into()),
        }
        Ok(())
    }

    /// Adds the error of the next item.
    pub fn refuse(&mut self, error: ApiError) {
        self.items.push(ItemResult::failed(&error));
        if self.is_atomic {
            self.errors.insert(self.items.len() - 1, error);
        }
    }

    /// Fails if the batch is atomic and an item has failed: nothing of it may be committed then.
    pub fn require_whole(&self) -> Result<(), ApiError> {
        failure(self.errors.iter().map(|(index, error)| (*index, error)), self.count).map_or(Ok(()), Err)
    }

    /// Notes that all items so far are committed.
    pub fn keep(&mut self) {
        self.kept = self.items.len();
    }

    /// Returns whether items are committed.
    pub fn is_any_kept(&self) -> bool {
        self.kept > 0
    }

    /// Sets the error of all items that are not committed.
    pub fn abandon(&mut self, error: &ApiError) {
        self.items.truncate(self.kept);
        self.items.resize_with(self.count, || ItemResult::failed(error));
    }

    pub fn into_result(self) -> BatchResult<V> {
        let succeeded = self.items.iter().filter(|item| item.data.is_some()).count();
        let failed = self.items.len() - succeeded;
        BatchResult { items: self.items, succeeded, failed }
    }
}

/// Fails if an item of an atomic batch is invalid: then none is applied.
pub fn require_valid<T>(items: &[Result<T, ApiError>]) -> Result<(), ApiError> {
    let invalid = items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_ref().err()?)));
    failure(invalid, items.len()).map_or(Ok(()), Err)
}

/// Returns the error of an atomic batch of `all` items: status, code and message of the first item that failed, and which others
/// did; `None` if none has failed.
fn failure<'a>(failed: impl Iterator<Item = (usize, &'a ApiError)> + Clone, all: usize) -> Option<ApiError> {
    let (first_index, first) = failed.clone().next()?;
    let mut faults = FieldErrors::default();
    for (index, error) in failed.clone() {
        for fault in &error.fields {
            faults.add(format!("items[{index}].{}", fault.field), fault.message.clone());
        }
        if error.fields.is_empty() && error.status == StatusCode::BAD_REQUEST {
            faults.add(format!("items[{index}]"), error.message.clone());
        }
    }
    let count = failed.clone().count();
    let left_out = faults.left_out().map(|sentence| format!(" {sentence}")).unwrap_or_default();
    let message =
        format!("Nothing was stored, as {count} of {all} items failed.{left_out} items[{first_index}]: {}", first.message);
    let item = |(index, error): (usize, &ApiError)| {
        let mut item = json!(ItemFailure::of(error));
        item["index"] = json!(index);
        item["status"] = json!(error.status.as_u16());
        item
    };
    let items: Vec<Value> = failed.take(LISTED).map(item).collect();
    Some(ApiError::new(first.status, first.code, message).with_fields(faults).with("items", items))
}

impl<V> ItemResult<V> {
    fn failed(error: &ApiError) -> Self {
        Self { status: error.status.as_u16(), data: None, error: Some(ItemFailure::of(error)) }
    }
}

impl ItemFailure {
    fn of(error: &ApiError) -> Self {
        // A message may quote the request, which may contain a secret.
        let message = key_format::scrub(&error.message).into_owned();
        Self { code: error.code, message, fields: error.fields.clone(), extra: error.extra().clone() }
    }
}

impl<V: ToSchema> BatchResult<V> {
    fn item_name() -> String {
        format!("{}BatchItem", V::name())
    }

    fn item_schema() -> RefOr<Schema> {
        let or_null = |schema: RefOr<Schema>, about: &str| {
            let null = ObjectBuilder::new().schema_type(Type::Null);
            OneOfBuilder::new().item(schema).item(null).description(Some(about))
        };
        let status = "The status of the response that a request with this item alone would have: 201 if it was created, 200 if it \
                      was there before.";
        let status = ObjectBuilder::new().schema_type(Type::Integer).description(Some(status));
        let data = or_null(Ref::from_schema_name(V::name()).into(), "The resource as it is stored; null if the item failed.");
        let error = "The error, as in the response of such a request, without requestId; null if the item was stored.";
        let error = or_null(Ref::from_schema_name("BatchItemError").into(), error);
        let object = ObjectBuilder::new().property("status", status).property("data", data).property("error", error);
        object.required("status").required("data").required("error").into()
    }
}

/// The schema of [`ItemFailure`].
fn failure_schema() -> RefOr<Schema> {
    let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
    let fields = ArrayBuilder::new().items(Ref::from_schema_name("FieldError")).description(Some("Errors of single fields."));
    let object = ObjectBuilder::new()
        .property("code", text("Stable code of the error."))
        .property("message", text("A message for people that says what to do next."))
        .property("fields", fields);
    object.required("code").required("message").into()
}

impl<V: ToSchema> PartialSchema for BatchResult<V> {
    fn schema() -> RefOr<Schema> {
        let count = |about: &str| ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).description(Some(about));
        let items = ArrayBuilder::new().items(Ref::from_schema_name(Self::item_name()));
        let object = ObjectBuilder::new()
            .property("items", items.description(Some("A result for each item, in the order of the request.")))
            .property("succeeded", count("The number of items that were stored."))
            .property("failed", count("The number of items that failed."));
        object.required("items").required("succeeded").required("failed").into()
    }
}

impl<V: ToSchema> ToSchema for BatchResult<V> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}BatchResult", V::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((V::name().into_owned(), V::schema()));
        schemas.push((Self::item_name(), Self::item_schema()));
        schemas.push(("BatchItemError".to_owned(), failure_schema()));
        V::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    enum Failed {
        Rule,
        Database,
    }

    impl From<Failed> for ApiError {
        fn from(error: Failed) -> Self {
            match error {
                Failed::Rule => Self::conflict("The trip is final."),
                Failed::Database => Self::unavailable(),
            }
        }
    }

    impl ItemError for Failed {
        fn is_of_database(&self) -> bool {
            matches!(self, Self::Database)
        }
    }

    fn mixed(is_atomic: bool) -> Results<u8> {
        let mut results = Results::new(is_atomic, 4);
        results.add::<Failed>(Ok(Put::Created(1))).expect("added");
        results.add(Err(Failed::Rule)).expect("added");
        results.refuse(ApiError::invalid_field("origin", "is required"));
        results.add::<Failed>(Ok(Put::Replaced(2))).expect("added");
        results
    }

    #[test]
    fn each_item_has_its_status() {
        let results = mixed(false);
        assert!(results.require_whole().is_ok());
        let result = json!(results.into_result());
        let statuses: Vec<_> = result["items"].as_array().into_iter().flatten().map(|item| &item["status"]).collect();
        assert_eq!(statuses, [201, 409, 400, 200]);
        assert_eq!((&result["succeeded"], &result["failed"]), (&json!(2), &json!(2)));
        assert_eq!(result["items"][1]["error"], json!({ "code": "CONFLICT", "message": "The trip is final." }));
        assert_eq!(result["items"][2]["error"]["fields"][0]["field"], "origin");
    }

    #[test]
    fn atomic_batch_fails_with_its_first_failed_item_and_lists_the_others() {
        let error = mixed(true).require_whole().expect_err("two have failed");
        assert_eq!((error.status.as_u16(), error.code), (409, "CONFLICT"));
        assert_eq!(error.message, "Nothing was stored, as 2 of 4 items failed. items[1]: The trip is final.");
        assert_eq!(error.fields[0].field, "items[2].origin");
        let indices: Vec<_> = error.extra()["items"].as_array().into_iter().flatten().map(|item| &item["index"]).collect();
        assert_eq!(indices, [1, 2]);
    }

    #[test]
    fn atomic_batch_says_how_many_faults_are_left_out() {
        let invalid = || Err(ApiError::invalid_field("origin", "is required"));
        let items: Vec<Result<u8, _>> = (0..60).map(|_| invalid()).chain([Ok(1)]).collect();
        let error = require_valid(&items).expect_err("sixty are invalid");
        assert_eq!(
            error.message,
            "Nothing was stored, as 60 of 61 items failed. At least 60 fields are invalid; see fields for the first 50. items[0]: \
             origin: is required"
        );
        assert_eq!(error.fields.len(), 50);
    }

    #[test]
    fn atomic_batch_names_an_item_without_fields() {
        let items = [Ok(1), Err(ApiError::invalid("The item is not a JSON object."))];
        let error = require_valid(&items).expect_err("one is invalid");
        assert_eq!(
            error.fields,
            [FieldError { field: "items[1]".to_owned(), message: "The item is not a JSON object.".to_owned() }]
        );
    }

    #[test]
    fn items_that_are_not_committed_have_the_error_of_their_transaction() {
        let mut results = Results { count: 7, ..mixed(false) };
        results.keep();
        results.add::<Failed>(Ok(Put::Created(3))).expect("added");
        results.abandon(&ApiError::unavailable());
        let result = json!(results.into_result());
        let statuses: Vec<_> = result["items"].as_array().into_iter().flatten().map(|item| &item["status"]).collect();
        assert_eq!(statuses, [201, 409, 400, 200, 503, 503, 503]);
        assert_eq!((&result["succeeded"], &result["failed"]), (&json!(2), &json!(5)));
    }

    #[test]
    fn failure_of_the_database_fails_the_batch() {
        let error = Results::<u8>::new(false, 1).add(Err(Failed::Database)).expect_err("no result of an item");
        assert_eq!(error.code, "UNAVAILABLE");
    }
}
