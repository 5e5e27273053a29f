//! The programs in `examples/`, each run as it is against a node: twice, and with faults.

mod scene;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testkit::{AIRCRAFT, CommandOutput, INVOICES, Node, REPORTS, TRIPS, run, until};

use self::scene::{EXAMPLES, Fate, Line, Scene, contains, files, text};

/// A program: its language, its path, and the permission that its key needs.
type Program = (&'static str, &'static str, &'static str);

const SYNC: Program = ("python3", "scheduling-sync/sync.py", "trips:write");
const DASHBOARD: Program = ("python3", "safety-dashboard/dashboard.py", "safety:read");
const BILL: Program = ("node", "invoices-from-accounting/bill.mjs", "invoices:write");
const WEBSITE: Program = ("node", "fleet-website/server.mjs", "fleet:read");
const PROGRAMS: [Program; 4] = [SYNC, DASHBOARD, BILL, WEBSITE];

#[test]
fn programs_have_fewer_than_a_hundred_lines() {
    for (_, program, scope) in PROGRAMS {
        let folder = Path::new(EXAMPLES).join(program).parent().expect("a folder").to_owned();
        for file in files(&folder).into_iter().filter(|file| !file.ends_with("README.md")) {
            let lines = fs::read_to_string(&file).expect("a text").lines().count();
            assert!(lines < 100, "{} has {lines} lines", file.display());
        }
        let readme = fs::read_to_string(folder.join("README.md")).expect("a text");
        for part in [scope, "## Run it", "## When something fails", "## Rotate the key"] {
            assert!(readme.contains(part), "{program}: its README has no {part:?}");
        }
    }
}

#[test]
fn key_with_a_blank_is_refused_and_not_printed() {
    for (language, program, _) in PROGRAMS {
        for blank in [" ", "\n", "\r\nx: "] {
            let secret = "pck_0123456789abcdefghij";
            let mut command = Command::new(language);
            command.arg(Path::new(EXAMPLES).join(program)).args(["input", "output"]);
            command.env("PLANECONNECTION_URL", "http://127.0.0.1:1");
            command.env("PLANECONNECTION_KEY", format!("{secret}{blank}klmnopqrstuvwxyz01"));
            let output = run(command, "").is(1);
            assert!(output.stderr.contains("PLANECONNECTION_KEY is not an API key"), "{program}: {output:?}");
            assert!(!format!("{output:?}").contains(secret), "{program}: {output:?}");
        }
    }
}

const SCHEDULE: &str = include_str!("../../examples/scheduling-sync/trips.csv");

impl Scene {
    fn sync(&self, schedule: &str) -> CommandOutput {
        self.write("trips.csv", schedule);
        self.run(&["trips.csv", "state"])
    }

    fn trip(&mut self, number: &str) -> Value {
        self.owner.get(&format!("{TRIPS}/by-external-id/{number}")).is(200).json["data"].take()
    }

    fn change_trip(&mut self, number: &str, change: &Value) {
        let path = format!("{TRIPS}/{}", text(&self.trip(number)["id"]));
        self.patch(&path, change);
    }
}

#[test]
fn scheduling_sync_keeps_what_dispatchers_enter_and_cancels_with_care() {
    let mut scene = Scene::new(SYNC);
    // Only departures in the future are cancelled.
    let schedule = SCHEDULE.replace("2027-", "2099-");
    fs::create_dir(scene.path("state")).expect("a folder");
    scene.write("trips.csv", &schedule);
    // The answers of the changes feed and of the first creation are lost.
    let line = Line::to(&scene.node, |part| if part == 0 || part == 2 { Fate::Lost } else { Fate::Arrives });
    scene.run_to_end(scene.command(line.port(), &["trips.csv", "state"])).is(0);
    let stored = scene.owner.get(TRIPS).is(200).json["data"].take();
    assert_eq!(stored["total"], 5, "{stored}");

    let latest = scene.latest();
    let second = scene.sync(&schedule).is(0);
    assert_eq!((second.stdout.as_str(), second.stderr.as_str()), ("", ""));
    scene.assert_unchanged_since(latest);

    scene.change_trip("FOS-10412", &json!({ "passengerCount": 4, "notes": "Two dogs on board" }));
    scene.change_trip("FOS-10416", &json!({ "status": "released" }));
    let is_kept = |line: &&str| !line.starts_with("FOS-10414") && !line.starts_with("FOS-10416");
    let next: String = schedule.split_inclusive('\n').filter(is_kept).collect();
    let next = next.replace("T23:15", "T23:45");
    let third = scene.sync(&next).is(1);
    assert_eq!(third.stdout, "FOS-10415 updated: departureDate\nFOS-10414 cancelled\n");
    assert_eq!(third.stderr, "FOS-10416 gone from the export, but released: ask dispatch\n");
    let kept = scene.trip("FOS-10412");
    assert_eq!((&kept["passengerCount"], &kept["notes"]), (&json!(4), &json!("Two dogs on board")));
    assert_eq!(scene.trip("FOS-10414")["status"], "cancelled");
    assert_eq!(scene.trip("FOS-10415")["departureDate"], "2099-03-08T23:45:00Z");
    assert_eq!(scene.trip("FOS-10416")["status"], "released");
    assert!(scene.read("state/trips.json").contains("Two dogs on board"), "the file is written back");

    let latest = scene.latest();
    scene.write("trips.csv", &next);
    let mut strict = scene.command(scene.node.address.port(), &["trips.csv", "state"]);
    strict.env("MAX_CANCELLED", "0");
    for broken in [scene.run_to_end(strict), scene.sync("number,type,from,to,departs\n")] {
        let broken = broken.is(1);
        assert!(broken.stderr.contains("nothing was written"), "{broken:?}");
    }
    scene.assert_unchanged_since(latest);

    let line = Line::to(&scene.node, |_| Fate::Withheld);
    scene.write("trips.csv", &schedule);
    let ended = scene.kill_when_silent(&line, &["trips.csv", "state"], || {
        let other = scene.run(&["trips.csv", "state"]).is(1);
        assert_eq!(other.stderr, "another run is in progress\n");
    });
    assert_eq!(ended, None);
    // The lock ended with the process.
    assert_eq!(scene.sync(&schedule).is(0).stdout, "FOS-10415 updated: departureDate\n");
    assert_eq!(scene.trip("FOS-10414")["status"], "cancelled");

    let wrong = scene.sync(&schedule.replace("KOPF,KOPF", "KOPF,OPF")).is(1);
    assert!(wrong.stderr.starts_with("FOS-10416 400 destination"), "{wrong:?}");
    scene.revoke_key();
    let refused = scene.sync(&schedule).is(1);
    assert!(refused.stderr.starts_with("401 "), "{refused:?}");
    scene.assert_key_is_in_no_file();
}

/// Words of a description, which stays in the workspace.
const DESCRIPTION: &str = "What happened, in a text of at least fifty characters, as the form asks for.";

/// More than a page of the list.
const FILED: usize = 101;

/// The arguments of the dashboard: its copy, and its page.
const COPY_AND_PAGE: [&str; 2] = ["reports.db", "page.html"];

/// Returns a page without the line about the time.
fn without_time(page: &str) -> String {
    page.lines().filter(|line| !line.contains("As of ")).collect()
}

#[test]
fn safety_dashboard_reads_each_report_and_then_only_changes() {
    let mut scene = Scene::new(DASHBOARD);
    let mut ids = Vec::new();
    for number in 0..FILED {
        let title = format!("<script>alert({number})</script>");
        let report = json!({ "reportType": "near_miss", "title": title, "description": DESCRIPTION, "occurredAt": "2026-11-20T10:00:00Z" });
        ids.push(text(&scene.owner.post(REPORTS, &report).is(201).json["data"]["id"]));
    }
    // Killed in the middle of the list, it stores nothing.
    let line = Line::to(&scene.node, |part| if part < 3 { Fate::Arrives } else { Fate::Withheld });
    assert_eq!(scene.kill_when_silent(&line, &COPY_AND_PAGE, || {}), None);
    assert!(!scene.path("page.html").exists());

    scene.run(&COPY_AND_PAGE).is(0);
    let first = scene.read("page.html");
    assert!(first.contains(&format!("<dt>Open reports</dt><dd>{FILED}</dd>")), "{first}");
    assert_eq!(first.matches("&lt;script&gt;alert(").count(), 100, "{first}");
    assert!(!first.contains("<script"), "{first}");
    scene.run(&COPY_AND_PAGE).is(0);
    assert_eq!(without_time(&scene.read("page.html")), without_time(&first));

    scene.patch(&format!("{REPORTS}/{}", ids[0]), &json!({ "status": "closed" }));
    scene.patch(&format!("{REPORTS}/{}", ids[1]), &json!({ "status": "under_review", "severity": "hazardous" }));
    scene.run(&COPY_AND_PAGE).is(0);
    let changed = scene.read("page.html");
    let tile = |name: &str, count: usize| format!("<dt>{name}</dt><dd>{count}</dd>");
    for part in [
        tile("Open reports", FILED - 1),
        tile("Hazardous or worse, open", 1),
        tile("Open and not assessed", FILED - 2),
        // The most severe one is the first.
        r#"<tbody><tr><td><i class="dot hazardous"></i>hazardous</td><td>&lt;script&gt;alert(1)&lt;/script&gt;"#.to_owned(),
    ] {
        assert!(changed.contains(&part), "no {part} in {changed}");
    }

    scene.revoke_key();
    let refused = scene.run(&COPY_AND_PAGE).is(1);
    assert!(refused.stderr.starts_with("401 "), "{refused:?}");
    let old = scene.read("page.html");
    assert!(old.contains("The last refresh failed") && old.contains(&tile("Open reports", FILED - 1)), "{old}");
    for file in files(scene.folder.path()) {
        assert!(!contains(&fs::read(&file).expect("a file"), "What happened"), "{} has a description", file.display());
    }
    scene.assert_key_is_in_no_file();
}

const INVOICES_OF_ACCOUNTING: &str = include_str!("../../examples/invoices-from-accounting/invoices.json");

/// Returns the invoices of the accounting system with numbers of a round.
fn invoices_of(round: usize) -> String {
    // Otherwise some are overdue one day.
    INVOICES_OF_ACCOUNTING.replace("QB-", &format!("QB-{round}-")).replace("2027-", "2099-")
}

#[test]
fn invoices_are_billed_and_paid_once_wherever_the_program_is_killed() {
    let mut scene = Scene::new(BILL);
    let mut round = 0;
    let reconciled = loop {
        scene.write("invoices.json", &invoices_of(round));
        // As many parts of answers arrive as there were rounds.
        let line = Line::to(&scene.node, move |part| if part < round { Fate::Arrives } else { Fate::Withheld });
        let ended = scene.kill_when_silent(&line, &["invoices.json"], || {});
        let output = scene.run(&["invoices.json"]).is(0);
        if let Some(status) = ended {
            assert!(status.success(), "{status}: {}", scene.read("killed.log"));
            assert_eq!(scene.read("killed.log"), output.stdout, "the second run says the same");
            break output.stdout;
        }
        round += 1;
    };
    assert!(round >= 15, "killed after {round} answers");

    let latest = scene.latest();
    let again = scene.run(&["invoices.json"]).is(0);
    assert_eq!((again.stdout, again.stderr.as_str()), (reconciled, ""));
    let other =
        invoices_of(round).replace("\"total\": 240000", "\"total\": 250000").replace("\"amount\": 500000", "\"amount\": 0.5");
    scene.write("invoices.json", &other);
    let refused = scene.run(&["invoices.json"]).is(1);
    let faults: Vec<_> = refused.stderr.lines().collect();
    let [fraction, differs] = faults.as_slice() else { panic!("{refused:?}") };
    assert!(fraction.contains("not a whole number of minor units"), "{refused:?}");
    assert!(differs.contains("240000 CHF, and not 250000 CHF"), "{refused:?}");
    scene.assert_unchanged_since(latest);

    let stored = scene.owner.get(&format!("{INVOICES}?page_size=100")).is(200).json["data"].take();
    assert_eq!(stored["next_cursor"], Value::Null, "more than a page");
    let invoice = |row: &Value| (text(&row["externalId"]), text(&row["status"]), row["total"].clone(), row["amountPaid"].clone());
    let mut billed: Vec<_> = stored["items"].as_array().expect("items").iter().map(invoice).collect();
    let expected = |round: usize| {
        [(2041, "paid", 1_880_000, 1_880_000), (2042, "sent", 1_033_450, 500_000), (2043, "sent", 240_000, 0)]
            .map(|(number, status, total, paid)| (format!("QB-{round}-{number}"), status.to_owned(), json!(total), json!(paid)))
    };
    let mut expected: Vec<_> = (0..=round).flat_map(expected).collect();
    billed.sort_by(|one, other| one.0.cmp(&other.0));
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(billed, expected);

    scene.revoke_key();
    let refused = scene.run(&["invoices.json"]).is(1);
    assert!(refused.stderr.contains(" 401 "), "{refused:?}");
    scene.assert_key_is_in_no_file();
}

#[test]
fn fleet_website_serves_the_last_status_while_the_node_is_away() {
    let mut scene = Scene::new(WEBSITE);
    let aircraft = json!({ "tailNumber": "N525SK", "typeDesignator": "C25B", "model": "<b>Citation</b> CJ3+" });
    let aircraft = text(&scene.owner.post(AIRCRAFT, &aircraft).is(201).json["data"]["id"]);
    let line = Line::to(&scene.node, |_| Fate::Arrives);
    let mut command = scene.command(line.port(), &[]);
    command.env("PORT", "0").env("REFRESH_SECONDS", "1");
    let website = Node::start(command);
    let fleet = || website.anonymous().get("/fleet.json").json;
    until("the fleet is shown", || fleet()["isCurrent"] == true);
    let page = website.anonymous().get("/").is(200);
    assert!(page.body.contains("<h2>&#60;b&#62;Citation&#60;/b&#62; CJ3+</h2><p><b>1</b> of 1 available</p>"), "{}", page.body);
    for part in ["<script", "N525SK", "cannot be read"] {
        assert!(!page.body.contains(part), "{part} in {}", page.body);
    }
    for (name, value) in [
        ("content-security-policy", "default-src 'none'; style-src 'sha256-"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "public, max-age=1"),
    ] {
        let has = page.headers.iter().any(|(known, header)| known == name && header.starts_with(value));
        assert!(has, "no {name}: {:?}", page.headers);
    }
    for (method, path, status) in
        [("POST", "/", 405), ("HEAD", "/", 405), ("PUT", "/fleet.json", 405), ("GET", "/server.mjs", 404), ("GET", "/?a=b", 200)]
    {
        website.anonymous().try_send(method, path, None).expect("a response").is(status);
    }
    until("the API has answered without a body", || website.stdout().contains("the API answers: 304"));

    scene.patch(&format!("{AIRCRAFT}/{aircraft}"), &json!({ "status": "maintenance", "expectedReturn": "2099-03-08T12:00:00Z" }));
    until("the change is shown", || fleet()["models"][0]["available"] == 0);
    let Scene { site, node, key, folder: _folder, .. } = scene;
    assert_eq!(node.stop().0.code(), Some(0));
    until("the node is missed", || fleet()["isCurrent"] == false);
    let old = website.anonymous().get("/").is(200).body;
    for part in ["cannot be read", "CJ3+", "Next one back on 8 March", "As of "] {
        assert!(old.contains(part), "no {part} in {old}");
    }
    let node = site.node();
    line.redirect(node.address.port());
    until("the node is back", || fleet()["isCurrent"] == true);
    node.owner().revoke(&key);
    until("the refusal is logged", || website.stdout().contains("401 API_KEY_REVOKED"));
    let refused = website.anonymous().get("/").is(200);
    for shown in
        [refused.body, format!("{:?} {:?}", page.headers, refused.headers), page.body, old, website.stdout(), website.stderr()]
    {
        assert!(!shown.contains(&key.secret), "the key is shown");
    }
}
