//! Query parameters: filters and pages.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::Faults;
use super::faults::misread;
use crate::http::{ApiError, Describe, Doc, Paging};

/// Query parameters, none of them unknown.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.uri)
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// The parameters of a URI.
    pub fn of(uri: &Uri) -> Result<Self, ApiError> {
        from_query(uri.query().unwrap_or_default()).map(Self)
    }
}

/// For a route that takes no parameters, or a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(doc: &mut Doc) {
        doc.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        doc.fails(400, "INVALID_REQUEST");
    }
}

/// Filters of a list, with `page` and `page_size`.
#[derive(Debug)]
pub struct Listing<T> {
    pub filter: T,
    pub paging: Paging,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Listing<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let (paging, filter): (Vec<&str>, Vec<&str>) = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .partition(|pair| matches!(pair.split('=').next(), Some("page" | "page_size")));
        let paging: Paging = from_query(&paging.join("&"))?;
        let mut faults = Faults::default();
        faults.require(paging.page >= 1, "page", "Page numbers start at 1.");
        faults.require((1..=100).contains(&paging.page_size), "page_size", "Request 1 to 100 rows.");
        faults.into_result()?;
        Ok(Self { filter: from_query(&filter.join("&"))?, paging })
    }
}

impl<T: IntoParams> Describe for Listing<T> {
    fn describe(doc: &mut Doc) {
        Query::<T>::describe(doc);
        let count = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        doc.parameter(
            "page",
            ParameterIn::Query,
            Required::False,
            count().maximum(Some(u32::MAX)).default(Some(1.into())).into(),
            "From 1.",
        );
        doc.parameter(
            "page_size",
            ParameterIn::Query,
            Required::False,
            count().maximum(Some(100)).default(Some(20.into())).into(),
            "Rows on a page.",
        );
    }
}

fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = serde_urlencoded::from_str(query).map_err(|_| {
        ApiError::invalid("The query string cannot be read. Send name=value pairs, percent-encoded, with & between them.")
    })?;
    let pairs = serde::de::value::MapDeserializer::new(pairs.into_iter().map(|(name, value)| (name, Text(value))));
    serde_path_to_error::deserialize(pairs).map_err(|error| misread("Query", error))
}

/// A value of a query: text, and whatever a type reads out of text.
struct Text<'a>(Cow<'a, str>);

impl<'de> serde::de::IntoDeserializer<'de, serde::de::value::Error> for Text<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! read_from_text {
    ($($method:ident => $visit:ident: $type:ty, $wanted:literal;)+) => {$(
        fn $method<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let value: $type = self.0.parse().map_err(|_| serde::de::Error::custom($wanted))?;
            visitor.$visit(value)
        }
    )+};
}

impl<'de> serde::Deserializer<'de> for Text<'de> {
    type Error = serde::de::value::Error;

    read_from_text! {
        deserialize_bool => visit_bool: bool, "expected true or false";
        deserialize_u8 => visit_u8: u8, "expected a whole number";
        deserialize_u16 => visit_u16: u16, "expected a whole number";
        deserialize_u32 => visit_u32: u32, "expected a whole number";
        deserialize_u64 => visit_u64: u64, "expected a whole number";
        deserialize_i64 => visit_i64: i64, "expected a whole number";
    }

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str(&self.0)
    }

    fn deserialize_option<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: serde::de::Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        use serde::de::IntoDeserializer;
        let deserializer: serde::de::value::CowStrDeserializer<'_, Self::Error> = self.0.into_deserializer();
        deserializer.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
