//! Validation errors of an input, by field.

use crate::http::{ApiError, FieldError};

/// Faults found in an input, field by field.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes a fault of `field`.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Notes a fault of `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.add(field, message);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one refusal, if there is any.
    pub fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(self.0)) }
    }
}

/// Rules of an input that its types cannot say, and that need neither time nor the database.
pub trait Check {
    /// Adds every validation error of the input.
    fn check(&self, _faults: &mut Faults) {}
}

/// A value that is not of the type that was expected, named by its field if it has one, else by `whole`.
pub(super) fn misread(whole: &str, error: serde_path_to_error::Error<impl std::error::Error>) -> ApiError {
    let path = shortened(&error.path().to_string());
    let message = shortened(&error.into_inner().to_string());
    // The field is enough: line and column in the text do not help.
    let said = message.split(" at line ").next().unwrap_or_default();
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match (path.as_str(), missing) {
        (".", Some(name)) => ApiError::invalid_field(name, "This field is required."),
        (path, Some(name)) => ApiError::invalid_field(format!("{path}.{name}"), "This field is required."),
        // A path that ends in a question mark ends where the text stops being JSON.
        (path, None) if path == "." || path.ends_with('?') => ApiError::invalid(format!("{whole}: {message}.")),
        (path, None) => ApiError::invalid_field(path, said),
    }
}

/// The beginning and the end of a message that repeats what was sent, which may be as long as a body: the end says what was
/// expected instead.
fn shortened(text: &str) -> String {
    const BEGINNING: usize = 200;
    const END: usize = 600;
    if text.len() <= BEGINNING + END {
        return text.to_owned();
    }
    let (beginning, end) = (text.floor_char_boundary(BEGINNING), text.ceil_char_boundary(text.len() - END));
    format!("{}…{}", &text[..beginning], &text[end..])
}

/// The body of a call that takes nothing: none, or an object without members.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

impl Check for NoFields {}
