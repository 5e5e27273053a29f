//! The clients of `clients/`, as `cargo xtask clients` packs and installs them, against a node.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use kit::clock::Time;
use planeconnection::webhooks::SigningSecret;
use serde_json::{Value, json};
use testkit::{Client, KEYS, Key, Node, Site, TRIPS, run};

use crate::BINARY;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");
const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/clients");

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/webhook-vectors.json");

/// The limits of the workspace are not the subject: a key has one of its own.
const UNLIMITED: &str = "--limits=workspace-reads=none,workspace-writes=none";

#[derive(Clone, Copy)]
enum Language {
    Python,
    TypeScript,
}

impl Language {
    /// The interpreter that has the package, with files of the client's tests as arguments.
    fn command(self, arguments: &[&str], tests: &[&str]) -> Command {
        self.assert_current();
        let (program, folder, ending) = match self {
            Self::Python => (format!("{BUILT}/python/bin/python"), format!("{SOURCES}/python/tests"), "py"),
            Self::TypeScript => ("node".to_owned(), format!("{BUILT}/typescript/tests/built"), "js"),
        };
        let mut command = Command::new(program);
        command.args(arguments).args(tests.iter().map(|test| format!("{folder}/{test}.{ending}")));
        // Only the installed package is found from here.
        command.current_dir(BUILT).env("WEBHOOK_VECTORS", VECTORS).env("NO_PROXY", "127.0.0.1");
        command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH").env_remove("NODE_PATH");
        command
    }

    /// A test that calls a node with a key.
    fn against(self, node: &Node, key: &Key, test: &str) -> Command {
        let mut command = self.command(&[], &[test]);
        command.env("PLANECONNECTION_URL", format!("http://{}", node.address)).env("PLANECONNECTION_KEY", &key.secret);
        command
    }

    /// Asserts that the package was built after the last change of what is in it.
    fn assert_current(self) {
        let (sources, package): (&[&str], &str) = match self {
            Self::Python => (&["python/planeconnection", "python/pyproject.toml"], "planeconnection-0.1.0-py3-none-any.whl"),
            Self::TypeScript => (&["typescript/src", "typescript/tests", "typescript/package.json"], "planeconnection-0.1.0.tgz"),
        };
        let built =
            std::fs::metadata(Path::new(BUILT).join("packages").join(package)).and_then(|package| package.modified()).ok();
        let changed = sources.iter().map(|source| last_change(&Path::new(SOURCES).join(source))).max();
        assert!(built.is_some() && built >= changed, "{package} is not built from what is here: cargo xtask clients");
    }
}

/// The time of the latest change of a file, or of anything below a folder.
fn last_change(path: &Path) -> SystemTime {
    let own = std::fs::metadata(path).and_then(|metadata| metadata.modified()).expect("a time");
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.map(|entry| last_change(&entry.expect("an entry").path())).fold(own, SystemTime::max)
}

fn set_rate_limit(owner: &mut Client, key: &Key, limit: &Value) {
    owner.patch(&format!("{KEYS}/{}", key.id), &json!({ "rateLimit": limit })).is(200);
}

/// The client says how far it is, so that the node is killed and the key is limited while requests are under way.
fn syncs_over_a_limit_and_a_restart(language: Language) {
    let site = Site::new(BINARY);
    let mut node = site.node_with(&[UNLIMITED]);
    let (address, token) = (node.address.to_string(), node.sign_in());
    let key = node.owner_with(&token).create_key("Sync", &["trips:write"]);
    let mut sync = language.against(&node, &key, "sync").stdout(Stdio::piped()).spawn().expect("a process");
    let mut lines = Vec::new();
    for line in BufReader::new(sync.stdout.take().expect("a pipe")).lines() {
        let line = line.expect("a line");
        match line.as_str() {
            "synced 2000" => {
                set_rate_limit(&mut node.owner_with(&token), &key, &json!({ "requests": 1, "perSeconds": 1 }));
            }
            "rate limited" => set_rate_limit(&mut node.owner_with(&token), &key, &Value::Null),
            "synced 5000" => {
                node.kill();
                node = Node::start(site.command(&["serve", "--listen", &address, UNLIMITED]));
            }
            _ => {}
        }
        lines.push(line);
    }
    assert!(sync.wait().expect("an end").success(), "{lines:#?}");
    for expected in ["rate limited", "synced 5000", "connection lost", "synced 10000"] {
        assert!(lines.iter().any(|line| line == expected), "{expected} is missing: {lines:#?}");
    }
    let page = node.owner().get(&format!("{TRIPS}?page_size=1")).is(200);
    assert_eq!(page.json["data"]["total"], 10_000, "{}", page.body);
}

fn passes_against_a_node(language: Language, test: &str) {
    let site = Site::new(BINARY);
    let node = site.node_with(&[UNLIMITED]);
    let key = node.owner().create_key("Client", &["trips:write", "invoices:write"]);
    run(language.against(&node, &key, test), "").is(0);
}

#[test]
fn client_in_python_syncs_over_a_limit_and_a_restart() {
    syncs_over_a_limit_and_a_restart(Language::Python);
}

#[test]
fn client_in_typescript_syncs_over_a_limit_and_a_restart() {
    syncs_over_a_limit_and_a_restart(Language::TypeScript);
}

#[test]
fn client_in_python_bills_once_if_answers_are_lost() {
    passes_against_a_node(Language::Python, "invoices");
}

#[test]
fn client_in_typescript_bills_once_if_answers_are_lost() {
    passes_against_a_node(Language::TypeScript, "invoices");
}

#[test]
fn client_in_python_follows_changes_without_gap_or_repetition() {
    passes_against_a_node(Language::Python, "changes");
}

#[test]
fn client_in_typescript_follows_changes_without_gap_or_repetition() {
    passes_against_a_node(Language::TypeScript, "changes");
}

#[test]
fn client_in_python_passes_its_own_tests() {
    for test in ["test_retries", "test_webhooks"] {
        run(Language::Python.command(&[], &[test]), "").is(0);
    }
}

#[test]
fn client_in_typescript_passes_its_own_tests() {
    run(Language::TypeScript.command(&["--test"], &["retries.test", "webhooks.test"]), "").is(0);
}

#[test]
fn vectors_have_signatures_that_the_product_makes() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../clients/webhook-vectors.json")).expect("JSON");
    let valid: Vec<&Value> = vectors.iter().filter(|vector| vector["valid"] == true).collect();
    assert!(!valid.is_empty() && valid.len() < vectors.len());
    for vector in valid {
        let headers = vector["headers"].as_object().expect("headers");
        let header = |name: &str| {
            let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("{name}: {vector}"))
        };
        let seconds: i64 = header("webhook-timestamp").parse().expect("seconds");
        let at = Time::from_micros(seconds * 1_000_000).expect("a time");
        let body = vector["body"].as_str().expect("a body").as_bytes();
        let is_signed_with = |secret: &Value| {
            let secret = SigningSecret::parse(secret.as_str().expect("a text")).expect("a secret");
            let signature = secret.sign_standard(header("webhook-id"), at, body);
            header("webhook-signature").split(' ').any(|given| given == signature)
        };
        assert!(vector["secrets"].as_array().expect("secrets").iter().any(is_signed_with), "{vector}");
    }
}
