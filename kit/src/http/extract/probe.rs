//! Deserialization of one text of an input by itself, which shows whether its type takes it.

use serde::de::value::{CowStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use std::borrow::Cow;
use std::fmt;

use super::expected::one_of;

/// A step from a value to one inside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Field(String),
    Item(usize),
}

/// Returns the fault of `text` at `path` in an input of type `T`; `None` if its type takes it.
///
/// `T` is deserialized from an input that contains nothing else. Deserialization ends after that text, before `T` can miss
/// other fields.
pub(super) fn probe<T: DeserializeOwned>(path: &[Step], text: &str) -> Option<String> {
    T::deserialize(Only { path, text }).err().and_then(Misfit::words)
}

/// The outcome of a deserialization that did not produce a value.
///
/// The words of serde, which name types, are dropped here. The words of [`serde::de::Error::custom`] are those of our own
/// parsers, written for callers.
#[derive(Debug)]
pub(super) enum Misfit {
    /// The text was read, and nothing else was to be read.
    Fits,
    Said(String),
    /// None of these words.
    NoneOf(&'static [&'static str]),
    Other,
}

impl Misfit {
    fn words(self) -> Option<String> {
        match self {
            Self::Fits => None,
            Self::Said(message) => Some(message),
            Self::NoneOf(words) => Some(format!("must be {}", one_of(words.iter().copied()))),
            Self::Other => Some("has a value that cannot be read".to_owned()),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the input does not fit")
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Said(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Other
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Other
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::Other
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::NoneOf(expected)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Other
    }

    fn missing_field(_: &'static str) -> Self {
        Self::Other
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::Other
    }
}

/// An input with one text in it.
#[derive(Clone, Copy)]
struct Only<'a> {
    path: &'a [Step],
    text: &'a str,
}

impl<'a> Only<'a> {
    /// Deserializes the value behind the first step, and ends.
    fn step<'de, S: DeserializeSeed<'de>>(self, seed: S, rest: &'a [Step]) -> Result<S::Value, Misfit> {
        let value = match rest {
            [] => seed.deserialize(Text(self.text)),
            path => seed.deserialize(Self { path, ..self }),
        };
        value.and(Err(Misfit::Fits))
    }
}

impl<'de> Deserializer<'de> for Only<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.path {
            [Step::Field(_), ..] => visitor.visit_map(self),
            [Step::Item(_), ..] => visitor.visit_seq(self),
            [] => Text(self.text).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Only<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(Step::Field(name)) = self.path.first() else { return Ok(None) };
        let name: StrDeserializer<'_, Misfit> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        self.step(seed, self.path.get(1..).unwrap_or_default())
    }
}

impl<'de> SeqAccess<'de> for Only<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        self.step(seed, self.path.get(1..).unwrap_or_default()).map(Some)
    }
}

/// A text, or a number or flag written as text, as in a query.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl IntoDeserializer<'_, Misfit> for Text<'_> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! read_from_text {
    ($($method:ident => $visit:ident: $type:ty, $wanted:literal;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let value: $type = self.0.parse().map_err(|_| Misfit::Said($wanted.to_owned()))?;
            visitor.$visit(value)
        }
    )+};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Misfit;

    read_from_text! {
        deserialize_bool => visit_bool: bool, "must be true or false";
        deserialize_u8 => visit_u8: u8, "must be a whole number from 0 to 255";
        deserialize_u16 => visit_u16: u16, "must be a whole number from 0 to 65,535";
        deserialize_u32 => visit_u32: u32, "must be a whole number from 0 to 4,294,967,295";
        deserialize_u64 => visit_u64: u64, "must be a whole number from 0 on";
        deserialize_i64 => visit_i64: i64, "must be a whole number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let word: CowStrDeserializer<'_, Misfit> = Cow::Borrowed(self.0).into_deserializer();
        word.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
