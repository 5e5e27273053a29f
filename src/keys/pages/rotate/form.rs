//! What the form of a replacement says: its name, and how long it works.

use crate::keys::error::Error;
use crate::keys::model::{Key, RotateKey};
use crate::keys::pages::expiration::{self, Choices};
use crate::keys::pages::fields::{found, name_taken, named, noted};
use kit::http::Check;
use kit::page::{Fields, FormFaults, Moments};
use kit::text::sentence;

/// The fields in their order on the page.
const ORDER: [&str; 3] = ["name", "expiration", "date"];

/// The form, as it is shown.
pub(super) struct Replacement {
    pub(super) fields: Fields,
    /// What is sent once: the same form sent again makes no second key.
    pub(super) once: String,
    pub(super) choices: Choices,
}

impl Replacement {
    /// As the service would do it if nobody said otherwise.
    pub(super) fn proposed(name: &str, once: String, old: &Key, at: &Moments) -> Self {
        let expiration = if old.expires_at.is_some() { "same" } else { "never" };
        let fields = Fields::default().with("name", name).with("expiration", expiration);
        Self { fields, once, choices: Choices::replacing(old, at) }
    }

    /// As it was typed.
    pub(super) fn typed(fields: &Fields, old: &Key, at: &Moments) -> Self {
        Self { fields: fields.clone(), once: fields.text("once").to_owned(), choices: Choices::replacing(old, at) }
    }
}

/// What the service is asked for.
pub(super) fn read(fields: &Fields, at: &Moments) -> Result<RotateKey, FormFaults> {
    let mut faults = FormFaults::default();
    let name = noted(named(fields), "name", &mut faults);
    // As long as the old key had is what the service does by itself.
    let expires_at = if fields.is("expiration", "same") { None } else { expiration::read(fields, at, &mut faults) };
    let input = RotateKey { expires_at, name };
    for fault in found(|faults| input.check(faults)) {
        faults.add(&fault.field, fault.message);
    }
    faults.sort_as(&ORDER);
    if faults.is_empty() { Ok(input) } else { Err(faults) }
}

/// What the service says against it, at its field.
pub(super) fn refused(error: &Error) -> FormFaults {
    match error {
        Error::NameTaken(_) => name_taken(error),
        Error::Quota(_) => FormFaults::of_whole(sentence(error)),
        _ => FormFaults::default(),
    }
}
