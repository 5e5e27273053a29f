//! The fields that the forms of a new key and of a change share: name, custodian, description, addresses, rate limit.

use std::net::IpAddr;

use super::custodian;
use crate::keys::error::Error;
use crate::keys::model::{Allowlist, Key, KeyName, RateLimit, UpdateKey};
use kit::cidr::{Cidr, NotACidr};
use kit::http::client_ip::UNKNOWN;
use kit::http::{Check, FieldError, FieldErrors};
use kit::page::number::grouped;
use kit::page::{Fields, FormErrors};
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
    let fields = fields.with("custodian", key.custodian().map(|id| id.to_string()).unwrap_or_default());
    with_limit(&fields.with("description", key.description.as_deref().unwrap_or_default()), key.rate_limit)
}

fn with_limit(fields: &Fields, limit: Option<RateLimit>) -> Fields {
    let RateLimit { requests, per_seconds } = limit.unwrap_or(RateLimit::DEFAULT);
    let numbers = fields.with("requests", requests).with("seconds", per_seconds);
    if limit.is_none() { numbers.with("unlimited", "yes") } else { numbers }
}

/// Returns whether “More” must be open: a field in it has a fault, or is not at its default.
pub(super) fn has_more(fields: &Fields, faults: &FormErrors) -> bool {
    let defaults = defaults();
    let is_touched = |field| faults.of(field).is_some() || fields.text(field) != defaults.text(field);
    MORE.into_iter().any(is_touched) || fields.is("unlimited", "yes")
}

/// Returns the person's address as an example for the allow-list, if it is known.
pub(super) fn example(address: IpAddr) -> Option<IpAddr> {
    Some(address).filter(|address| *address != UNKNOWN)
}

/// Parses the fields. A field that cannot be parsed is left out and becomes a fault.
pub(super) fn read(fields: &Fields, faults: &mut FormErrors) -> UpdateKey {
    let name = value_or_fault(parse_name(fields), "name", faults);
    // A browser sends a line break as two characters, and counts it as one.
    let description = fields.verbatim("description").replace("\r\n", "\n").parse();
    let description = value_or_fault(description.map_err(|error| text_fault("description", &error)), "description", faults);
    let rate_limit = Some(limit(fields));
    let custodian_id = custodian::read(fields, faults);
    let mut change = UpdateKey { name, description: Some(description), ip_allowlist: None, rate_limit, custodian_id };
    for fault in faults_of(|faults| change.check(faults)) {
        let field = match fault.field.as_str() {
            "rateLimit.requests" => "requests",
            "rateLimit.perSeconds" => "seconds",
            _ => "name",
        };
        faults.add(field, fault.message);
    }
    let lines: Vec<_> = lines(fields).collect();
    if let Some(fault) = allowlist_fault(&lines) {
        faults.add("addresses", fault);
    }
    change.ip_allowlist = Some(Some(lines.into_iter().map(|(_, text)| text.to_owned()).collect()));
    change
}

/// Returns the fault of the allow-list: its length, or its first faulty lines and the number of further ones.
fn allowlist_fault(lines: &[(usize, &str)]) -> Option<String> {
    const DESCRIBED: usize = 3;
    if lines.len() > Allowlist::MAX_BLOCKS {
        return Some(format!("There are {} lines; at most {} are allowed.", grouped(lines.len() as u64), Allowlist::MAX_BLOCKS));
    }
    let mut faults: Vec<_> = lines.iter().filter_map(|(number, text)| line_fault(*number, text)).collect();
    let further = faults.len().saturating_sub(DESCRIBED);
    faults.truncate(DESCRIBED);
    match further {
        0 => {}
        1 => faults.push("1 more line has a fault.".to_owned()),
        _ => faults.push(format!("{further} more lines have faults.")),
    }
    (!faults.is_empty()).then(|| faults.join(" "))
}

/// Parses the name, or returns the message of its fault.
pub(super) fn parse_name(fields: &Fields) -> Result<KeyName, String> {
    fields.verbatim("name").parse().map_err(|error| name_fault(&error))
}

/// Runs a check of an input and returns the faults it finds.
pub(super) fn faults_of(check: impl FnOnce(&mut FieldErrors)) -> Vec<FieldError> {
    let mut faults = FieldErrors::default();
    check(&mut faults);
    faults.into_result().err().map(|error| error.fields.clone()).unwrap_or_default()
}

/// Returns the value, or adds a fault of `field`.
pub(super) fn value_or_fault<T>(read: Result<T, String>, field: &str, faults: &mut FormErrors) -> Option<T> {
    read.map_err(|message| faults.add(field, message)).ok()
}

/// Returns a fault of the name that another key has.
pub(super) fn name_taken(error: &Error) -> FormErrors {
    FormErrors::of_field("name", sentence(error))
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
        BadText::Invisible => format!("This {what} has no character that can be seen."),
        BadText::Mark(_) => format!("This {what} has accents without a letter, or too many on one. Type it again."),
        BadText::Isolate => format!("This {what} has a directional isolate that does not end in its line. Type it again."),
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

/// Returns the fault of a line of the allow-list, if it has one.
fn line_fault(number: usize, text: &str) -> Option<String> {
    match text.parse::<Cidr>().err()? {
        NotACidr::Malformed => {
            Some(format!("Line {number}, “{text}”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32."))
        }
        error => Some(format!("Line {number}, “{text}”: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_three_faulty_lines_are_described() {
        let fault = |count: usize| {
            let lines: Vec<_> = (1..=count).map(|number| (number, "x")).collect();
            allowlist_fault(&lines).unwrap_or_default()
        };
        let line = |number| format!("Line {number}, “x”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32.");
        let three = [1, 2, 3].map(line).join(" ");
        assert_eq!([fault(0), fault(1), fault(3)], [String::new(), line(1), three.clone()]);
        assert_eq!(fault(4), format!("{three} 1 more line has a fault."));
        assert_eq!(fault(50), format!("{three} 47 more lines have faults."));
        assert_eq!(fault(1_001), "There are 1,001 lines; at most 50 are allowed.");
    }
}
