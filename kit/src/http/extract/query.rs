//! Query parameters: filters and pages.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::Faults;
use super::probe::{Step, Text, probe};
use super::walk::{DUPLICATE, MISSING, label, unknown};
use crate::http::{ApiError, Describe, Doc, Paging};

/// Query parameters, none of them unknown.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.uri)
    }
}

impl<T: DeserializeOwned + IntoParams> Query<T> {
    /// The parameters of a URI.
    pub fn of(uri: &Uri) -> Result<Self, ApiError> {
        let pairs = pairs(uri)?;
        if let Some(query) = read(&pairs) {
            return Ok(Self(query));
        }
        let mut faults = Faults::default();
        explain::<T>(&pairs, &[], &mut faults);
        Err(refusal(faults))
    }
}

fn refusal(faults: Faults) -> ApiError {
    let unexplained = || ApiError::invalid("The query does not have the form of this call. Compare it with the API reference.");
    faults.into_result().err().unwrap_or_else(unexplained)
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

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Listing<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let (paging, filters): (Pairs<'_>, _) = pairs(&parts.uri)?.into_iter().partition(|(name, _)| PAGING.contains(&&**name));
        let mut faults = Faults::default();
        let paging = read_paging(&paging, &mut faults);
        match read(&filters) {
            Some(filter) if faults.is_empty() => return Ok(Self { filter, paging }),
            Some(_) => {}
            None => explain::<T>(&filters, &PAGING, &mut faults),
        }
        Err(refusal(faults))
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

/// Names and values of a query, decoded.
type Pairs<'q> = Vec<(Cow<'q, str>, Cow<'q, str>)>;

/// Fails if the query cannot be decoded, or with every parameter that contains U+0000, which Postgres cannot compare.
fn pairs(uri: &Uri) -> Result<Pairs<'_>, ApiError> {
    let decoded: Pairs<'_> = serde_urlencoded::from_str(uri.query().unwrap_or_default()).map_err(|_| {
        ApiError::invalid("The query string cannot be read. Send name=value pairs, percent-encoded, with & between them.")
    })?;
    let mut faults = Faults::default();
    for (name, _) in decoded.iter().filter(|(_, value)| value.contains('\0')) {
        faults.add(label(name), "must not contain the character U+0000");
    }
    faults.into_result()?;
    Ok(decoded)
}

fn read<T: DeserializeOwned>(pairs: &Pairs<'_>) -> Option<T> {
    let texts = pairs.iter().map(|(name, value)| (&**name, Text(value)));
    T::deserialize(MapDeserializer::new(texts)).ok()
}

/// Adds the faults of parameters that `T` does not take. `others` are allowed as well, and read elsewhere.
fn explain<T: DeserializeOwned + IntoParams>(pairs: &Pairs<'_>, others: &[&str], faults: &mut Faults) {
    let known = T::into_params(|| Some(ParameterIn::Query));
    let names = known.iter().map(|parameter| parameter.name.as_str()).chain(others.iter().copied());
    let not_known = unknown("parameter", names);
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in pairs {
        let name = &**name;
        if faults.is_full() {
            faults.cut();
        } else if !known.iter().any(|parameter| parameter.name == name) {
            faults.add(label(name), not_known.as_str());
        } else if seen.contains(&name) {
            faults.add(name, DUPLICATE);
        } else {
            seen.push(name);
            if let Some(fault) = probe::<T>(&[Step::Field(name.to_owned())], value) {
                faults.add(name, fault);
            }
        }
    }
    for parameter in known.iter().filter(|parameter| parameter.required == Required::True) {
        faults.require(seen.contains(&parameter.name.as_str()), &parameter.name, MISSING);
    }
}

/// The parameters of [`Paging`].
const PAGING: [&str; 2] = ["page", "page_size"];

fn read_paging(pairs: &Pairs<'_>, faults: &mut Faults) -> Paging {
    let mut paging = Paging::default();
    for (place, (name, value)) in pairs.iter().enumerate() {
        let name = &**name;
        let (number, most, in_words) =
            if name == "page" { (&mut paging.page, u32::MAX, "4,294,967,295") } else { (&mut paging.page_size, 100, "100") };
        if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
            faults.add(name, DUPLICATE);
        } else if let Some(read) = value.parse().ok().filter(|read| (1..=most).contains(read)) {
            *number = read;
        } else {
            faults.add(name, format!("must be a whole number from 1 to {in_words}"));
        }
    }
    paging
}
