//! A collection as a folder of Bruno: a text file for each call, which can be kept in a repository.

use serde_json::{Value, json};

use super::{Credential, Folder, Item, KEY_HEADER, NAME, Place, folders};

/// Returns the files of a folder for an OpenAPI document: the path within the folder, and the text.
pub fn files(document: &Value) -> Vec<(String, String)> {
    let about = json!({ "version": "1", "name": NAME, "type": "collection" });
    let mut files = vec![
        ("bruno.json".to_owned(), format!("{about:#}\n")),
        ("collection.bru".to_owned(), collection(document)),
        ("environments/Server.bru".to_owned(), environment(document)),
    ];
    for (number, Folder { name, items }) in folders(document).into_iter().enumerate() {
        let meta = block("meta", [format!("name: {name}"), format!("seq: {}", number + 1)]);
        let inherit = block("auth", ["mode: inherit"]);
        files.push((format!("{name}/folder.bru"), format!("{meta}\n{inherit}")));
        for (number, item) in items.iter().enumerate() {
            files.push((format!("{name}/{}.bru", item.name), file(item, number + 1)));
        }
    }
    files
}

/// The description, and the key that every call inherits.
fn collection(document: &Value) -> String {
    let about = document["info"]["description"].as_str().unwrap_or_default();
    let key = [format!("key: {KEY_HEADER}"), "value: {{apiKey}}".to_owned(), "placement: header".to_owned()];
    [block("auth", ["mode: apikey"]), block("auth:apikey", key), block("docs", about.lines())].join("\n")
}

/// The variables: Bruno keeps the values of secret ones out of the folder.
fn environment(document: &Value) -> String {
    let url = document["servers"][0]["url"].as_str().unwrap_or_default();
    format!("{}vars:secret [\n  apiKey,\n  sessionToken\n]\n", block("vars", [format!("baseUrl: {url}")]))
}

fn file(item: &Item<'_>, number: usize) -> String {
    let body = item.body_text();
    let credential = match item.credential {
        Credential::ApiKey => "inherit",
        Credential::Session => "bearer",
        Credential::None => "none",
    };
    let kind = if body.is_some() { "json" } else { "none" };
    let meta = [format!("name: {}", item.name), "type: http".to_owned(), format!("seq: {number}")];
    let request = [format!("url: {}", item.url()), format!("body: {kind}"), format!("auth: {credential}")];
    let mut blocks = vec![block("meta", meta), block(item.method, request)];
    for (place, name) in [(Place::Query, "params:query"), (Place::Path, "params:path"), (Place::Header, "headers")] {
        let lines = parameters(item, place);
        blocks.extend((!lines.is_empty()).then(|| block(name, lines)));
    }
    if item.credential == Credential::Session {
        blocks.push(block("auth:bearer", ["token: {{sessionToken}}"]));
    }
    blocks.extend(body.map(|body| block("body:json", body.lines())));
    blocks.push(block("docs", docs(item).lines()));
    blocks.join("\n")
}

/// A parameter that may be left out is switched off, by a tilde.
fn parameters(item: &Item<'_>, place: Place) -> Vec<String> {
    let off = |is_required: bool| if is_required { "" } else { "~" };
    item.parameters_in(place).map(|one| format!("{}{}: {}", off(one.is_required), one.name, one.value)).collect()
}

/// The description of a call, and of its parameters: the blocks of these have no place for it in every version of Bruno.
fn docs(item: &Item<'_>) -> String {
    let described = item.parameters.iter().filter(|parameter| !parameter.about.is_empty());
    let lines: Vec<_> = described.map(|parameter| format!("- `{}`: {}", parameter.name, parameter.about)).collect();
    if lines.is_empty() { item.about.to_owned() } else { format!("{}\n\n{}", item.about, lines.join("\n")) }
}

/// Returns a block. Its lines are indented: a brace at the beginning of a line ends it.
fn block(name: &str, lines: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    let lines: String = lines.into_iter().map(|text| line(text.as_ref())).collect();
    format!("{name} {{\n{lines}}}\n")
}
