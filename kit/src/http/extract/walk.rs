//! The faults of a JSON body, all at once, by the schema of its type.
//!
//! A body is read twice only if its type did not take it. The walk reads the text as it stands, without a tree of its values.

use std::cell::LazyCell;
use std::fmt::{self, Write};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Array, ArrayItems, Object, Schema};

use super::FieldErrors;
use super::expected::{Expected, Form, Schemas, bounds, is_closed};
use super::probe::{Step, probe};
use crate::http::{ApiError, Doc};
use crate::text::refuse_secret;

/// Returns the faults of a JSON text as a body of type `T`. Fails if the text, which errors call `subject`, is not JSON.
pub(super) fn faults_of<T: DeserializeOwned + ToSchema>(body: &[u8], subject: &str) -> Result<FieldErrors, ApiError> {
    let mut doc = Doc::default();
    let schema = doc.schema::<T>();
    let mut walk = Walk { schemas: &doc.schemas, probe: probe::<T>, path: Vec::new(), faults: FieldErrors::default() };
    let mut json = serde_json::Deserializer::from_slice(body);
    walk.value(&schema).deserialize(&mut json).map_err(|error| not_json(&error, subject))?;
    json.end().map_err(|_| ApiError::invalid(format!("{subject} continues after its JSON value. Send one value.")))?;
    Ok(walk.faults)
}

/// A text that is not JSON. The place is where reading ended, which is at the fault or shortly after it.
fn not_json(error: &serde_json::Error, subject: &str) -> ApiError {
    let (line, column) = (error.line(), error.column());
    let hint = if error.is_eof() { "it ends too early" } else { "check quotes, commas, brackets, escapes and numbers there" };
    ApiError::invalid(format!("{subject} is not JSON that can be read, at line {line}, column {column}: {hint}."))
}

/// The largest number of items of a list that are looked at, if its schema has no limit.
const MOST_ITEMS: usize = 1000;

/// The state of a walk.
struct Walk<'s> {
    schemas: &'s Schemas,
    probe: fn(&[Step], &str) -> Option<String>,
    path: Vec<Step>,
    faults: FieldErrors,
}

impl<'s> Walk<'s> {
    fn value<'w>(&'w mut self, schema: &'s RefOr<Schema>) -> Value<'w, 's> {
        let expected = Expected::of(schema, self.schemas);
        Value { walk: self, expected }
    }

    /// Adds a fault of the value at the current path.
    fn add(&mut self, message: impl Into<String>) {
        self.faults.add(spelled(&self.path), message);
    }

    /// Adds a fault of a field of the object at the current path. A fault beyond the bound costs no text: a body may have very
    /// many of them.
    fn add_field(&mut self, name: &str, message: &str) {
        if self.faults.is_full() {
            return self.faults.cut();
        }
        self.path.push(Step::Field(label(name)));
        self.add(message);
        self.path.pop();
    }
}

/// Returns a path such as `lineItems[2].quantity`.
fn spelled(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.extend([".", name]),
            Step::Item(place) => {
                // Writing to a string cannot fail.
                let _infallible = write!(text, "[{place}]");
            }
        }
    }
    text
}

/// Returns the name of a field as an error repeats it: without a secret, and shortened.
pub(super) fn label(name: &str) -> String {
    const MOST: usize = 60;
    let clean = key_format::scrub(name);
    if refuse_secret(&clean).is_err() {
        return "…".to_owned();
    }
    match clean.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.into_owned(),
    }
}

/// A value and its schema.
struct Value<'w, 's> {
    walk: &'w mut Walk<'s>,
    expected: Expected<'s>,
}

impl<'s> Value<'_, 's> {
    /// Adds the fault of a value of another form.
    fn refuse(self) {
        if !matches!(self.expected.form, Form::Any) {
            self.walk.add(self.expected.words());
        }
    }

    /// Adds the fault of a number or flag that was sent as text.
    fn refuse_quoted(self) {
        self.walk.add(format!("{}, without quotes", self.expected.words()));
    }

    fn whole_number(self, number: i128) {
        let Form::WholeNumber(object) = self.expected.form else { return self.refuse() };
        let (least, most) = bounds(object);
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            self.refuse();
        }
    }

    fn text(self, text: &str) {
        match self.expected.form {
            Form::OneOf(words) if words.iter().any(|word| word.as_str() == Some(text)) => {}
            Form::Text(_) => {
                if !self.walk.faults.is_full()
                    && let Some(fault) = (self.walk.probe)(&self.walk.path, text)
                {
                    self.walk.add(fault);
                }
            }
            Form::WholeNumber(_) if text.parse::<i128>().is_ok() => self.refuse_quoted(),
            Form::Flag if text.parse::<bool>().is_ok() => self.refuse_quoted(),
            _ => self.refuse(),
        }
    }

    fn list<'de, A: SeqAccess<'de>>(self, list: &'s Array, mut items: A) -> Result<(), A::Error> {
        let ArrayItems::RefOrSchema(item) = &list.items else { return ignore_items(items) };
        let walk = self.walk;
        let looked_at = list.max_items.unwrap_or(MOST_ITEMS);
        let mut count = 0;
        loop {
            if count == looked_at || walk.faults.is_full() {
                let mut ignored = 0;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    ignored += 1;
                }
                count += ignored;
                break;
            }
            walk.path.push(Step::Item(count));
            let expected = Expected::of(item, walk.schemas);
            let found = items.next_element_seed(Value { walk: &mut *walk, expected })?;
            walk.path.pop();
            if found.is_none() {
                break;
            }
            count += 1;
        }
        let (least, most) = (list.min_items.unwrap_or(0), list.max_items);
        match most {
            _ if (least..=most.unwrap_or(usize::MAX)).contains(&count) => {}
            Some(most) => walk.add(format!("must have {least} to {most} items; this has {count}")),
            None => walk.add(format!("must have at least {least} items; this has {count}")),
        }
        Ok(())
    }

    fn object<'de, A: MapAccess<'de>>(self, object: &'s Object, mut fields: A) -> Result<(), A::Error> {
        let walk = self.walk;
        let mut seen: Vec<&str> = Vec::new();
        let not_known = LazyCell::new(|| unknown("field", object.properties.keys().map(String::as_str)));
        while let Some(name) = fields.next_key::<String>()? {
            let Some((known, schema)) = object.properties.get_key_value(&name) else {
                fields.next_value::<IgnoredAny>()?;
                if is_closed(object) {
                    walk.add_field(&name, &not_known);
                }
                continue;
            };
            if seen.contains(&known.as_str()) {
                fields.next_value::<IgnoredAny>()?;
                walk.add_field(known, DUPLICATE);
                continue;
            }
            seen.push(known);
            walk.path.push(Step::Field(name));
            let expected = Expected::of(schema, walk.schemas);
            fields.next_value_seed(Value { walk: &mut *walk, expected })?;
            walk.path.pop();
        }
        for name in object.required.iter().filter(|name| !seen.contains(&name.as_str())) {
            walk.add_field(name, MISSING);
        }
        Ok(())
    }
}

/// The fault of a name that occurs more than once.
pub(super) const DUPLICATE: &str = "must be given once; this has it more than once";
/// The fault of a required field or parameter that was left out.
pub(super) const MISSING: &str = "is required";

/// Returns the fault of an unknown field or parameter, with the known ones.
pub(super) fn unknown<'a>(kind: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.collect();
    match known.as_slice() {
        [] => format!("is not a {kind} of this request, which has none"),
        known => format!("is not a {kind} here; allowed: {}", known.join(", ")),
    }
}

fn ignore_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        if !matches!(self.expected.form, Form::Flag) {
            self.refuse();
        }
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.whole_number(number.into());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.whole_number(number.into());
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.refuse();
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if !self.expected.is_nullable {
            self.refuse();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        if let Form::List(list) = self.expected.form {
            return self.list(list, items);
        }
        self.refuse();
        ignore_items(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        if let Form::Object(object) = self.expected.form {
            return self.object(object, fields);
        }
        self.refuse();
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
