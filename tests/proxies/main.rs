//! Forward authentication behind real reverse proxies, configured as `docs/proxies/` says.

mod program;
mod service;

use std::thread;

use serde_json::{Value, json};
use testkit::{KEYS, Key, Node, Response, Site, create_key_body};

use self::program::{Program, RunningProxy};
use self::service::{Service, values};

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");

/// The headers that the check decides, whatever the client sends.
const DECIDED: [&str; 8] = [
    "x-tenant-id",
    "x-tenant-slug",
    "x-tenant-name",
    "x-tenant-timezone",
    "x-tenant-modules",
    "x-api-key-id",
    "x-member-id",
    "x-member-role",
];

/// A node, a service and a proxy in front of it.
struct Setup {
    program: Program,
    proxy: RunningProxy,
    service: Service,
    token: String,
    node: Node,
    _site: Site,
}

impl Setup {
    fn new(program: Program) -> Self {
        let site = Site::new(BINARY);
        let node = site.node_with(&["--trusted-proxies", "127.0.0.1/32"]);
        let service = Service::start();
        let proxy = RunningProxy::start(program, node.address, service.port);
        assert_eq!(service.requests(), 0);
        let token = node.sign_in();
        Self { program, proxy, service, token, node, _site: site }
    }

    fn key(&self, name: &str, scopes: &[&str]) -> Key {
        self.node.owner_with(&self.token).create_key(name, scopes)
    }

    /// Creates a key with a member of its body replaced.
    fn key_with(&self, name: &str, member: &str, value: Value) -> Key {
        let mut body = create_key_body(name, &["trips:read"]);
        body[member] = value;
        Key::from_json(&self.node.owner_with(&self.token).post(KEYS, &body).is(201).json["data"])
    }

    /// Sends a request with these headers.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Response {
        let client = headers.iter().fold(self.proxy.client(), |client, (name, value)| client.header(name, value));
        client.header("connection", "close").try_send(method, path, body).expect("a response")
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", path, headers, None)
    }

    /// Asserts that a request is refused by the proxy, and does not reach the service.
    #[track_caller]
    fn is_refused(&self, headers: &[(&str, &str)], status: u16) -> Response {
        let before = self.service.requests();
        let answer = self.get("/a?page=2", headers);
        assert_eq!(answer.status, status, "{:?}: {answer:?}", self.program);
        assert_eq!(self.service.requests(), before, "{:?}", self.program);
        answer
    }
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// Asserts that an echoed request has the headers of the key's workspace, once each, and no credential.
#[track_caller]
fn is_by_key(echo: &Value, key: &Key) {
    assert_eq!(values(echo, "x-api-key-id"), [key.id.as_str()], "{echo}");
    assert_eq!(values(echo, "x-tenant-slug"), ["skyline"], "{echo}");
    assert_eq!(values(echo, "x-tenant-modules"), ["trips,fleet,safety,invoices"], "{echo}");
    assert!(values(echo, "x-tenant-id").concat().starts_with("ws_"), "{echo}");
    for name in ["x-member-id", "x-member-role", "x-api-key", "authorization"] {
        assert_eq!(values(echo, name).concat(), "", "{echo}");
    }
}

fn guards(program: Program) {
    let setup = Setup::new(program);
    let key = setup.key("Reader", &["trips:read"]);
    passes_a_valid_credential(&setup, &key);
    ignores_query_and_path_of_the_client(&setup, &key);
    checks_every_method(&setup, &key);
    replaces_forged_headers(&setup, &key);
    passes_on_the_address_of_the_client(&setup);
    passes_on_refusals(&setup, &key);
    refuses_when_the_check_is_down(setup, &key);
}

fn passes_a_valid_credential(setup: &Setup, key: &Key) {
    is_by_key(&setup.get("/a", &[("x-api-key", &key.secret)]).is(200).json, key);
    is_by_key(&setup.get("/a", &[("authorization", &format!("Bearer {}", key.secret))]).is(200).json, key);
    let echo =
        setup.get("/a", &[("authorization", &format!("Bearer {}", setup.token)), ("x-api-key-id", "key_forged")]).is(200).json;
    assert_eq!(values(&echo, "x-member-role"), ["account_owner"], "{echo}");
    assert!(values(&echo, "x-member-id").concat().starts_with("user_"), "{echo}");
    assert_eq!(values(&echo, "x-api-key-id").concat(), "", "{echo}");
}

fn ignores_query_and_path_of_the_client(setup: &Setup, key: &Key) {
    for path in [
        "/",
        "//",
        "//a",
        "/a?page=2",
        "/a?scope=audit:read",
        "/a?scope=nonsense&scope=x",
        "/a?",
        "/fleet:read",
        "/a/../fleet:read/b",
        "/a;b=c",
    ] {
        let echo = setup.get(path, &[("x-api-key", &key.secret)]).is(200).json;
        is_by_key(&echo, key);
        let query = path.split_once('?').map_or("", |(_, query)| query);
        assert!(echo["path"].as_str().is_some_and(|path| path.ends_with(query)), "{path}: {echo}");
    }
    // Some proxies refuse an escaped slash themselves; none makes another path of the check out of it.
    for path in ["/a%2fb", "/..%2ffleet:read"] {
        let answer = setup.get(path, &[("x-api-key", &key.secret)]);
        assert!(matches!(answer.status, 200 | 400), "{path}: {answer:?}");
    }
}

fn checks_every_method(setup: &Setup, key: &Key) {
    let large = "x".repeat(300_000);
    for (secret, status) in [(key.secret.as_str(), "HTTP/1.1 200"), ("pck_none", "HTTP/1.1 401")] {
        let mut client = setup.proxy.client().header("x-api-key", secret).header("connection", "close");
        let request = client.head("HEAD", "/a?page=2") + "\r\n";
        client.write(request.as_bytes()).expect("sent");
        let answer = client.read_to_end();
        assert!(answer.starts_with(status) && answer.ends_with("\r\n\r\n"), "{answer}");
        assert_eq!(answer.to_lowercase().contains("x-method: head"), status.ends_with("200"), "{answer}");
    }
    for method in ["OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        let body = matches!(method, "POST" | "PUT" | "PATCH").then_some(large.as_str());
        let answer = setup.send(method, "/a?page=2", &[("x-api-key", &key.secret)], body);
        assert_eq!((answer.status, header(&answer, "x-method")), (200, method), "{answer:?}");
        is_by_key(&answer.json, key);
        assert_eq!(answer.json["length"], body.map_or(0, str::len), "{answer:?}");
        let before = setup.service.requests();
        assert_eq!(setup.send(method, "/a", &[("x-api-key", "pck_none")], None).status, 401, "{method}");
        assert_eq!(setup.service.requests(), before, "{method}");
    }
    // The refusal does not wait for the body. On a connection that stays open, Go's server first reads what it has announced.
    let mut client = setup.proxy.client().header("connection", "close");
    client.begin_post("/a", 1_000, "{").expect("sent");
    assert_eq!(client.read_response().expect("a response").status, 401);
}

fn replaces_forged_headers(setup: &Setup, key: &Key) {
    let mut forged: Vec<(&str, &str)> = DECIDED.map(|name| (name, "forged")).to_vec();
    forged.extend(DECIDED.map(|name| (name, "forged, twice")));
    forged.extend([("x-api-key", key.secret.as_str()), ("x-forwarded-uri", "/forged"), ("x-scope", "forged")]);
    let echo = setup.get("/a", &forged).is(200).json;
    is_by_key(&echo, key);
    for name in DECIDED {
        assert!(!values(&echo, name).concat().contains("forged"), "{name}: {echo}");
    }
    // A proxy drops the headers that the client names as those of its connection: the header is lost, and not replaced.
    let hop_by_hop = [
        ("connection", "X-Tenant-Id, X-API-Key-Id, X-Member-Role"),
        ("x-member-role", "forged"),
        ("x-tenant-id", "forged"),
        ("x-api-key", key.secret.as_str()),
    ];
    let echo = setup.get("/a", &hop_by_hop).is(200).json;
    for (name, right) in [("x-api-key-id", key.id.as_str()), ("x-member-role", ""), ("x-tenant-id", "ws_")] {
        let seen = values(&echo, name).concat();
        assert!(seen.is_empty() || seen.starts_with(right) && !right.is_empty(), "{name}: {echo}");
    }
    // A service may take an underscore for a hyphen.
    for name in [
        "X_Tenant_Id",
        "x_tenant-slug",
        "X-Tenant_Id",
        "X_API_KEY_ID",
        "X-API_Key-Id",
        "X-API-Key_Id",
        "X_Member-Role",
        "X-Member_Id",
    ] {
        let answer = setup.get("/a", &[(name, "forged"), ("x-api-key", &key.secret)]);
        assert!(answer.status == 400 || answer.status == 200 && !answer.body.contains("forged"), "{name}: {answer:?}");
    }
}

fn passes_on_the_address_of_the_client(setup: &Setup) {
    let near = setup.key_with("Near", "ipAllowlist", json!(["127.0.0.2"]));
    let far = setup.key_with("Far", "ipAllowlist", json!(["203.0.113.7"]));
    for (key, status) in [(near, 200), (far, 403)] {
        for (name, value) in [("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "203.0.113.7"), ("forwarded", "for=203.0.113.7")]
        {
            let client = setup.proxy.client_from([127, 0, 0, 2]).header("x-api-key", &key.secret).header(name, value);
            assert_eq!(client.header("connection", "close").get("/a").status, status, "{:?}: {name}", setup.program);
        }
    }
}

fn passes_on_refusals(setup: &Setup, key: &Key) {
    let challenged = setup.is_refused(&[], 401);
    assert!(header(&challenged, "www-authenticate").starts_with("Bearer"), "{challenged:?}");
    setup.is_refused(&[("x-api-key", "pck_nonsense")], 401);
    let other = setup.key("Other", &["fleet:read"]);
    setup.is_refused(&[("x-api-key", &other.secret)], 403);
    setup.is_refused(&[("x-api-key", &key.secret), ("authorization", &format!("Bearer {}", other.secret))], 400);
    let limited = setup.key_with("Limited", "rateLimit", json!({ "requests": 2, "perSeconds": 3_600 }));
    for _ in 0..2 {
        setup.get("/a", &[("x-api-key", &limited.secret)]).is(200);
    }
    for _ in 0..2 {
        let slowed = setup.is_refused(&[("x-api-key", &limited.secret)], 429);
        assert!(header(&slowed, "retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{slowed:?}");
        assert!(header(&slowed, "ratelimit").contains("r=0"), "{slowed:?}");
    }
    let revoked = setup.key("Revoked", &["trips:read"]);
    setup.get("/a", &[("x-api-key", &revoked.secret)]).is(200);
    setup.node.owner_with(&setup.token).revoke(&revoked);
    setup.is_refused(&[("x-api-key", &revoked.secret)], 401);
    // Refusals of one client do not change what others get.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| is_by_key(&setup.get("/a", &[("x-api-key", &key.secret)]).is(200).json, key));
        }
    });
}

fn refuses_when_the_check_is_down(setup: Setup, key: &Key) {
    let Setup { program, proxy, service, node, .. } = setup;
    node.kill();
    let before = service.requests();
    let answer = proxy.client().header("x-api-key", &key.secret).header("connection", "close").get("/a");
    assert!(matches!(answer.status, 500..=504), "{program:?}: {answer:?}");
    assert_eq!(service.requests(), before);
}

#[test]
fn nginx_guards_a_service() {
    guards(Program::Nginx);
}

#[test]
fn caddy_guards_a_service() {
    guards(Program::Caddy);
}

#[test]
fn traefik_guards_a_service() {
    guards(Program::Traefik);
}

#[test]
fn envoy_guards_a_service() {
    guards(Program::Envoy);
}
