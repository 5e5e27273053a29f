//! Validation errors of an input, by field.

use super::walk::MISSING;
use crate::http::{ApiError, FieldError};

/// Errors found in an input, field by field: the first ones, up to a bound.
#[derive(Debug, Default)]
pub struct FieldErrors {
    fields: Vec<FieldError>,
    /// The length of all texts in `fields`.
    bytes: usize,
    /// The number of further faults that were found, at least.
    left_out: usize,
}

/// The largest number of faults that an error lists.
const MOST: usize = 50;
/// The length in bytes of all faults after which no further fault is listed.
const MOST_BYTES: usize = 5_000;

impl FieldErrors {
    /// Notes a fault of `field`.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.is_full() {
            return self.cut();
        }
        let error = FieldError { field: field.into(), message: message.into() };
        self.bytes += error.field.len() + error.message.len();
        self.fields.push(error);
    }

    /// Notes a fault of `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.add(field, message);
        }
    }

    /// Adds the faults that a rule found. Of a field that has a fault already, only that it is missing is said better by a rule.
    pub(super) fn join(&mut self, rules: Self) {
        self.left_out += rules.left_out;
        for FieldError { field, message } in rules.fields {
            match self.fields.iter_mut().find(|known| known.field == field) {
                Some(known) if known.message == MISSING => known.message = message,
                Some(_) => {}
                None => self.add(field, message),
            }
        }
    }

    /// Adds the faults of the object at `path`.
    pub(super) fn add_within(&mut self, path: &str, faults: Self) {
        self.left_out += faults.left_out;
        for FieldError { field, message } in faults.fields {
            self.add(format!("{path}.{field}"), message);
        }
    }

    /// Requires that a range, of which either end may be open, does not end before it begins.
    pub fn require_range<T: PartialOrd>(&mut self, [from, to]: [&str; 2], begin: Option<T>, end: Option<T>) {
        let is_reversed = matches!((begin, end), (Some(begin), Some(end)) if end < begin);
        self.require(!is_reversed, to, &format!("must not be before {from}"));
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Notes that a fault was left out.
    pub(super) fn cut(&mut self) {
        self.left_out += 1;
    }

    /// Returns whether further faults are left out.
    pub(super) fn is_full(&self) -> bool {
        self.fields.len() >= MOST || self.bytes >= MOST_BYTES
    }

    /// Returns the faults.
    pub(crate) fn into_fields(self) -> Vec<FieldError> {
        self.fields
    }

    /// All of them as one refusal, if there is any.
    pub fn into_result(self) -> Result<(), ApiError> {
        if self.is_empty() {
            return Ok(());
        }
        let sentence = self.left_out();
        let error = ApiError::invalid_fields(self.fields);
        Err(match sentence {
            Some(sentence) => error.reworded(sentence),
            None => error,
        })
    }

    /// Returns the sentence about faults that are left out; `None` if there are none. The search ends when the list is full, so that
    /// there may be more of them.
    pub(crate) fn left_out(&self) -> Option<String> {
        let listed = self.fields.len();
        let found = listed + self.left_out;
        (found > listed).then(|| format!("At least {found} fields are invalid; see fields for the first {listed}."))
    }
}

/// Rules of an input that its types cannot say, and that need neither time nor the database.
pub trait Check {
    /// Adds every validation error of the input.
    fn check(&self, _faults: &mut FieldErrors) {}
}

/// The body of a call that takes nothing: none, or an object without members.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

impl Check for NoFields {}
