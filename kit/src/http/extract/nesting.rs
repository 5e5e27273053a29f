//! Lists and objects in a JSON body: each must stand where the schema has one.
//!
//! The types alone accept other forms as well: the values of an object as a list, in the order of its fields, and a word as
//! the name of a field. The next version may change that order.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayItems;

use super::expected::{Expected, Form, Schemas};
use crate::http::Doc;

/// Returns whether every list and object of a body that `T` accepts is one in the schema of `T`.
pub(super) fn follows_schema<T: ToSchema>(body: &[u8]) -> bool {
    if is_flat(body) {
        return true;
    }
    let mut doc = Doc::default();
    let schema = doc.schema::<T>();
    let value = Value { expected: Expected::of(&schema, &doc.schemas), schemas: &doc.schemas };
    value.deserialize(&mut serde_json::Deserializer::from_slice(body)).is_ok()
}

/// Returns whether no bracket opens within the body. A bracket in a text counts, and costs a closer look.
fn is_flat(body: &[u8]) -> bool {
    body.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= 1
}

/// A value and its schema.
struct Value<'s> {
    expected: Expected<'s>,
    schemas: &'s Schemas,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of its schema")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let item = match self.expected.form {
            Form::List(list) => match &list.items {
                ArrayItems::RefOrSchema(item) => Expected::of(item, self.schemas),
                ArrayItems::False => Expected::ANY,
            },
            Form::Any => Expected::ANY,
            _ => return Err(A::Error::custom("a list")),
        };
        while items.next_element_seed(Value { expected: item, schemas: self.schemas })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let properties = match self.expected.form {
            Form::Object(object) => Some(&object.properties),
            Form::Any => None,
            _ => return Err(A::Error::custom("an object")),
        };
        while let Some(name) = fields.next_key::<String>()? {
            match properties.and_then(|known| known.get(&name)) {
                Some(schema) => {
                    let expected = Expected::of(schema, self.schemas);
                    fields.next_value_seed(Value { expected, schemas: self.schemas })?;
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
