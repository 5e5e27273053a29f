//! `keys scan`: files, folders, archives, standard input and git histories, with a database and without.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use testkit::{CommandOutput, Key, Site, WHOAMI, run};

use crate::BINARY;

fn key(site: &Site, name: &str) -> Key {
    site.run(&["keys", "create", "--name", name, "--permissions", "read_only", "--no-expiration", "--json"]).is(0).key()
}

fn hint(key: &Key) -> String {
    format!("{}…{}", &key.secret[..8], &key.secret[38..])
}

/// Scans without a database.
fn scan(site: &Site, paths: &[&str]) -> CommandOutput {
    let mut command = site.command(&[&["keys", "scan"], paths].concat());
    command.env_remove("PLANECONNECTION_DATABASE");
    run(command, "")
}

fn write(site: &Site, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = site.folder().join("scanned").join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, content).expect("a file");
    path.display().to_string()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("a stream");
    encoder.finish().expect("a stream")
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args([
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@skyline.example",
        "-c",
        "commit.gpgsign=false",
    ]);
    let output = command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").stdin(Stdio::null()).output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn secrets_are_found_with_file_and_line_and_the_key_that_has_them() {
    let site = Site::new(BINARY);
    let (live, gone) = (key(&site, "Website"), key(&site, "Old"));
    site.run(&["keys", "revoke", &gone.id]).is(0);
    let log = write(&site, "a.log", format!("one\n{}\r\nkey={}&x\n", gone.secret, live.secret));
    write(&site, "b/c.txt", "pck_00000000000000000000000000000000000000");
    let folder = site.folder().join("scanned").display().to_string();
    let found = site.run(&["keys", "scan", &folder]).is(1);
    let lines: Vec<&str> = found.stdout.lines().collect();
    let expected = [
        format!("{log}:2: {}  revoked  “Old” of skyline ({})", hint(&gone), gone.id),
        format!("{log}:3: {}  active  “Website” of skyline ({})", hint(&live), live.id),
    ];
    assert_eq!(lines, expected);
    assert!(found.stderr.contains("1 live key among 2 secrets in 2 places"), "{found:?}");
    assert!(![&found.stdout, &found.stderr].iter().any(|text| text.contains(&live.secret)), "{found:?}");

    let as_json = site.run(&["keys", "scan", "--json", &folder]).is(1).json();
    let first = &as_json[0];
    assert_eq!([&first["file"], &first["line"], &first["hint"]], [&json!(log), &json!(2), &json!(hint(&gone))]);
    assert_eq!([&first["apiKey"]["id"], &first["apiKey"]["status"]], [&json!(gone.id), &json!("revoked")]);
    assert_eq!(site.run(&["keys", "scan", "--json", &write(&site, "none.txt", "")]).is(0).json(), Value::Array(Vec::new()));

    // Without a database a secret is found by its form and checksum.
    let found = scan(&site, &[&log]).is(1);
    assert_eq!(found.stdout, format!("{log}:2: {}\n{log}:3: {}\n", hint(&gone), hint(&live)));
    scan(&site, &[&write(&site, "none.txt", "nothing")]).is(0);
}

#[test]
fn live_keys_are_revoked_and_a_running_server_refuses_them() {
    let site = Site::new(BINARY);
    let node = site.node();
    let key = node.owner().create_key("Website", &["trips:read"]);
    node.with_key(&key).get(WHOAMI).is(200);
    let found = site.run_with_input(&["keys", "scan", "--revoke", "-"], &format!("a diff\n+{}\n", key.secret)).is(1);
    assert!(found.stdout.starts_with("-:2: ") && found.stdout.contains("revoked now  “Website”"), "{found:?}");
    node.with_key(&key).get(WHOAMI).is(401).code("API_KEY_REVOKED");
    let again = site.run_with_input(&["keys", "scan", "--revoke", "-"], &key.secret).is(0);
    assert!(again.stdout.contains("revoked  “Website”"), "{again:?}");
    site.verify_audit_log();
}

#[test]
fn archives_links_and_special_files_are_read_or_named() {
    let site = Site::new(BINARY);
    let key = key(&site, "Website");
    let text = format!("{}\n{}\n", "x".repeat(700_000), key.secret);
    let folder = site.folder().join("scanned");
    let log = write(&site, "app.log.gz", [gzip(b"rotated\n"), gzip(text.as_bytes())].concat());
    write(&site, "torn.gz", &gzip(text.as_bytes())[..500]);
    write(&site, "all.zip", b"PK\x03\x04 and more");
    let utf16: Vec<u8> = format!("\u{feff}\r\n{}", key.secret).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = write(&site, "windows.txt", utf16);
    symlink(&folder, folder.join("circle")).expect("a link");
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status().expect("mkfifo");
    assert!(made.success());
    write(&site, "\u{1b}[2Jname", "");
    let found = site.run(&["keys", "scan", &folder.display().to_string()]).is(1);
    assert!(found.stdout.contains(&format!("{log}:3: ")) && found.stdout.contains(&format!("{wide}:2: ")), "{found:?}");
    assert_eq!(found.stdout.lines().count(), 2, "{found:?}");
    for said in [
        "torn.gz: cannot read it to its end",
        "all.zip: this is a zip",
        "circle: this is a symbolic link",
        "pipe: this is a pipe",
    ] {
        assert!(found.stderr.contains(said), "no {said:?} in {found:?}");
    }
    assert!(!found.stderr.contains('\u{1b}'), "{found:?}");
    // What could not be read is no success.
    let torn = folder.join("torn.gz").display().to_string();
    site.run(&["keys", "scan", &torn]).fails(2, "1 item could not be read to the end");
    site.run(&["keys", "scan", "no-such-file"]).fails(2, "no-such-file: cannot read it");
    // A link that is named is followed.
    symlink(&log, site.folder().join("named")).expect("a link");
    site.run(&["keys", "scan", "named"]).is(1);
}

#[test]
fn history_of_a_repository_is_searched_also_where_files_were_deleted() {
    let site = Site::new(BINARY);
    let (deleted, message, dropped) = (key(&site, "Deleted"), key(&site, "Message"), key(&site, "Dropped"));
    let folder = site.folder().join("scanned");
    write(&site, "deploy/.env", format!("A=1\nKEY={}\n", deleted.secret));
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "First"]);
    fs::remove_file(folder.join("deploy/.env")).expect("a file");
    git(&folder, &["commit", "-q", "-am", &format!("Remove the key\n\nIt was {}", message.secret)]);
    git(&folder, &["checkout", "-q", "-b", "side"]);
    write(&site, "side.txt", &dropped.secret);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "Side"]);
    git(&folder, &["checkout", "-q", "main"]);
    git(&folder, &["branch", "-q", "-D", "side"]);
    let path = folder.display().to_string();
    site.run(&["keys", "scan", &path]).is(0);
    // A repository cannot make git run its programs.
    let ran = folder.join("ran");
    for setting in ["core.fsmonitor", "core.pager", "diff.external", "core.sshCommand"] {
        git(&folder, &["config", setting, &format!("touch {}", ran.display())]);
    }
    let found = site.run(&["keys", "scan", "--git", &path]).is(1);
    for (hint, place) in
        [(hint(&deleted), ":deploy/.env:2: "), (hint(&message), ":(commit message):"), (hint(&dropped), ":side.txt:1: ")]
    {
        assert!(found.stdout.lines().any(|line| line.contains(&hint) && line.contains(place)), "no {place} in {found:?}");
    }
    assert_eq!(found.stdout.lines().count(), 3, "{found:?}");
    assert!(!ran.exists() && !found.stdout.contains(&deleted.secret), "{found:?}");
    let commit = found.stdout.lines().find(|line| line.contains(":deploy/.env:")).and_then(|line| line.rsplit(':').nth(3));
    git(&folder, &["cat-file", "-e", &format!("{}:deploy/.env", commit.expect("a commit"))]);
    site.run(&["keys", "scan", "--git", &site.folder().display().to_string()]).fails(2, "not a git repository");
}

#[test]
fn damaged_object_and_variables_of_a_caller_hide_no_key() {
    let site = Site::new(BINARY);
    let key = key(&site, "Website");
    let folder = site.folder().join("scanned");
    write(&site, ".env", &key.secret);
    write(&site, "other.txt", "to be damaged");
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "First"]);
    let id = Command::new("git").arg("-C").arg(&folder).args(["rev-parse", "HEAD:other.txt"]).output().expect("git").stdout;
    let id = String::from_utf8(id).expect("an id");
    let object = folder.join(".git/objects").join(&id[..2]).join(id[2..].trim());
    fs::remove_file(&object).expect("a loose object");
    fs::write(&object, "damaged").expect("a file");
    let mut command = site.command(&["keys", "scan", "--git", "--revoke", &folder.display().to_string()]);
    command.env("GIT_DIR", site.folder().join("elsewhere")).env("GIT_WORK_TREE", site.folder());
    let found = run(command, "").is(1);
    assert!(found.stdout.contains(":.env:1: ") && found.stdout.contains("revoked now"), "{found:?}");
    assert!(found.stderr.contains(id.trim()), "the damaged object is named: {found:?}");
    // Without a key that works, the damage counts.
    let again = site.run(&["keys", "scan", "--git", &folder.display().to_string()]).is(2);
    assert!(again.stdout.contains("revoked"), "{again:?}");
}

#[test]
fn faults_of_the_command_are_no_findings() {
    let site = Site::new(BINARY);
    site.run(&["keys", "scan"]).is(2);
    site.run(&["keys", "scan", "--git", "-"]).fails(2, "leave one of them out");
    site.run(&["keys", "scan", "-", "-"]).fails(2, "once");
    site.run(&["keys", "scan", "--database", "sqlite://no/such.db", "."]).fails(2, "there is no database");
    scan(&site, &["--revoke", "."]).fails(2, "--revoke needs the database");
}
