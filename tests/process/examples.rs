//! The examples of the documentation, run as they are printed.
//!
//! In `docs/guide/`, the attribute `run` marks a block of shell commands, `output` what the block before it prints, and `file=NAME`
//! a file. All blocks of a page are one session of a shell, with a node and a key in its environment. `…` stands for any text
//! within a line.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testkit::{AIRCRAFT, Client, Node, REPORTS, Site, TRIPS};

use crate::BINARY;

const GUIDES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide");

/// The code blocks of a page that are of use here.
#[derive(Default)]
struct Page {
    files: Vec<(String, String)>,
    /// Shell commands, and what they print.
    examples: Vec<(String, Option<String>)>,
}

impl Page {
    fn read(markdown: &str) -> Self {
        let mut page = Self::default();
        let mut block: Option<(String, String)> = None;
        for line in markdown.lines() {
            match (&mut block, line.strip_prefix("```")) {
                (None, Some(info)) => block = Some((info.to_owned(), String::new())),
                (Some(_), Some(_)) => page.take(block.take().expect("a block")),
                (Some((_, text)), None) => writeln!(text, "{line}").expect("a text"),
                (None, None) => {}
            }
        }
        assert!(block.is_none(), "a block without an end");
        page
    }

    fn take(&mut self, (info, text): (String, String)) {
        let words: Vec<_> = info.split(' ').collect();
        if let Some(name) = words.iter().find_map(|word| word.strip_prefix("file=")) {
            self.files.push((name.to_owned(), text.clone()));
        }
        if words.contains(&"run") {
            self.examples.push((text, None));
        } else if words.contains(&"output") {
            let (_, output) = self.examples.last_mut().expect("a block before the output");
            assert!(output.replace(text).is_none(), "two outputs of one block");
        }
    }
}

/// Returns whether an output is the printed one.
fn fits(printed: &str, output: &str) -> bool {
    let line = |(printed, line): (&str, &str)| {
        let mut parts = printed.split('…');
        let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let mut parts: Vec<_> = parts.collect();
        let Some(last) = parts.pop() else { return rest.is_empty() };
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    };
    printed.lines().count() == output.lines().count() && printed.lines().zip(output.lines()).all(line)
}

#[test]
fn ellipsis_stands_for_any_text_within_a_line() {
    assert!(fits("a…c\n", "abc\n") && fits("a…\n", "a\n") && fits("…b…d…\n", "abcde\n") && fits("a\n", "a\n"));
    assert!(!fits("a…c\n", "ab\n") && !fits("a\n", "ab\n") && !fits("a\n", "a\nb\n") && !fits("b…\n", "ab\n"));
}

/// Files that guides show as they are, by the name between braces.
const FILES: [(&str, &str); 7] = [
    ("client.py", include_str!("../../docs/guide/client.py")),
    ("client.mjs", include_str!("../../docs/guide/client.mjs")),
    ("nginx.conf", include_str!("../../docs/proxies/nginx.conf")),
    ("Caddyfile", include_str!("../../docs/proxies/Caddyfile")),
    ("traefik.yml", include_str!("../../docs/proxies/traefik.yml")),
    ("traefik-dynamic.yml", include_str!("../../docs/proxies/traefik-dynamic.yml")),
    ("envoy.yaml", include_str!("../../docs/proxies/envoy.yaml")),
];

fn read_guide(name: &str, url: &str) -> Page {
    let markdown = std::fs::read_to_string(Path::new(GUIDES).join(format!("{name}.md"))).expect("a guide");
    let markdown = FILES.iter().fold(markdown, |text, (name, file)| text.replace(&format!("{{{{{name}}}}}\n"), file));
    Page::read(&markdown.replace("{{base}}", url))
}

#[test]
fn clients_of_the_guides_repeat_what_the_overview_says() {
    let overview = include_str!("../../docs/guide/overview.md");
    let rows = overview.lines().filter(|line| line.contains(" | yes, "));
    let statuses = rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split(|c: char| !c.is_ascii_digit()));
    let mut statuses: Vec<&str> = statuses.filter(|word| !word.is_empty()).collect();
    statuses.sort_unstable();
    assert!(statuses.len() > 3, "{statuses:?}");
    let list = statuses.join(", ");
    for (name, client) in FILES.iter().filter(|(name, _)| name.starts_with("client.")) {
        assert!(client.contains(&list), "{name} does not repeat {list}");
    }
}

/// A node with a workspace that has two aircraft and three trips.
pub(crate) struct Scene {
    site: Site,
    pub(crate) node: Node,
    pub(crate) owner: Client,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let site = Site::new(BINARY);
        let node = site.node();
        let mut owner = node.owner();
        for (tail_number, designator, model, status) in
            [("N525SK", "C25B", "Citation CJ3+", "active"), ("N882TJ", "E55P", "Phenom 300E", "maintenance")]
        {
            let aircraft = json!({ "tailNumber": tail_number, "typeDesignator": designator, "model": model, "status": status });
            owner.post(AIRCRAFT, &aircraft).is(201);
        }
        for (origin, destination, day) in [("KTEB", "KMIA", 1), ("KMIA", "KTEB", 2), ("KTEB", "KPBI", 3)] {
            let departure = format!("2026-12-0{day}T14:00:00Z");
            let trip = json!({ "tripType": "charter", "origin": origin, "destination": destination, "departureDate": departure });
            owner.post(TRIPS, &trip).is(201);
        }
        Self { site, node, owner }
    }

    fn url(&self) -> String {
        format!("http://{}", self.node.address)
    }

    /// Runs a page of the guide with a key that has these scopes.
    fn runs(&mut self, guide: &str, name: &str, scopes: &[&str]) {
        self.runs_page(guide, &read_guide(guide, &self.url()), name, scopes);
    }

    /// Runs a page with its programs in JavaScript in place of those in Python.
    fn runs_in_node(&mut self, guide: &str, name: &str, scopes: &[&str]) {
        let mut page = read_guide(guide, &self.url());
        let names: Vec<_> = page.files.iter().filter_map(|(name, _)| name.strip_suffix(".mjs")).collect();
        assert!(names.len() > usize::from(names.contains(&"planeconnection")), "{guide} has no program in JavaScript");
        for (code, _) in &mut page.examples {
            for name in &names {
                *code = code.replace(&format!("python3 {name}.py"), &format!("node {name}.mjs"));
            }
            assert!(!code.contains("python3"), "{guide} has no JavaScript for {code}");
        }
        self.runs_page(guide, &page, name, scopes);
    }

    fn runs_page(&mut self, guide: &str, page: &Page, name: &str, scopes: &[&str]) {
        let key = self.owner.create_key(name, scopes);
        assert!(!page.examples.is_empty(), "{guide} has no example");
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in &page.files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        // What an example leaves running ends with it.
        let mut script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n".to_owned();
        for (number, (code, _)) in page.examples.iter().enumerate() {
            write!(script, "exec > {number}.out 2> {number}.err\n{code}").expect("a text");
        }
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(folder.path()).env("NO_PROXY", "127.0.0.1");
        shell.env("PLANECONNECTION_URL", self.url()).env("PLANECONNECTION_KEY", &key.secret);
        shell.env("PLANECONNECTION_DATABASE", self.site.url()).env("PLANECONNECTION_WORKSPACE", "skyline");
        let programs = Path::new(BINARY).parent().expect("a folder").display().to_string();
        shell.env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap_or_default()));
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        shell.env("PORT", port.to_string());
        let ended = shell.status().expect("bash runs");
        let read = |name: String| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        for (number, (code, printed)) in page.examples.iter().enumerate() {
            let (output, errors) = (read(format!("{number}.out")), read(format!("{number}.err")));
            let printed = printed.as_deref().unwrap_or_default();
            assert!(fits(printed, &output), "{guide}:\n{code}\nprints\n{output}and not\n{printed}stderr:\n{errors}");
        }
        assert!(ended.success(), "{guide}: {ended}");
    }
}

const READ_ONLY: [&str; 4] = ["trips:read", "fleet:read", "safety:read", "invoices:read"];

#[test]
fn first_page_works_as_printed() {
    Scene::new().runs("index", "Fleet Dashboard", &READ_ONLY);
}

#[test]
fn overview_works_as_printed() {
    Scene::new().runs("overview", "Overview", &["trips:write", "fleet:read"]);
}

#[test]
fn page_about_authentication_works_as_printed() {
    Scene::new().runs("authentication", "Fleet Dashboard", &READ_ONLY);
}

#[test]
fn page_of_error_codes_works_as_printed() {
    Scene::new().runs("errors", "Errors", &READ_ONLY);
}

#[test]
fn guide_to_syncing_trips_works_as_printed() {
    Scene::new().runs("sync-trips", "Crew scheduling", &["trips:write"]);
    Scene::new().runs_in_node("sync-trips", "Crew scheduling", &["trips:write"]);
}

#[test]
fn guide_to_safety_reports_works_as_printed() {
    let mut scene = Scene::new();
    for (kind, title) in
        [("incident", "Door warning after take-off"), ("hazard", "Ice on the apron"), ("near_miss", "Vehicle on the taxiway")]
    {
        let description = "What happened, in a text of at least fifty characters, as the form asks for.";
        let report =
            json!({ "reportType": kind, "title": title, "description": description, "occurredAt": "2026-11-20T10:00:00Z" });
        let filed = scene.owner.post(REPORTS, &report).is(201).json;
        if kind == "near_miss" {
            let path = format!("{REPORTS}/{}", filed["data"]["id"].as_str().expect("an id"));
            scene.owner.patch(&path, &json!({ "status": "under_review", "severity": "major" })).is(200);
        }
    }
    scene.runs("safety-reports", "Safety dashboard", &["safety:read"]);
    scene.runs_in_node("safety-reports", "Other dashboard", &["safety:read"]);
}

#[test]
fn guide_to_invoices_works_as_printed() {
    Scene::new().runs("invoices", "QuickBooks Integration", &["invoices:write"]);
    Scene::new().runs_in_node("invoices", "QuickBooks Integration", &["invoices:write"]);
}

#[test]
fn guide_to_the_fleet_on_a_website_works_as_printed() {
    let mut scene = Scene::new();
    scene.runs("fleet-status", "Website", &["fleet:read"]);
    scene.runs_in_node("fleet-status", "Other website", &["fleet:read"]);
}

#[test]
fn guide_to_forward_authentication_works_as_printed() {
    Scene::new().runs("forward-authentication", "Partner", &["trips:read"]);
}

#[test]
fn guide_to_rotation_works_as_printed() {
    Scene::new().runs("rotate-in-ci", "Rotation", &["trips:read"]);
}

#[test]
fn guide_to_the_command_line_works_as_printed() {
    Scene::new().runs("command-line", "Shell", &["trips:write"]);
}

/// Returns the examples of a request on the page of a call, by tab.
pub(crate) fn samples(scene: &Scene, call: &str) -> Vec<String> {
    let page = scene.node.anonymous().get(&format!("/docs/api/{call}.md")).is(200).body;
    let request = page.split_once("## Request\n").and_then(|(_, rest)| rest.split("\n## ").next()).expect("a request").to_owned();
    let blocks = request.split("```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').expect("a language").1.to_owned()).collect()
}

/// Runs the example of a call in a language, and returns what it prints.
pub(crate) fn run(scene: &Scene, key: &str, code: &str, file: &str, program: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(file), code).expect("a file");
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(file).current_dir(folder.path()).env("PLANECONNECTION_KEY", key).env("NO_PROXY", "127.0.0.1");
    command.env("GO111MODULE", "off").env("GOCACHE", concat!(env!("CARGO_MANIFEST_DIR"), "/target/receivers/go-cache"));
    let output = command.output().unwrap_or_else(|error| panic!("{program:?}: {error}; cargo xtask receivers installs it"));
    assert!(output.status.success(), "{program:?} at {}:\n{code}\n{output:?}", scene.url());
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn example_of_a_call_does_the_same_in_every_language() {
    let mut scene = Scene::new();
    let key = scene.owner.create_key("Examples", &["trips:write"]).secret;
    for call in ["put-trip-by-external-id", "list-trips"] {
        let samples = samples(&scene, call);
        let [curl, python, javascript, go, _rust] = samples.as_slice() else { panic!("five languages: {samples:?}") };
        let answer: Value = serde_json::from_str(&run(&scene, &key, curl, "request.sh", &["bash"])).expect("JSON");
        assert_eq!(answer["success"], true, "{answer}");
        for (code, file, program) in [
            (python, "request.py", &["python3"][..]),
            (javascript, "request.mjs", &["node"][..]),
            (go, "request.go", &["go", "run"]),
        ] {
            let printed = run(&scene, &key, code, file, program);
            let (status, body) = printed.split_once(' ').expect("a status and a body");
            assert_eq!(status, "200", "{call}: {printed}");
            let body: Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(body["data"], answer["data"], "{call} in {file}");
        }
    }
}

#[test]
fn example_of_a_refused_call_prints_the_error_in_every_language() {
    let mut scene = Scene::new();
    let key = scene.owner.create_key("Fleet only", &["fleet:read"]).secret;
    let samples = samples(&scene, "list-trips");
    for (code, file, program) in [
        (&samples[1], "request.py", &["python3"][..]),
        (&samples[2], "request.mjs", &["node"][..]),
        (&samples[3], "request.go", &["go", "run"]),
    ] {
        let printed = run(&scene, &key, code, file, program);
        let (status, body) = printed.split_once(' ').expect("a status and a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!((status, &body["error"]["code"]), ("403", &json!("SCOPE_REQUIRED")), "{file}: {printed}");
    }
}
