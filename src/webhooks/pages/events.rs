//! The choice of events in the forms: all, or some by module.

use crate::audit::EventType;
use crate::scopes::Module;
use crate::webhooks::model::Subscription;
use kit::page::{Fields, FormErrors};

/// The pattern of all events.
const ALL: &str = "*";

/// A module and its patterns.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) choices: Vec<Choice>,
}

/// A pattern that can be chosen.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) pattern: String,
    pub(super) field: String,
    /// True for a pattern of all types of a resource.
    pub(super) is_whole: bool,
    pub(super) is_chosen: bool,
}

/// The modules with events, in the order of the form.
const MODULES: [Module; 5] = [Module::Trips, Module::Fleet, Module::Safety, Module::Invoices, Module::Audit];

/// Lists the patterns of a module: each resource as a whole, followed by its types.
fn patterns(module: Module) -> Vec<(String, bool)> {
    let mut patterns: Vec<(String, bool)> = Vec::new();
    for event_type in EventType::ALL.iter().filter(|event_type| event_type.module() == module) {
        let whole = whole_of(event_type.as_str());
        if !patterns.iter().any(|(known, _)| *known == whole) {
            patterns.push((whole, true));
        }
        patterns.push((event_type.as_str().to_owned(), false));
    }
    patterns
}

/// “trip.*” of “trip.created”
fn whole_of(event_type: &str) -> String {
    let resource = event_type.split('.').next().unwrap_or_default();
    format!("{resource}.*")
}

fn field(pattern: &str) -> String {
    format!("event-{pattern}")
}

/// Lists the modules with their patterns.
pub(super) fn groups(fields: &Fields) -> Vec<Group> {
    let choice = |(pattern, is_whole): (String, bool)| {
        let field = field(&pattern);
        Choice { is_chosen: fields.has(&field), field, pattern, is_whole }
    };
    let group = |module: Module| Group { title: module.title(), choices: patterns(module).into_iter().map(choice).collect() };
    MODULES.map(group).into()
}

/// Adds the fields that choose these events.
pub(super) fn of(events: &Subscription, fields: Fields) -> Fields {
    if events.0.iter().any(|pattern| pattern.as_str() == ALL) {
        return fields.with("events", "all");
    }
    events.0.iter().fold(fields.with("events", "chosen"), |fields, pattern| fields.with(&field(pattern.as_str()), "yes"))
}

/// Reads the patterns. A type is left out beside the pattern of its whole resource.
pub(super) fn read(fields: &Fields, faults: &mut FormErrors) -> Vec<String> {
    if fields.is("events", "all") {
        return vec![ALL.to_owned()];
    }
    let is_chosen = |pattern: &str| fields.has(&field(pattern));
    let all = MODULES.into_iter().flat_map(patterns).filter(|(pattern, _)| is_chosen(pattern));
    let chosen: Vec<String> =
        all.filter(|(pattern, is_whole)| *is_whole || !is_chosen(&whole_of(pattern))).map(|(pattern, _)| pattern).collect();
    if chosen.is_empty() {
        faults.add("events", "Choose at least one event, or all.");
    }
    chosen
}

/// Formats a subscription: “All events”, or its patterns.
pub(super) fn in_words(events: &Subscription) -> String {
    if events.to_string() == ALL { "All events".to_owned() } else { events.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_can_be_chosen() {
        let offered: Vec<String> = MODULES.into_iter().flat_map(patterns).map(|(pattern, _)| pattern).collect();
        for event_type in EventType::ALL {
            assert!(offered.contains(&event_type.as_str().to_owned()), "{event_type}");
            assert!(offered.contains(&whole_of(event_type.as_str())), "{event_type}");
        }
    }

    #[test]
    fn subscription_survives_the_form() {
        for patterns in [&["*"][..], &["trip.*", "invoice.paid"], &["api_key.revoked"]] {
            let events = Subscription(patterns.iter().map(|pattern| pattern.parse().expect("a pattern")).collect());
            let mut faults = FormErrors::default();
            assert_eq!(read(&of(&events, Fields::default()), &mut faults), patterns);
            assert!(faults.is_empty());
        }
    }

    #[test]
    fn type_beside_its_whole_resource_is_left_out_and_no_event_is_a_fault() {
        let fields = Fields::from([("events", "chosen"), ("event-trip.*", "yes"), ("event-trip.created", "yes")]);
        assert_eq!(read(&fields, &mut FormErrors::default()), ["trip.*"]);
        let mut faults = FormErrors::default();
        read(&Fields::from([("events", "chosen")]), &mut faults);
        assert!(faults.of("events").is_some());
    }
}
