//! The form of a replacement: name and expiration.

use crate::keys::error::Error;
use crate::keys::model::{Key, RotateKey};
use crate::keys::pages::expiration::{self, Choices};
use crate::keys::pages::fields::{faults_of, name_taken, parse_name, value_or_fault};
use kit::http::Check;
use kit::page::{Fields, FormErrors, Moments};
use kit::text::sentence;

/// The order of the fields on the page.
const ORDER: [&str; 3] = ["name", "expiration", "date"];

/// The form of step 1 as it is shown.
pub(super) struct Replacement {
    pub(super) fields: Fields,
    /// The idempotency key of the form: sending it twice creates one key.
    pub(super) idempotency_key: String,
    pub(super) choices: Choices,
}

impl Replacement {
    /// Fills the form with the defaults of the service.
    pub(super) fn proposed(name: &str, idempotency_key: String, old: &Key, at: &Moments) -> Self {
        let expiration = if old.expires_at.is_some() { "same" } else { "never" };
        let fields = Fields::default().with("name", name).with("expiration", expiration);
        Self { fields, idempotency_key, choices: Choices::replacing(old, at) }
    }

    /// Fills the form with submitted fields.
    pub(super) fn typed(fields: &Fields, old: &Key, at: &Moments) -> Self {
        Self {
            fields: fields.clone(),
            idempotency_key: fields.text("idempotency_key").to_owned(),
            choices: Choices::replacing(old, at),
        }
    }
}

/// Parses the submitted fields, or returns their faults.
pub(super) fn read(fields: &Fields, at: &Moments) -> Result<RotateKey, FormErrors> {
    let mut faults = FormErrors::default();
    let name = value_or_fault(parse_name(fields), "name", &mut faults);
    // Without an expiry, the service gives the lifetime of the old key.
    let expires_at = if fields.is("expiration", "same") { None } else { expiration::read(fields, at, &mut faults) };
    let input = RotateKey { expires_at, name };
    for fault in faults_of(|faults| input.check(faults)) {
        faults.add(&fault.field, fault.message);
    }
    faults.sort_as(&ORDER);
    if faults.is_empty() { Ok(input) } else { Err(faults) }
}

/// Converts an error of the service to a fault of the form.
pub(super) fn refused(error: &Error) -> FormErrors {
    match error {
        Error::NameTaken(_) | Error::NameAlike { .. } => name_taken(error),
        Error::Quota(_) => FormErrors::of_whole(sentence(error)),
        _ => FormErrors::default(),
    }
}
