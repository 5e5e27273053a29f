//! Query parameters: filters and pages.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::probe::{Step, Text, probe};
use super::walk::{DUPLICATE, MISSING, label, unknown};
use super::{Check, FieldErrors};
use crate::http::{ApiError, Describe, Doc, Matched, Paging};
use crate::paging::{self, BadCursor, Cursor, DEFAULT_SIZE, ListIdentity, MAX_SIZE};

/// Query parameters, none of them unknown.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams + Check> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.uri)
    }
}

impl<T: DeserializeOwned + IntoParams + Check> Query<T> {
    /// The parameters of a URI.
    pub fn of(uri: &Uri) -> Result<Self, ApiError> {
        let pairs = pairs(uri)?;
        let mut faults = FieldErrors::default();
        match read::<T>(&pairs, &[], &mut faults) {
            Some(query) if faults.is_empty() => Ok(Self(query)),
            _ => Err(refusal(faults)),
        }
    }
}

fn refusal(faults: FieldErrors) -> ApiError {
    let unexplained = || ApiError::invalid("The query does not have the form of this call. Compare it with the API reference.");
    faults.into_result().err().unwrap_or_else(unexplained)
}

/// For a route that takes no parameters, or a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl Check for NoParameters {}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(doc: &mut Doc) {
        doc.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        doc.fails(400, "INVALID_REQUEST");
    }
}

/// Filters of a list, with the part of the list that is asked for.
#[derive(Debug)]
pub struct Listing<T> {
    pub filter: T,
    pub paging: Paging,
}

impl<S: Send + Sync, T: DeserializeOwned + IntoParams + Check> FromRequestParts<S> for Listing<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let (part, filters): (Pairs<'_>, Pairs<'_>) =
            pairs(&parts.uri)?.into_iter().partition(|(name, _)| OF_A_LIST.contains(&&**name));
        let group = Matched::group(&parts.extensions).unwrap_or_default();
        let list = ListIdentity::new(group, parts.uri.path(), &filters);
        let mut faults = FieldErrors::default();
        let part = PartParameters::read(&part, &mut faults);
        match read(&filters, &OF_A_LIST, &mut faults) {
            Some(filter) if faults.is_empty() => Ok(Self { filter, paging: part.paging(list)? }),
            _ => Err(refusal(faults)),
        }
    }
}

impl<T: IntoParams> Describe for Listing<T> {
    fn describe(doc: &mut Doc) {
        Query::<T>::describe(doc);
        let count = |most: u32, default: u32| {
            let count = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(most));
            count.default(Some(default.into()))
        };
        let cursor = ObjectBuilder::new().schema_type(Type::String).pattern(Some(paging::PATTERN));
        let about = "The next_cursor of the previous response: continues the list after its last row, with the same filters. Not \
                     together with page.";
        for (name, schema, about) in [
            ("page", count(u32::MAX, 1), "From 1."),
            ("page_size", count(MAX_SIZE, DEFAULT_SIZE), "The largest number of rows in the response."),
            ("cursor", cursor, about),
        ] {
            doc.parameter(name, ParameterIn::Query, Required::False, schema.into(), about);
        }
        doc.fails(400, "CURSOR_MISMATCH");
    }
}

/// Names and values of a query, decoded.
type Pairs<'q> = Vec<(Cow<'q, str>, Cow<'q, str>)>;

/// Fails if the query cannot be decoded, or with every parameter that contains U+0000, which Postgres cannot compare.
fn pairs(uri: &Uri) -> Result<Pairs<'_>, ApiError> {
    let decoded: Pairs<'_> = serde_urlencoded::from_str(uri.query().unwrap_or_default()).map_err(|_| {
        ApiError::invalid("The query string cannot be read. Send name=value pairs, percent-encoded, with & between them.")
    })?;
    let mut faults = FieldErrors::default();
    for (name, _) in decoded.iter().filter(|(_, value)| value.contains('\0')) {
        faults.add(label(name), "must not contain the character U+0000");
    }
    faults.into_result()?;
    Ok(decoded)
}

/// Reads parameters, or adds their faults. `others` are allowed as well, and read elsewhere.
fn read<T: DeserializeOwned + IntoParams + Check>(pairs: &Pairs<'_>, others: &[&str], faults: &mut FieldErrors) -> Option<T> {
    let texts = pairs.iter().map(|(name, value)| (&**name, Text(value)));
    let input = T::deserialize(MapDeserializer::new(texts)).ok().filter(|_| !pairs.iter().any(|(_, value)| is_empty(value)));
    match &input {
        Some(input) => input.check(faults),
        None => explain::<T>(pairs, others, faults),
    }
    input
}

/// The fault of a parameter without a value: it would match nothing.
const EMPTY: &str = "must have a value; leave the parameter out instead of sending it empty";

fn is_empty(value: &str) -> bool {
    value.trim().is_empty()
}

/// Adds the faults of parameters that `T` does not take. `others` are allowed as well, and read elsewhere.
fn explain<T: DeserializeOwned + IntoParams>(pairs: &Pairs<'_>, others: &[&str], faults: &mut FieldErrors) {
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
            if is_empty(value) {
                faults.add(name, EMPTY);
            } else if let Some(fault) = probe::<T>(&[Step::Field(name.to_owned())], value) {
                faults.add(name, fault);
            }
        }
    }
    for parameter in known.iter().filter(|parameter| parameter.required == Required::True) {
        faults.require(seen.contains(&parameter.name.as_str()), &parameter.name, MISSING);
    }
}

/// The parameters that every list takes, besides its filters.
const OF_A_LIST: [&str; 3] = ["page", "page_size", "cursor"];

/// The part of a list that a query asks for.
#[derive(Default)]
struct PartParameters<'q> {
    page: Option<u32>,
    size: Option<u32>,
    cursor: Option<&'q str>,
}

impl<'q> PartParameters<'q> {
    fn read(pairs: &'q Pairs<'_>, faults: &mut FieldErrors) -> Self {
        let mut part = Self::default();
        for (place, (name, value)) in pairs.iter().enumerate() {
            let name = &**name;
            if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
                faults.add(name, DUPLICATE);
            } else if name == "cursor" {
                part.cursor = Some(&**value);
            } else {
                let (number, most, in_words) =
                    if name == "page" { (&mut part.page, u32::MAX, "4,294,967,295") } else { (&mut part.size, MAX_SIZE, "100") };
                *number = value.parse().ok().filter(|read| (1..=most).contains(read));
                faults.require(number.is_some(), name, &format!("must be a whole number from 1 to {in_words}"));
            }
        }
        faults.require(part.page.is_none() || part.cursor.is_none(), "cursor", "must not be sent together with page");
        part
    }

    fn paging(self, list: ListIdentity) -> Result<Paging, ApiError> {
        let size = self.size.unwrap_or(DEFAULT_SIZE);
        let Some(cursor) = self.cursor else { return Ok(Paging::page(self.page.unwrap_or(1), size).of(list)) };
        match Cursor::parse(cursor, list) {
            Ok(position) => Ok(Paging::after(position, size).of(list)),
            Err(BadCursor::Malformed) => {
                let message =
                    "must be the next_cursor of the previous response, unchanged; leave cursor out to start at the first row";
                Err(ApiError::invalid_field("cursor", message))
            }
            Err(BadCursor::OtherList) => {
                let message = "This cursor belongs to another list, or to this list with other filters. Repeat the filters of the \
                               request that returned it, or leave cursor out to start at the first row.";
                Err(ApiError::new(StatusCode::BAD_REQUEST, "CURSOR_MISMATCH", message))
            }
        }
    }
}
