//! Starting: ready means ready, several may start at once, and what does not work is said in a line.

use serde_json::json;
use testkit::{Client, Key, Node, Site, until};

use crate::BINARY;

#[test]
fn nodes_started_concurrently_on_a_new_file_all_start() {
    for _round in 0..6 {
        let site = Site::empty(BINARY);
        let nodes: Vec<Node> = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| site.node())).collect();
            starting.into_iter().map(|node| node.join().expect("it starts")).collect()
        });
        site.create_workspace("skyline", testkit::OWNER).is(0);
        let key = nodes[0].owner().create_key("Key", &["trips:read"]);
        for node in &nodes {
            node.with_key(&key).get("/api/v1/auth/whoami").is(200);
        }
    }
}

#[test]
fn node_is_live_before_it_is_ready() {
    let site = Site::new(BINARY);
    let lock = site.lock_writes();
    std::thread::scope(|scope| {
        let (said, hears) = std::sync::mpsc::channel();
        let mut child = site
            .command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let (stdout, stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        scope.spawn(move || {
            for line in std::io::BufRead::lines(std::io::BufReader::new(stderr)).map_while(Result::ok) {
                let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
                if line["message"] == "loading keys" {
                    said.send(line["address"].as_str().expect("text").parse().expect("an address")).expect("a listener");
                }
            }
        });
        let address = hears.recv_timeout(testkit::DEADLINE).expect("an address");
        let get = |path| Client::connect(address).expect("a connection").get(path).status;
        assert_eq!((get("/health"), get("/readiness")), (200, 503));
        lock.release();
        until("the node is ready", || get("/readiness") == 200);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
        assert_eq!(line.trim(), format!("Listening on http://{address}"));
        child.kill().expect("a signal");
        child.wait().expect("an end");
    });
}

#[test]
fn metrics_are_served_on_their_own_address() {
    let site = Site::new(BINARY);
    let node = site.node();
    let metrics = node.anonymous().get("/metrics").is(200);
    assert!(metrics.body.contains("planeconnection_keys 0"), "{}", metrics.body);
    drop(node);

    let node = site.node_with(&["--metrics-listen", "127.0.0.1:0", "--log-format", "json"]);
    node.anonymous().get("/metrics").is(404);
    let stderr = node.stderr();
    let address = stderr.lines().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["metrics"].as_str().and_then(|address| address.parse().ok())
    });
    let mut scraper = Client::connect(address.expect("an address")).expect("a connection");
    assert!(scraper.get("/metrics").is(200).body.contains("planeconnection_lease_left_seconds"));
    scraper.get("/api/v1/auth/whoami").is(404);
}

#[test]
fn failed_start_reports_one_line() {
    let site = Site::new(BINARY);
    let node = site.node();
    let address = node.address.to_string();
    site.run(&["serve", "--listen", &address, "--log", "off"]).fails(1, &address);
    let folder = site.folder().display().to_string();
    let missing = format!("sqlite://{folder}/missing/plane.db");
    site.run(&["serve", "--listen", "127.0.0.1:0", "--database", &missing, "--log", "off"]).fails(1, "missing/plane.db");
    std::fs::write(site.folder().join("text.db"), "not a database, but long enough to be looked at".repeat(50)).expect("a file");
    let wrong = format!("sqlite://{folder}/text.db");
    site.run(&["serve", "--listen", "127.0.0.1:0", "--database", &wrong, "--log", "off"]).fails(1, "text.db");
    site.run(&["keys", "list", "--database", &wrong]).fails(1, "text.db");
    for (flag, value) in [("--database", "mysql://x/y"), ("--log", "a=b=c"), ("--public-url", "x"), ("--header-timeout", "0s")] {
        site.run(&["serve", "--listen", "127.0.0.1:0", flag, value]).is(2);
    }
}

#[test]
fn database_file_can_have_any_name() {
    let site = Site::empty(BINARY);
    let url = format!("sqlite://{}/100%25 of #1.db", site.folder().display());
    let arguments = ["--database", &url, "--name", "N", "--slug", "skyline", "--owner-email", "a@b.example"];
    site.run_with_input(&[&["workspace", "create", "--owner-password-stdin"], &arguments[..]].concat(), "a long enough password")
        .is(0);
    assert!(site.folder().join("100%25 of #1.db").exists());
    site.run(&["keys", "list", "--database", &url]).is(0);
    let node = site.node_with(&["--database", &url, "--header-timeout", "2m"]);
    node.anonymous().get("/readiness").is(200);
    assert!(node.stop().0.success());
}

#[test]
fn database_expanded_by_a_later_version_is_served() {
    let site = Site::new(BINARY);
    // As the next release would, while nodes of this one still run and are started again.
    site.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)");
    site.execute("ALTER TABLE nodes ADD COLUMN later varchar NOT NULL DEFAULT ''");
    site.execute("ALTER TABLE api_keys ADD COLUMN later varchar");
    let node = site.node();
    assert!(node.stderr().contains("made by a later version"));
    let key = node.owner().create_key("Key", &["trips:read"]);
    node.with_key(&key).get("/api/v1/auth/whoami").is(200);
    site.run(&["keys", "revoke", &key.id]).is(0);
    node.with_key(&key).get("/api/v1/auth/whoami").is(401);
    site.execute("DELETE FROM seaql_migrations WHERE version = 'm0008_nodes'");
    site.run(&["keys", "list"]).fails(1, "another line of versions");
}

#[test]
fn trusted_proxy_may_be_spelled_as_an_address_or_block_of_either_family() {
    let site = Site::new(BINARY);
    let body = json!({ "name": "Office", "permissions": "read_only", "expiresAt": null, "ipAllowlist": ["203.0.113.9"] });
    let mut key = None;
    for spelling in ["127.0.0.1", "::ffff:127.0.0.0/104", "::1, ::FFFF:7f00:1", "127.9.9.9/8"] {
        let node = site.node_with(&["--trusted-proxies", spelling]);
        let key = key.get_or_insert_with(|| Key::from_json(&node.owner().post("/api/v1/api-keys", &body).is(201).json["data"]));
        let mut client = node.with_key(key);
        client.get("/api/v1/auth/whoami").is(403).code("IP_NOT_ALLOWED");
        client.header("x-forwarded-for", "203.0.113.9").get("/api/v1/auth/whoami").is(200);
    }
    for (spelling, advice) in [
        ("::ffff:127.0.0.0/8", "; write 127.0.0.0/8"),
        ("10.0.0.0/8,fe80::1%eth0", "; write fe80::1"),
        ("localhost", "xpected an address or a CIDR block"),
    ] {
        let refused = site.run(&["serve", "--listen", "127.0.0.1:0", "--trusted-proxies", spelling]).is(2);
        assert!(refused.stderr.contains(advice), "{}", refused.stderr);
        let create = ["keys", "create", "--name", "A", "--permissions", "read_only", "--no-expiration", "--ip-allowlist"];
        let refused = site.run(&[&create[..], &[spelling]].concat()).is(2);
        assert!(refused.stderr.contains(advice), "{}", refused.stderr);
    }
}
