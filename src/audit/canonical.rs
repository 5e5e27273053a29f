//! Canonical JSON (RFC 8785) of an event, in one pass and without a tree of values: the bytes that the hash chain covers.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::ser::Formatter;

use super::event::{Event, EventId};
use kit::clock::Time;

/// The bytes that most events take.
const USUAL_LENGTH: usize = 640;

/// Returns the event as it is sent, without `hash`, in RFC 8785 form.
pub(super) fn canonical_json(event: &Event) -> Vec<u8> {
    let mut json = Vec::with_capacity(USUAL_LENGTH);
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, Doubles);
    // Neither a vector nor these types fail. A shorter text would not have the hash that is stored.
    let _written = Fields::of(event).serialize(&mut serializer);
    json
}

/// The fields of an event, in the order of their names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    action: &'a str,
    actor: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Proof<'a>>,
    details: Sorted<'a>,
    id: EventId,
    ip: Option<&'a str>,
    occurred_at: Time,
    outcome: &'a str,
    request_id: Option<&'a str>,
    sequence: i64,
    target: Option<Named<'a>>,
    user_agent: Option<&'a str>,
}

/// An actor or a target.
#[derive(Serialize)]
struct Named<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    r#type: &'a str,
}

/// A proof of identity.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof<'a> {
    age_seconds: i64,
    methods: &'a [String],
}

impl<'a> Fields<'a> {
    fn of(event: &'a Event) -> Self {
        // Every field by name: a new one has to be added here.
        let Event {
            id,
            sequence,
            occurred_at,
            action,
            outcome,
            actor,
            target,
            ip,
            user_agent,
            request_id,
            details,
            authentication,
            hash: _,
        } = event;
        Self {
            action,
            actor: Named { id: actor.id.as_deref(), name: actor.name.as_deref(), r#type: &actor.kind },
            authentication: authentication
                .as_ref()
                .map(|proof| Proof { age_seconds: proof.age_seconds, methods: &proof.methods }),
            details: Sorted(details),
            id: *id,
            ip: ip.as_deref(),
            occurred_at: *occurred_at,
            outcome,
            request_id: request_id.as_deref(),
            sequence: *sequence,
            target: target.as_ref().map(|target| Named {
                id: target.id.as_deref(),
                name: target.name.as_deref(),
                r#type: &target.kind,
            }),
            user_agent: user_agent.as_deref(),
        }
    }
}

/// A value whose objects are serialized in the order of their names, by UTF-16 code units.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(object) => {
                let mut fields: Vec<_> = object.iter().collect();
                fields.sort_unstable_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
                serializer.collect_map(fields.into_iter().map(|(name, value)| (name, Sorted(value))))
            }
            Value::Array(values) => serializer.collect_seq(values.iter().map(Sorted)),
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain.serialize(serializer),
        }
    }
}

/// Writes every number as ECMAScript writes it: RFC 8785 has one kind of number, the double.
struct Doubles;

impl Formatter for Doubles {
    #[expect(clippy::cast_precision_loss, reason = "what a double cannot hold is rounded, as the RFC says")]
    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        self.write_f64(writer, value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "what a double cannot hold is rounded, as the RFC says")]
    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        self.write_f64(writer, value as f64)
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(ryu_js::Buffer::new().format_finite(value).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::actor::EventActor;
    use crate::audit::authentication::EventAuthentication;
    use crate::audit::target::EventTarget;

    /// Any text, often one that is escaped or whose order depends on the encoding.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-c\"\\\\/\u{0}-\u{1f}\u{7f}\u{2028}\u{ff5e}\u{1f600}]{0,6}"]
    }

    fn details() -> impl Strategy<Value = Value> {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-1e6..1e6).prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        plain.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn named() -> impl Strategy<Value = (String, Option<String>, Option<String>)> {
        (text(), prop::option::of(text()), prop::option::of(text()))
    }

    prop_compose! {
        fn event()(
            id in any::<u128>(), sequence in any::<i64>(), micros in 0..4_102_444_800_000_000_i64,
            (action, outcome, ip, user_agent, request_id) in (text(), text(), prop::option::of(text()), prop::option::of(text()), prop::option::of(text())),
            actor in named(), target in prop::option::of(named()), details in details(),
            proof in prop::option::of((prop::collection::vec(text(), 0..3), any::<i64>())), hash in text(),
        ) -> Event {
            Event {
                id: EventId(uuid::Uuid::from_u128(id)),
                sequence,
                occurred_at: Time::from_micros(micros).expect("a time"),
                action, outcome, ip, user_agent, request_id, details, hash,
                actor: EventActor { kind: actor.0, id: actor.1, name: actor.2 },
                target: target.map(|(kind, id, name)| EventTarget { kind, id, name }),
                authentication: proof.map(|(methods, age_seconds)| EventAuthentication { methods, age_seconds }),
            }
        }
    }

    proptest! {
        #[test]
        fn canonical_json_is_the_event_without_its_hash_as_a_library_writes_it(event in event()) {
            let mut value = serde_json::to_value(&event).expect("JSON");
            value.as_object_mut().expect("an object").remove("hash");
            let expected = serde_json_canonicalizer::to_string(&value).expect("JSON");
            prop_assert_eq!(String::from_utf8(canonical_json(&event)).expect("UTF-8"), expected);
        }
    }
}
