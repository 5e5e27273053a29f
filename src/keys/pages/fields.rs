//! The fields that the forms of a new key and of a change share: name, description, addresses, rate limit.

use std::net::IpAddr;

use crate::keys::error::Error;
use crate::keys::model::{Key, KeyName, RateLimit, UpdateKey};
use kit::cidr::{Cidr, NotACidr};
use kit::http::client::UNKNOWN;
use kit::http::{Check, Faults, FieldError};
use kit::page::number::grouped;
use kit::page::{Fields, FormFaults};
use kit::text::{BadText, sentence};

/// The fields under “More” in the form of a new key.
const MORE: [&str; 4] = ["description", "addresses", "requests", "seconds"];

/// Returns the fields with the defaults of a new key.
pub(super) fn defaults() -> Fields {
    with_limit(&Fields::default(), Some(RateLimit::DEFAULT))
}

/// Returns the fields of an existing key.
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

/// Returns whether “More” must be open: a field in it has a fault, or is not at its default.
pub(super) fn has_more(fields: &Fields, faults: &FormFaults) -> bool {
    let defaults = defaults();
    let is_touched = |field| faults.of(field).is_some() || fields.text(field) != defaults.text(field);
    MORE.into_iter().any(is_touched) || fields.is("unlimited", "yes")
}

/// Returns the visitor's address as an example for the allow-list, if it is known.
pub(super) fn example(address: IpAddr) -> Option<IpAddr> {
    Some(address).filter(|address| *address != UNKNOWN)
}

/// Parses the fields. A field that cannot be parsed is left out and becomes a fault.
pub(super) fn read(fields: &Fields, faults: &mut FormFaults) -> UpdateKey {
    let name = value_or_fault(parse_name(fields), "name", faults);
    // A browser sends a line break as two characters, and counts it as one.
    let description = fields.verbatim("description").replace("\r\n", "\n").parse();
    let description = value_or_fault(description.map_err(|error| text_fault("description", &error)), "description", faults);
    let (numbers, blocks): (Vec<usize>, Vec<String>) = lines(fields).map(|(number, text)| (number, text.to_owned())).unzip();
    let change =
        UpdateKey { name, description: Some(description), ip_allowlist: Some(Some(blocks)), rate_limit: Some(limit(fields)) };
    let found = faults_of(|faults| change.check(faults));
    let found = found.iter().map(|fault| form_fault(fault, &numbers, &change));
    let (of_addresses, others): (Vec<_>, Vec<_>) = found.partition(|(field, _)| *field == "addresses");
    if !of_addresses.is_empty() {
        let lines = of_addresses.into_iter().map(|(_, message)| message);
        faults.add("addresses", first_of(lines.collect()));
    }
    for (field, message) in others {
        faults.add(field, message);
    }
    change
}

/// Joins the messages of the faulty lines of one field: the first three, and the number of further ones.
fn first_of(mut lines: Vec<String>) -> String {
    const SHOWN: usize = 3;
    let further = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    match further {
        0 => {}
        1 => lines.push("1 more line has a fault.".to_owned()),
        _ => lines.push(format!("{further} more lines have faults.")),
    }
    lines.join(" ")
}

/// Parses the name, or returns the message of its fault.
pub(super) fn parse_name(fields: &Fields) -> Result<KeyName, String> {
    fields.verbatim("name").parse().map_err(|error| name_fault(&error))
}

/// Runs a check of an input and returns the faults it finds.
pub(super) fn faults_of(check: impl FnOnce(&mut Faults)) -> Vec<FieldError> {
    let mut faults = Faults::default();
    check(&mut faults);
    faults.into_result().err().map(|error| error.fields.clone()).unwrap_or_default()
}

/// Returns the value, or adds a fault of `field`.
pub(super) fn value_or_fault<T>(read: Result<T, String>, field: &str, faults: &mut FormFaults) -> Option<T> {
    read.map_err(|message| faults.add(field, message)).ok()
}

/// Returns a fault of the name that another key has.
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
            format!("This {what} has {found} characters; at most {max} are allowed.")
        }
        BadText::Control(_) => format!("This {what} contains an invisible character. Type it instead of pasting it."),
        BadText::Secret => {
            format!("This {what} contains an API key or token. Remove it, and revoke it: it may have leaked.")
        }
    }
}

/// Returns the lines of the allow-list that are not blank, with their numbers.
fn lines(fields: &Fields) -> impl Iterator<Item = (usize, &str)> {
    let numbered = (1..).zip(fields.verbatim("addresses").lines());
    numbered.map(|(number, text)| (number, text.trim())).filter(|(_, text)| !text.is_empty())
}

/// Reads the rate limit. A text that is not a number becomes 0, which the check refuses.
fn limit(fields: &Fields) -> Option<RateLimit> {
    let number = |field| fields.read(field).unwrap_or(0);
    let limited = !fields.is("unlimited", "yes");
    limited.then(|| RateLimit { requests: number("requests"), per_seconds: number("seconds") })
}

/// Converts a fault of the input to one of the form: field and message.
fn form_fault(fault: &FieldError, lines: &[usize], change: &UpdateKey) -> (&'static str, String) {
    let block = fault.field.strip_prefix("ipAllowlist[").and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok());
    let texts = change.ip_allowlist.iter().flatten().flatten().collect::<Vec<_>>();
    if let Some((number, text)) = block.and_then(|place| lines.get(place).zip(texts.get(place))) {
        return ("addresses", block_fault(*number, text));
    }
    let said = || fault.message.clone();
    match fault.field.as_str() {
        "rateLimit.requests" => ("requests", said()),
        "rateLimit.perSeconds" => ("seconds", said()),
        "description" => ("description", said()),
        "ipAllowlist" => ("addresses", format!("There are {} lines; at most 50 are allowed.", lines.len())),
        _ => ("name", said()),
    }
}

/// Returns the fault of a line of the allow-list.
fn block_fault(number: usize, text: &str) -> String {
    match text.parse::<Cidr>() {
        Err(NotACidr::Malformed) | Ok(_) => {
            format!("Line {number}, “{text}”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32.")
        }
        Err(error) => format!("Line {number}, “{text}”: {error}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_three_faulty_lines_are_described() {
        let lines = |count: usize| first_of((1..=count).map(|line| format!("Line {line}.")).collect());
        assert_eq!(lines(1), "Line 1.");
        assert_eq!(lines(3), "Line 1. Line 2. Line 3.");
        assert_eq!(lines(4), "Line 1. Line 2. Line 3. 1 more line has a fault.");
        assert_eq!(lines(50), "Line 1. Line 2. Line 3. 47 more lines have faults.");
    }
}
