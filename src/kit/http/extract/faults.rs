//! What is wrong with an input, field by field.

use crate::kit::http::{ApiError, FieldError};

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

    /// Whether none was found.
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
    /// Notes every fault.
    fn check(&self, _faults: &mut Faults) {}
}

/// A value that is not of the type that was expected, named by its field if it has one, else by `whole`.
pub(super) fn misread(whole: &str, error: serde_path_to_error::Error<impl std::error::Error>) -> ApiError {
    let field = error.path().to_string();
    let message = error.into_inner().to_string();
    if field == "." { ApiError::invalid(format!("{whole}: {message}.")) } else { ApiError::invalid_field(field, message) }
}
