//! Example bodies and responses: by hand in `examples.json`, and from the schema.
//!
//! A value is looked up by schema and field (`Trip.origin`), then by field alone. A response repeats the values of the request body.

use std::mem::discriminant;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::schema::{Schemas, as_text};

#[derive(Deserialize)]
struct File {
    /// The example of a request body, by the name of its schema.
    bodies: Map<String, Value>,
    /// The example of a field of a response.
    values: Map<String, Value>,
}

/// Written with the program: a file that cannot be read fails every test.
static FILE: LazyLock<File> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("examples.json has bodies and values"));

/// Stands for a text without an example. A test fails if a page has it.
pub(in crate::reference) const UNKNOWN: &str = "(no example)";

/// The deepest object of an example.
const DEPTH: usize = 8;

pub(in crate::reference) struct Examples<'a> {
    schemas: Schemas<'a>,
}

impl<'a> Examples<'a> {
    pub fn of(schemas: Schemas<'a>) -> Self {
        Self { schemas }
    }

    /// Returns the example of a request body.
    pub fn body(schema: &Value) -> Value {
        let named = schema["$ref"].as_str().or_else(|| schema["items"]["$ref"].as_str());
        let name = named.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        FILE.bodies.get(name).cloned().unwrap_or_else(|| json!({}))
    }

    /// Returns the example of a response to a request with this body as indented JSON.
    pub fn response(&self, schema: &Value, body: Option<&Value>) -> String {
        let mut value = self.value("", "", schema, 0);
        if let Some(Value::Object(body)) = body {
            repeat(&mut value, body);
        }
        serde_json::to_string_pretty(&value).unwrap_or_default()
    }

    /// Returns the example of a parameter of the call at `path`.
    pub fn parameter(&self, path: &str, name: &str, schema: &Value) -> String {
        let owner = if path.contains("/invoices/") { "Invoice" } else { "" };
        match name {
            "externalId" => as_text(&self.value(owner, name, schema, 0)),
            "requestId" => "req_01h455vb4pex5vsknk084sn02q".to_owned(),
            "Github-Public-Key-Identifier" | "Github-Public-Key-Signature" => "…".to_owned(),
            _ => as_text(&self.value("", "", schema, 0)),
        }
    }

    fn value(&self, owner: &str, name: &str, schema: &Value, depth: usize) -> Value {
        if let Some(value) = FILE.values.get(&format!("{owner}.{name}")) {
            return value.clone();
        }
        let (schema, schema_name) = self.schemas.resolve(schema);
        let owner = if schema_name.is_empty() { owner } else { schema_name };
        let is_choice = schema.get("enum").is_some() || schema.get("properties").is_some();
        if let Some(value) = FILE.values.get(name).filter(|_| !is_choice) {
            return value.clone();
        }
        let first = |name: &str| schema[name].as_array().and_then(|all| all.first()).cloned();
        if let Some(value) = schema.get("const").cloned().or_else(|| first("enum")).or_else(|| first("examples")) {
            return value;
        }
        if let Some(fields) = schema["properties"].as_object().filter(|_| depth < DEPTH) {
            return self.object(owner, fields, &schema["required"], depth);
        }
        match Schemas::type_of(schema) {
            "array" => json!([self.value(owner, &format!("{name}[]"), &schema["items"], depth + 1)]),
            "boolean" => json!(true),
            "integer" | "number" => json!(1),
            "object" => json!({}),
            _ => json!(UNKNOWN),
        }
    }

    /// Fields that a response may leave out are left out.
    fn object(&self, owner: &str, fields: &Map<String, Value>, required: &Value, depth: usize) -> Value {
        let required = required.as_array();
        let is_sent = |name: &str| required.is_none_or(|required| required.iter().any(|one| one == name));
        let field = |(name, schema): (&String, &Value)| (name.clone(), self.value(owner, name, schema, depth + 1));
        Value::Object(fields.iter().filter(|(name, _)| is_sent(name)).map(field).collect())
    }
}

/// Repeats the fields of a request body in the outermost objects of a response that share a field with it.
fn repeat(response: &mut Value, body: &Map<String, Value>) {
    let Value::Object(fields) = response else { return };
    let is_shared = fields.keys().any(|name| body.contains_key(name));
    for (name, field) in fields {
        match body.get(name) {
            Some(sent) => replace(field, sent),
            None if !is_shared => repeat(field, body),
            None => {}
        }
    }
}

/// Replaces a value by the one that was sent, and in objects the fields that were sent. A value of another kind stays, and so does a
/// secret: an ellipsis stands for most of it.
fn replace(value: &mut Value, sent: &Value) {
    match (value, sent) {
        (Value::Object(fields), Value::Object(sent)) => {
            for (name, field) in fields {
                if let Some(sent) = sent.get(name) {
                    replace(field, sent);
                }
            }
        }
        (Value::Array(items), Value::Array(sent)) if items.first().is_some_and(Value::is_object) => {
            for (item, sent) in items.iter_mut().zip(sent) {
                replace(item, sent);
            }
        }
        (_, Value::String(text)) if text.contains('…') => {}
        (value, sent) if value.is_null() || discriminant(value) == discriminant(sent) => value.clone_from(sent),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_repeats_the_values_of_the_request() {
        let body = json!({
            "description": "Crew scheduling", "events": ["trip.*"], "workspace": "skyline", "token": "pci_…",
            "client": { "name": "Northwind Capital" }, "lines": [{ "quantity": "2" }, { "quantity": "3" }],
        });
        let mut response = json!({ "success": true, "data": {
            "other": { "name": "Ana Keller" },
            "webhook": {
                "id": "wh_1", "description": "Wall display", "events": ["*", "trip.*"], "workspace": { "id": "ws_1" },
                "token": "pcs_…", "client": { "name": "Tom Hale", "email": null }, "lines": [{ "quantity": "1", "amount": 5 }],
                "creator": { "description": "Ana Keller" },
            },
        } });
        repeat(&mut response, body.as_object().expect("an object"));
        let expected = json!({ "success": true, "data": {
            "other": { "name": "Ana Keller" },
            "webhook": {
                "id": "wh_1", "description": "Crew scheduling", "events": ["trip.*"], "workspace": { "id": "ws_1" },
                "token": "pcs_…", "client": { "name": "Northwind Capital", "email": null },
                "lines": [{ "quantity": "2", "amount": 5 }], "creator": { "description": "Ana Keller" },
            },
        } });
        assert_eq!(response, expected);
    }

    #[test]
    fn external_id_is_that_of_the_resource() {
        let (document, text) = (json!({}), json!({ "type": "string" }));
        let examples = Examples::of(Schemas::of(&document));
        for (path, id) in
            [("/api/v1/ops/invoices/by-external-id/{externalId}", "QB-2041"), ("/api/v1/ops/trips/{id}", "FOS-10412")]
        {
            assert_eq!(examples.parameter(path, "externalId", &text), id);
        }
    }
}
