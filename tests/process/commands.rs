//! Every command as a shell sees it: exit codes, help, environment, and what goes to which stream.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use testkit::{Key, PASSWORD, Site, create_key_body, run};

use crate::BINARY;

/// Every command that does something.
const COMMANDS: [&[&str]; 35] = [
    &["serve"],
    &["api"],
    &["workspace", "list"],
    &["workspace", "create"],
    &["members", "list"],
    &["members", "add"],
    &["members", "set-role"],
    &["members", "remove"],
    &["members", "sessions"],
    &["members", "reset-password"],
    &["keys", "list"],
    &["keys", "create"],
    &["keys", "rotate"],
    &["keys", "set-custodian"],
    &["keys", "pause"],
    &["keys", "resume"],
    &["keys", "revoke"],
    &["keys", "scan"],
    &["keys", "revoke-at"],
    &["keys", "policy"],
    &["webhooks", "list"],
    &["webhooks", "create"],
    &["webhooks", "enable"],
    &["webhooks", "disable"],
    &["webhooks", "test"],
    &["webhooks", "deliveries"],
    &["webhooks", "resend"],
    &["findings", "list"],
    &["nodes", "list"],
    &["nodes", "show"],
    &["audit", "verify"],
    &["audit", "head"],
    &["audit", "export"],
    &["backup"],
    &["copy"],
];

/// The filters of `keys list`. Their variables have names of their own: those of `keys create` would filter the list.
const KEY_FILTERS: &str = "--status --search --unused --expiring --no-expiration --can-write --test --custodian --module";

#[test]
fn help_names_every_flag_with_its_variable() {
    let site = Site::empty(BINARY);
    for command in COMMANDS {
        let help = site.run(&[command, &["--help"]].concat()).is(0).stdout;
        let unwrapped = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let flags: Vec<&str> = help.lines().map(str::trim).filter(|line| line.starts_with("--")).collect();
        assert!(!flags.is_empty(), "{help}");
        for flag in flags {
            let name = flag.split(' ').next().expect("a flag").trim_end_matches("...");
            let is_filter = command == ["keys", "list"] && KEY_FILTERS.split(' ').any(|filter| filter == name);
            let of_what = match (name, command.first()) {
                _ if is_filter => "ONLY_",
                ("--name", Some(&"members")) => "MEMBER_",
                ("--name", Some(&"workspace")) => "WORKSPACE_",
                ("--name", Some(&"keys")) => "KEY_",
                ("--url", Some(&"webhooks")) => "ENDPOINT_",
                _ => "",
            };
            let name = name.trim_start_matches("--").replace('-', "_").to_uppercase();
            let variable = format!("[env: PLANECONNECTION_{of_what}{name}");
            // A flag that may hold a password is named without its value.
            let is_named = ["=", "]"].iter().any(|end| unwrapped.contains(&format!("{variable}{end}")));
            assert!(is_named, "{command:?} {name}: no {variable}\n{help}");
        }
    }
    let version = site.run(&["--version"]).is(0).stdout;
    assert!(version.starts_with("planeconnection ") && version.contains(" ("), "{version}");
    site.run(&["openapi"]).is(0).json();
}

#[test]
fn keys_are_listed_by_the_filters_of_the_api_and_their_policy_is_set() {
    let site = Site::new(BINARY);
    let create = |name: &'static str, rest: &[&'static str]| {
        site.run(&[&["keys", "create", "--name", name, "--permissions"], rest].concat()).is(0);
    };
    create("Endless", &["read_only", "--no-expiration"]);
    create("Writer", &["custom", "--scope", "trips:write", "--expires-in", "5d", "--custodian", testkit::OWNER]);
    let listed = |filter: &[&str]| {
        let keys = site.run(&[&["keys", "list", "--json"], filter].concat()).is(0).json();
        let names = keys.as_array().expect("a list").iter().filter_map(|key| key["name"].as_str().map(str::to_owned));
        names.collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]), ["Writer", "Endless"]);
    for (filter, name) in [
        (&["--no-expiration"][..], "Endless"),
        (&["--expiring"][..], "Writer"),
        (&["--can-write", "--module", "trips"][..], "Writer"),
        (&["--custodian", testkit::OWNER][..], "Writer"),
        (&["--search", "end", "--status", "active"][..], "Endless"),
    ] {
        assert_eq!(listed(filter), [name], "{filter:?}");
    }
    assert!(listed(&["--unused"]).is_empty(), "they are new");
    site.run(&["keys", "list", "--status", "lost"]).is(2);

    let policy = |settings: &[&str]| site.run(&[&["keys", "policy", "--json"], settings].concat());
    assert_eq!(policy(&[]).is(0).json()["rotateAfterDays"], 90);
    let set = policy(&["--rotate-after-days", "60", "--max-lifetime-days", "30", "--on-leak", "pause"]).is(0).json();
    assert_eq!((&set["rotateAfterDays"], &set["maxLifetimeDays"]), (&serde_json::json!(60), &serde_json::json!(30)));
    assert_eq!(set["onLeak"], "pause");
    assert_eq!(policy(&["--max-lifetime-days", "none"]).is(0).json()["maxLifetimeDays"], serde_json::Value::Null);
    assert_eq!(policy(&[]).is(0).json()["rotateAfterDays"], 60, "what is left out stays");
    policy(&["--rotate-after-days", "20"]).fails(2, "30 to 365");
}

#[test]
fn usage_errors_and_refusals_have_different_exit_codes() {
    let site = Site::new(BINARY);
    for command in COMMANDS {
        site.run(&[command, &["--no-such-flag"]].concat()).is(2);
    }
    let create = ["keys", "create", "--name", "A", "--permissions"];
    let add = ["members", "add", "--email", "ben@skyline.example", "--name", "Ben", "--role"];
    for arguments in [
        &[][..],
        &["no-such-command"],
        &[&create[..], &["read_only"]].concat(),
        &[&create[..], &["read_only", "--expires-in", "90d", "--no-expiration"]].concat(),
        &[&create[..], &["everything", "--no-expiration"]].concat(),
        &[&create[..], &["custom", "--no-expiration"]].concat(),
        &[&create[..], &["custom", "--scope", "trips:fly", "--no-expiration"]].concat(),
        &[&create[..], &["read_only", "--scope", "trips:read", "--no-expiration"]].concat(),
        &[&create[..], &["read_only", "--no-expiration", "--ip-allowlist", "10.0.0.0/99"]].concat(),
        &[&create[..], &["read_only", "--expires-in", "90x"]].concat(),
        &["keys", "create", "--name", " ", "--permissions", "read_only", "--no-expiration"],
        &["keys", "revoke"],
        &["keys", "pause", "A", "--minutes", "0"],
        &[&add[..], &["pilot"]].concat(),
        &[&add[..], &["king", "--password-stdin"]].concat(),
        &["audit", "export", "--format", "xml"],
        &["audit", "verify", "--expect", "5"],
        &["backup"],
        &["keys", "list", "--database", "mysql://x"],
    ] {
        let ran = site.run(arguments);
        assert!(ran.code == Some(2) && ran.stdout.is_empty() && !ran.stderr.is_empty(), "{arguments:?} {ran:?}");
    }

    let missing = "key_01h455vb4pex5vsknk084sn02q";
    site.run(&["keys", "revoke", missing]).fails(1, missing);
    site.run(&["keys", "rotate", "No such key"]).fails(1, "No such key");
    site.run(&["keys", "set-custodian", missing, "--custodian", testkit::OWNER]).fails(1, missing);
    site.run(&["keys", "list", "--workspace", "nowhere"]).fails(1, "nowhere");
    site.run(&["members", "remove", "--email", "nobody@skyline.example"]).fails(1, "nobody@skyline.example");
    site.run(&["members", "remove", "--email", testkit::OWNER]).fails(1, "owner");
    site.run(&["members", "set-role", "--email", testkit::OWNER, "--role", "pilot"]).fails(1, "owner");
    site.run_with_input(&[&add[..], &["pilot", "--password-stdin"]].concat(), "short").fails(1, "15");
    site.create_workspace("skyline", "ben@skyline.example").fails(1, "skyline");
    site.run(&[&create[..], &["read_only", "--no-expiration"]].concat()).is(0);
    site.run(&[&create[..], &["read_only", "--no-expiration"]].concat()).fails(1, "already called");
    site.run(&[&create[..], &["read_only", "--expires-at", "9000-01-01T00:00:00Z"]].concat()).fails(1, "already called");
    let typed = |name: &'static str| ["keys", "create", "--name", name, "--permissions", "read_only", "--no-expiration"];
    site.run(&typed("  incident\u{a0} key  ")).is(0);
    site.run(&typed("Incident Key")).fails(1, "“incident key”");
    site.run(&typed(missing)).fails(2, "id");
    site.run(&["keys", "pause", "incident key", "--minutes", "60"]).is(0);
    let paused = site.run(&["keys", "pause", "incident key", "--json"]).is(0).json();
    assert_eq!((&paused["status"], paused["pausedEverywhereAt"].is_string()), (&"paused".into(), true), "{paused}");
    assert_eq!(site.run(&["keys", "resume", "incident key", "--json"]).is(0).json()["status"], "active");
    site.run(&["keys", "set-custodian", "incident key", "--custodian", "nobody@skyline.example"])
        .fails(1, "nobody@skyline.example");
    site.run(&["keys", "set-custodian", "incident key", "--custodian", testkit::OWNER]).is(0);
    site.run(&["keys", "revoke", "  INCIDENT key  "]).is(0);
    site.run(&typed("Zu\u{308}rich")).is(0);
    site.run(&["keys", "rotate", "Z\u{fc}rich", "--no-expiration"]).is(0);
    site.run(&["keys", "revoke", "zu\u{308}rich"]).is(0);
    let past = ["keys", "create", "--name", "B", "--permissions", "read_only", "--expires-at", "2020-01-01T00:00:00Z"];
    site.run(&past).fails(1, "future");
    site.run(&["audit", "verify", "--expect", &format!("1:{}", "0".repeat(64))]).fails(1, "rewritten");
    let of_a_file = Site::in_file(BINARY);
    of_a_file.run(&["backup", "/no/such/folder/x.db"]).fails(1, "/no/such/folder");
    of_a_file.run(&["backup", "none/copy.db"]).fails(1, "none does not exist; create it, or choose another one");
    for command in [&["keys", "list"][..], &["audit", "verify"], &["backup", "x.db"]] {
        Site::empty_in_file(BINARY).run(command).fails(1, "there is no database");
    }
}

#[test]
fn workspaces_are_listed_and_an_unknown_slug_names_them() {
    let site = Site::empty(BINARY);
    site.create_workspace("skyline", testkit::OWNER).is(0);
    site.run(&["keys", "list", "--workspace", "Skyline"]).fails(1, "no workspace has the slug “Skyline”: use skyline (");
    site.run(&["workspace", "list", "--database", "sqlite://missing.db"]).fails(1, "there is no database");
    for number in 10..20 {
        site.create_workspace(&format!("hangar-{number}"), testkit::OWNER).is(0);
    }
    let listed = site.run(&["workspace", "list", "--json"]).is(0).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(11));
    let last = &listed[10];
    assert_eq!((&last["slug"], &last["members"], &last["timezone"]), (&"skyline".into(), &1.into(), &"UTC".into()));
    assert!(last["id"].as_str().is_some_and(|id| id.starts_with("ws_")) && last["createdAt"].is_string(), "{last}");
    let table = site.run(&["workspace", "list"]).is(0).stdout;
    let heading: Vec<&str> = table.lines().next().expect("a heading").split_whitespace().collect();
    assert_eq!(heading, ["SLUG", "NAME", "ID", "MEMBERS", "CREATED"]);
    assert!(table.lines().count() == 12 && table.contains(last["id"].as_str().expect("an id")), "{table}");
    let unknown = site.run(&["audit", "verify", "--workspace", "nowhere"]);
    let unknown = unknown.fails(1, "hangar-19").stderr;
    assert!(!unknown.contains("skyline") && unknown.contains("1 more that `planeconnection workspace list` shows"), "{unknown}");
}

#[test]
fn every_flag_can_be_an_environment_variable() {
    let site = Site::new(BINARY);
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = site.command(arguments);
        command.envs(variables.iter().map(|(name, value)| (format!("PLANECONNECTION_{name}"), value)));
        run(command, PASSWORD)
    };
    let about = [("KEY_NAME", "From the environment"), ("PERMISSIONS", "custom"), ("SCOPE", "trips:read,fleet:write")];
    for (number, yes) in ["1", "true", "yes", "on", "TRUE"].into_iter().enumerate() {
        let name = format!("Key {number}");
        let variables = [&about[1..], &[("KEY_NAME", &name), ("NO_EXPIRATION", yes), ("JSON", yes)]].concat();
        let made = run(&["keys", "create"], &variables).is(0).json();
        assert_eq!(made["apiKey"]["scopes"], serde_json::json!(["trips:read", "fleet:write"]));
        assert_eq!(made["apiKey"]["expiresAt"], Value::Null);
    }
    // A switch that is off is as good as not there.
    for no in ["0", "false", "no", "off", ""] {
        let off = [("NO_EXPIRATION", no), ("JSON", no)];
        let made = run(&["keys", "create", "--expires-in", "90d"], &[&about[..], &off].concat()).is(0);
        assert!(made.stdout.starts_with("Created “From the environment”"), "{made:?}");
        run(&["keys", "create"], &[&about[..], &off].concat()).is(2);
        run(&["keys", "revoke", "From the environment"], &[("REASON", "over")]).is(0);
        let member = [("EMAIL", "ben@skyline.example"), ("MEMBER_NAME", "Ben"), ("ROLE", "pilot")];
        run(&["members", "add"], &[&member[..], &[("PASSWORD_STDIN", no)]].concat()).is(2);
    }
    run(&["keys", "list"], &[("JSON", "maybe")]).is(2);
    let of_create = [("JSON", "1"), ("CUSTODIAN", "nobody@skyline.example"), ("TEST", "1")];
    assert_eq!(run(&["keys", "list"], &of_create).is(0).json().as_array().map(Vec::len), Some(10), "no filters");
    run(&["keys", "list"], &[("JSON", "1"), ("ONLY_CUSTODIAN", "nobody@skyline.example")]).is(1);
    let member = [("EMAIL", "ben@skyline.example"), ("MEMBER_NAME", "Ben"), ("ROLE", "pilot"), ("PASSWORD_STDIN", "1")];
    run(&["members", "add"], &member).is(0);
    run(&["audit", "export"], &[("FORMAT", "csv")]).is(0);
    run(&["keys", "list"], &[("WORKSPACE", "nowhere")]).is(1);
    let owner = [
        ("WORKSPACE_NAME", "N"),
        ("SLUG", "northwind"),
        ("OWNER_EMAIL", "cleo@northwind.example"),
        ("OWNER_PASSWORD_STDIN", "yes"),
    ];
    run(&["workspace", "create"], &[&owner[..], &[("OWNER_NAME", "Cleo"), ("TIMEZONE", "Europe/Zurich")]].concat()).is(0);

    let mut serve = site.command(&["serve"]);
    let variables = [("LISTEN", "127.0.0.1:0"), ("METRICS_LISTEN", "127.0.0.1:0"), ("PUBLIC_URL", "https://plane.example")];
    let more = [("TRUSTED_PROXIES", "10.0.0.0/8,::1/128"), ("LOG_FORMAT", "json"), ("LOG", "warn"), ("HEADER_TIMEOUT", "1m")];
    // Without one, a node on Postgres warns at its start.
    let key = site.run(&["secret-key", "new"]).is(0).stdout;
    let key = [("SECRET_KEY", key.trim())];
    serve.envs(variables.into_iter().chain(more).chain(key).map(|(name, value)| (format!("PLANECONNECTION_{name}"), value)));
    let node = testkit::Node::start(serve);
    node.anonymous().get("/metrics").is(404);
    assert_eq!(node.stop().2, "");
}

#[test]
fn closed_stdout_is_no_failure() {
    let site = Site::new(BINARY);
    for number in 0..40 {
        site.run(&["keys", "create", "--name", &format!("{number}"), "--permissions", "read_only", "--no-expiration"]).is(0);
    }
    let mut child = site
        .command(&["audit", "export", "--format", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an output");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn backup_of_a_busy_database_holds_every_acknowledged_write() {
    let site = Site::in_file(BINARY);
    let node = site.node();
    let token = node.sign_in();
    let is_over = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut owner = node.owner_with(&token);
            let mut made: Vec<(usize, Key)> = Vec::new();
            while !is_over.load(Ordering::Acquire) {
                let answer =
                    owner.post("/api/v1/api-keys", &create_key_body(&format!("Key {}", made.len()), &["trips:read"])).is(201);
                // Counted after the answer: while a copy is not there yet, the next has not begun.
                let copies = std::fs::read_dir(site.folder()).expect("a folder").filter_map(Result::ok);
                let copies = copies.filter(|file| file.file_name().to_string_lossy().starts_with("copy")).count();
                made.push((copies, Key::from_json(&answer.json["data"])));
            }
            made
        });
        for number in 0..5 {
            site.run(&["backup", &format!("copy{number}.db")]).is(0);
        }
        is_over.store(true, Ordering::Release);
        writing.join().expect("no panic")
    });
    assert!(answered.len() > 5, "{}", answered.len());
    for number in 0..5 {
        let url = format!("sqlite://{}/copy{number}.db", site.folder().display());
        let verdict = site.run(&["audit", "verify", "--json", "--database", &url]).is(0).json();
        assert_eq!(verdict["verified"], true);
        let listed = site.run(&["keys", "list", "--json", "--database", &url]).is(0).json();
        let ids: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|key| key["id"].as_str()).collect();
        // Keys acknowledged before an earlier copy existed were acknowledged before this one began.
        let mut before = answered.iter().filter(|(copies, _)| *copies < number);
        assert!(before.clone().all(|(_, key)| ids.contains(&key.id.as_str())), "copy {number} lacks a key");
        let served = site.node_with(&["--database", &url]);
        if let Some((_, key)) = before.next_back() {
            served.with_key(key).get("/api/v1/auth/whoami").is(200);
        }
    }
    site.run(&["backup", "copy0.db"]).fails(1, "copy0.db exists already");
    site.run(&["backup", "plane.db"]).fails(1, "plane.db exists already");
    let left: Vec<_> =
        std::fs::read_dir(site.folder()).expect("a folder").filter_map(Result::ok).map(|file| file.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("backup")), "{left:?}");
}

#[test]
fn unusable_paths_and_addresses_are_explained() {
    let site = Site::empty(BINARY);
    let folder = site.folder().display().to_string();
    let cases = [
        (vec!["serve", "--listen", "8081"], 2, "0.0.0.0:8081"),
        (vec!["serve", "--listen", "localhost:9090"], 2, "127.0.0.1:9090"),
        (vec!["serve", "--listen", "planes.example"], 2, "127.0.0.1:8080"),
    ];
    for (arguments, code, advice) in cases {
        site.run(&arguments).fails(code, advice);
    }
    let key = format!("{folder}/none/key");
    site.run(&["serve", "--audit-key", &key]).fails(1, &format!("the folder {folder}/none does not exist"));
    let missing = format!("sqlite://{folder}/none/a.db");
    site.run(&["serve", "--database", &missing]).fails(1, &format!("the folder {folder}/none does not exist"));
    let is_a_folder = format!("sqlite://{folder}");
    site.run(&["serve", "--database", &is_a_folder]).fails(1, "this is a folder");
}
