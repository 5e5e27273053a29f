//! Validation errors of a form.

use std::fmt::Display;
use std::str::FromStr;

use super::Fields;
use crate::http::FieldError;

/// Errors of a form that is shown again with what was typed.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    fields: Vec<FieldError>,
    whole: Option<String>,
}

impl FormErrors {
    /// One fault of one field.
    pub fn of_field(field: &str, message: impl Into<String>) -> Self {
        let mut faults = Self::default();
        faults.add(field, message);
        faults
    }

    /// A fault of no field in particular.
    pub fn of_whole(message: impl Into<String>) -> Self {
        Self { fields: Vec::new(), whole: Some(message.into()) }
    }

    /// Notes a fault of a field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.fields.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Parses a field. An empty one is reported as missing (`what`), a malformed one in the words of `T`.
    pub fn read<T: FromStr<Err: Display>>(&mut self, fields: &Fields, field: &str, what: &str) -> Option<T> {
        let Some(text) = fields.given(field) else {
            self.add(field, format!("Enter {what}."));
            return None;
        };
        text.parse().map_err(|error: T::Err| self.add(field, sentence(&error.to_string()))).ok()
    }

    /// Puts them into the order of the fields on the page; a field that is not named there comes last.
    pub fn sort_as(&mut self, fields: &[&str]) {
        self.fields.sort_by_key(|fault| fields.iter().position(|field| *field == fault.field).unwrap_or(fields.len()));
    }

    /// Returns the message of a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }

    /// Every fault of a field, to be listed above the form with a link to it.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Returns the message of the form as a whole.
    pub fn whole(&self) -> Option<&str> {
        self.whole.as_deref()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.whole.is_none()
    }
}

/// A message of a parser as a sentence.
fn sentence(message: &str) -> String {
    if message.ends_with('.') { message.to_owned() } else { crate::text::sentence(message) }
}
