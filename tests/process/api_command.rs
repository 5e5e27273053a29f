//! The command `api` against a node, and against a server that answers as a test says.

use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};
use testkit::{AIRCRAFT, CommandOutput, Key, Node, Receiver, Reply, Site, TRIPS, run};

use crate::BINARY;

/// A node, and a key in a file.
struct Scene {
    site: Site,
    node: Node,
    key: Key,
}

impl Scene {
    fn new(scopes: &[&str]) -> Self {
        let site = Site::new(BINARY);
        let node = site.node();
        let key = node.owner().create_key("Shell", scopes);
        let scene = Self { site, node, key };
        scene.write("key", &format!("{}\n", scene.key.secret));
        scene
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.site.folder().join(name);
        write(&path, text).expect("a file");
        set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
    }

    /// The command, with the address of the node and no key.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.site.command(&[&["api"], arguments].concat());
        command.env("PLANECONNECTION_URL", format!("http://{}", self.node.address));
        command
    }

    /// Runs the command with the key in its file.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.run_with_input(arguments, "")
    }

    #[track_caller]
    fn run_with_input(&self, arguments: &[&str], input: &str) -> CommandOutput {
        let mut command = self.command(arguments);
        command.env("PLANECONNECTION_KEY_FILE", "key");
        let ran = run(command, input);
        assert!(!format!("{ran:?}").contains(&self.key.secret), "the key is in the output");
        ran
    }
}

fn trip(number: u8) -> Value {
    let departure = format!("2026-12-0{number}T14:00:00Z");
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": departure })
}

#[test]
fn answer_is_printed_as_it_was_sent() {
    let scene = Scene::new(&["trips:read", "fleet:read"]);
    let sent = scene.node.with_key(&scene.key).get(AIRCRAFT).is(200).body;
    assert_eq!(scene.run(&["GET", "/ops/aircraft"]).is(0).stdout, sent);
    assert_eq!(scene.run(&["get", AIRCRAFT]).is(0).stdout, sent);
    let filtered = scene.run(&["GET", "/ops/trips", "-q", "status=scheduled", "-q", "page_size=7"]).is(0).json();
    assert_eq!(filtered["data"]["per_page"], 7);
    let with_head = scene.run(&["GET", "/auth/whoami", "-i"]).is(0).stdout;
    let (head, body) = with_head.split_once("\n\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("\nx-request-id: req_"), "{head}");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["data"]["apiKey"]["id"], scene.key.id.as_str());
    assert!(scene.run(&["GET", "/health"]).is(0).stdout.contains("ok"));
    let tag = head_of(&scene.run(&["GET", "/ops/aircraft", "-i"]).is(0).stdout, "etag");
    let unchanged = scene.run(&["GET", "/ops/aircraft", "-H", &format!("If-None-Match: {tag}"), "-i"]).is(0).stdout;
    assert!(unchanged.starts_with("HTTP/1.1 304 Not Modified\n"), "{unchanged}");
}

/// Returns a header of a printed answer.
fn head_of(printed: &str, name: &str) -> String {
    let line = printed.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {printed}")).to_owned()
}

#[test]
fn body_is_made_of_fields_or_read() {
    let scene = Scene::new(&["trips:write", "invoices:write"]);
    let fields = ["-f", "tripType=charter", "-f", "origin=KTEB", "-f", "destination=KMIA"];
    let more = ["-f", "departureDate=2026-12-01T14:00:00Z", "-F", "passengerCount=4", "-F", "notes=null"];
    let made = scene.run(&[&["POST", "/ops/trips"][..], &fields, &more].concat()).is(0).json();
    assert_eq!((&made["data"]["passengerCount"], &made["data"]["origin"]), (&json!(4), &json!("KTEB")));
    let path = format!("/ops/trips/{}", made["data"]["id"].as_str().expect("an id"));
    let changed = scene.run_with_input(&["PATCH", &path, "--input", "-"], "{\"passengerCount\": 5}").is(0).json();
    assert_eq!(changed["data"]["passengerCount"], 5);
    scene.write("items.json", "[{\"description\": \"Charter\", \"quantity\": \"1\", \"unitPrice\": 1850000}]");
    let client = "client={\"name\":\"Northwind\",\"email\":\"billing@northwind.example\"}";
    let invoice = ["POST", "/ops/invoices", "-F", client, "-F", "lineItems=@items.json", "-f", "currency=USD"];
    let made = scene.run(&[&invoice[..], &["-f", "dueDate=2026-12-23"]].concat()).is(0).json();
    assert_eq!(made["data"]["total"], 1_850_000);
}

#[test]
fn refused_call_prints_the_error_and_fails() {
    let scene = Scene::new(&["trips:read"]);
    let refused = scene.run(&["POST", "/ops/trips", "-f", "origin=KTEB"]).fails(1, "403 SCOPE_REQUIRED: ");
    assert_eq!(refused.json()["error"]["requiredScope"], "trips:write");
    let wrong = scene.run(&["GET", "/ops/trips", "-q", "colour=red"]).fails(1, "400 INVALID_REQUEST: ");
    assert!(wrong.stderr.contains("colour: ") && wrong.stderr.contains("(req_"), "{wrong:?}");
    scene.run(&["GET", "/ops/trips/trip_01h455vb4pex5vsknk084sn02q"]).fails(1, "404 ");
    let without = run(scene.command(&["GET", "/ops/trips"]), "");
    without.fails(1, "no key was sent: use --key-file");
}

#[test]
fn key_comes_from_a_file_that_only_its_owner_reads_from_stdin_or_from_the_environment() {
    let scene = Scene::new(&["trips:read"]);
    let whoami = ["GET", "/auth/whoami"];
    let piped = run(scene.command(&[&whoami[..], &["--key-file", "-"]].concat()), &scene.key.secret);
    assert_eq!(piped.is(0).json()["data"]["apiKey"]["id"], scene.key.id.as_str());
    for name in ["PLANECONNECTION_API_KEY", "PLANECONNECTION_KEY"] {
        let mut command = scene.command(&whoami);
        command.env(name, &scene.key.secret);
        run(command, "").is(0);
    }
    set_permissions(scene.site.folder().join("key"), Permissions::from_mode(0o644)).expect("a mode");
    scene.run(&whoami).fails(1, "chmod 600");
    scene.write("other", "correct horse battery");
    scene.run(&[&whoami[..], &["--key-file", "other"]].concat()).fails(1, "there is no API key in other");
    scene.run(&[&whoami[..], &["--key-file", "none"]].concat()).fails(1, "cannot read --key-file none");
    let secret = scene.key.secret.as_str();
    let (parameter, header, path) =
        (format!("key={secret}"), format!("X-API-Key: {secret}"), format!("/auth/whoami?key={secret}"));
    let cases: [&[&str]; 5] = [
        &["GET", "/auth/whoami", "-q", &parameter],
        &["GET", "/auth/whoami", "-H", &header],
        &["GET", &path],
        &["GET", "/auth/whoami", secret],
        &[secret],
    ];
    for arguments in cases {
        let refused = run(scene.command(arguments), "").is(2);
        assert!(!refused.stderr.is_empty() && !format!("{refused:?}").contains(secret), "{refused:?}");
    }
}

#[test]
fn key_is_not_sent_without_tls_to_another_machine() {
    let scene = Scene::new(&["trips:read"]);
    let get = |url: &str, more: &[&str]| scene.run(&[&["GET", "/ops/trips", "--url", url], more].concat());
    // An address that counts as another machine, and leads to this one.
    let elsewhere = format!("http://0.0.0.0:{}", scene.node.address.port());
    for url in ["http://192.0.2.1", "http://planes.invalid:8080", &elsewhere] {
        assert_eq!(get(url, &[]).fails(2, "--allow-http").stdout, "");
    }
    get(&elsewhere, &["--allow-http"]).is(0);
    scene.run(&["GET", "https://planes.example/api/v1/ops/trips"]).fails(2, "--url names the server");
    get("http://127.0.0.1:1", &[]).fails(1, "http://127.0.0.1:1: no connection");
}

#[test]
fn list_is_printed_item_by_item_over_all_pages() {
    let scene = Scene::new(&["trips:write"]);
    let mut app = scene.node.with_key(&scene.key);
    let made: Vec<Value> = (1..=5).map(|number| app.post(TRIPS, &trip(number)).is(201).json["data"]["id"].clone()).collect();
    let walk = |arguments: &[&str]| {
        let printed = scene.run(&[&["GET", "/ops/trips", "--paginate"], arguments].concat()).is(0).stdout;
        let items = printed.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone());
        items.rev().collect::<Vec<_>>()
    };
    assert_eq!(walk(&["-q", "page_size=2"]), made);
    assert_eq!(walk(&[]), made);
    let first = scene.run(&["GET", "/ops/trips", "-q", "page_size=2"]).is(0).json();
    let cursor = format!("cursor={}", first["data"]["next_cursor"].as_str().expect("a cursor"));
    assert_eq!(walk(&["-q", "page_size=2", "-q", &cursor]), made[..3]);
    let refused = scene.run(&["GET", "/ops/trips", "--paginate", "-q", "colour=red"]).fails(1, "colour");
    assert_eq!(refused.stdout, "", "items only");
    scene.run(&["GET", "/changes", "-q", "page_size=2", "--paginate"]).fails(1, "400 INVALID_REQUEST");
    scene.run(&["GET", "/ops/trips", "--paginate", "-q", "page=2"]).fails(2, "leave page out");
}

#[test]
fn repetition_with_an_idempotency_key_changes_nothing_twice() {
    let scene = Scene::new(&["trips:write"]);
    let body = trip(1).to_string();
    let create = |key: &str| {
        scene
            .run_with_input(&["POST", "/ops/trips", "--input", "-", "--idempotency-key", key, "--retry", "1"], &body)
            .is(0)
            .json()
    };
    assert_eq!(create("import-1")["data"]["id"], create("import-1")["data"]["id"]);
    assert_ne!(create("auto")["data"]["id"], create("auto")["data"]["id"]);
}

#[test]
fn temporary_failures_are_repeated_as_often_as_wanted() {
    let scene = Scene::new(&["trips:read"]);
    let receiver = Receiver::start();
    let url = receiver.url();
    let server = url.strip_suffix("/hook").expect("a path");
    let at_once = || vec![("Retry-After", "0".to_owned())];
    let get = |retries: &str| scene.run(&["GET", "/ops/trips", "--url", server, "--retry", retries]);
    let mut calls = 0;
    receiver.answer_with(move |_| {
        calls += 1;
        if calls < 3 { Reply::With(503, at_once(), Vec::new()) } else { Reply::With(200, Vec::new(), b"{}".to_vec()) }
    });
    assert_eq!(get("2").is(0).stdout, "{}");
    assert_eq!(receiver.count(), 3);
    receiver.answer_with(move |_| Reply::With(429, at_once(), b"busy".to_vec()));
    assert_eq!(get("1").fails(1, "429 Too Many Requests").stdout, "busy");
    assert_eq!(receiver.count(), 5);
    get("0").fails(1, "429 Too Many Requests");
    assert_eq!(receiver.count(), 6);
    assert_eq!(receiver.requests()[0].header("x-api-key"), scene.key.secret);
}

#[test]
fn redirect_is_not_followed_and_silence_ends() {
    let scene = Scene::new(&["trips:read"]);
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let url = receiver.url();
    let server = url.strip_suffix("/hook").expect("a path");
    let target = other.url();
    receiver.answer_with(move |_| Reply::With(302, vec![("Location", target.clone())], Vec::new()));
    scene.run(&["GET", "/ops/trips", "--url", server]).fails(1, "not followed to");
    assert_eq!(other.count(), 0);
    receiver.answer(Reply::Silence);
    let late = scene.run(&["POST", "/ops/trips", "--url", server, "--timeout", "1s", "--idempotency-key", "auto"]);
    late.fails(1, "no answer within 1 s; to repeat it, use --idempotency-key ");
    for (status, is_repeatable) in [(503, true), (507, true), (409, false)] {
        receiver.answer_with(move |_| Reply::With(status, Vec::new(), Vec::new()));
        let refused = scene.run(&["POST", "/ops/trips", "--url", server, "--idempotency-key", "first-1"]);
        assert_eq!(refused.stderr.contains("; to repeat it, use --idempotency-key first-1"), is_repeatable, "{refused:?}");
    }
}

#[test]
fn key_in_a_wrong_place_is_not_printed() {
    let scene = Scene::new(&["trips:read"]);
    let key = scene.key.secret.as_str();
    let (file, field, flag, url) = (format!("a=@{key}"), format!("{key}=x"), format!("--{key}"), format!("http://{key}"));
    for arguments in [
        &["GET", "/ops/trips", "--key-file", key][..],
        &["GET", key],
        &["POST", "/ops/trips", "--input", key],
        &["GET", "/ops/trips", "--ca", key],
        &["POST", "/ops/trips", "-F", &file],
        &["POST", "/ops/trips", "-F", &field],
        &["POST", "/ops/trips", "-f", &field, "-f", &field],
        &["GET", "/ops/trips", &flag],
        &["GET", "/ops/trips", "--url", &url],
    ] {
        let printed = format!("{:?}", run(scene.command(arguments), "")).to_lowercase();
        assert!(!printed.contains(&key.to_lowercase()), "{arguments:?} prints the key");
    }
    let mut help = scene.command(&["--help"]);
    help.env("PLANECONNECTION_KEY_FILE", key).env("PLANECONNECTION_INPUT", key).env("PLANECONNECTION_IDEMPOTENCY_KEY", key);
    assert!(!format!("{:?}", run(help, "")).contains(key), "the help prints the environment");
}
