//! A response as it is printed, and a failure in one line.

use std::fmt::Write;

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use kit::http::outbound::DirectResponse;
use kit::text::printable;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::output::Failure;

/// Characters of the line about a failure, and the fields that it names.
const LONGEST: usize = 500;
const FIELDS: usize = 3;

/// The status and the headers for stdout, with an empty line after them.
pub(super) fn head(response: &DirectResponse, is_terminal: bool) -> Vec<u8> {
    let mut head = format!("{:?} {}\n", response.version, response.status).into_bytes();
    for (name, value) in &response.headers {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
    }
    head.push(b'\n');
    if is_terminal { for_terminal(&head) } else { head }
}

/// Returns a body for stdout: as it was sent, and for a terminal indented and with an end of the line.
pub(super) fn body(body: &[u8], is_terminal: bool) -> Vec<u8> {
    if !is_terminal || body.is_empty() {
        return body.to_vec();
    }
    let indented = indented(body);
    let mut shown = for_terminal(indented.as_deref().map_or(body, str::as_bytes));
    if shown.last() != Some(&b'\n') {
        shown.push(b'\n');
    }
    shown
}

/// Returns what a server sent without control and format characters, by which it could change what else the terminal shows. Line
/// breaks and tabs stay.
pub(super) fn for_terminal(sent: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(sent).replace("\r\n", "\n");
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let end = part.len() - usize::from(part.ends_with(['\n', '\t']));
        shown += &printable(&part[..end]);
        shown += &part[end..];
    }
    shown.into_bytes()
}

fn indented(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

/// The envelope of a failure.
#[derive(Deserialize)]
struct Envelope {
    error: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    code: String,
    message: String,
    request_id: Option<String>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    field: String,
    message: String,
}

/// Fails with one line, unless the status is 2xx or 304.
pub(super) fn outcome(response: &DirectResponse, has_credential: bool) -> Result<(), Failure> {
    let status = response.status;
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return every_item(&response.body);
    }
    let mut line = match serde_json::from_slice::<Envelope>(&response.body) {
        Ok(Envelope { error }) => format!("{} {}", status.as_u16(), in_words(&error)),
        Err(_) => status.to_string(),
    };
    if let Some(target) = response.headers.get(LOCATION).filter(|_| status.is_redirection()) {
        let target = String::from_utf8_lossy(target.as_bytes());
        let _infallible = write!(line, ": not followed to {target}; name the server itself with --url");
    }
    if status == StatusCode::UNAUTHORIZED && !has_credential {
        line.push_str("; no key was sent: use --key-file");
    }
    Err(Failure::refused(one_line(&line)))
}

/// The envelope of the response to a batch.
#[derive(Deserialize)]
struct BatchEnvelope {
    data: BatchCounts,
}

#[derive(Deserialize)]
struct BatchCounts {
    succeeded: u64,
    failed: u64,
}

/// Fails if the response is to a batch of which items have failed.
fn every_item(body: &[u8]) -> Result<(), Failure> {
    match serde_json::from_slice::<BatchEnvelope>(body) {
        Ok(BatchEnvelope { data: BatchCounts { succeeded, failed } }) if failed > 0 => {
            Err(Failure::refused(format!("{failed} of {} items failed; see error of each", succeeded.saturating_add(failed))))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn in_words(Detail { code, message, request_id, fields }: &Detail) -> String {
    let mut text = format!("{code}: {message}");
    // The message about a single field names it.
    if fields.len() > 1 {
        let named = fields.iter().take(FIELDS).map(|Field { field, message }| format!("{field}: {message}"));
        let _infallible = write!(text, " {}", named.collect::<Vec<_>>().join("; "));
    }
    if let Some(id) = request_id {
        let _infallible = write!(text, " ({id})");
    }
    text
}

/// Returns a text of the server for a terminal: without control and format characters and secrets, and not longer than a few lines.
fn one_line(text: &str) -> String {
    let clean = printable(&key_format::scrub(text).replace(['\n', '\t'], " "));
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, Version};

    use super::*;

    fn response(status: u16, body: &str) -> DirectResponse {
        let status = StatusCode::from_u16(status).expect("a status");
        DirectResponse { version: Version::HTTP_11, status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    fn line(response: &DirectResponse, has_credential: bool) -> String {
        outcome(response, has_credential).expect_err("a failure").to_string()
    }

    #[test]
    fn body_is_indented_for_a_terminal_only() {
        let sent = br#"{"b":1,"a":[]}"#;
        assert_eq!(body(sent, false), sent);
        assert_eq!(body(sent, true), b"{\n  \"b\": 1,\n  \"a\": []\n}\n");
        assert_eq!(body(b"id,name\n", true), b"id,name\n");
        assert_eq!(body(b"no end", true), b"no end\n");
        assert_eq!(body(b"", true), b"");
    }

    #[test]
    fn terminal_gets_no_control_or_format_characters() {
        let sent = "a\tb\r\n\u{1b}[2J\u{9b}31m\u{202e}\r\u{200b}é\n";
        let shown = "a\tb\n\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}é\n";
        assert_eq!(body(sent.as_bytes(), true), shown.as_bytes());
        assert_eq!(body(sent.as_bytes(), false), sent.as_bytes());
        let json = "{\"name\":\"\u{9b}31m\u{202e}\",\"more\":\"\\u001b\"}";
        let lines = "{\n  \"name\": \"\u{fffd}31m\u{fffd}\",\n  \"more\": \"\\u001b\"\n}\n";
        assert_eq!(String::from_utf8_lossy(&body(json.as_bytes(), true)), lines);
        assert_eq!(body(b"\xff\xfe", true), "\u{fffd}\u{fffd}\n".as_bytes());
        assert_eq!(body(b"\xff\xfe", false), b"\xff\xfe");
    }

    #[test]
    fn failure_has_the_code_the_message_the_fields_and_the_request() {
        let body = serde_json::json!({ "success": false, "error": {
            "code": "INVALID_REQUEST", "message": "Check these.", "requestId": "req_1",
            "fields": [{ "field": "a", "message": "is required" }, { "field": "b", "message": "must be text" }],
        } });
        let refused = response(400, &body.to_string());
        assert_eq!(line(&refused, true), "400 INVALID_REQUEST: Check these. a: is required; b: must be text (req_1)");
        assert_eq!(line(&response(502, "<html>"), true), "502 Bad Gateway");
        assert!(line(&response(401, ""), false).ends_with("use --key-file"));
        assert!(outcome(&response(201, ""), true).is_ok() && outcome(&response(304, ""), true).is_ok());
        let mut moved = response(301, "");
        moved.headers.insert(LOCATION, HeaderValue::from_static("https://planes.example.com/"));
        assert!(line(&moved, true).contains("not followed to https://planes.example.com/"), "{}", line(&moved, true));
    }

    #[test]
    fn line_has_no_control_or_format_characters_no_secrets_and_an_end() {
        let random = kit::random::Random::seeded(1);
        let secret = key_format::PlainSecret::generate(|bytes| random.fill(bytes)).expose().to_owned();
        let clean = one_line(&format!("a\u{1b}[31m\n\u{202e}\u{2066}\u{200b}{secret} {}", "é".repeat(600)));
        assert!(clean.starts_with("a\u{fffd}[31m \u{fffd}\u{fffd}\u{fffd}pck_"), "{clean}");
        assert!(!clean.contains(char::is_control) && !clean.contains(&secret) && clean.ends_with('…'), "{clean}");
        assert_eq!(clean.chars().count(), LONGEST + 1);
    }

    #[test]
    fn head_is_that_of_http() {
        let mut with_headers = response(200, "");
        with_headers.headers.insert("etag", HeaderValue::from_static("\"a\""));
        assert_eq!(head(&with_headers, true), b"HTTP/1.1 200 OK\netag: \"a\"\n\n");
        // U+009B in UTF-8.
        with_headers.headers.insert("etag", HeaderValue::from_bytes(b"a\t\xc2\x9b31m").expect("a value"));
        assert_eq!(head(&with_headers, true), "HTTP/1.1 200 OK\netag: a\t\u{fffd}31m\n\n".as_bytes());
        assert_eq!(head(&with_headers, false), b"HTTP/1.1 200 OK\netag: a\t\xc2\x9b31m\n\n");
    }
}
