//! Exposure to other users of the machine: files, memory, arguments.

use std::fs::{Permissions, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use testkit::{Node, Site, run, until};

use crate::BINARY;

fn mode(path: &std::path::Path) -> u32 {
    path.metadata().expect("a file").permissions().mode() & 0o777
}

#[test]
fn exposed_database_file_is_logged_at_startup() {
    let site = Site::in_file(BINARY);
    let file = site.folder().join("plane.db");
    for (mode, level, said) in [(0o600, "", ""), (0o644, "WARN", "can read the database file"), (0o666, "ERROR", "can write to")]
    {
        set_permissions(&file, Permissions::from_mode(mode)).expect("a mode");
        let (_, _, stderr) = site.node().stop();
        let line = stderr.lines().find(|line| line.contains("the database file")).unwrap_or_default();
        assert!(line.contains(level) && line.contains(said), "{mode:o}: {stderr}");
        assert_eq!(line.is_empty(), said.is_empty(), "{mode:o}: {stderr}");
        assert!(said.is_empty() || line.contains(&format!("{mode:04o}")), "{stderr}");
    }
}

#[test]
fn demo_folder_is_private_despite_the_umask() {
    let site = Site::empty(BINARY);
    let mut demo = Command::new("sh");
    demo.args(["-c", "umask 0; exec \"$0\" demo --listen 127.0.0.1:0", BINARY]);
    demo.env_clear().env("TMPDIR", site.folder());
    let node = Node::start(demo);
    let folders = site.folder().read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    let folder =
        folders.into_iter().find(|path| path.to_string_lossy().contains("planeconnection-demo-")).expect("the demo's folder");
    assert_eq!([mode(&folder), mode(&folder.join("demo.db"))], [0o700, 0o600]);
    node.stop();
}

#[test]
fn core_dumps_are_disabled() {
    let site = Site::new(BINARY);
    let node = site.node();
    let limits = read_to_string(format!("/proc/{}/limits", node.pid().as_raw_nonzero())).expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
    assert_eq!(line.split_whitespace().filter(|word| *word == "0").count(), 2, "{line}");
}

#[test]
fn database_url_can_be_read_from_a_file() {
    let site = Site::new(BINARY);
    let file = site.folder().join("database.url");
    let run = |arguments: &[&str]| {
        let mut command = site.command(arguments);
        command.env_remove("PLANECONNECTION_DATABASE");
        run(command, "")
    };
    let list = ["keys", "list", "--database-file", "database.url"];
    write(&file, format!("{}\n", site.url())).expect("a file");
    run(&list).is(0);
    let mut serve = site.command(&["serve", "--listen", "127.0.0.1:0", "--database-file", "database.url"]);
    serve.env_remove("PLANECONNECTION_DATABASE");
    Node::start(serve).anonymous().get("/readiness").is(200);
    write(&file, "postgres://plane:s3cret@db.example:many/ops").expect("a file");
    let refused = run(&list).is(2);
    assert!(!refused.stderr.contains("s3cret") && refused.stderr.contains("database.url"), "{refused:?}");
    std::fs::remove_file(&file).expect("it is gone");
    run(&list).fails(1, "database.url");
    assert_eq!(site.command(&list).output().expect("an output").status.code(), Some(2), "two databases");
}

#[test]
fn command_line_refuses_secrets_in_texts_without_echo() {
    let site = Site::new(BINARY);
    let create = ["keys", "create", "--name", "A", "--permissions", "read_only", "--no-expiration", "--json"];
    let key = site.run(&create).is(0).key();
    let text = format!("it is {}", key.secret);
    let email = format!("{}@skyline.example", key.secret);
    for arguments in [
        &["keys", "create", "--name", &text, "--permissions", "read_only", "--no-expiration"][..],
        &["keys", "create", "--name", "B", "--permissions", "read_only", "--no-expiration", "--description", &text],
        &["keys", "rotate", "A", "--name", &text, "--no-expiration"],
        &["keys", "revoke", "A", "--reason", &text],
        &["members", "add", "--name", &text, "--email", "b@skyline.example", "--role", "pilot", "--password-stdin"],
        &["members", "add", "--name", "B", "--email", &email, "--role", "pilot", "--password-stdin"],
        &["workspace", "create", "--name", &text, "--slug", "other", "--owner-email", "b@x.example", "--owner-password-stdin"],
        &["serve", "--listen", "127.0.0.1:0", "--node-name", &text],
    ] {
        let refused = site.run_with_input(arguments, "a long enough password").is(2);
        assert!(!refused.stderr.contains(&key.secret), "{arguments:?} repeats it");
        assert!(refused.stderr.contains("must not contain an API key or token"), "{refused:?}");
    }
    let named = run(
        {
            let mut command = site.command(&["keys", "create", "--name", "C", "--permissions", "read_only", "--no-expiration"]);
            command.env("USER", &key.secret);
            command
        },
        "",
    );
    named.is(0);
    let stored = String::from_utf8_lossy(&site.dump()).into_owned();
    assert!(!stored.contains(&key.secret[4..]), "a secret is stored");
    site.verify_audit_log();
}

#[test]
fn write_with_a_key_revoked_while_the_body_arrives_is_refused() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut owner = node.owner();
    let key = owner.create_key("Scheduler", &["trips:write"]);
    let body = r#"{"tripType":"charter","origin":"KTEB","destination":"KBOS","departureDate":"2026-12-01T14:00:00Z"}"#;
    let (first, rest) = body.split_at(20);
    let mut slow = node.with_key(&key);
    slow.begin_post("/api/v1/ops/trips", body.len(), first).expect("it is sent");
    // Its use is counted once it is authorized, before the body has arrived.
    let usage = format!("/api/v1/api-keys/{}/usage", key.id);
    until("the request was let in", || owner.get(&usage).is(200).json["data"]["buckets"][0]["allowed"] == 1);
    site.run(&["keys", "revoke", &key.id]).is(0);
    slow.write(rest.as_bytes()).expect("it is sent");
    slow.read_response().expect("an answer").is(401).code("API_KEY_REVOKED");
    let trips = owner.get("/api/v1/ops/trips").is(200).json;
    assert_eq!(trips["data"]["total"], 0, "{trips}");
}
