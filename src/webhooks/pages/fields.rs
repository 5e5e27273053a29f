//! The fields that the forms of a new endpoint and of a change share: URL, description, events, schedule.

use secrecy::SecretString;

use super::events;
use crate::webhooks::input::{CreateEndpoint, Description, EndpointUrl, RotateSecret, UpdateEndpoint};
use crate::webhooks::model::{Endpoint, Schedule};
use kit::http::{Check, FieldErrors};
use kit::page::{Fields, FormErrors};

/// The order of the fields on the page.
const ORDER: [&str; 5] = ["url", "description", "events", "signing_secret", "schedule"];

/// The field of a secret that is typed in. Pages never send it back.
pub(super) const SECRET: &str = "signing_secret";

/// Returns the fields of a new endpoint.
pub(super) fn defaults() -> Fields {
    Fields::from([("events", "all"), ("secret", "generated"), ("schedule", Schedule::Standard.as_str())])
}

/// Returns the fields of an existing endpoint.
pub(super) fn of(endpoint: &Endpoint) -> Fields {
    let fields = Fields::default().with("url", &endpoint.url).with("schedule", endpoint.schedule);
    events::of(&endpoint.events, fields.with("description", endpoint.description.as_deref().unwrap_or_default()))
}

/// The fields that both forms have.
struct Shared {
    url: Option<EndpointUrl>,
    description: Option<Description>,
    events: Vec<String>,
    schedule: Option<Schedule>,
}

fn shared(fields: &Fields, faults: &mut FormErrors) -> Shared {
    let url = faults.read(fields, "url", "the address that receives the events");
    // A browser sends a line break as two characters, and counts it as one.
    let description = fields.verbatim("description").replace("\r\n", "\n").parse();
    let description = description.map_err(|error| faults.add("description", kit::text::sentence(error))).ok();
    Shared { url, description, events: events::read(fields, faults), schedule: fields.read("schedule") }
}

/// Reads a new endpoint, or returns every fault.
pub(super) fn read_new(fields: &Fields) -> Result<CreateEndpoint, FormErrors> {
    let mut faults = FormErrors::default();
    let Shared { url, description, events, schedule } = shared(fields, &mut faults);
    let secret = read_secret(fields, &mut faults);
    let Some(url) = url else { return Err(sorted(faults)) };
    let input = CreateEndpoint { url, description, events, active: true, secret, schedule };
    finish(faults, input)
}

/// Reads a change, or returns every fault.
pub(super) fn read_change(fields: &Fields) -> Result<UpdateEndpoint, FormErrors> {
    let mut faults = FormErrors::default();
    let Shared { url, description, events, schedule } = shared(fields, &mut faults);
    let (description, events) = (Some(description), Some(events));
    finish(faults, UpdateEndpoint { url, description, events, schedule, ..UpdateEndpoint::default() })
}

/// Reads a rotation, or returns every fault.
pub(super) fn read_rotation(fields: &Fields) -> Result<RotateSecret, FormErrors> {
    let mut faults = FormErrors::default();
    let secret = read_secret(fields, &mut faults);
    finish(faults, RotateSecret { overlap_hours: fields.read("overlap_hours"), secret })
}

/// Reads the secret: `None` for one that is generated.
fn read_secret(fields: &Fields, faults: &mut FormErrors) -> Option<SecretString> {
    if !fields.is("secret", "own") {
        return None;
    }
    let typed = fields.given(SECRET).map(SecretString::from);
    if typed.is_none() {
        faults.add(SECRET, "Enter the secret, or have one generated.");
    }
    typed
}

/// Returns the input if neither a field nor the input as a whole has a fault.
fn finish<T: Check>(mut faults: FormErrors, input: T) -> Result<T, FormErrors> {
    let mut rules = FieldErrors::default();
    if faults.is_empty() {
        input.check(&mut rules);
    }
    if let Err(error) = rules.into_result() {
        for fault in &error.fields {
            faults.add(field_of(&fault.field), fault.message.clone());
        }
    }
    if faults.is_empty() { Ok(input) } else { Err(sorted(faults)) }
}

/// Returns the field of the form for one of the API.
fn field_of(field: &str) -> &str {
    match field {
        "secret" => SECRET,
        "overlapHours" => "overlap_hours",
        _ if field.starts_with("events") => "events",
        other => other,
    }
}

fn sorted(mut faults: FormErrors) -> FormErrors {
    faults.sort_as(&ORDER);
    faults
}
