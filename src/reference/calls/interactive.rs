//! [`Interactive`]: the parts of a call's page that need a script and a reader who is signed in.

use axum::http::Method;
use kit::http::describe::Shape;
use kit::http::{Route, Routes};
use serde_json::Value;

use super::schema::as_text;
use super::{Call, Examples, Schemas};
use crate::access::Rule;
use crate::scopes::{Module, Scope};

/// The query parameter of a call that waits for a change. No page sends it.
pub(in crate::reference) const WAIT: &str = "wait";

/// The interactive parts of a call's page.
#[derive(Debug)]
pub(in crate::reference) struct Interactive {
    /// True if the samples send an API key.
    pub opens_to_keys: bool,
    /// The scopes of which the key needs one, with spaces between them; empty if none is needed.
    pub scopes: String,
    /// The form that makes the call, if it is a read call.
    pub form: Option<CallForm>,
}

/// The form that makes a read call.
#[derive(Debug)]
pub(in crate::reference) struct CallForm {
    /// The path, `{name}` for a parameter.
    pub path: &'static str,
    pub fields: Vec<Field>,
}

/// A parameter as a field of the form.
#[derive(Debug)]
pub(in crate::reference) struct Field {
    pub name: String,
    /// The place of the parameter: `path` or `query`.
    pub place: String,
    pub is_required: bool,
    /// The values of a list to choose from; empty for an input.
    pub choices: Vec<String>,
    /// The `type` of the input.
    pub kind: &'static str,
    pub min: Option<String>,
    pub max: Option<String>,
    pub max_length: Option<String>,
    pub placeholder: Option<String>,
}

/// Returns true if a page can make the call: it reads, takes a session, and answers with JSON. Exports and forward
/// authentication do not.
pub(super) fn is_read_call<S>(route: &Route<S>) -> bool {
    let answers = &route.doc.success;
    let is_json = |shape: &Shape| matches!(shape, Shape::Data(_) | Shape::Bare(_));
    route.method == Method::GET
        && route.other_methods.is_empty()
        && route.doc.security.contains(&"session")
        && answers.iter().any(|(_, shape)| is_json(shape))
        && !answers.iter().any(|(_, shape)| matches!(shape, Shape::Media(_)))
}

/// Returns the lines of a route table that are read calls.
pub fn read_calls<S: Clone>(table: &[Routes<S>]) -> Vec<Routes<S>> {
    let read = |routes: &Routes<S>| Routes {
        tag: routes.tag,
        lines: routes.lines.iter().filter(|route| is_read_call(route)).cloned().collect(),
    };
    table.iter().map(read).collect()
}

impl Call<'_> {
    /// Returns the interactive parts of the page.
    pub fn interactive(&self) -> Interactive {
        let opens_to_keys = self.opens_to_keys();
        let form = self.can_be_tried.then(|| CallForm { path: self.path, fields: self.fields() });
        Interactive { opens_to_keys, scopes: self.scopes(), form }
    }

    fn scopes(&self) -> String {
        if self.permission.contains(':') {
            self.scope().to_owned()
        } else if self.permission == Rule::ReadData.to_string() {
            Module::DATA.map(|module| Scope::read(module).as_str()).join(" ")
        } else {
            String::new()
        }
    }

    fn fields(&self) -> Vec<Field> {
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        let is_shown = |parameter: &&Value| {
            matches!(parameter["in"].as_str(), Some("path" | "query")) && parameter["name"].as_str() != Some(WAIT)
        };
        parameters.filter(is_shown).map(|parameter| field(self.path, parameter, Schemas::of(self.document))).collect()
    }
}

fn field(path: &str, parameter: &Value, schemas: Schemas<'_>) -> Field {
    let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
    let (schema, _) = schemas.resolve(&parameter["schema"]);
    let (name, is_required) = (text("name"), parameter["required"] == true);
    let kind = Schemas::type_of(schema);
    let words = |words: &Value| words.as_array().into_iter().flatten().map(as_text).collect::<Vec<_>>();
    let choices = match kind {
        "boolean" => vec!["true".to_owned(), "false".to_owned()],
        _ => words(&schema["enum"]),
    };
    let example = if is_required {
        Some(Examples::of(schemas).parameter(path, &name, &parameter["schema"]))
    } else {
        schema.get("default").or_else(|| schema["examples"].get(0)).map(as_text)
    };
    let bound = |name: &str| schema.get(name).map(as_text);
    Field {
        place: text("in"),
        choices,
        kind: match (kind, schema["format"].as_str()) {
            ("integer" | "number", _) => "number",
            (_, Some("date")) => "date",
            _ => "text",
        },
        min: bound("minimum"),
        max: bound("maximum"),
        max_length: bound("maxLength"),
        placeholder: example,
        name,
        is_required,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::calls;
    use crate::reference::document;
    use crate::router;

    #[test]
    fn read_calls_change_nothing_and_answer_with_json() {
        let paths: Vec<_> =
            read_calls(&router::table()).into_iter().flat_map(|routes| routes.lines).map(|line| line.path).collect();
        for path in ["/api/v1/auth/whoami", "/api/v1/ops/trips", "/api/v1/ops/trips/{id}", "/api/v1/changes"] {
            assert!(paths.contains(&path), "{path} is missing: {paths:?}");
        }
        for path in &paths {
            let is_other = path.contains("export") || path.contains("auth/check") || path.contains("sign-out");
            assert!(path.starts_with("/api/v1/") && !is_other, "{path}");
        }
    }

    #[test]
    fn form_has_the_path_and_query_parameters_of_the_call() {
        let table = router::table();
        let document = document("http://localhost", &table);
        let calls = calls::of(&table, &document);
        let form = |summary: &str| {
            let call = calls.iter().find(|call| call.summary == summary).expect("the call");
            call.interactive().form
        };
        let trips = form("List trips").expect("a form").fields;
        let status = trips.iter().find(|field| field.name == "status").expect("a status");
        assert!(status.choices.len() > 2 && status.place == "query" && !status.is_required, "{status:?}");
        let size = trips.iter().find(|field| field.name == "page_size").expect("a page size");
        assert_eq!((size.kind, size.min.as_deref(), size.max.as_deref()), ("number", Some("1"), Some("100")));
        let trip = form("Get trip").expect("a form").fields;
        let id = trip.first().expect("an id");
        assert!(id.place == "path" && id.is_required && trip.len() == 1, "{trip:?}");
        assert!(id.placeholder.as_deref().is_some_and(|example| example.starts_with("trip_")), "{id:?}");
        let feed = form("Follow changes").expect("a form").fields;
        assert!(feed.iter().any(|field| field.name == "after") && feed.iter().all(|field| field.name != WAIT), "{feed:?}");
        assert!(form("Create trip").is_none() && form("Export API keys").is_none());
    }

    #[test]
    fn scopes_are_those_of_which_a_key_needs_one() {
        let table = router::table();
        let document = document("http://localhost", &table);
        let calls = calls::of(&table, &document);
        let scopes = |summary: &str| {
            let call = calls.iter().find(|call| call.summary == summary).expect("the call");
            call.interactive().scopes
        };
        assert_eq!(scopes("Create trip"), "trips:write");
        assert_eq!(scopes("Follow changes"), "trips:read fleet:read safety:read invoices:read");
        assert_eq!(scopes("Who am I"), "");
    }
}
