//! The receivers of the guide `docs/WEBHOOKS.md`, each run as it is against a node.

#![expect(clippy::disallowed_methods, reason = "receivers compare with the real time")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use kit::clock::Time;
use planeconnection::webhooks::SigningSecret;
use serde_json::{Value, json};
use testkit::{Client, Key, Node, ReceivedRequest, Receiver, Site, TRIPS, until};

use crate::webhook_delivery::site_with_key;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/receivers");
const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/receivers");

/// Own secrets: the one of the beginning, and one that follows at once.
const OWN: &str = "the-secret-of-the-first-days";
const NEXT: &str = "the-secret-after-a-leak-of-it";

/// Larger than a receiver takes.
const TOO_LARGE: usize = 1024 * 1024 + 1;

/// A failed delivery is not attempted again within a test: a gap is filled by the receiver.
const FLAGS: [&str; 4] =
    ["--webhook-allow=127.0.0.0/8", "--webhook-allow-http", "--webhook-schedule=0s,1h", "--limits=member-writes=none"];

/// A receiver of the guide with its settings.
struct Example {
    program: Vec<String>,
    port: u16,
    data: PathBuf,
    url: String,
    key: Key,
    webhook: String,
}

impl Example {
    fn command(&self, secrets: &str) -> Command {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]).env("SECRETS", secrets).env("DATA", &self.data).env("PORT", self.port.to_string());
        command.env("PLANECONNECTION_URL", &self.url).env("PLANECONNECTION_KEY", &self.key.secret);
        command.env("WEBHOOK", &self.webhook).env("NO_PROXY", "127.0.0.1");
        command
    }

    fn start(&self, secrets: &str) -> Node {
        Node::start(self.command(secrets))
    }

    /// Anyone can sign with an empty key.
    fn refuses_to_start_without_secrets(&self) {
        for secrets in ["", " ", "whsec_", "whsec_not/base64/but/of/the/right/length", "short", &format!("{OWN} whsec_")] {
            assert!(Node::try_start(self.command(secrets)).is_err(), "it starts with the secrets {secrets:?}");
            let ended = self.command(secrets).output().expect("the receiver runs");
            assert!(!ended.status.success() && !ended.stderr.is_empty(), "{secrets:?}: {ended:?}");
        }
    }
}

/// A node whose events go to the receiver of the guide and, signed with the same secret, to one of the test.
struct Scene {
    _site: Site,
    owner: Client,
    _node: Node,
    copies: Receiver,
    example: Example,
    _folder: tempfile::TempDir,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Scene {
    fn new(program: Vec<String>) -> Self {
        let ((site, secret_key), copies) = (site_with_key(), Receiver::start());
        let node = site.node_with(&[&FLAGS[..], &["--secret-key-file", &secret_key]].concat());
        let mut owner = node.owner();
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut create = |url: String| {
            let made = json!({ "url": url, "events": ["trip.created"], "secret": OWN });
            text(&owner.post("/api/v1/webhooks", &made).is(201).json["data"]["webhook"]["id"])
        };
        create(copies.url());
        let webhook = create(format!("http://127.0.0.1:{port}/hooks"));
        let key = owner.create_key("Receiver", &["webhooks:read", "trips:read"]);
        let url = format!("http://{}", node.address);
        let example = Example { program, port, data: folder.path().join("events"), url, key, webhook };
        Self { _site: site, owner, _node: node, copies, example, _folder: folder }
    }

    /// Creates a trip, and returns the request about it as the receiver of the test has it.
    fn change(&mut self) -> ReceivedRequest {
        let count = self.copies.count();
        let trip =
            json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-04-01T10:00:00Z" });
        self.owner.post(TRIPS, &trip).is(201);
        self.copies.wait_for(count + 1).pop().expect("a request")
    }

    /// Waits until the latest delivery to the receiver of the guide has ended an attempt with this status, or with none.
    fn wait_for_attempt(&mut self, event: &ReceivedRequest, status: Option<u16>) -> String {
        let at = format!("/api/v1/webhooks/{}/deliveries", self.example.webhook);
        let id = event.header("webhook-id").to_owned();
        let mut latest = Value::Null;
        until("the attempt has ended", || {
            let items = self.owner.get(&at).is(200).json["data"]["items"].take();
            latest =
                items.as_array().and_then(|items| items.iter().find(|item| item["eventId"] == id)).cloned().unwrap_or_default();
            let delivery = latest["id"].as_str().map(|delivery| format!("{at}/{delivery}"));
            latest = delivery.map(|path| self.owner.get(&path).is(200).json["data"].take()).unwrap_or_default();
            latest["attempts"].as_array().is_some_and(|attempts| !attempts.is_empty())
        });
        assert_eq!(latest["attempts"][0]["statusCode"], json!(status), "{latest}");
        text(&latest["id"])
    }

    fn rotate(&mut self, change: &Value) -> String {
        let at = format!("/api/v1/webhooks/{}/rotate-secret", self.example.webhook);
        text(&self.owner.post(&at, change).is(200).json["data"]["secret"])
    }
}

fn line(event: &ReceivedRequest) -> String {
    format!("done {} trip.created {}", event.header("webhook-id"), event.sequence())
}

/// Waits until a receiver has worked on these events, in this order, and on no others. `before` is the one that its process was
/// working on when it was killed: that may be worked on again.
#[track_caller]
fn wait_until_done(receiver: &Node, before: Option<&ReceivedRequest>, events: &[&ReceivedRequest]) {
    let expected: Vec<String> = events.iter().map(|event| line(event)).collect();
    let repeated = before.map(line);
    let done = || -> Vec<String> {
        let lines = receiver.stdout();
        let lines = lines.lines().filter(|line| line.starts_with("done ") && Some(*line) != repeated.as_deref());
        lines.map(str::to_owned).collect()
    };
    until(&format!("{} events are done", events.len()), || done().len() >= expected.len());
    assert_eq!(done(), expected, "{}", receiver.stderr());
}

/// Sends a request to a receiver by hand. Returns the status of the response.
fn send(receiver: &Node, request: &ReceivedRequest) -> u16 {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "x-planeconnection-previous-sequence"];
    let client = names.into_iter().fold(receiver.anonymous(), |client, name| client.header(name, request.header(name)));
    let body = String::from_utf8(request.body.clone()).expect("text");
    let mut client = client;
    client.try_send("POST", "/hooks", Some(&body)).expect("a response").status
}

fn with_header(request: &ReceivedRequest, name: &str, value: &str) -> ReceivedRequest {
    let replaced = |(known, old): &(String, String)| (known.clone(), if known == name { value } else { old }.to_owned());
    ReceivedRequest { headers: request.headers.iter().map(replaced).collect(), body: request.body.clone() }
}

/// A request that was signed ten minutes ago.
fn old(request: &ReceivedRequest) -> ReceivedRequest {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_secs();
    let seconds = i64::try_from(now).expect("a time") - 600;
    let at = Time::from_micros(seconds * 1_000_000).expect("a time");
    let secret = SigningSecret::parse(OWN).expect("a secret");
    let signature = secret.sign_standard(request.header("webhook-id"), at, &request.body);
    with_header(&with_header(request, "webhook-timestamp", &seconds.to_string()), "webhook-signature", &signature)
}

/// A request that is signed with an empty key.
fn signed_with_nothing(request: &ReceivedRequest) -> ReceivedRequest {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"");
    let signed = format!("{}.{}.", request.header("webhook-id"), request.header("webhook-timestamp")).into_bytes();
    let tag = ring::hmac::sign(&key, &[&signed[..], &request.body].concat());
    with_header(request, "webhook-signature", &format!("v1,{}", data_encoding::BASE64.encode(tag.as_ref())))
}

fn refuses_what_is_not_ours(receiver: &Node, genuine: &ReceivedRequest) {
    let altered = String::from_utf8(genuine.body.clone()).expect("text").replace("KMIA", "KJFK").into_bytes();
    let altered = ReceivedRequest { headers: genuine.headers.clone(), body: altered };
    for (what, request) in [
        ("an altered body", altered),
        ("another id", with_header(genuine, "webhook-id", "evt_00000000000000000000000001")),
        ("no signature", with_header(genuine, "webhook-signature", "")),
        ("no time", with_header(genuine, "webhook-timestamp", "")),
        ("an old request", old(genuine)),
        ("an empty key", signed_with_nothing(genuine)),
    ] {
        assert_eq!(send(receiver, &request), 401, "{what}");
    }
    let mut client = receiver.anonymous();
    client.begin_post("/hooks", TOO_LARGE, "{").expect("it is sent");
    // Some wait for the rest of the body before they answer.
    let _closed = client.write(&vec![b' '; TOO_LARGE - 1]);
    assert_eq!(client.read_response().expect("a response").status, 413);
}

/// Duplicates, forgeries, a full disk, a crash and rotations: every event is worked on once, in order.
fn receives_every_event_once(program: Vec<String>) {
    let mut scene = Scene::new(program);
    scene.example.refuses_to_start_without_secrets();
    // As a shell leaves it if a variable between them and one behind them are empty.
    let receiver = scene.example.start(&format!("{NEXT}  {OWN} "));

    let first = scene.change();
    wait_until_done(&receiver, None, &[&first]);
    let delivery = scene.wait_for_attempt(&first, Some(204));
    let resend = format!("/api/v1/webhooks/{}/deliveries/{delivery}/resend", scene.example.webhook);
    scene.owner.post(&resend, &json!({})).is(202);
    until("it was delivered again", || scene.wait_for_attempt(&first, Some(204)) != delivery);
    assert_eq!(send(&receiver, &first), 204, "a third time");
    refuses_what_is_not_ours(&receiver, &first);

    let away = scene.example.data.with_extension("away");
    std::fs::rename(&scene.example.data, &away).expect("it is moved");
    let second = scene.change();
    scene.wait_for_attempt(&second, Some(503));
    std::fs::rename(&away, &scene.example.data).expect("it is moved back");
    let third = scene.change();
    wait_until_done(&receiver, None, &[&first, &second, &third]);

    receiver.kill();
    let fourth = scene.change();
    scene.wait_for_attempt(&fourth, None);
    let receiver = scene.example.start(OWN);
    let fifth = scene.change();
    wait_until_done(&receiver, Some(&third), &[&fourth, &fifth]);

    let new = scene.rotate(&json!({}));
    let sixth = scene.change();
    wait_until_done(&receiver, Some(&third), &[&fourth, &fifth, &sixth]);
    receiver.kill();
    let receiver = scene.example.start(&format!("{NEXT} {new}"));
    let seventh = scene.change();
    wait_until_done(&receiver, Some(&sixth), &[&seventh]);
    scene.rotate(&json!({ "secret": NEXT, "overlapHours": 0 }));
    let eighth = scene.change();
    wait_until_done(&receiver, Some(&sixth), &[&seventh, &eighth]);
    for event in [&seventh, &eighth] {
        scene.wait_for_attempt(event, Some(204));
    }
}

fn built(name: &str, command: &mut Command) -> Vec<String> {
    assert!(
        command.status().is_ok_and(|status| status.success()),
        "{name} is not built: cargo xtask receivers installs what it needs"
    );
    vec![format!("{BUILT}/{name}")]
}

#[test]
fn receiver_in_python_verifies_signatures_and_loses_no_event() {
    receives_every_event_once(vec!["python3".to_owned(), format!("{FOLDER}/receiver.py")]);
}

#[test]
fn receiver_in_node_verifies_signatures_and_loses_no_event() {
    receives_every_event_once(vec!["node".to_owned(), format!("{FOLDER}/receiver.mjs")]);
}

#[test]
fn receiver_in_go_verifies_signatures_and_loses_no_event() {
    let mut build = Command::new("go");
    build.args(["build", "-o", &format!("{BUILT}/receiver-go"), "receiver.go"]).current_dir(FOLDER);
    build.env("GO111MODULE", "off").env("GOCACHE", format!("{BUILT}/go-cache"));
    receives_every_event_once(built("receiver-go", &mut build));
}

#[test]
fn receiver_in_rust_verifies_signatures_and_loses_no_event() {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--locked", "--offline", "--target-dir", BUILT]).current_dir(Path::new(FOLDER).join("rust"));
    receives_every_event_once(built("debug/receiver", &mut build));
}

#[test]
fn guide_shows_the_receivers_as_they_are() {
    let guide = include_str!("../../docs/WEBHOOKS.md");
    for (language, file) in [
        ("python", include_str!("../../docs/receivers/receiver.py")),
        ("js", include_str!("../../docs/receivers/receiver.mjs")),
        ("go", include_str!("../../docs/receivers/receiver.go")),
        ("toml", include_str!("../../docs/receivers/rust/Cargo.toml")),
        ("rust", include_str!("../../docs/receivers/rust/src/main.rs")),
    ] {
        assert!(
            guide.contains(&format!("```{language}\n{file}```\n")),
            "the {language} in docs/WEBHOOKS.md is not that of its file"
        );
    }
}
