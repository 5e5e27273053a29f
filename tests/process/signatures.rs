//! The code on the tab “Verify” of a webhook, run against the signatures that a node makes.

#![expect(clippy::disallowed_methods, reason = "receivers compare with the real time")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use kit::clock::Time;
use kit::random::Random;
use planeconnection::webhooks::SigningSecret;
use serde_json::{Value, json};

const SNIPPETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/webhooks/pages/verify");

mod receiver {
    use axum::http;

    include!("../../src/webhooks/pages/verify/receiver.rs");
}

/// A request, and whether its receiver has to accept it.
struct Case {
    what: &'static str,
    secret: String,
    headers: [(&'static str, String); 3],
    body: String,
    fits: bool,
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

fn cases() -> Vec<Case> {
    let secret = |seed| SigningSecret::generate(&Random::seeded(seed));
    let (old, new, own) = (secret(1), secret(2), SigningSecret::parse("a-secret-of-another-system").expect("a secret"));
    let body = r#"{"id":"evt_1","data":{"note":"Zoë → KTEB"}}"#.to_owned();
    let (id, present) = ("evt_1", now());
    let signed = |secret: &SigningSecret, seconds: i64| {
        secret.sign_standard(id, Time::from_micros(seconds * 1_000_000).expect("a time"), body.as_bytes())
    };
    let case = |what, secret: &SigningSecret, seconds: i64, signatures: String, fits| Case {
        what,
        secret: secret.expose().to_owned(),
        headers: [("webhook-id", id.to_owned()), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signatures)],
        body: body.clone(),
        fits,
    };
    let both = format!("{} {}", signed(&new, present), signed(&old, present));
    let mut cases = vec![
        case("a generated secret", &new, present, signed(&new, present), true),
        case("a secret of one's own", &own, present, signed(&own, present), true),
        case("the new secret of a rotation", &new, present, both.clone(), true),
        case("the old secret of a rotation", &old, present, both, true),
        case("another secret", &old, present, signed(&new, present), false),
        case("a signature of another time", &new, present, signed(&new, present - 1), false),
        case("an old request", &new, present - 600, signed(&new, present - 600), false),
        case("no signature", &new, present, "v1,".to_owned(), false),
    ];
    let altered = case("an altered body", &new, present, signed(&new, present), false);
    cases.push(Case { body: altered.body.replace("KTEB", "KMIA"), ..altered });
    cases
}

/// Runs a program in a folder with the snippet and `driver`, and asserts its outcome for each case.
fn accepts_what_fits(snippet: &str, driver: (&str, &str), command: &[&str], prepare: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(Path::new(SNIPPETS).join(snippet), folder.path().join(snippet)).expect("a copy");
    std::fs::write(folder.path().join(driver.0), driver.1).expect("a file");
    prepare(folder.path());
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).current_dir(folder.path()).env("HOME", folder.path()).env("GOCACHE", folder.path().join("cache"));
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("{} does not start ({error}): cargo xtask test installs it", command[0]);
    });
    let cases = cases();
    let mut input = child.stdin.take().expect("its input");
    for case in &cases {
        let headers: Value = case.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let line = json!({ "secret": case.secret, "headers": headers, "body": case.body });
        writeln!(input, "{line}").expect("a line");
    }
    drop(input);
    let output = child.wait_with_output().expect("its output");
    let said = String::from_utf8(output.stdout).expect("text");
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), cases.len(), "{snippet} ended early: {said:?}");
    for (case, said) in cases.iter().zip(said) {
        assert_eq!(said == "accepted", case.fits, "{snippet}: {}: {said}", case.what);
    }
}

const PYTHON: &str = r#"
import json, sys
from receiver import verify
for line in sys.stdin:
    case = json.loads(line)
    try:
        verify(case["secret"], case["headers"], case["body"].encode())
        print("accepted")
    except ValueError as error:
        print(error)
"#;

const NODE: &str = r#"
import { createInterface } from "node:readline";
import { verify } from "./receiver.mjs";
for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  try {
    verify(secret, headers, Buffer.from(body));
    console.log("accepted");
  } catch (error) {
    console.log(error.message);
  }
}
"#;

const GO: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

func main() {
	lines := json.NewDecoder(os.Stdin)
	for lines.More() {
		var request struct {
			Secret, Body string
			Headers      map[string]string
		}
		if err := lines.Decode(&request); err != nil {
			panic(err)
		}
		header := http.Header{}
		for name, value := range request.Headers {
			header.Set(name, value)
		}
		if err := Verify(request.Secret, header, []byte(request.Body)); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("accepted")
		}
	}
}
"#;

#[test]
fn python_snippet_verifies_signatures() {
    accepts_what_fits("receiver.py", ("main.py", PYTHON), &["python3", "main.py"], |_| {});
}

#[test]
fn node_snippet_verifies_signatures() {
    accepts_what_fits("receiver.mjs", ("main.mjs", NODE), &["node", "main.mjs"], |_| {});
}

#[test]
fn go_snippet_verifies_signatures() {
    accepts_what_fits("receiver.go", ("main.go", GO), &["go", "run", "."], |folder| {
        std::fs::write(folder.join("go.mod"), "module receiver\n\ngo 1.19\n").expect("a file");
    });
}

#[test]
fn rust_snippet_verifies_signatures() {
    for case in cases() {
        let headers = case.headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        let outcome = receiver::verify(&case.secret, &headers.collect(), case.body.as_bytes());
        assert_eq!(outcome.is_ok(), case.fits, "{}: {outcome:?}", case.what);
    }
}

#[test]
fn curl_snippet_sends_what_verifies_signatures() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let secret = SigningSecret::generate(&Random::seeded(3));
    let mut script = Command::new("sh");
    script.arg(Path::new(SNIPPETS).join("send.sh")).env("SECRET", secret.expose());
    script.env("RECEIVER", format!("http://{address}/hooks")).env("no_proxy", "127.0.0.1");
    let mut child = script.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut request = String::new();
    while !request.ends_with('}') {
        let mut bytes = [0; 4_096];
        let count = stream.read(&mut bytes).expect("a request");
        assert!(count > 0, "it ended early: {request}");
        request.push_str(std::str::from_utf8(&bytes[..count]).expect("text"));
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("a response");
    drop(stream);
    assert!(child.wait().expect("its end").success());
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
    receiver::verify(secret.expose(), &headers, body.as_bytes()).expect("it verifies");
}
