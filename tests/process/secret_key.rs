//! The file of the secret key.

use std::fs::{Permissions, metadata, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt;

use testkit::{Site, until};

use crate::BINARY;

/// The id that `secret-key rotate` prints of the first key.
fn current(site: &Site, arguments: &[&str]) -> String {
    let ran = site.run(&[&["secret-key", "rotate", "--json"], arguments].concat()).is(0).json();
    ran["key"].as_str().expect("a key id").to_owned()
}

#[test]
fn node_creates_a_key_beside_the_database_file() {
    let site = Site::in_file(BINARY);
    let key = site.folder().join("plane.db.secret-key");
    site.run(&["secret-key", "rotate"]).fails(1, "there is no secret key in");
    site.run(&["backup", "before.db"]).is(0);
    assert!(!key.exists(), "only a node creates it");
    let node = site.node();
    assert_eq!(metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    until("the file is named", || {
        node.stderr().contains("created a secret key") && node.stderr().contains("plane.db.secret-key")
    });
    let text = read_to_string(&key).expect("the key");
    assert!(!node.stderr().contains(text.trim()), "the log has the key's id only");
    assert!(node.stderr().contains(&current(&site, &[])), "{}", node.stderr());
    assert_eq!(node.stop().0.code(), Some(0));
    let node = site.node();
    assert_eq!(node.stop().0.code(), Some(0));
    assert_eq!(read_to_string(&key).expect("the key"), text);
    let backup = site.run(&["backup", "copy.db"]).is(0);
    assert!(backup.stdout.contains("plane.db.secret-key elsewhere"), "{backup:?}");
    set_permissions(&key, Permissions::from_mode(0o644)).expect("a mode");
    site.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, "chmod 600");
    set_permissions(&key, Permissions::from_mode(0o600)).expect("a mode");
    write(&key, "no key\n").expect("a file");
    site.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, "line 1 is not 32 bytes in base64");
}

#[test]
fn server_needs_a_key_that_the_operator_made() {
    let site = Site::new(BINARY);
    let file = site.folder().join("made.key").display().to_string();
    let is_server = site.by_engine("", "server") == "server";
    let node = site.node();
    assert_eq!(node.stderr().contains("without a secret key, two-factor authentication and webhooks are off"), is_server);
    assert_eq!(node.stop().0.code(), Some(0));
    let named = ["serve", "--listen", "127.0.0.1:0", "--secret-key-file", &file];
    if is_server {
        site.run(&["secret-key", "rotate"]).fails(2, "give --secret-key-file");
        site.run(&named).fails(1, &format!("planeconnection secret-key new --output {file}"));
    }
    let made = site.run(&["secret-key", "new", "--output", &file]).is(0);
    assert_eq!(metadata(&file).expect("the key").permissions().mode() & 0o777, 0o600);
    let text = read_to_string(&file).expect("the key");
    assert!(!made.stdout.contains(text.trim()), "{made:?}");
    site.run(&["secret-key", "new", "--output", &file]).fails(1, "exists already");
    site.run(&["secret-key", "new", "--output", "none/made.key"]).fails(1, "none does not exist; create it");
    let id = current(&site, &["--secret-key-file", &file]);
    let node = site.node_with(&["--secret-key-file", &file]);
    until("the key is named", || node.stderr().contains(&format!("secrets in the database are sealed with this key key={id}")));
    assert_eq!(node.stop().0.code(), Some(0));
}

#[test]
fn key_can_be_given_as_a_variable() {
    let site = Site::new(BINARY);
    let [first, second] = [(); 2].map(|()| site.run(&["secret-key", "new"]).is(0).stdout);
    assert_ne!(first, second);
    let rotate = |value: &str, arguments: &[&str]| {
        let mut command = site.command(&[&["secret-key", "rotate"], arguments].concat());
        command.env("PLANECONNECTION_SECRET_KEY", value);
        testkit::run(command, "")
    };
    let both = rotate(&format!("{first}{second}"), &[]).is(0);
    let second_id = rotate(&second, &["--json"]).is(0).json()["key"].as_str().expect("a key id").to_owned();
    assert!(both.stdout.contains(&format!("No row needs key {second_id}")), "{both:?}");
    assert!(both.stdout.contains("remove line 2 of PLANECONNECTION_SECRET_KEY"), "{both:?}");
    rotate(&second, &["--secret-key-file", "x"]).fails(2, "both set");
    let wrong = rotate("c2hvcnQ=", &[]);
    assert!(!wrong.stderr.contains("c2hvcnQ"), "{wrong:?}");
    wrong.fails(1, "line 1 is not 32 bytes");
}

/// A workspace whose outbox has a sealed link that no server takes.
fn with_a_sealed_row(site: &Site, file: &str) {
    let url = ["--smtp-url", "smtp://localhost:1?tls=none", "--smtp-from", "keys@skyline.example"];
    let node = site.node_with(&[&url[..], &["--secret-key-file", file]].concat());
    let invited = serde_json::json!({ "name": "Dee Patch", "email": "dee@skyline.example", "role": "pilot" });
    node.owner().post("/api/v1/members", &invited).is(201);
    assert_eq!(node.stop().0.code(), Some(0));
}

#[test]
fn start_with_a_wrong_key_fails_and_rotation_changes_the_key_of_all_rows() {
    let site = Site::new(BINARY);
    let [old, new, both, missing] = ["old.key", "new.key", "both.key", "missing.key"].map(|name| site.folder().join(name));
    let [old, new, both, missing] = [&old, &new, &both, &missing].map(|path| path.display().to_string());
    for file in [&old, &new, &both] {
        site.run(&["secret-key", "new", "--output", file]).is(0);
    }
    with_a_sealed_row(&site, &old);
    let serve = |file: &str| site.run(&["serve", "--listen", "127.0.0.1:0", "--secret-key-file", file, "--log", "error"]);
    let id = current(&site, &["--secret-key-file", &old]);
    serve(&new).fails(1, &format!("not in {new}: 1 row of mail_outbox.link: key {id}"));
    serve(&missing).fails(1, site.by_engine(&format!("not in {missing}, which does not exist"), "there is no secret key in"));
    site.run(&["secret-key", "rotate", "--secret-key-file", &new]).fails(1, &format!("not in {new}"));
    write(&both, [&new, &old].map(|file| read_to_string(file).expect("a key")).concat()).expect("a file");
    let node = site.node_with(&["--secret-key-file", &both]);
    let rotated = site.run(&["secret-key", "rotate", "--secret-key-file", &both]).is(0);
    assert!(
        rotated.stdout.contains("1 rows sealed anew") && rotated.stdout.contains(&format!("No row needs key {id}")),
        "{rotated:?}"
    );
    assert_eq!(node.stop().0.code(), Some(0));
    serve(&old).fails(1, "1 row of mail_outbox.link");
    let node = site.node_with(&["--secret-key-file", &new]);
    assert_eq!(node.stop().0.code(), Some(0));
}
