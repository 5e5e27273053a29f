//! Extractor of batches: many inputs in one JSON body.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::body::{Body, parse, parse_item, read};
use super::{Check, FieldErrors};
use crate::http::intake::BodyBudget;
use crate::http::{ApiError, Describe, Doc};

/// The largest number of items in a batch.
const MOST: usize = 500;

/// A JSON body with many inputs of one kind.
///
/// Each item is read and validated by itself, so that an invalid one leaves the others as they are. This is also true of an atomic
/// batch, whose error names its invalid items.
#[derive(Debug)]
pub struct Batch<T> {
    /// True if all items are applied or none.
    pub is_atomic: bool,
    /// The items in their order, and the errors of those that are invalid.
    pub items: Vec<Result<T, ApiError>>,
}

/// An item of a batch, which names the object that it creates or changes.
pub trait BatchItem {
    /// The field with the name.
    const KEY: &'static str;

    fn key(&self) -> &str;
}

/// The form of the body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchInput<T> {
    #[serde(default)]
    atomic: bool,
    items: Vec<T>,
}

/// The body with items that are not parsed yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBatch<'a> {
    #[serde(default)]
    atomic: bool,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

impl<T: Check + BatchItem> Check for BatchInput<T> {
    fn check(&self, faults: &mut FieldErrors) {
        let count = self.items.len();
        faults.require((1..=MOST).contains(&count), "items", &format!("must have 1 to {MOST} items; this has {count}"));
        let mut seen = HashMap::new();
        for (index, item) in self.items.iter().enumerate() {
            if faults.is_full() {
                return faults.cut();
            }
            let mut own = FieldErrors::default();
            item.check(&mut own);
            if let Some(first) = repeated(&mut seen, index, item) {
                own.add(T::KEY, repetition(first));
            }
            faults.add_within(&format!("items[{index}]"), own);
        }
    }
}

/// Returns the index of an earlier item that names the same object.
fn repeated<'i, T: BatchItem>(seen: &mut HashMap<&'i str, usize>, index: usize, item: &'i T) -> Option<usize> {
    let first = *seen.entry(item.key()).or_insert(index);
    (first < index).then_some(first)
}

/// The fault of an item whose object an earlier item names. Applied twice, a batch would not be the same as applied once.
fn repetition(first: usize) -> String {
    format!("is that of items[{first}] as well; name each object once")
}

/// Replaces items that name an object of an earlier one by an error.
fn refuse_repeated<T: BatchItem>(items: Vec<Result<T, ApiError>>) -> Vec<Result<T, ApiError>> {
    let mut seen = HashMap::new();
    let valid = items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_ref().ok()?)));
    let repeated: HashMap<usize, usize> =
        valid.filter_map(|(index, item)| repeated(&mut seen, index, item).map(|first| (index, first))).collect();
    let refused = |(index, item)| match repeated.get(&index) {
        Some(first) => Err(ApiError::invalid_field(T::KEY, repetition(*first))),
        None => item,
    };
    items.into_iter().enumerate().map(refused).collect()
}

impl<T: DeserializeOwned + ToSchema + Check + BatchItem> Batch<T> {
    fn of(body: &[u8]) -> Result<Self, ApiError> {
        // A list would do for a struct as well.
        if body.trim_ascii_start().starts_with(b"{")
            && let Ok(RawBatch { atomic: is_atomic, items }) = serde_json::from_slice(body)
            && (1..=MOST).contains(&items.len())
        {
            let items = items.into_iter().map(|item| parse_item(item.get().as_bytes())).collect();
            return Ok(Self { is_atomic, items: refuse_repeated(items) });
        }
        let BatchInput { atomic: is_atomic, items } = parse(body)?;
        Ok(Self { is_atomic, items: items.into_iter().map(Ok).collect() })
    }
}

impl<S: AsRef<BodyBudget> + Send + Sync, T: DeserializeOwned + ToSchema + Check + BatchItem> FromRequest<S> for Batch<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let (body, _held) = read(&parts, body, state.as_ref()).await?;
        Self::of(&body)
    }
}

impl<T: ToSchema> Describe for Batch<T> {
    fn describe(doc: &mut Doc) {
        Body::<BatchInput<T>>::describe(doc);
    }
}

impl<T: ToSchema> PartialSchema for BatchInput<T> {
    fn schema() -> RefOr<Schema> {
        let atomic = "True if all items are to be stored or none; false if left out: each item is stored by itself.";
        let atomic = ObjectBuilder::new().schema_type(Type::Boolean).description(Some(atomic));
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name())).min_items(Some(1)).max_items(Some(MOST));
        let items = items.description(Some("1 to 500 items, applied in their order, each for another object."));
        let closed = Some(utoipa::openapi::schema::AdditionalProperties::FreeForm(false));
        let object = ObjectBuilder::new().property("atomic", atomic).property("items", items).additional_properties(closed);
        object.required("items").into()
    }
}

impl<T: ToSchema> ToSchema for BatchInput<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Batch", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Flight {
        number: String,
        passengers: u8,
    }

    impl BatchItem for Flight {
        const KEY: &'static str = "number";

        fn key(&self) -> &str {
            &self.number
        }
    }

    impl Check for Flight {
        fn check(&self, faults: &mut FieldErrors) {
            faults.require(self.passengers <= 9, "passengers", "Give 0 to 9 passengers.");
        }
    }

    fn fields(error: &ApiError) -> Vec<&str> {
        error.fields.iter().map(|fault| fault.field.as_str()).collect()
    }

    fn flight(number: &str, passengers: u32) -> String {
        format!("{{\"number\":\"{number}\",\"passengers\":{passengers}}}")
    }

    fn of(head: &str, items: &[String]) -> Result<Batch<Flight>, ApiError> {
        Batch::of(format!("{{{head}\"items\":[{}]}}", items.join(",")).as_bytes())
    }

    const ATOMIC: &str = "\"atomic\":true,";

    #[test]
    fn invalid_item_keeps_its_index_among_the_others() {
        let quoted = r#"{"number":"C","passengers":"2"}"#.to_owned();
        let items = [flight("A", 1), flight("B", 10), quoted, "[3]".to_owned(), flight("A", 2), flight("D", 4)];
        let batch = of("", &items).expect("a batch");
        assert!(!batch.is_atomic);
        let valid: Vec<_> = batch.items.iter().map(|item| item.as_ref().ok().map(|flight| flight.passengers)).collect();
        assert_eq!(valid, [Some(1), None, None, None, None, Some(4)]);
        for (index, field) in [(1, "passengers"), (2, "passengers"), (4, "number")] {
            assert_eq!(fields(batch.items[index].as_ref().expect_err("an invalid item")), [field]);
        }
        assert!(batch.items[3].as_ref().expect_err("a list").message.starts_with("The item is not a JSON object."));
        assert!(batch.items[4].as_ref().expect_err("repeated").message.contains("items[0]"));
    }

    #[test]
    fn atomic_batch_has_valid_and_invalid_items() {
        let quoted = r#"{"number":"C","passengers":"2"}"#.to_owned();
        let batch = of(ATOMIC, &[flight("A", 1), flight("B", 10), quoted, flight("A", 1)]).expect("a batch");
        assert!(batch.is_atomic && batch.items[0].is_ok());
        let invalid: Vec<_> = batch.items.iter().filter_map(|item| item.as_ref().err()).map(fields).collect();
        assert_eq!(invalid, [["passengers"], ["passengers"], ["number"]]);
    }

    #[test]
    fn batch_has_between_one_and_five_hundred_items() {
        let count = |count: u32| of("", &(0..count).map(|number| flight(&number.to_string(), 1)).collect::<Vec<_>>());
        assert_eq!(count(500).expect("a batch").items.into_iter().flatten().count(), 500);
        for wrong in [0, 501] {
            assert_eq!(fields(&count(wrong).expect_err("of another length")), ["items"]);
        }
    }

    #[test]
    fn body_of_another_form_is_refused_as_a_whole() {
        let item = flight("A", 1);
        for body in
            ["[]", "[false,[]]", "{}", r#"{"items":{}}"#, &format!("{{\"items\":[{item}],\"items\":[]}}"), r#"{"item":[]}"#]
        {
            assert!(Batch::<Flight>::of(body.as_bytes()).is_err(), "{body}");
        }
        let extra = of("\"mode\":\"atomic\",", &[item]).expect_err("an unknown field");
        assert_eq!(fields(&extra), ["mode"]);
    }

    #[test]
    fn text_that_is_not_json_in_an_item_is_said_to_be_in_the_item() {
        let item = r#"{"number":"A","passengers":1e999}"#.to_owned();
        let batch = of("", &[item]).expect("a batch");
        let error = batch.items[0].as_ref().expect_err("out of range");
        assert!(error.message.starts_with("The item is not JSON that can be read"), "{}", error.message);
    }
}
