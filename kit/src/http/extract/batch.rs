//! Extractor of batches: many inputs in one JSON body.

use std::borrow::Cow;

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
/// An atomic batch is valid only as a whole. In any other, an invalid item does not keep the others from being applied.
#[derive(Debug)]
pub struct Batch<T> {
    /// Whether all items are applied or none.
    pub is_atomic: bool,
    /// The items in their order, and the errors of those that are invalid.
    pub items: Vec<Result<T, ApiError>>,
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

impl<T: Check> Check for BatchInput<T> {
    fn check(&self, faults: &mut FieldErrors) {
        let count = self.items.len();
        faults.require((1..=MOST).contains(&count), "items", &format!("must have 1 to {MOST} items; this has {count}"));
        for (place, item) in self.items.iter().enumerate() {
            if faults.is_full() {
                return faults.cut();
            }
            let mut own = FieldErrors::default();
            item.check(&mut own);
            faults.add_within(&format!("items[{place}]"), own);
        }
    }
}

impl<T: DeserializeOwned + ToSchema + Check> Batch<T> {
    fn of(body: &[u8]) -> Result<Self, ApiError> {
        // A list would do for a struct as well.
        if body.trim_ascii_start().starts_with(b"{")
            && let Ok(RawBatch { atomic: false, items }) = serde_json::from_slice(body)
            && (1..=MOST).contains(&items.len())
        {
            return Ok(Self {
                is_atomic: false,
                items: items.into_iter().map(|item| parse_item(item.get().as_bytes())).collect(),
            });
        }
        let BatchInput { atomic: is_atomic, items } = parse(body)?;
        Ok(Self { is_atomic, items: items.into_iter().map(Ok).collect() })
    }
}

impl<S: AsRef<BodyBudget> + Send + Sync, T: DeserializeOwned + ToSchema + Check> FromRequest<S> for Batch<T> {
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
        let items = items.description(Some("1 to 500 items, applied in their order."));
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
        passengers: u8,
    }

    impl Check for Flight {
        fn check(&self, faults: &mut FieldErrors) {
            faults.require(self.passengers <= 9, "passengers", "Give 0 to 9 passengers.");
        }
    }

    fn fields(error: &ApiError) -> Vec<&str> {
        error.fields.iter().map(|fault| fault.field.as_str()).collect()
    }

    #[test]
    fn invalid_item_keeps_its_place_among_the_others() {
        let body = br#"{"items":[{"passengers":1},{"passengers":10},{"passengers":"2"},[3],{"passengers":4}]}"#;
        let batch = Batch::<Flight>::of(body).expect("a batch");
        assert!(!batch.is_atomic);
        let valid: Vec<_> = batch.items.iter().map(|item| item.as_ref().ok().map(|flight| flight.passengers)).collect();
        assert_eq!(valid, [Some(1), None, None, None, Some(4)]);
        for place in [1, 2] {
            assert_eq!(fields(batch.items[place].as_ref().expect_err("an invalid item")), ["passengers"]);
        }
        assert!(batch.items[3].as_ref().expect_err("a list").message.starts_with("The item is not a JSON object."));
    }

    #[test]
    fn invalid_items_refuse_an_atomic_batch_with_their_places() {
        let body = br#"{"atomic":true,"items":[{"passengers":1},{"passengers":10},{"passengers":"2"}]}"#;
        let error = Batch::<Flight>::of(body).expect_err("invalid");
        assert_eq!(fields(&error), ["items[2].passengers"]);
        let by_rule = Batch::<Flight>::of(br#"{"atomic":true,"items":[{"passengers":1},{"passengers":10}]}"#);
        assert_eq!(fields(&by_rule.expect_err("invalid")), ["items[1].passengers"]);
        let valid = Batch::<Flight>::of(br#"{"atomic":true,"items":[{"passengers":1}]}"#).expect("a batch");
        assert!(valid.is_atomic && valid.items.len() == 1);
    }

    #[test]
    fn batch_has_between_one_and_five_hundred_items() {
        let of =
            |count| Batch::<Flight>::of(format!("{{\"items\":[{}]}}", vec!["{\"passengers\":1}"; count].join(",")).as_bytes());
        assert_eq!(of(500).expect("a batch").items.len(), 500);
        for count in [0, 501] {
            assert_eq!(fields(&of(count).expect_err("of another length")), ["items"]);
        }
    }

    #[test]
    fn body_of_another_form_is_refused_as_a_whole() {
        for body in ["[]", "[false,[]]", "{}", r#"{"items":{}}"#, r#"{"items":[{"passengers":1}],"items":[]}"#, r#"{"item":[]}"#]
        {
            assert!(Batch::<Flight>::of(body.as_bytes()).is_err(), "{body}");
        }
        let extra = Batch::<Flight>::of(br#"{"items":[{"passengers":1}],"mode":"atomic"}"#).expect_err("an unknown field");
        assert_eq!(fields(&extra), ["mode"]);
    }
}
