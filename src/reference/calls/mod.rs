//! The pages of the calls, as Markdown, made from the OpenAPI document.
//!
//! - here a call and its page; `schema` its fields in tables; `examples` example bodies and responses; `samples` requests in
//!   several languages; `interactive` the form that makes the call, which is not part of the Markdown

mod examples;
mod interactive;
mod samples;
mod schema;

use std::fmt::Write;

use kit::http::{Route, Routes};
use serde_json::Value;

pub(super) use self::examples::{Examples, UNKNOWN};
use self::interactive::is_read_call;
pub use self::interactive::read_calls;
pub(super) use self::interactive::{Interactive, WAIT};
use self::samples::Request;
pub(super) use self::schema::Schemas;
use super::errors::{self, Errors};
use super::markdown::anchor;

/// A call of the JSON API.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The heading that the call is under.
    pub tag: &'static str,
    pub summary: &'static str,
    pub method: &'a str,
    pub path: &'static str,
    pub permission: &'a str,
    about: &'static str,
    /// True if it is served alike for every method.
    takes_any_method: bool,
    /// True if its page has a form to make it.
    can_be_tried: bool,
    operation: &'a Value,
    document: &'a Value,
}

/// Returns the calls of the table, in its order. The OpenAPI document is that of `table`.
pub(super) fn of<'a, S>(table: &'a [Routes<S>], document: &'a Value) -> Vec<Call<'a>> {
    let call = |tag: &'static str, route: &'a Route<S>| Call {
        tag,
        summary: route.summary,
        method: route.method.as_str(),
        path: route.path,
        permission: &route.permission,
        about: route.doc.about,
        takes_any_method: !route.other_methods.is_empty(),
        can_be_tried: is_read_call(route),
        operation: &document["paths"][route.path][route.method.as_str().to_lowercase()],
        document,
    };
    table.iter().flat_map(|routes| routes.lines.iter().map(move |route| call(routes.tag, route))).collect()
}

/// Returns the calls as a list, under their headings.
pub(super) fn index(calls: &[Call<'_>]) -> String {
    let mut text = String::new();
    let mut tag = "";
    for call in calls {
        if call.tag != tag {
            tag = call.tag;
            let _infallible = write!(text, "\n### {tag}\n\n");
        }
        let _infallible = writeln!(text, "- [{}]({}) `{} {}`", call.summary, call.page(), call.method_label(), call.path);
    }
    text
}

impl Call<'_> {
    /// The path of its page.
    pub fn page(&self) -> String {
        format!("/docs/api/{}", anchor(self.summary))
    }

    /// The call in one line, for lists.
    pub fn line(&self) -> String {
        format!("{} {}, permission: {}", self.method_label(), self.path, self.permission)
    }

    pub fn method_label(&self) -> &str {
        if self.takes_any_method { "ANY" } else { self.method }
    }

    /// Returns true if API keys can make the call.
    pub fn opens_to_keys(&self) -> bool {
        self.has_security("apiKey")
    }

    fn has_security(&self, scheme: &str) -> bool {
        self.operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one.get(scheme).is_some()))
    }

    /// Returns the page.
    pub fn markdown(&self, base: &str, errors: &Errors<'_>) -> String {
        let schemas = Schemas::of(self.document);
        let examples = Examples::of(schemas);
        let mut page = format!("# {}\n\n", self.summary);
        if !self.about.is_empty() {
            let _infallible = write!(page, "{}\n\n", one_line(self.about));
        }
        let _infallible = write!(page, "```http\n{} {}\n```\n\n{}\n\n", self.method_label(), self.path, self.who());
        let _infallible = write!(page, "## Request\n\n{}", self.request(base, &examples).samples());
        page.push_str(&self.parameters(schemas));
        if let Some(body) = self.body() {
            let _infallible = write!(page, "## Body\n\n{}\n", schemas.fields(body));
        }
        page.push_str(&self.responses(schemas, &examples));
        page.push_str(&self.failures(errors));
        page
    }

    /// The permission, in a sentence.
    fn who(&self) -> String {
        match (self.opens_to_keys(), self.has_security("session")) {
            (true, _) if self.permission.contains(':') => {
                format!("Permission: `{}`{}.", self.scope(), self.permission.strip_prefix(self.scope()).unwrap_or_default())
            }
            (true, _) => format!("Permission: {}.", self.permission),
            (false, true) => format!("Permission: {}, with a session. API keys cannot make this call.", self.permission),
            (false, false) => format!("Permission: {}. It needs no credential.", self.permission),
        }
    }

    /// The scope that a key needs, at the beginning of the permission.
    pub fn scope(&self) -> &str {
        self.permission.split(',').next().unwrap_or_default()
    }

    fn body(&self) -> Option<&Value> {
        self.operation.pointer("/requestBody/content/application~1json/schema")
    }

    fn request(&self, base: &str, examples: &Examples<'_>) -> Request {
        let parameters = self.operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut path = self.path.to_owned();
        let mut headers = Vec::new();
        if self.opens_to_keys() {
            headers.push(("X-API-Key", String::new(), Some("PLANECONNECTION_KEY")));
        } else if self.has_security("session") {
            headers.push(("Authorization", "Bearer ".to_owned(), Some("PLANECONNECTION_SESSION")));
        }
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let value = examples.parameter(self.path, name, &parameter["schema"]);
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &value),
                Some("query") if parameter["required"] == true => {
                    let separator = if path.contains('?') { '&' } else { '?' };
                    let _infallible = write!(path, "{separator}{name}={value}");
                }
                // Optional headers are left out: one `Idempotency-Key` in all samples would have the second one refused.
                Some("header") => match name {
                    "Github-Public-Key-Identifier" => headers.push(("Github-Public-Key-Identifier", value, None)),
                    "Github-Public-Key-Signature" => headers.push(("Github-Public-Key-Signature", value, None)),
                    _ => {}
                },
                _ => {}
            }
        }
        let body = self.body().map(Examples::body);
        let has_response_body = self.has_response_body();
        Request { method: self.method.to_owned(), url: format!("{base}{path}"), headers, body, has_response_body }
    }

    /// Returns true if a success has a body.
    fn has_response_body(&self) -> bool {
        let responses = self.operation["responses"].as_object().into_iter().flatten();
        responses.filter(|(status, _)| status.starts_with('2')).any(|(_, response)| response.get("content").is_some())
    }

    fn parameters(&self, schemas: Schemas<'_>) -> String {
        let Some(parameters) = self.operation["parameters"].as_array().filter(|all| !all.is_empty()) else {
            return String::new();
        };
        let row = |parameter: &Value| {
            let text = |name: &str| parameter[name].as_str().unwrap_or_default();
            let required = if parameter["required"] == true { ", required" } else { "" };
            let about = schemas.about(text("description"), &parameter["schema"]);
            format!("| `{}` | {}{required} | {} | {about} |\n", text("name"), text("in"), schemas.kind(&parameter["schema"]))
        };
        let rows: String = parameters.iter().map(row).collect();
        format!("## Parameters\n\n| name | where | value | |\n| --- | --- | --- | --- |\n{rows}\n")
    }

    fn responses(&self, schemas: Schemas<'_>, examples: &Examples<'_>) -> String {
        let mut text = "## Response\n\n".to_owned();
        let responses = self.operation["responses"].as_object().into_iter().flatten();
        let body = self.body().map(Examples::body);
        let mut shown = None;
        for (status, response) in responses.filter(|(status, _)| status.starts_with('2') || status.starts_with('3')) {
            let _infallible = write!(text, "**{status} {}**", response["description"].as_str().unwrap_or_default());
            let content = response["content"].as_object();
            let json = content.and_then(|content| content.get("application/json")).map(|json| &json["schema"]);
            match json {
                Some(schema) if shown == Some(schema) => text.push_str(", with the same body\n\n"),
                Some(schema) => {
                    shown = Some(schema);
                    let data = schema.pointer("/properties/data");
                    let example = examples.response(schema, body.as_ref());
                    let fields = schemas.fields(data.unwrap_or(schema));
                    let _infallible = write!(
                        text,
                        "\n\n```json\n{example}\n```\n\n{}",
                        if data.is_some() { "The fields of `data`:\n\n" } else { "" }
                    );
                    let _infallible = writeln!(text, "{fields}");
                }
                None => match content {
                    Some(kinds) => {
                        let kinds: Vec<_> = kinds.keys().map(|kind| format!("`{kind}`")).collect();
                        let _infallible = write!(text, ", as {}\n\n", kinds.join(" or "));
                    }
                    None => text.push_str(", without a body\n\n"),
                },
            }
            text.push_str(&headers(response));
        }
        text
    }

    fn failures(&self, errors: &Errors<'_>) -> String {
        let responses = self.operation["responses"].as_object().into_iter().flatten();
        let mut rows = String::new();
        for (status, response) in responses.filter(|(status, _)| status.starts_with(['4', '5'])) {
            let description = response["description"].as_str().unwrap_or_default();
            for code in description.split_once(": ").map_or("", |(_, codes)| codes).split(", ") {
                let cause = one_line(errors.cause(code).unwrap_or_default());
                let _infallible = writeln!(rows, "| {status} | [`{code}`]({}) | {cause} |", errors::address_of("", code));
            }
        }
        format!("## Errors\n\n| status | code | cause |\n| --- | --- | --- |\n{rows}\n")
    }
}

/// Returns a table of the headers of a response, beyond those that every response has.
fn headers(response: &Value) -> String {
    let headers = response["headers"].as_object().into_iter().flatten().filter(|(name, _)| *name != "X-Request-Id");
    let row = |(name, header): (&String, &Value)| {
        format!("| `{name}` | {} |\n", one_line(header["description"].as_str().unwrap_or_default()))
    };
    let rows: String = headers.map(row).collect();
    if rows.is_empty() { rows } else { format!("| header | |\n| --- | --- |\n{rows}\n") }
}

/// Returns a text for a cell of a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::document;
    use crate::reference::site::ERRORS;
    use crate::router;

    #[test]
    fn every_call_has_an_example_of_its_body_that_its_schema_knows() {
        let table = router::table();
        let document = document("http://localhost", &table);
        let schemas = Schemas::of(&document);
        for call in of(&table, &document) {
            let Some(schema) = call.body() else { continue };
            let body = Examples::body(schema);
            let schema = schemas.resolve(schema).0;
            for (name, _) in body.as_object().into_iter().flatten() {
                assert!(schema["properties"].get(name).is_some(), "{}: no field {name}", call.summary);
            }
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(body.get(name).is_some(), "{}: the example lacks {name}", call.summary);
            }
            assert!(!body.to_string().contains(['\'', '`', '\\']), "{}: the example needs quotes in a shell", call.summary);
        }
    }

    #[test]
    fn only_samples_of_calls_without_a_response_body_print_headers() {
        let table = router::table();
        let document = document("http://localhost", &table);
        let errors = Errors::parse(ERRORS);
        let calls = of(&table, &document);
        let printing = calls.iter().filter(|call| call.markdown("http://localhost", &errors).contains("curl -sSi "));
        let printing: Vec<_> = printing.map(|call| call.summary).collect();
        assert_eq!(printing, ["Check a credential", "Check a credential by path"]);
    }

    #[test]
    fn every_text_of_a_response_has_an_example() {
        let table = router::table();
        let document = document("http://localhost", &table);
        let errors = Errors::parse(ERRORS);
        for call in of(&table, &document) {
            let page = call.markdown("http://localhost", &errors);
            assert!(!page.contains(UNKNOWN), "{}: name a value in examples.json\n{page}", call.summary);
        }
    }
}
