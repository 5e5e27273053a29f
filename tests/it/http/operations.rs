//! Wrong inputs of every operation of the OpenAPI document, generated from its schemas.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Map, Value, json};

use super::faults::{faults, without_limits};
use crate::support::{Client, Response, TestApp};

/// Words that name types of the server, or come from its parsers.
const FOREIGN: [&str; 26] = [
    "expected ",
    "invalid type",
    "invalid value",
    "invalid length",
    "unknown variant",
    "unknown field",
    "missing field",
    "duplicate field",
    "struct ",
    "enum ",
    "Option",
    "u8",
    "u16",
    "u32",
    "u64",
    "i64",
    "usize",
    "String",
    "sequence",
    " map",
    "boolean",
    "floating point",
    "serde",
    "trailing",
    "the form of this call",
    "cannot be read",
];

fn assert_plain(refused: &Response, sent: &str) {
    // The name of a parameter is no word of a parser.
    let text = refused.text.replace("after_sequence", "");
    for word in FOREIGN {
        assert!(!text.contains(word), "“{word}” for {sent}: {}", refused.text);
    }
}

/// The OpenAPI document.
struct Document(Value);

impl Document {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => self.resolve(&self.0["components"]["schemas"][name.rsplit('/').next().unwrap_or_default()]),
            None => schema["oneOf"]
                .as_array()
                .and_then(|all| all.iter().find(|one| one["type"] != "null"))
                .map_or(schema, |one| self.resolve(one)),
        }
    }

    /// Methods, paths with an id where one is needed, and operations.
    fn operations(&self) -> Vec<(Method, String, &Value)> {
        let mut found = Vec::new();
        for (path, methods) in self.0["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods").iter().filter(|(_, it)| it["responses"].is_object())
            {
                let mut path = path.clone();
                for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path") {
                    let name = parameter["name"].as_str().expect("a name");
                    let example = self.resolve(&parameter["schema"])["examples"][0].as_str().unwrap_or("A-1");
                    path = path.replace(&format!("{{{name}}}"), example);
                }
                found.push((method.to_uppercase().parse().expect("a method"), path, operation));
            }
        }
        found
    }

    fn body<'a>(&'a self, operation: &'a Value) -> Option<&'a Value> {
        Some(self.resolve(operation.pointer("/requestBody/content/application~1json/schema")?))
    }
}

async fn document(client: &Client) -> Document {
    Document(client.get("/openapi.json").await.is(200).json.clone())
}

fn wrong_values() -> Vec<Value> {
    let texts =
        ["", "x", " ", "null", "1", "2026-13-01T00:00:00Z", "key_1", "é\u{202e}", "99999999999999999999"].map(Value::from);
    let others = [
        json!(null),
        json!(true),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "a": 1 }),
        json!(["x"]),
        json!([[]]),
        json!([{}]),
    ];
    texts.into_iter().chain(others).collect()
}

#[tokio::test]
async fn no_operation_answers_a_wrong_body_in_words_of_its_parser() {
    let t = without_limits().await;
    let owner = t.owner().await;
    let document = document(&owner).await;
    let mut refusals = 0;
    for (method, path, operation) in document.operations() {
        let Some(schema) = document.body(operation) else { continue };
        // A call before may have signed everyone out.
        let owner = t.owner().await;
        let none = Map::new();
        let fields = schema["properties"].as_object().unwrap_or(&none);
        let mut bodies = vec![(None, json!({ "nope": 1 }))];
        for name in fields.keys() {
            bodies.extend(wrong_values().into_iter().map(|value| (Some(name), json!({ name: value }))));
        }
        for (name, body) in bodies {
            let sent = format!("{method} {path} {body}");
            let answer = owner.json(method.clone(), &path, body).await;
            assert!(answer.status < 500, "{sent}: {}", answer.text);
            if answer.status != 400 {
                continue;
            }
            refusals += 1;
            let refused = answer.code("INVALID_REQUEST");
            assert_plain(&refused, &sent);
            let found = faults(&refused);
            let name = name.map_or("nope", String::as_str);
            let is_reported = |(field, message): &(String, String)| field.starts_with(name) || message == "is required";
            assert!(found.iter().any(is_reported), "{sent}: {}", refused.text);
        }
        let all: Map<_, _> = fields.keys().map(|name| (name.clone(), json!({ "a": { "b": 1 } }))).collect();
        if all.is_empty() {
            continue;
        }
        let refused = t.owner().await.json(method.clone(), &path, json!(all)).await;
        // An object of another standard takes any fields.
        let is_free = |schema: &Value| schema["type"].to_string().contains("object") && schema["properties"].is_null();
        for name in fields.iter().filter(|(_, schema)| !is_free(document.resolve(schema))).map(|(name, _)| name) {
            let is_named = faults(&refused).iter().any(|(field, _)| field.split(['.', '[']).next() == Some(name));
            assert!(is_named, "{method} {path}: {name} in {}", refused.text);
        }
    }
    assert!(refusals > 1_000, "{refusals}");
}

/// A value that a required field takes.
fn accepted(field: &str) -> Value {
    match field {
        "name" | "model" => json!("Fleet sync"),
        "password" | "currentPassword" | "newPassword" => json!("a long enough password"),
        "title" | "description" => json!("The left fuel cap was found open before the second leg."),
        "permissions" => json!("read_only"),
        "ceremony" => json!("pcw_none"),
        "credential" => json!({}),
        "challenge" => json!("pcc_none"),
        "code" => json!("123456"),
        "twoFactorPolicy" => json!("optional"),
        "graceDays" => json!(0),
        "passkeysAllowed" => json!(true),
        "idleMinutes" => json!(720),
        "absoluteMinutes" => json!(10_080),
        "minimumPasswordLength" => json!(15),
        "allowNoExpiration" | "requireIpAllowlistForWrite" => json!(false),
        "rotateAfterDays" => json!(90),
        "onLeak" => json!("notify"),
        "items" => json!([{}]),
        "ids" => json!(["key_01h455vb4pex5vsknk084sn02q"]),
        "custodianId" => json!("user_01h455vb4pex5vsknk084sn02q"),
        "email" => json!("ana@skyline.example"),
        "role" => json!("pilot"),
        "tailNumber" => json!("N123AB"),
        "typeDesignator" => json!("C25B"),
        "client" => json!({ "name": "Alpine Charter AG" }),
        "currency" => json!("CHF"),
        "lineItems" => json!([{ "description": "Fuel", "quantity": "1", "unitPrice": 100 }]),
        "dueDate" => json!("2099-01-01"),
        "tripType" => json!("charter"),
        "origin" | "destination" => json!("KTEB"),
        "departureDate" | "occurredAt" | "since" => json!("2026-11-22T17:05:00Z"),
        "expiresAt" | "maxLifetimeDays" | "at" => Value::Null,
        "reportType" => json!("concern"),
        "confidentiality" => json!("standard"),
        "url" => json!("https://8.8.8.8/"),
        "events" => json!(["*"]),
        other => panic!("an unknown required field: {other}"),
    }
}

/// The values of an object in the order of its type, which serde would take for the object.
fn values_in_order(field: &str) -> Value {
    match field {
        "rateLimit" => json!([600, 60]),
        "client" => json!(["Alpine Charter AG", null]),
        "lineItems" => json!(["Fuel", "1", 100]),
        "items" => json!(["T-1", "charter"]),
        other => panic!("an unknown object: {other}"),
    }
}

#[tokio::test]
async fn no_operation_takes_an_object_as_a_list_or_a_word_as_an_object() {
    let t = without_limits().await;
    let owner = t.owner().await;
    let document = document(&owner).await;
    let mut refusals = 0;
    for (method, path, operation) in document.operations() {
        let Some(schema) = document.body(operation) else { continue };
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let property = document.resolve(property);
            let (at, value) = match property.get("items") {
                Some(item) => (format!("{field}[0]"), document.resolve(item)),
                None => (field.clone(), property),
            };
            let (wrong, message) = match value["enum"][0].as_str() {
                Some(word) => (json!({ word: null }), "must be one of "),
                // Fields are named up to a number.
                None if field == "items" => (values_in_order(field), "The item is not a JSON object"),
                None if value["properties"].is_object() => (values_in_order(field), "must be an object with "),
                None => continue,
            };
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let mut body: Map<_, _> = required.map(|name| (name.to_owned(), accepted(name))).collect();
            if schema["properties"]["atomic"].is_object() {
                // Otherwise the response is 200, with the error of the item.
                body.insert("atomic".to_owned(), json!(true));
            }
            if field == "scopes" {
                body.insert("permissions".to_owned(), json!("custom"));
            }
            body.insert(field.clone(), if at == *field { wrong } else { json!([wrong]) });
            let sent = format!("{method} {path} {}", json!(body));
            let answer = owner.json(method.clone(), &path, json!(body)).await;
            assert_eq!(answer.status, 400, "{sent}: {}", answer.text);
            let found = faults(&answer);
            assert!(found.len() == 1 && found[0].0 == at && found[0].1.starts_with(message), "{sent}: {}", answer.text);
            refusals += 1;
        }
    }
    assert!(refusals > 20, "{refusals}");
}

#[tokio::test]
async fn no_operation_answers_a_wrong_query_in_words_of_its_parser() {
    let t = without_limits().await;
    let owner = t.owner().await;
    let document = document(&owner).await;
    let mut refusals = 0;
    for (method, path, operation) in document.operations().into_iter().filter(|(method, ..)| *method == Method::GET) {
        let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query");
        let names: Vec<_> = parameters.filter_map(|one| one["name"].as_str()).collect();
        let mut queries = vec!["nope=1".to_owned()];
        for name in &names {
            let values =
                ["", "x", "-1", "0", "1.5", "true", "99999999999999999999", "2026-02-30", "%00", "%E2%80%AE", "null", "[]"];
            queries.extend(values.iter().map(|value| format!("{name}={value}")));
            queries.push(format!("{name}=1&{name}=2&nope=1"));
        }
        for query in queries {
            let address = format!("{path}?{query}");
            let answer = owner.send(method.clone(), &address, Body::empty()).await;
            assert!(answer.status < 500, "{address}: {}", answer.text);
            // A proxy reads the status of a check only.
            if answer.status == 400 && !answer.text.is_empty() {
                refusals += 1;
                let refused = answer.code("INVALID_REQUEST");
                assert_plain(&refused, &address);
                assert!(!faults(&refused).is_empty(), "{address}: {}", refused.text);
            }
        }
    }
    assert!(refusals > 300, "{refusals}");
}

#[tokio::test]
async fn every_number_of_a_body_has_its_bounds_in_the_document() {
    let t = TestApp::new().await;
    let document = document(&t.anonymous()).await;
    let mut numbers = 0;
    for (method, path, operation) in document.operations() {
        let mut schemas: Vec<_> = document.body(operation).into_iter().collect();
        while let Some(schema) = schemas.pop() {
            schemas.extend(schema["properties"].as_object().into_iter().flat_map(Map::values).map(|one| document.resolve(one)));
            schemas.extend(schema.get("items").map(|one| document.resolve(one)));
            if schema["type"] == "integer" {
                numbers += 1;
                assert!(schema["minimum"].is_i64() && schema["maximum"].is_i64(), "{method} {path}: {schema}");
            }
            if schema["type"] == "array" || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("array"))) {
                assert!(schema["maxItems"].is_u64(), "{method} {path}: {schema}");
            }
        }
    }
    assert!(numbers > 3, "{numbers}");
}
