//! The fields of the form: their choices, and the settings that they say.

use sha2::{Digest, Sha256};

use crate::security::preview::title;
use crate::security::{SecuritySettings, TwoFactorPolicy};
use kit::http::{Check, FieldErrors};
use kit::page::number::plural;
use kit::page::{Fields, FormErrors};

/// Minutes of the sessions that NIST SP 800-63B-4 recommends at AAL2: an hour without use, a day at most.
const STRICT: [(&str, u32); 2] = [("idle_minutes", 60), ("absolute_minutes", 24 * 60)];

const GRACE: [u32; 4] = [0, 7, 14, 30];
const IDLE: [u32; 8] = [15, 30, 60, 4 * 60, 12 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60];
const ABSOLUTE: [u32; 7] = [60, 8 * 60, 12 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60, 90 * 24 * 60];

/// A choice of a field.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) hint: &'static str,
    pub(super) is_chosen: bool,
}

/// Returns the choices of a field. A number that was set over the API is one of them while it is chosen.
pub(super) fn choices(name: &str, chosen: &str) -> Vec<Choice> {
    let choice = |value: String, text: String, hint| Choice { is_chosen: value == chosen, value, text, hint };
    if name == "two_factor_policy" {
        let policies = TwoFactorPolicy::ALL.iter();
        return policies.map(|policy| choice(policy.to_string(), title(*policy).to_owned(), hint(*policy))).collect();
    }
    let (numbers, text): (&[u32], fn(u32) -> String) = match name {
        "grace_days" => (&GRACE, days),
        "idle_minutes" => (&IDLE, minutes),
        _ => (&ABSOLUTE, minutes),
    };
    let mut numbers = numbers.to_vec();
    numbers.extend(chosen.parse::<u32>().ok());
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().map(|number| choice(number.to_string(), text(number), "")).collect()
}

const fn hint(policy: TwoFactorPolicy) -> &'static str {
    match policy {
        TwoFactorPolicy::Optional => "Members decide for themselves.",
        TwoFactorPolicy::Recommended => "Members without it are asked once at each sign-in, and may go on.",
        TwoFactorPolicy::RequiredForAdmins => "Admins and account owners cannot work without it once the grace period has ended.",
        TwoFactorPolicy::RequiredForAll => "No member can work without it once the grace period has ended.",
    }
}

fn days(count: u32) -> String {
    if count == 0 { "None".to_owned() } else { plural(count.into(), "day") }
}

/// Returns a time in its largest whole unit.
fn minutes(count: u32) -> String {
    match count {
        _ if count.is_multiple_of(24 * 60) => plural(u64::from(count) / (24 * 60), "day"),
        _ if count.is_multiple_of(60) => plural(u64::from(count) / 60, "hour"),
        _ => plural(count.into(), "minute"),
    }
}

/// Returns the fields that say these settings.
pub(super) fn of(settings: &SecuritySettings) -> Fields {
    let fields = Fields::default()
        .with("two_factor_policy", settings.two_factor_policy)
        .with("grace_days", settings.grace_days)
        .with("idle_minutes", settings.idle_minutes)
        .with("absolute_minutes", settings.absolute_minutes)
        .with("minimum_password_length", settings.minimum_password_length);
    if settings.passkeys_allowed { fields.with("passkeys_allowed", "true") } else { fields }
}

/// Returns the fields with the sessions of AAL2.
pub(super) fn strict(fields: &Fields) -> Fields {
    STRICT.into_iter().fold(fields.clone(), |fields, (name, minutes)| fields.with(name, minutes))
}

/// Reads the settings, or returns what is wrong with each field.
pub(super) fn read(fields: &Fields) -> Result<SecuritySettings, FormErrors> {
    let mut faults = FormErrors::default();
    let number = |name: &str| fields.read(name).unwrap_or(u32::MAX);
    let policy = fields.read("two_factor_policy");
    if policy.is_none() {
        faults.add("two_factor_policy", "Choose a policy.");
    }
    let settings = SecuritySettings {
        two_factor_policy: policy.unwrap_or(TwoFactorPolicy::Optional),
        grace_days: number("grace_days"),
        // A box that is not ticked is not sent.
        passkeys_allowed: fields.has("passkeys_allowed"),
        idle_minutes: number("idle_minutes"),
        absolute_minutes: number("absolute_minutes"),
        minimum_password_length: number("minimum_password_length"),
    };
    let mut rules = FieldErrors::default();
    settings.check(&mut rules);
    if let Err(error) = rules.into_result() {
        error.fields.iter().for_each(|fault| faults.add(&snake(&fault.field), fault.message.clone()));
    }
    if faults.is_empty() { Ok(settings) } else { Err(faults) }
}

/// Returns the name of the form's field: `idleMinutes` is `idle_minutes` there.
fn snake(field: &str) -> String {
    let letter = |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.to_string() };
    field.chars().map(letter).collect()
}

/// Returns a text that differs for settings that differ.
pub(super) fn digest(settings: &SecuritySettings) -> String {
    hex::encode(Sha256::digest(format!("{settings:?}")))[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_form() {
        let settings = SecuritySettings { passkeys_allowed: false, idle_minutes: 61, ..SecuritySettings::default() };
        assert_eq!(read(&of(&settings)).ok(), Some(settings));
        assert_ne!(digest(&settings), digest(&SecuritySettings::default()));
        let read = read(&strict(&of(&settings))).ok();
        assert_eq!(read.map(|read| (read.idle_minutes, read.absolute_minutes)), Some((60, 1440)));
    }

    #[test]
    fn faulty_number_is_a_fault_of_its_field() {
        let faults = read(&of(&SecuritySettings::default()).with("minimum_password_length", "14")).expect_err("a fault");
        assert!(faults.of("minimum_password_length").is_some());
    }

    #[test]
    fn number_that_was_set_elsewhere_is_a_choice() {
        let texts = |chosen: &str| choices("idle_minutes", chosen).into_iter().map(|choice| choice.text).collect::<Vec<_>>();
        assert_eq!(texts("60")[..3], ["15 minutes", "30 minutes", "1 hour"]);
        assert!(texts("95").contains(&"95 minutes".to_owned()));
    }
}
