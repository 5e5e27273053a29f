//! Collections of all calls for API clients with windows, made from the OpenAPI document.
//!
//! A collection has no credential: address, key and session token are variables that its reader fills in.
//!
//! - here the calls by heading, as both formats need them; `postman` one file of JSON; `bruno` a folder of text files

mod bruno;
mod postman;

use serde_json::Value;

use super::calls::{Examples, Schemas, UNKNOWN};

pub use bruno::files as bruno_files;
pub use postman::collection as postman_collection;

/// The name of a collection.
const NAME: &str = "PlaneConnection API";

/// The header with the key.
const KEY_HEADER: &str = "X-API-Key";

/// The calls under one heading of the reference.
struct Folder<'a> {
    name: &'a str,
    items: Vec<Item<'a>>,
}

/// A call, with an example of everything that it takes.
struct Item<'a> {
    name: &'a str,
    /// In lower case, as in the document.
    method: &'a str,
    /// With `:id` for `{id}`, which both formats write so.
    path: String,
    about: &'a str,
    credential: Credential,
    parameters: Vec<Parameter<'a>>,
    body: Option<Value>,
}

/// The credential that a call is sent with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Credential {
    ApiKey,
    Session,
    None,
}

/// The part of a request that has a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Path,
    Query,
    Header,
}

struct Parameter<'a> {
    name: &'a str,
    place: Place,
    /// An example, or nothing.
    value: String,
    about: String,
    is_required: bool,
}

/// Returns the calls of the document under their headings, in its order.
fn folders(document: &Value) -> Vec<Folder<'_>> {
    let tags = document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str());
    let folders = tags.map(|name| Folder { name, items: items(document, name) });
    folders.filter(|folder| !folder.items.is_empty()).collect()
}

fn items<'a>(document: &'a Value, tag: &str) -> Vec<Item<'a>> {
    let examples = Examples::of(Schemas::of(document));
    let mut items: Vec<Item<'a>> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            // A call that is served alike for every method is one item.
            let is_new = !items.iter().any(|known| operation["summary"] == known.name);
            if operation["tags"][0] == tag && is_new {
                items.push(item(path, method, operation, &examples));
            }
        }
    }
    items
}

fn item<'a>(path: &str, method: &'a str, operation: &'a Value, examples: &Examples<'_>) -> Item<'a> {
    let text = |name: &str| operation[name].as_str().unwrap_or_default();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    Item {
        name: text("summary"),
        method,
        path: path.replace('{', ":").replace('}', ""),
        about: text("description"),
        credential: credential(operation),
        parameters: parameters.filter_map(|json| parameter(path, json, examples)).collect(),
        body: schema.map(Examples::body),
    }
}

fn credential(operation: &Value) -> Credential {
    let has = |scheme: &str| operation["security"].as_array().into_iter().flatten().any(|one| one.get(scheme).is_some());
    if has("apiKey") {
        Credential::ApiKey
    } else if has("session") {
        Credential::Session
    } else {
        Credential::None
    }
}

fn parameter<'a>(path: &str, json: &'a Value, examples: &Examples<'_>) -> Option<Parameter<'a>> {
    let place = match json["in"].as_str()? {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        _ => return None,
    };
    let name = json["name"].as_str()?;
    let value = examples.parameter(path, name, &json["schema"]);
    // An ellipsis stands for what only the sender of a real request knows.
    let value = if value == UNKNOWN || value == "…" { String::new() } else { value };
    let about = json["description"].as_str().unwrap_or_default();
    let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Parameter { name, place, value, about, is_required: json["required"] == true })
}

impl Item<'_> {
    fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter<'_>> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    /// The URL with the parameters that have to be sent.
    fn url(&self) -> String {
        let required = self.parameters_in(Place::Query).filter(|parameter| parameter.is_required);
        let query: Vec<_> = required.map(|parameter| format!("{}={}", parameter.name, parameter.value)).collect();
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{{{{baseUrl}}}}{}{separator}{}", self.path, query.join("&"))
    }

    /// The example body as indented JSON.
    fn body_text(&self) -> Option<String> {
        self.body.as_ref().and_then(|body| serde_json::to_string_pretty(body).ok())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reference::document;
    use crate::router;

    const SERVER: &str = "https://planes.example.com";

    /// Method, path and name of each call of the document; one method of those that are served alike.
    fn calls(document: &Value) -> BTreeSet<(String, String, String)> {
        let mut calls = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let mut names = BTreeSet::new();
            for (method, operation) in methods.as_object().expect("methods") {
                let name = operation["summary"].as_str().expect("a summary").to_owned();
                if names.insert(name.clone()) {
                    calls.insert((method.to_uppercase(), path.replace('{', ":").replace('}', ""), name));
                }
            }
        }
        calls
    }

    #[test]
    fn postman_collection_has_every_call_and_the_form_of_its_schema() {
        let document = document(SERVER, &router::table());
        let collection = postman_collection(&document);
        let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
        assert_eq!((&collection["info"]["schema"], &collection["info"]["name"]), (&schema.into(), &NAME.into()));
        assert_eq!(collection.pointer("/auth/apikey/0/value"), Some(&KEY_HEADER.into()));
        assert_eq!(collection.pointer("/variable/0/value"), Some(&SERVER.into()));
        let mut found = BTreeSet::new();
        for folder in collection["item"].as_array().expect("folders") {
            assert!(folder["name"].is_string() && folder.get("request").is_none(), "{folder}");
            for item in folder["item"].as_array().expect("calls") {
                let request = &item["request"];
                let path = request["url"]["path"].as_array().expect("a path").iter().map(|part| part.as_str().expect("a part"));
                let path = format!("/{}", path.collect::<Vec<_>>().join("/"));
                assert_eq!(request["url"]["host"], serde_json::json!(["{{baseUrl}}"]), "{item}");
                let raw = request["url"]["raw"].as_str().and_then(|raw| raw.strip_prefix("{{baseUrl}}")).expect("a URL");
                assert_eq!(raw.split('?').next(), Some(path.as_str()), "{item}");
                let variables = request["url"]["variable"].as_array().expect("variables");
                assert_eq!(variables.len(), path.matches(':').count(), "{item}");
                for parameter in request["url"]["query"].as_array().expect("a query") {
                    assert!(parameter["key"].is_string() && parameter["disabled"].is_boolean(), "{parameter}");
                }
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                assert!(found.insert((text(&request["method"]), path, text(&item["name"]))), "twice: {item}");
                if let Some(raw) = request["body"]["raw"].as_str() {
                    assert!(serde_json::from_str::<Value>(raw).is_ok_and(|body| !body.is_null()), "{raw}");
                    assert_eq!(request["header"][0]["key"], "Content-Type", "{item}");
                }
            }
        }
        assert_eq!(found, calls(&document));
    }

    #[test]
    fn description_of_a_call_with_a_key_says_more_than_its_permission() {
        let document = document(SERVER, &router::table());
        let items = folders(&document).into_iter().flat_map(|folder| folder.items);
        let with_key: Vec<_> = items.filter(|item| item.credential == Credential::ApiKey).collect();
        assert!(with_key.len() > 40, "{}", with_key.len());
        for item in with_key {
            let (about, permission) = item.about.split_once("\n\nPermission: ").unwrap_or_default();
            assert!(about.ends_with('.') && permission.ends_with('.'), "{}: {}", item.name, item.about);
        }
    }

    /// Returns the lines of a block, without their indentation.
    fn block<'a>(file: &'a str, name: &str) -> Option<Vec<&'a str>> {
        let begin = format!("{name} {{\n");
        let (_, rest) = file.split_once(&format!("\n{begin}")).or_else(|| file.strip_prefix(&begin).map(|rest| ("", rest)))?;
        let (inside, _) = rest.split_once("\n}\n")?;
        Some(inside.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect())
    }

    #[test]
    fn bruno_folder_has_every_call_in_a_file() {
        let document = document(SERVER, &router::table());
        let files = bruno_files(&document);
        let names: BTreeSet<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), files.len(), "each file once");
        for name in ["bruno.json", "collection.bru", "environments/Server.bru", "Trips/folder.bru", "Trips/List trips.bru"] {
            assert!(names.contains(name), "no {name} in {names:?}");
        }
        let mut found = BTreeSet::new();
        for (name, file) in &files {
            assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric() || " -./".contains(letter)), "{name}");
            if !name.contains('/') || name.ends_with("/folder.bru") || name.starts_with("environments/") {
                continue;
            }
            let meta = block(file, "meta").expect("a name");
            let (method, request) = ["get", "post", "put", "patch", "delete"]
                .into_iter()
                .find_map(|method| block(file, method).map(|request| (method, request)))
                .unwrap_or_else(|| panic!("no request in {name}:\n{file}"));
            let url = request[0].strip_prefix("url: {{baseUrl}}").expect("a URL");
            let path = url.split('?').next().unwrap_or_default();
            let parameters = block(file, "params:path").map_or(0, |lines| lines.len());
            assert_eq!(parameters, path.matches(':').count(), "{file}");
            let body = block(file, "body:json").map(|lines| lines.join("\n"));
            assert_eq!(request.contains(&"body: json"), body.is_some(), "{file}");
            assert!(body.is_none_or(|body| serde_json::from_str::<Value>(&body).is_ok()), "{file}");
            assert!(block(file, "docs").is_some(), "{file}");
            let call = meta[0].strip_prefix("name: ").expect("a name");
            assert!(found.insert((method.to_uppercase(), path.to_owned(), call.to_owned())), "twice: {name}");
        }
        assert_eq!(found, calls(&document));
    }

    #[test]
    fn collections_have_variables_in_place_of_credentials() {
        let document = document(SERVER, &router::table());
        let postman = postman_collection(&document).to_string();
        let bruno: String = bruno_files(&document).into_iter().map(|(_, file)| file).collect();
        for text in [&postman, &bruno] {
            assert_eq!(key_format::find_secret(text), None);
            assert!(text.contains("{{apiKey}}") && text.contains("{{sessionToken}}"));
            assert!(!text.contains(UNKNOWN));
        }
        for variable in postman_collection(&document)["variable"].as_array().expect("variables") {
            assert_eq!(variable["value"] == "", variable["key"] != "baseUrl", "{variable}");
        }
        let secret = block(&bruno, "vars").expect("variables");
        assert_eq!(secret, [format!("baseUrl: {SERVER}")], "secrets are not among them");
    }
}
