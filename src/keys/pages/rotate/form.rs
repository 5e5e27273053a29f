//! What the form of a replacement says: its name, and how long it is good for.

use std::time::Duration;

use jiff::civil::Date;

use crate::keys::error::Error;
use crate::keys::model::{Key, KeyName, RotateKey};
use crate::kit::clock::Time;
use crate::kit::http::{Check, Faults};
use crate::kit::page::number::plural;
use crate::kit::page::{Fields, FormFaults, Moments};
use crate::kit::text::sentence;

const DAY: Duration = Duration::from_hours(24);

/// The lifetimes that are offered, in days.
const DAYS: [u32; 3] = [30, 60, 90];

/// The form, as it is shown.
pub(super) struct Replacement {
    pub(super) name: String,
    /// What is sent once: the same form sent again makes no second key.
    pub(super) once: String,
    pub(super) choices: Vec<Choice>,
    /// The date, if one was typed.
    pub(super) date: String,
}

/// A way to say how long the replacement is good for.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) words: String,
    /// What it comes to.
    pub(super) hint: String,
    pub(super) is_chosen: bool,
}

impl Replacement {
    /// As the service would do it if nobody said otherwise.
    pub(super) fn proposed(name: String, once: String, old: &Key, at: &Moments) -> Self {
        let chosen = if old.expires_at.is_some() { "same" } else { "none" };
        Self { name, once, choices: choices(chosen, old, at), date: String::new() }
    }

    /// As it was typed.
    pub(super) fn typed(fields: &Fields, old: &Key, at: &Moments) -> Self {
        let [name, once, date] = ["name", "once", "expires_on"].map(|field| fields.text(field).to_owned());
        Self { name, once, choices: choices(fields.text("expiration"), old, at), date }
    }
}

fn choices(chosen: &str, old: &Key, at: &Moments) -> Vec<Choice> {
    let choice = |value: String, words: String, hint: String| Choice { is_chosen: chosen == value, value, words, hint };
    let until = |life: Duration| format!("Until {}", at.day_text(at.now().after(life)));
    let same = old.expires_at.map(|expiry| expiry.since(old.created_at)).map(|life| {
        let days = life.as_secs().div_ceil(DAY.as_secs());
        let days = plural(days, "day");
        choice("same".to_owned(), format!("As the old key: {days}"), until(life))
    });
    let days = DAYS.map(|days| choice(days.to_string(), format!("{days} days"), until(days * DAY)));
    let custom = choice("custom".to_owned(), "Custom date".to_owned(), "Until the end of that day".to_owned());
    let none = if old.expires_at.is_some() { "Until it is revoked" } else { "As the old key: until it is revoked" };
    let none = choice("none".to_owned(), "No expiration".to_owned(), none.to_owned());
    same.into_iter().chain(days).chain([custom, none]).collect()
}

/// What the service is asked for.
pub(super) fn read(fields: &Fields, at: &Moments) -> Result<RotateKey, FormFaults> {
    let mut faults = FormFaults::default();
    let name = fields.text("name").parse::<KeyName>().map_err(|fault| faults.add("name", name_fault(fault))).ok();
    let expires_at = expiry(fields, at).map_err(|(field, message)| faults.add(field, message)).ok();
    let input = RotateKey { name, expires_at: expires_at.flatten() };
    let mut found = Faults::default();
    input.check(&mut found);
    if let Err(error) = found.into_result() {
        error.fields.iter().for_each(|fault| faults.add(&fault.field, &*fault.message));
    }
    if faults.is_empty() { Ok(input) } else { Err(faults) }
}

fn name_fault(fault: impl std::fmt::Display) -> String {
    sentence(format!("the name {fault}"))
}

/// When the replacement expires: nothing said, never, or a time.
type Expiry = Option<Option<Time>>;

fn expiry(fields: &Fields, at: &Moments) -> Result<Expiry, (&'static str, &'static str)> {
    match fields.text("expiration") {
        "same" => Ok(None),
        "none" => Ok(Some(None)),
        "custom" => {
            let day = fields.read::<Date>("expires_on").and_then(|day| at.end_of(day));
            day.map(|end| Some(Some(end))).ok_or(("expires_on", "Choose a date."))
        }
        days => {
            let days = DAYS.into_iter().find(|known| known.to_string() == days);
            days.map(|days| Some(Some(at.now().after(days * DAY)))).ok_or(("expiration", "Choose how long the key is to work."))
        }
    }
}

/// What came of it, at the fields of this form.
pub(super) fn faults(error: &Error) -> FormFaults {
    match error {
        Error::NameTaken(_) => FormFaults::of_field("name", sentence(error)),
        Error::Expiry => FormFaults::of_field("expires_on", "Choose a date in the future, at most 5 years ahead."),
        _ => FormFaults::default(),
    }
}
