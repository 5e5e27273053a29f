//! What the forms of a new key and of a change share: name, description, addresses, limit.

use std::fmt::Display;
use std::net::IpAddr;

use crate::keys::error::Error;
use crate::keys::model::{Key, KeyName, RateLimit, UpdateKey};
use kit::http::client::UNKNOWN;
use kit::http::{Check, Faults, FieldError};
use kit::page::number::grouped;
use kit::page::{Fields, FormFaults};
use kit::text::{BadText, sentence};

/// Fields that stand under “More” in the form of a new key.
const MORE: [&str; 4] = ["description", "addresses", "requests", "seconds"];

/// As they are before anybody has typed.
pub(super) fn untouched() -> Fields {
    with_limit(&Fields::default(), Some(RateLimit::DEFAULT))
}

/// As they are for a key.
pub(super) fn of(key: &Key) -> Fields {
    let blocks = key.allowlist.blocks().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let fields = Fields::default().with("name", &key.name).with("addresses", blocks);
    with_limit(&fields.with("description", key.description.as_deref().unwrap_or_default()), key.rate_limit)
}

fn with_limit(fields: &Fields, limit: Option<RateLimit>) -> Fields {
    let RateLimit { requests, per_seconds } = limit.unwrap_or(RateLimit::DEFAULT);
    let numbers = fields.with("requests", requests).with("seconds", per_seconds);
    if limit.is_none() { numbers.with("unlimited", "yes") } else { numbers }
}

/// Whether “More” is worth opening: something in it is wrong, or not as it was.
pub(super) fn has_more(fields: &Fields, faults: &FormFaults) -> bool {
    let usual = untouched();
    let is_touched = |field| faults.of(field).is_some() || fields.text(field) != usual.text(field);
    MORE.into_iter().any(is_touched) || fields.is("unlimited", "yes")
}

/// From where the visitor comes, as an example of an address.
pub(super) fn example(address: IpAddr) -> Option<IpAddr> {
    Some(address).filter(|address| *address != UNKNOWN)
}

/// What the fields say; what cannot be read is left out, and a fault.
pub(super) fn read(fields: &Fields, faults: &mut FormFaults) -> UpdateKey {
    let name = noted(named(fields), "name", faults);
    // A browser sends line breaks as two characters, and counts them as one.
    let description = fields.verbatim("description").replace("\r\n", "\n").parse();
    let description = noted(description.map_err(|error| text_fault("description", &error)), "description", faults);
    let (numbers, blocks): (Vec<usize>, Vec<String>) = lines(fields).map(|(number, text)| (number, text.to_owned())).unzip();
    let change =
        UpdateKey { name, description: Some(description), ip_allowlist: Some(Some(blocks)), rate_limit: Some(limit(fields)) };
    for (field, message) in found(|faults| change.check(faults)).iter().map(|fault| placed(fault, &numbers, &change)) {
        faults.add(field, message);
    }
    change
}

/// The name that was typed, or what is wrong with it.
pub(super) fn named(fields: &Fields) -> Result<KeyName, String> {
    fields.verbatim("name").parse().map_err(|error| name_fault(&error))
}

/// The faults that the rules of an input find.
pub(super) fn found(check: impl FnOnce(&mut Faults)) -> Vec<FieldError> {
    let mut faults = Faults::default();
    check(&mut faults);
    faults.into_result().err().map(|error| error.fields.clone()).unwrap_or_default()
}

/// The value, or a fault of `field`.
pub(super) fn noted<T>(read: Result<T, String>, field: &str, faults: &mut FormFaults) -> Option<T> {
    read.map_err(|message| faults.add(field, message)).ok()
}

/// What the store says against a name, at its field.
pub(super) fn name_taken(error: &Error) -> FormFaults {
    FormFaults::of_field("name", sentence(error))
}

fn name_fault(error: &BadText) -> String {
    match error {
        BadText::Length { found: 0, .. } => "Enter a name.".to_owned(),
        other => text_fault("name", other),
    }
}

fn text_fault(what: &str, error: &BadText) -> String {
    match error {
        BadText::Length { max, found, .. } => {
            let [max, found] = [*max, *found].map(|count| grouped(count as u64));
            format!("This {what} has {found} characters; at most {max} fit.")
        }
        BadText::Control(_) => format!("This {what} contains an invisible character. Type it instead of pasting it."),
        BadText::Secret => {
            format!("This {what} contains an API key or token. Remove it, and revoke it: it may have leaked.")
        }
    }
}

/// The lines of the allow-list that say something, with their numbers.
fn lines(fields: &Fields) -> impl Iterator<Item = (usize, &str)> {
    let numbered = (1..).zip(fields.verbatim("addresses").lines());
    numbered.map(|(number, text)| (number, text.trim())).filter(|(_, text)| !text.is_empty())
}

/// What is no number is 0, which the rules refuse.
fn limit(fields: &Fields) -> Option<RateLimit> {
    let number = |field| fields.read(field).unwrap_or(0);
    let limited = !fields.is("unlimited", "yes");
    limited.then(|| RateLimit { requests: number("requests"), per_seconds: number("seconds") })
}

/// A fault of the input as one of the form: at which field, in which words.
fn placed(fault: &FieldError, lines: &[usize], change: &UpdateKey) -> (&'static str, String) {
    let block = fault.field.strip_prefix("ipAllowlist[").and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok());
    let texts = change.ip_allowlist.iter().flatten().flatten().collect::<Vec<_>>();
    if let Some((number, text)) = block.and_then(|place| lines.get(place).zip(texts.get(place))) {
        return ("addresses", no_block(*number, text));
    }
    let said = || fault.message.clone();
    match fault.field.as_str() {
        "rateLimit.requests" => ("requests", said()),
        "rateLimit.perSeconds" => ("seconds", said()),
        "description" => ("description", said()),
        "ipAllowlist" => ("addresses", format!("There are {} lines; at most 50 fit.", lines.len())),
        _ => ("name", said()),
    }
}

fn no_block(number: usize, text: impl Display) -> String {
    format!("Line {number}, “{text}”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32.")
}
