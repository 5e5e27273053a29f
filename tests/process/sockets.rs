//! Slow and hostile clients do not affect others.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Client, Node, Site, until};

use crate::BINARY;

fn is_well(node: &Node) {
    node.anonymous().get("/health").is(200);
}

#[test]
fn endless_header_is_cut_off() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--header-timeout", "1s"]);
    let mut slow = node.anonymous();
    slow.write(b"GET /health HTTP/1.1\r\nhost: x\r\n").expect("sent");
    let begun = Instant::now();
    // A byte now and then does not help.
    until("the connection is closed", || slow.write(b"x").is_err() || begun.elapsed() > Duration::from_secs(30));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let mut idle = node.anonymous();
    idle.get("/health").is(200);
    assert_eq!(idle.read_to_end(), "");
    is_well(&node);
}

#[test]
fn idle_connections_do_not_block_others() {
    let site = Site::new(BINARY);
    let node = site.node();
    let idle: Vec<Client> = (0..200).map(|_| node.anonymous()).collect();
    let mut slow: Vec<Client> = (0..20).map(|_| node.anonymous()).collect();
    for client in &mut slow {
        client.write(b"GET /health HTTP/1.1\r\nhost:").expect("sent");
    }
    is_well(&node);
    node.owner().get("/api/v1/auth/whoami").is(200);
    drop((idle, slow));
    is_well(&node);
}

#[test]
fn endless_body_does_not_block_others() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut slow: Vec<Client> = (0..30).map(|_| node.anonymous()).collect();
    for client in &mut slow {
        client.begin_post("/api/v1/auth/sign-in", 100, "{\"email\":").expect("sent");
    }
    is_well(&node);
    let key = node.owner().create_key("Meanwhile", &["trips:read"]);
    node.with_key(&key).get("/api/v1/auth/whoami").is(200);
    let answer = slow[0].read_response().expect("an answer");
    assert_eq!(answer.status, 408, "{}", answer.body);
}

#[test]
fn garbage_gets_an_error_or_is_cut_off() {
    let site = Site::new(BINARY);
    let node = site.node();
    let large = format!("GET /health HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET /health HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-a: b\r\n".repeat(1_000));
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000));
    let cases: [&[u8]; 9] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n",
        b"\x00\xff\xfe\xfd garbage \r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        large.as_bytes(),
        many.as_bytes(),
        long.as_bytes(),
    ];
    for case in cases {
        let mut client = node.anonymous();
        // The node may have closed before everything was sent.
        let _cut_off = client.write(case);
        let answer = client.read_to_end();
        let status = answer.split(' ').nth(1).unwrap_or("closed");
        assert!(matches!(status, "closed" | "400" | "414" | "431"), "{answer}");
    }
    is_well(&node);
}

#[test]
fn oversized_body_is_refused() {
    let site = Site::new(BINARY);
    let node = site.node();
    let large = json!({ "name": "x".repeat(2 << 20) }).to_string();
    let mut owner = node.owner();
    owner.begin_post("/api/v1/api-keys", large.len(), "").expect("sent");
    owner.read_response().expect("an answer").is(413).code("PAYLOAD_TOO_LARGE");
    // Without saying how long it is.
    let mut owner = node.owner().header("transfer-encoding", "chunked");
    let head = owner.head("POST", "/api/v1/api-keys") + "content-type: application/json\r\n\r\n";
    owner.write(head.as_bytes()).expect("sent");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    while owner.write(chunk.as_bytes()).is_ok() && !owner.has_response() {}
    owner.read_response().expect("an answer").is(413);
    is_well(&node);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut client = node.anonymous();
    let paths = ["/health", "/nowhere", "/readiness", "/api/v1/nowhere"];
    let requests = paths.map(|path| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).concat().repeat(10);
    client.write(requests.as_bytes()).expect("sent");
    let statuses: Vec<u16> = (0..40).map(|_| client.read_response().expect("an answer").status).collect();
    assert_eq!(statuses, [200, 404, 200, 404].repeat(10));
}

#[test]
fn disconnects_during_writes_leave_nothing_behind() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--limits", "member-writes=none"]);
    let token = node.sign_in();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (node, token) = (&node, &token);
            scope.spawn(move || {
                for number in 0..60 {
                    let body = testkit::create_key_body(&format!("{thread}-{number}"), &["trips:read"]).to_string();
                    let mut client = node.owner_with(token);
                    client.begin_post("/api/v1/api-keys", body.len(), &body).expect("sent");
                    let until = Instant::now() + Duration::from_micros(number * 150);
                    while Instant::now() < until {
                        std::thread::yield_now();
                    }
                    drop(client);
                }
            });
        }
    });
    let mut owner = node.owner_with(&token);
    let key = owner.create_key("After", &["trips:read"]);
    owner.revoke(&key);
    node.with_key(&key).get("/api/v1/auth/whoami").is(401);
    // Requests whose callers have gone may still be running, so the two counts are compared until they agree.
    until("as many events as keys", || {
        let total = owner.get("/api/v1/api-keys").is(200).json["data"]["total"].clone();
        let events = owner.get("/api/v1/audit-log?action=api_key.created").is(200).json["data"]["total"].clone();
        total == events
    });
    site.verify_audit_log();
}
