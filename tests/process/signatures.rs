//! The code on the tab “Verify” of a webhook, run against the signatures that a node makes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use kit::random::Random;
use planeconnection::webhooks::SigningSecret;

use crate::verifiers::{assert_verdicts, cases, header_map};

const SNIPPETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/webhooks/pages/verify");

#[expect(clippy::disallowed_methods, reason = "the code of a receiver, which has the clock of its machine")]
mod receiver {
    use axum::http;

    include!("../../src/webhooks/pages/verify/receiver.rs");
}

/// Runs a program in a folder with the snippet and `driver`, and asserts its outcome for each case.
fn accepts_what_fits(snippet: &str, driver: (&str, &str), command: &[&str], prepare: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(Path::new(SNIPPETS).join(snippet), folder.path().join(snippet)).expect("a copy");
    std::fs::write(folder.path().join(driver.0), driver.1).expect("a file");
    prepare(folder.path());
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).current_dir(folder.path()).env("HOME", folder.path()).env("GOCACHE", folder.path().join("cache"));
    assert_verdicts(&mut program, &cases());
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
        let outcome = receiver::verify(&case.secret, &header_map(&case), case.body.as_bytes());
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
