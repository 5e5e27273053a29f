//! Conditions on the version of a resource that a write changes (RFC 9110, 13): no writer overwrites the change of another that it
//! has not seen. They are checked in the transaction of the write.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, ToStrError};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use futures_util::future::BoxFuture;
use sea_orm::DbErr;
use serde::Serialize;
use utoipa::PartialSchema;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;

use super::entity_tag::EntityTag;
use super::{ApiError, Describe, Doc};
use crate::db::{DbResult, Tx};

/// The state of a resource that a write demands.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Wanted {
    /// A version with one of these strong tags.
    Version(Vec<String>),
    /// Any version: `If-Match: *`.
    Any,
    /// No version at all: `If-None-Match: *`.
    Absence,
}

/// The versions of a resource that a change applies to: `If-Match`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IfMatch {
    wanted: Option<Wanted>,
    by_use: &'static [&'static str],
}

/// The versions that a `PUT` replaces, which else would create: `If-Match`; or that there must be none: `If-None-Match: *`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IfMatchOrNone(Option<Wanted>);

/// A condition on a resource, checked in the transaction that changes it.
#[derive(Clone)]
pub struct Precondition {
    wanted: Wanted,
    /// True if a resource that is missing fails it, rather than leaving that to the write.
    needs_resource: bool,
    current: Arc<Read>,
}

/// The failure of a condition on a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "This is not in the state that the request demands; nothing was changed. Get it again, make your change to what you get, and \
     send it with the new ETag."
)]
pub struct PreconditionFailed;

impl From<PreconditionFailed> for ApiError {
    fn from(failed: PreconditionFailed) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED", failed.to_string())
    }
}

type Read = dyn for<'a> Fn(&'a Tx) -> BoxFuture<'a, DbResult<Option<EntityTag>>> + Send + Sync;

impl IfMatch {
    /// Excludes members as [`WithEtag::without`](super::WithEtag::without) does.
    #[must_use]
    pub fn without(self, by_use: &'static [&'static str]) -> Self {
        Self { by_use, ..self }
    }

    /// Returns the condition on the resource that `read` finds, as a response shows it. A write that finds none says so itself.
    pub fn on<T, F>(self, read: F) -> Option<Precondition>
    where
        T: Serialize + Send + 'static,
        F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, DbResult<Option<T>>> + Send + Sync + 'static,
    {
        let current = current(read, self.by_use);
        self.wanted.map(|wanted| Precondition { wanted, needs_resource: false, current })
    }
}

impl IfMatchOrNone {
    /// Returns the condition on the resource that `read` finds, as a response shows it.
    pub fn on<T, F>(self, read: F) -> Option<Precondition>
    where
        T: Serialize + Send + 'static,
        F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, DbResult<Option<T>>> + Send + Sync + 'static,
    {
        let current = current(read, &[]);
        self.0.map(|wanted| Precondition { wanted, needs_resource: true, current })
    }
}

/// Returns a function that reads the tag of what `read` finds.
fn current<T, F>(read: F, by_use: &'static [&'static str]) -> Arc<Read>
where
    T: Serialize + Send + 'static,
    F: for<'a> Fn(&'a Tx) -> BoxFuture<'a, DbResult<Option<T>>> + Send + Sync + 'static,
{
    Arc::new(move |tx: &Tx| {
        let reading = read(tx);
        Box::pin(async move {
            let tag = |found: T| EntityTag::of(&found, by_use).map_err(|error| DbErr::Json(error.to_string()));
            reading.await?.map(tag).transpose()
        })
    })
}

impl Precondition {
    /// Returns whether the resource is in the demanded state, as the transaction sees it. What else could change it must wait for
    /// the end of the transaction.
    pub async fn holds(&self, tx: &Tx) -> DbResult<bool> {
        let current = (self.current)(tx).await?;
        Ok(match (&self.wanted, current) {
            (Wanted::Version(_) | Wanted::Any, None) => !self.needs_resource,
            (Wanted::Version(tags), Some(current)) => tags.iter().any(|tag| current.is(tag)),
            (Wanted::Any, Some(_)) => true,
            (Wanted::Absence, current) => current.is_none(),
        })
    }
}

impl fmt::Debug for Precondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Precondition").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self { wanted: version(&parts.headers)?, by_use: &[] })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatchOrNone {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let refused = |message: &str| Err(ApiError::invalid_field("If-None-Match", message));
        match (line(&parts.headers, &IF_NONE_MATCH), version(&parts.headers)?) {
            (Ok(None), version) => Ok(Self(version)),
            (_, Some(_)) => refused("must not be sent together with If-Match"),
            (Ok(Some(line)), None) if line.trim() == "*" => Ok(Self(Some(Wanted::Absence))),
            (Ok(Some(_)) | Err(_), None) => refused("must be *, so that nothing is replaced"),
        }
    }
}

/// Returns the versions in `If-Match`; `None` without the header.
fn version(headers: &HeaderMap) -> Result<Option<Wanted>, ApiError> {
    let malformed = || ApiError::invalid_field("If-Match", "must be the ETag of an earlier response, with its quotes, or *");
    match line(headers, &IF_MATCH).map_err(|_| malformed())? {
        None => Ok(None),
        Some(line) if line.trim() == "*" => Ok(Some(Wanted::Any)),
        Some(line) => strong_tags(&line).map(Wanted::Version).map(Some).ok_or_else(malformed),
    }
}

/// Returns all values of a header in one line; `None` without the header.
fn line(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ToStrError> {
    let values = headers.get_all(name).iter().map(HeaderValue::to_str).collect::<Result<Vec<_>, _>>()?;
    Ok((!values.is_empty()).then(|| values.join(",")))
}

/// Returns the strong tags of a list, whose empty elements are ignored (RFC 9110, 5.6.1.2). A weak tag is never of a version that
/// a write may replace. `None` if the text is no such list, or has no tag at all.
fn strong_tags(list: &str) -> Option<Vec<String>> {
    let is_blank = |byte: char| byte == ',' || byte.is_whitespace();
    let (mut rest, mut strong) = (list.trim_matches(is_blank), Vec::new());
    loop {
        let weak = rest.strip_prefix("W/");
        let (tag, after) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if weak.is_none() {
            strong.push(tag.to_owned());
        }
        let after = after.trim_start();
        if after.is_empty() {
            return Some(strong);
        }
        rest = after.strip_prefix(',')?.trim_start_matches(is_blank);
    }
}

/// The headers by which a caller demands a state.
static CONDITIONS: [HeaderName; 3] = [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE];

/// The conditions that a call does not check, a bit for each of [`CONDITIONS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Unchecked(u8);

impl Unchecked {
    /// Returns the conditions that the description of the call does not have.
    pub(super) fn of(doc: &Doc) -> Self {
        let takes = |name: &HeaderName| doc.parameters.iter().any(|taken| taken.name.eq_ignore_ascii_case(name.as_str()));
        let unchecked = CONDITIONS.iter().enumerate().filter(|(_, name)| !takes(name));
        Self(unchecked.fold(0, |bits, (place, _)| bits | 1 << place))
    }

    /// Returns whether every condition is checked, or ignored.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Fails if one of them is sent: a caller who sends a condition must not believe that it holds.
    pub(super) fn refuse(self, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut conditions = CONDITIONS.iter().enumerate();
        // A recipient of If-Match ignores If-Unmodified-Since (RFC 9110, 13.1.4).
        let is_overridden = |name: &HeaderName| *name == IF_UNMODIFIED_SINCE && headers.contains_key(IF_MATCH);
        let is_unchecked = |place: usize, name: &HeaderName| self.0 >> place & 1 == 1 && !is_overridden(name);
        let sent = conditions.find(|(place, name)| is_unchecked(*place, name) && headers.contains_key(*name));
        match sent {
            Some((_, name)) => {
                let message = format!("This call does not check the header {name}, so nothing was changed. Leave it out.");
                Err(ApiError::invalid(message))
            }
            None => Ok(()),
        }
    }
}

fn describe_if_match(doc: &mut Doc) {
    let about = "The ETag of the version that the change is made for, or * for any. If there is another version by now, the \
                 response is 412 and nothing is changed.";
    doc.parameter("If-Match", ParameterIn::Header, Required::False, String::schema(), about);
    doc.fails(400, "INVALID_REQUEST");
    doc.fails(412, "PRECONDITION_FAILED");
}

impl Describe for IfMatch {
    fn describe(doc: &mut Doc) {
        describe_if_match(doc);
    }
}

impl Describe for IfMatchOrNone {
    fn describe(doc: &mut Doc) {
        describe_if_match(doc);
        let about = "Only * is taken: if there is something to replace, the response is 412 and nothing is changed.";
        doc.parameter("If-None-Match", ParameterIn::Header, Required::False, String::schema(), about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line.parse().expect("a value"));
        }
        headers
    }

    fn wanted(lines: &[&str]) -> Option<Wanted> {
        version(&sent(&IF_MATCH, lines)).ok().flatten()
    }

    #[test]
    fn versions_are_read_from_lists_and_from_several_lines() {
        let tags = |tags: &[&str]| Some(Wanted::Version(tags.iter().map(|tag| (*tag).to_owned()).collect()));
        assert_eq!(wanted(&["\"a\""]), tags(&["a"]));
        assert_eq!(wanted(&[" \"a,b\" , \"c\" "]), tags(&["a,b", "c"]));
        assert_eq!(wanted(&["\"a\"", "\"b\""]), tags(&["a", "b"]));
        assert_eq!(wanted(&[",\"a\",, \"b\" ,", ""]), tags(&["a", "b"]), "empty elements are ignored");
        assert_eq!(wanted(&[" * "]), Some(Wanted::Any));
        assert_eq!(wanted(&["W/\"a\""]), tags(&[]), "a weak tag is of no version");
    }

    #[test]
    fn malformed_condition_is_not_taken_for_none() {
        for wrong in ["", ",", "a", "\"a", "a\"", "\"a\" \"b\"", "W/a", "*, \"a\"", "\"a\", *", "w/\"a\""] {
            assert!(version(&sent(&IF_MATCH, &[wrong])).is_err(), "{wrong}");
        }
        assert_eq!(version(&HeaderMap::new()).ok(), Some(None));
    }

    #[test]
    fn condition_that_a_call_does_not_check_is_refused() {
        let mut doc = Doc::default();
        assert_eq!(Unchecked::of(&doc), Unchecked(0b111));
        IfMatch::describe(&mut doc);
        let others = Unchecked::of(&doc);
        assert!(others.refuse(&sent(&IF_MATCH, &["*"])).is_ok());
        for name in [IF_NONE_MATCH, IF_UNMODIFIED_SINCE] {
            assert!(others.refuse(&sent(&name, &["*"])).is_err(), "{name}");
            assert!(Unchecked::default().refuse(&sent(&name, &["*"])).is_ok(), "{name}");
        }
        let mut both = sent(&IF_MATCH, &["*"]);
        both.append(IF_UNMODIFIED_SINCE, "Mon, 23 Nov 2026 09:30:00 GMT".parse().expect("a value"));
        assert!(others.refuse(&both).is_ok(), "If-Match decides alone");
    }
}
