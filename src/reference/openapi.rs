//! The OpenAPI 3.1 document, made from the route table and the types of its handlers.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::path::Parameter;

use kit::http::describe::Shape;
use kit::http::{Doc, FieldError, Route, Routes};

const ABOUT: &str = "The JSON API of a PlaneConnection workspace.\n\n\
    Applications send an API key in `X-API-Key` (or `Authorization: Bearer`); people sign in and send their token in \
    `Authorization: Bearer`. A key opens what its scopes name, and never manages keys, members or settings.\n\n\
    Success is `{\"success\": true, \"data\": …}`, failure `{\"success\": false, \"error\": {\"code\", \"message\", \"requestId\", \"docs\"}}`. \
    Unknown fields and unknown query parameters are refused.\n\n\
    Lists have the newest rows first, sorted by creation in descending order, unless `sort` says otherwise. To read a whole list, repeat the request with \
    `cursor` set to the `next_cursor` of the previous response, and the same filters, until it is null: no row is skipped or \
    repeated, whatever changes meanwhile (in the default order). `page` is for leafing through.\n\nTimes are RFC 3339 in UTC; money is an integer of minor \
    units with an ISO 4217 code.";

/// Returns the document of an API that is served at `public_url`.
pub fn document<S>(public_url: &str, table: &[Routes<S>]) -> Value {
    let (mut given, mut taken) = (Vec::new(), Vec::new());
    let (mut paths, mut schemas, mut tags) = (BTreeMap::<&str, Map<String, Value>>::new(), Map::new(), Vec::new());
    schemas.extend(error_schemas().map(|(name, schema)| (name.to_owned(), schema)));
    schemas.insert("FieldError".to_owned(), json!(FieldError::schema()));
    for routes in table {
        if !routes.lines.is_empty() {
            tags.push(json!({ "name": routes.tag }));
        }
        for route in &routes.lines {
            for (name, schema) in &route.doc.schemas {
                schemas.insert(name.clone(), json!(schema));
            }
            taken.extend(route.doc.body.iter().map(|schema| json!(schema)));
            given.extend(route.doc.success.iter().filter_map(|(_, shape)| match shape {
                Shape::Data(schema) | Shape::Bare(schema) => Some(json!(schema)),
                Shape::Media(_) | Shape::Empty => None,
            }));
            let path = paths.entry(route.path).or_default();
            for method in [&route.method].into_iter().chain(route.other_methods) {
                path.insert(method.as_str().to_lowercase(), operation(routes.tag, route, method));
            }
        }
    }
    describe_orders(&mut schemas);
    let (mut sent, mut asked) = (BTreeSet::new(), BTreeSet::new());
    for root in &given {
        reachable(root, &schemas, &mut sent);
    }
    for root in &taken {
        reachable(root, &schemas, &mut asked);
    }
    require_all(&mut schemas, &(&sent - &asked));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "PlaneConnection API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": public_url }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key: pck_ and 38 characters, or pck_test_ and 38 for a test key." },
                "bearerKey": { "type": "http", "scheme": "bearer", "description": "An API key as a bearer token." },
                "session": { "type": "http", "scheme": "bearer", "description": "A person's token, from signing in." },
            },
        },
    })
}

fn operation<S>(tag: &str, route: &Route<S>, method: &Method) -> Value {
    let Doc { about, parameters, body, security, .. } = &route.doc;
    let id = if *method == route.method { route.summary.to_owned() } else { format!("{} {method}", route.summary) };
    let mut operation = json!({
        "operationId": operation_id(&id),
        "summary": route.summary,
        "description": format!("{about}{}Permission: {}.", if about.is_empty() { "" } else { "\n\n" }, route.permission),
        "tags": [tag],
        "responses": responses(&route.doc),
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.iter().map(parameter_json).collect();
    }
    if let Some(schema) = body {
        let schema = json!(schema);
        // A body whose fields may all be left out may be left out itself.
        let named = schema["$ref"].as_str().and_then(|path| route.doc.schemas.get(path.rsplit('/').next()?));
        let is_required = named.map_or_else(|| schema.clone(), |schema| json!(schema)).get("required").is_some();
        operation["requestBody"] = json!({ "required": is_required, "content": { "application/json": { "schema": schema } } });
    }
    operation["security"] = security.iter().map(|scheme| json!({ *scheme: [] })).collect();
    operation
}

/// Returns a parameter as JSON. An optional parameter may be left out, but cannot be null: a query has no null.
pub(super) fn parameter_json(parameter: &Parameter) -> Value {
    let mut json = json!(parameter);
    let schema = &mut json["schema"];
    if let Some(kinds) = schema.get("type").and_then(Value::as_array).cloned() {
        let mut kinds = kinds.into_iter().filter(|kind| kind != "null");
        if let (Some(only), None) = (kinds.next(), kinds.next()) {
            schema["type"] = only;
        }
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array).cloned() {
        let mut choices = choices.into_iter().filter(|choice| choice["type"] != "null");
        if let (Some(only), None) = (choices.next(), choices.next()) {
            *schema = only;
        }
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    json
}

fn responses(Doc { success, headers: promised, failures, .. }: &Doc) -> Value {
    let mut responses = Map::new();
    for (status, shape) in success {
        let response = responses
            .entry(status.to_string())
            .or_insert_with(|| json!({ "description": meaning(*status), "headers": headers(*status) }));
        for (name, about) in promised {
            response["headers"][*name] = json!({ "schema": { "type": "string" }, "description": about });
        }
        match shape {
            Shape::Data(schema) => response["content"]["application/json"]["schema"] = envelope(&json!(schema)),
            Shape::Bare(schema) => response["content"]["application/json"]["schema"] = json!(schema),
            Shape::Media(kind) => response["content"][*kind]["schema"] = json!({ "type": "string" }),
            Shape::Empty => {}
        }
    }
    let has_body = !success.iter().any(|(status, shape)| *status == 200 && matches!(shape, Shape::Empty));
    let internal = [(500, vec!["INTERNAL"])];
    let failures = failures.iter().map(|(status, codes)| (*status, codes.clone())).chain(internal);
    for (status, codes) in failures {
        let mut response =
            json!({ "description": format!("{}: {}", meaning(status), codes.join(", ")), "headers": headers(status) });
        if has_body {
            response["content"] = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } });
        }
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

/// The headers that every response with this status has.
fn headers(status: u16) -> Value {
    let text = |about: &str| json!({ "schema": { "type": "string" }, "description": about });
    let mut headers = json!({ "X-Request-Id": text("Names this request in logs and in the audit log.") });
    if status == 401 {
        headers["WWW-Authenticate"] = text("The required authentication scheme (RFC 6750).");
    }
    if matches!(status, 429 | 503 | 507) {
        headers["Retry-After"] = json!({ "schema": { "type": "integer", "minimum": 0 }, "description": "Seconds to wait." });
    }
    if status == 429 {
        headers["RateLimit-Policy"] = text("The limit, such as \"default\";q=600;w=60.");
        headers["RateLimit"] =
            text("The remaining requests, and the seconds until there are more, such as \"default\";r=0;t=12.");
    }
    headers
}

/// Fields that responses leave out where they do not apply, by schema.
const LEFT_OUT: [(&str, &str); 3] = [("AuditEvent", "authentication"), ("BatchItemError", "fields"), ("Webhook", "warning")];

/// The order of lists whose rows are not the newest first, or not always: the schema, and the description of its rows.
const OTHER_ORDERS: [(&str, &str); 2] = [
    ("FindingPage", "The rows, the most urgent first."),
    (
        "TripPage",
        "The rows in the order of `sort`; by default the newest first: sorted by creation, in descending order, and by id.",
    ),
];

fn describe_orders(schemas: &mut Map<String, Value>) {
    for (name, order) in OTHER_ORDERS {
        let rows = schemas.get_mut(name).and_then(|list| list.pointer_mut("/properties/items/description"));
        if let Some(description) = rows {
            *description = order.into();
        }
    }
}

/// Marks all other fields of responses as required: they may be null, but are never left out. Request bodies may leave fields out.
fn require_all(schemas: &mut Map<String, Value>, sent: &BTreeSet<String>) {
    for name in sent {
        let Some(schema) = schemas.get_mut(name) else { continue };
        let is_sent = |member: &&String| !LEFT_OUT.contains(&(name.as_str(), member.as_str()));
        let names: Vec<String> =
            schema["properties"].as_object().map(|all| all.keys().filter(is_sent).cloned().collect()).unwrap_or_default();
        if !names.is_empty() {
            schema["required"] = json!(names);
        }
    }
}

/// Collects the names of all schemas that `root` refers to, directly or through others.
fn reachable(root: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match root {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                reachable(&schemas[name], schemas, found);
            }
            members.values().for_each(|member| reachable(member, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| reachable(item, schemas, found)),
        _ => {}
    }
}

fn envelope(data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["success", "data"],
        "properties": { "success": { "type": "boolean", "const": true }, "data": data },
    })
}

fn error_schemas() -> [(&'static str, Value); 2] {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let detail = json!({
        "type": "object",
        "required": ["code", "message", "requestId"],
        "properties": {
            "code": text("Stable code of the error."),
            "message": text("A message for people that says what to do next."),
            "requestId": text("Names this request in logs and in the audit log."),
            "docs": text("The address of the paragraph about this code: its causes, and what to do."),
            "fields": {
                "type": "array",
                "description": "Errors of single fields.",
                "items": { "$ref": "#/components/schemas/FieldError" },
            },
            "items": {
                "type": "array",
                "description": "Of an atomic batch: its items that failed, each with index, status, code and message.",
                "items": { "type": "object" },
            },
            "requiredScope": text("With SCOPE_REQUIRED: the scope that is missing."),
            "apiKeyId": text("With ALREADY_CREATED: the key that this request created before."),
            "tripId": text("With CONFLICT over an externalId: the trip that has it."),
            "aircraftId": text("With CONFLICT over a tailNumber: the aircraft that has it."),
            "invoiceId": text("With CONFLICT over an externalId: the invoice that has it."),
        },
    });
    let failure = json!({
        "type": "object",
        "required": ["success", "error"],
        "properties": { "success": { "type": "boolean", "const": false }, "error": { "$ref": "#/components/schemas/ErrorDetail" } },
    });
    [("Failure", failure), ("ErrorDetail", detail)]
}

/// "List API keys" → `listApiKeys`
fn operation_id(summary: &str) -> String {
    let mut id = String::new();
    for word in summary.split_whitespace() {
        let lower = word.to_lowercase();
        let (first, rest) = lower.split_at(lower.chars().next().map_or(0, char::len_utf8));
        if id.is_empty() { id.push_str(&lower) } else { id.extend([first.to_uppercase().as_str(), rest]) }
    }
    id
}

fn meaning(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Answer")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::router;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let mut seen = HashSet::new();
        for route in router::table().into_iter().flat_map(|routes| routes.lines) {
            assert!(seen.insert(operation_id(route.summary)), "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn only_lists_with_a_sort_parameter_name_it() {
        let document = document("http://localhost", &router::table());
        let (mut sorted, mut names) = (0, HashSet::new());
        for operation in document["paths"].as_object().expect("paths").values().filter_map(|path| path.get("get")) {
            let schema = operation.pointer("/responses/200/content/application~1json/schema/properties/data/$ref");
            let name = schema.and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let list = &document["components"]["schemas"][name];
            if list["properties"].get("next_cursor").is_none() {
                continue;
            }
            let rows = list["properties"]["items"]["description"].as_str().expect("a description");
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            let takes_sort = parameters.any(|parameter| parameter["name"] == "sort");
            assert_eq!(rows.contains("sort`"), takes_sort, "{}: {rows}", operation["summary"]);
            sorted += usize::from(takes_sort);
            names.insert(name);
        }
        assert!(sorted > 0, "no list has the parameter");
        assert!(OTHER_ORDERS.iter().all(|(name, _)| names.contains(name)), "{names:?}");
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let document = document("http://localhost", &router::table());
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap_or_default();
            assert!(document["components"]["schemas"].get(name).is_some(), "no schema {name}");
        }
    }
}
