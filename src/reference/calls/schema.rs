//! Schemas of the OpenAPI document in words, and as tables of fields.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::one_line;

/// The deepest field that a table lists.
const DEPTH: usize = 6;

#[derive(Clone, Copy)]
pub(in crate::reference) struct Schemas<'a> {
    schemas: &'a Value,
}

impl<'a> Schemas<'a> {
    pub fn of(document: &'a Value) -> Self {
        Self { schemas: &document["components"]["schemas"] }
    }

    /// Follows references, and leaves `null` out of a choice. Returns the schema, and its name if it has one.
    pub fn resolve<'b>(self, schema: &'b Value) -> (&'b Value, &'b str)
    where
        'a: 'b,
    {
        let (mut schema, mut name) = (schema, "");
        loop {
            if let Some(path) = schema["$ref"].as_str() {
                name = path.rsplit('/').next().unwrap_or_default();
                schema = &self.schemas[name];
            } else if let Some(first) = choices(schema).next() {
                schema = first;
            } else {
                return (schema, name);
            }
        }
    }

    /// The type of a resolved schema, `null` aside.
    pub fn type_of(schema: &Value) -> &str {
        match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
            kind => kind.as_str().unwrap_or_default(),
        }
    }

    /// The values of a field in a few words: “integer, 0 to 1000”.
    pub fn kind(self, schema: &Value) -> String {
        let null = if is_nullable(schema) { ", or `null`" } else { "" };
        let forms = self.forms(schema);
        if forms.len() > 1 {
            let names: Vec<_> = forms.into_iter().map(|form| self.name_of(form)).collect();
            return format!("one of {}{null}", names.join(", "));
        }
        let (schema, _) = self.resolve(schema);
        if let Some(words) = schema["enum"].as_array() {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
            return format!("{}{null}", words.join(", "));
        }
        let mut text = match (Self::type_of(schema), schema["format"].as_str()) {
            ("array", _) => format!("list of {}", self.kind(&schema["items"])),
            ("string", Some("date-time")) => "time".to_owned(),
            ("string", Some("date")) => "day".to_owned(),
            ("string", Some("email")) => "email address".to_owned(),
            (kind, _) => kind.to_owned(),
        };
        text.push_str(&bounds(schema));
        if let Some(example) = schema["examples"].get(0) {
            let _infallible = write!(text, ", such as `{}`", as_text(example));
        }
        if let Some(default) = schema.get("default") {
            let _infallible = write!(text, "; `{}` by default", as_text(default));
        }
        format!("{}{null}", one_line(&text))
    }

    /// The description of a field: its own, and that of its type if it says more.
    pub fn about(self, own: &str, schema: &Value) -> String {
        let own = if own.is_empty() { own_description(schema) } else { own };
        let (resolved, _) = self.resolve(schema);
        let general = resolved["description"].as_str().unwrap_or_default();
        // The overview explains times and days, which are in most objects.
        let is_time = matches!(resolved["format"].as_str(), Some("date-time" | "date"));
        let general = if is_time || resolved.get("properties").is_some() || says(own, general) { "" } else { general };
        let sentences = [own, general].into_iter().filter(|text| !text.is_empty()).map(sentence);
        sentences.collect::<Vec<_>>().join(" ")
    }

    /// Returns a table of the fields of an object, nested ones included; one table for each form that the object can have.
    pub fn fields(self, schema: &Value) -> String {
        let variants = self.forms(schema);
        if variants.len() > 1 {
            let variant = |variant: &&Value| {
                let about = sentence(variant["description"].as_str().unwrap_or_default());
                format!("{about}\n\n{}\n", self.table(variant))
            };
            return variants.iter().map(variant).collect();
        }
        self.table(schema)
    }

    /// Follows a reference to a name, without choosing.
    fn named<'b>(self, schema: &'b Value) -> (&'b Value, &'b str)
    where
        'a: 'b,
    {
        match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => (&self.schemas[name], name),
            None => (schema, ""),
        }
    }

    /// Returns the forms of a schema that has several, `null` aside.
    fn forms<'b>(self, mut schema: &'b Value) -> Vec<&'b Value>
    where
        'a: 'b,
    {
        loop {
            schema = if schema["$ref"].is_string() {
                self.named(schema).0
            } else {
                let forms: Vec<_> = choices(schema).collect();
                if forms.len() != 1 {
                    return forms;
                }
                forms[0]
            };
        }
    }

    /// The name of a form, or its kind if it has none.
    fn name_of(self, form: &Value) -> String {
        let (_, name) = self.named(form);
        if name.is_empty() { self.kind(form) } else { name.to_owned() }
    }

    fn table(self, schema: &Value) -> String {
        let mut rows = String::new();
        self.rows("", schema, 0, &mut rows);
        if rows.is_empty() {
            return "No fields.\n".to_owned();
        }
        format!("| field | value | |\n| --- | --- | --- |\n{rows}")
    }

    /// Appends the fields of an object. Those of a nested object with several forms are left to the pages of these.
    fn rows(self, prefix: &str, schema: &Value, depth: usize, rows: &mut String) {
        if self.forms(schema).len() > 1 {
            return;
        }
        let (schema, _) = self.resolve(schema);
        if Self::type_of(schema) == "array" && depth < DEPTH {
            return self.rows(&format!("{prefix}[]."), &schema["items"], depth + 1, rows);
        }
        let required = schema["required"].as_array();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.is_some_and(|required| required.iter().any(|one| one == name));
            let optional = if is_required { "" } else { " *optional*" };
            let about = self.about("", field);
            let _infallible = writeln!(rows, "| `{prefix}{name}`{optional} | {} | {about} |", self.kind(field));
            if self.forms(field).len() > 1 {
                continue;
            }
            let (inner, _) = self.resolve(field);
            match Self::type_of(inner) {
                "object" if depth < DEPTH => self.rows(&format!("{prefix}{name}."), inner, depth + 1, rows),
                "array" if depth < DEPTH => self.rows(&format!("{prefix}{name}[]."), &inner["items"], depth + 1, rows),
                _ => {}
            }
        }
    }
}

/// The choices of a schema, `null` aside.
/// Returns a value as text: a string without its quotation marks.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    let all = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    all.into_iter().flatten().filter(|choice| choice["type"] != "null")
}

fn is_nullable(schema: &Value) -> bool {
    let all = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let has_null = all.is_some_and(|all| all.iter().any(|choice| choice["type"] == "null"));
    has_null || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
}

/// The description beside a reference, which is that of the field.
fn own_description(schema: &Value) -> &str {
    let beside = schema["description"].as_str();
    beside.or_else(|| choices(schema).find_map(|choice| choice["description"].as_str())).unwrap_or_default()
}

/// Returns whether a description has all words of another one, articles aside.
fn says(description: &str, other: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase);
        words.filter(|word| !matches!(word.as_str(), "a" | "an" | "the")).collect()
    };
    words(other).is_subset(&words(description))
}

/// Formats the bounds of a value: “, 0 to 1000” or “, up to 100 characters”.
fn bounds(schema: &Value) -> String {
    let number = |name: &str| {
        schema[name].as_i64().map(|number| number.to_string()).or_else(|| schema[name].as_f64().map(|number| number.to_string()))
    };
    let range = |low: Option<String>, high: Option<String>, unit: &str| match (low, high) {
        (Some(low), Some(high)) => format!(", {low} to {high}{unit}"),
        (Some(low), None) => format!(", from {low}{unit}"),
        (None, Some(high)) => format!(", up to {high}{unit}"),
        (None, None) => String::new(),
    };
    range(number("minimum"), number("maximum"), "")
        + &range(number("minLength"), number("maxLength"), " characters")
        + &range(number("minItems"), number("maxItems"), " items")
}

/// Returns a text for a cell, as a sentence.
fn sentence(text: &str) -> String {
    let text = one_line(text);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.is_empty() || text.ends_with(['.', ':', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn description_of_a_type_is_shown_if_it_says_more() {
        let document =
            json!({ "components": { "schemas": { "Kind": { "type": "string", "description": "The purpose of a trip." } } } });
        let field = json!({ "$ref": "#/components/schemas/Kind" });
        let about = |own: &str| Schemas::of(&document).about(own, &field);
        assert_eq!(about("The purpose of the trip."), "The purpose of the trip.");
        assert_eq!(about("The purpose of the trip; it stays."), "The purpose of the trip; it stays.");
        assert_eq!(about("Set when filed."), "Set when filed. The purpose of a trip.");
        assert_eq!(about(""), "The purpose of a trip.");
    }

    #[test]
    fn field_with_several_forms_names_all_of_them() {
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let document = json!({ "components": { "schemas": {
            "Trip": { "type": "object", "properties": { "tripType": { "type": "string" } } },
            "Aircraft": { "type": "object", "properties": { "tailNumber": { "type": "string" } } },
            "ChangedObject": { "oneOf": [reference("Trip"), reference("Aircraft")] },
            "Change": { "type": "object", "required": ["object"], "properties": {
                "object": { "oneOf": [{ "type": "null" }, reference("ChangedObject")] },
                "others": { "type": "array", "items": reference("ChangedObject") },
                "trip": { "oneOf": [{ "type": "null" }, reference("Trip")] },
            } },
        } } });
        let table = Schemas::of(&document).fields(&reference("Change"));
        for row in [
            "| `object` | one of Trip, Aircraft, or `null` |",
            "| `others` *optional* | list of one of Trip, Aircraft |",
            "| `trip.tripType` *optional* | string |",
        ] {
            assert!(table.contains(row), "no {row} in\n{table}");
        }
        assert!(!table.contains("object.") && !table.contains("others[]"), "{table}");
    }
}
