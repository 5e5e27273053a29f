//! The API reference as a page and as `llms.txt`. The page needs no JavaScript and loads nothing.

use askama::Template;
use axum::http::{HeaderValue, header};
use serde_json::Value;

use super::openapi::parameter_json;
use kit::http::describe::Shape;
use kit::http::{Prepared, Route, Routes};
use kit::page::prepare;

#[derive(Template)]
#[template(path = "reference/docs.html")]
struct Docs {
    public_url: String,
    groups: Vec<Group>,
}

struct Group {
    tag: &'static str,
    anchor: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: &'static str,
    summary: &'static str,
    about: &'static str,
    permission: String,
    anchor: String,
    parameters: Vec<Parameter>,
    body: Option<String>,
    answers: Vec<(u16, String)>,
}

struct Parameter {
    name: String,
    place: String,
    kind: String,
    is_required: bool,
    about: String,
}

fn operation<S>(route: &Route<S>, document: &Value) -> Operation {
    let parameters = route.doc.parameters.iter().map(|parameter| {
        let json = parameter_json(parameter);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Parameter {
            name: parameter.name.clone(),
            place: text(&json["in"]),
            kind: kind(&json["schema"], document),
            is_required: json["required"] == true,
            about: text(&json["description"]),
        }
    });
    let body = route.doc.body.as_ref().map(|schema| sketch(&serde_json::to_value(schema).unwrap_or_default(), document, 0));
    let success = route.doc.success.iter().map(|(status, shape)| {
        let shape = match shape {
            Shape::Data(schema) | Shape::Bare(schema) => sketch(&serde_json::to_value(schema).unwrap_or_default(), document, 0),
            Shape::Media(kind) => (*kind).to_owned(),
            Shape::Empty => "no body".to_owned(),
        };
        (*status, shape)
    });
    let failures = route.doc.failures.iter().map(|(status, codes)| (*status, codes.join(", ")));
    Operation {
        method: if route.other_methods.is_empty() { route.method.to_string() } else { "any method".to_owned() },
        path: route.path,
        summary: route.summary,
        about: route.doc.about,
        permission: route.permission.clone(),
        anchor: anchor(route.summary),
        parameters: parameters.collect(),
        body,
        answers: success.chain(failures).collect(),
    }
}

fn anchor(text: &str) -> String {
    text.to_lowercase().replace(' ', "-")
}

fn resolve<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// The type of a schema in a few words.
fn kind(schema: &Value, document: &Value) -> String {
    let schema = resolve(schema, document);
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        return choices.iter().map(|choice| kind(choice, document)).collect::<Vec<_>>().join(" | ");
    }
    let base = match &schema["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        _ => "any".to_owned(),
    };
    schema["format"].as_str().map_or(base.clone(), |format| format!("{base} ({format})"))
}

/// A schema, sketched as the JSON that it describes.
fn sketch(schema: &Value, document: &Value, depth: usize) -> String {
    let schema = resolve(schema, document);
    let indent = "  ".repeat(depth + 1);
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(choices) =
        choices.filter(|choices| choices.iter().any(|choice| !resolve(choice, document)["properties"].is_null()))
    {
        return choices.iter().map(|choice| sketch(choice, document, depth)).collect::<Vec<_>>().join(" | ");
    }
    match (&schema["properties"], &schema["items"]) {
        (Value::Object(properties), _) if depth < 5 => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let lines = properties.iter().map(|(name, property)| {
                let optional = if required.iter().any(|one| one == name) { "" } else { "?" };
                let about = property["description"]
                    .as_str()
                    .map(|about| format!("  // {}", about.replace('\n', " ")))
                    .unwrap_or_default();
                format!("{indent}{name}{optional}: {}{about}\n", sketch(property, document, depth + 1))
            });
            format!("{{\n{}{}}}", lines.collect::<String>(), "  ".repeat(depth))
        }
        (_, items) if !items.is_null() && depth < 5 => format!("[{}]", sketch(items, document, depth)),
        _ => kind(schema, document),
    }
}

/// Renders the API reference.
pub(super) fn docs<S>(public_url: &str, table: &[Routes<S>], document: &Value) -> Result<Prepared, askama::Error> {
    prepare(&Docs { groups: groups(table, document), public_url: public_url.to_owned() })
}

#[derive(Template)]
#[template(path = "reference/llms.txt", escape = "none")]
struct Llms {
    public_url: String,
    groups: Vec<Group>,
}

/// Renders the API reference as text for language models.
pub(super) fn llms<S>(public_url: &str, table: &[Routes<S>], document: &Value) -> Result<Prepared, askama::Error> {
    let text = Llms { groups: groups(table, document), public_url: public_url.to_owned() }.render()?;
    Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text))
}

fn groups<S>(table: &[Routes<S>], document: &Value) -> Vec<Group> {
    let group = |routes: &Routes<S>| Group {
        tag: routes.tag,
        anchor: anchor(routes.tag),
        operations: routes.lines.iter().map(|route| operation(route, document)).collect(),
    };
    table.iter().map(group).collect()
}
