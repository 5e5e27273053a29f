//! A collection in Postman's format 2.1, which most API clients import.

use serde_json::{Value, json};

use super::{Credential, Folder, Item, KEY_HEADER, NAME, Parameter, Place, folders};

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// Returns the collection of an OpenAPI document.
pub fn collection(document: &Value) -> Value {
    let folder = |folder: Folder<'_>| json!({ "name": folder.name, "item": folder.items.iter().map(item).collect::<Vec<_>>() });
    let variable = |key: &str, value: &Value| json!({ "key": key, "value": value, "type": "string" });
    let empty = json!("");
    json!({
        "info": { "name": NAME, "description": document["info"]["description"], "schema": SCHEMA },
        "auth": {
            "type": "apikey",
            "apikey": [text("key", KEY_HEADER), text("value", "{{apiKey}}"), text("in", "header")],
        },
        "variable": [
            variable("baseUrl", &document["servers"][0]["url"]),
            variable("apiKey", &empty),
            variable("sessionToken", &empty),
        ],
        "item": folders(document).into_iter().map(folder).collect::<Vec<_>>(),
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value, "type": "string" })
}

fn item(item: &Item<'_>) -> Value {
    let mut headers: Vec<_> = item.parameters_in(Place::Header).map(parameter).collect();
    let mut request = json!({ "method": item.method.to_uppercase(), "description": item.about, "url": url(item) });
    if let Some(body) = item.body_text() {
        headers.insert(0, json!({ "key": "Content-Type", "value": "application/json" }));
        request["body"] = json!({ "mode": "raw", "raw": body, "options": { "raw": { "language": "json" } } });
    }
    request["header"] = headers.into();
    match item.credential {
        // That of the collection.
        Credential::ApiKey => {}
        Credential::Session => {
            request["auth"] = json!({ "type": "bearer", "bearer": [text("token", "{{sessionToken}}")] });
        }
        Credential::None => request["auth"] = json!({ "type": "noauth" }),
    }
    json!({ "name": item.name, "request": request, "response": [] })
}

fn url(item: &Item<'_>) -> Value {
    let variable =
        |parameter: &Parameter<'_>| json!({ "key": parameter.name, "value": parameter.value, "description": parameter.about });
    json!({
        "raw": item.url(),
        "host": ["{{baseUrl}}"],
        "path": item.path.split('/').skip(1).collect::<Vec<_>>(),
        "query": item.parameters_in(Place::Query).map(parameter).collect::<Vec<_>>(),
        "variable": item.parameters_in(Place::Path).map(variable).collect::<Vec<_>>(),
    })
}

/// A parameter that may be left out is switched off.
fn parameter(parameter: &Parameter<'_>) -> Value {
    json!({
        "key": parameter.name,
        "value": parameter.value,
        "description": parameter.about,
        "disabled": !parameter.is_required,
    })
}
