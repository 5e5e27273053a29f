//! The samples on the pages of all calls, in the languages that are compiled.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::examples::{Scene, run, samples};

/// The project that the samples in Rust are added to.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/samples");

const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/receivers");

/// Calls whose samples in Rust are run.
const RUN: [&str; 3] = ["put-trip-by-external-id", "list-trips", "list-aircraft"];

/// Lists the calls, by the names of their pages.
fn calls(scene: &Scene) -> Vec<String> {
    let list = scene.node.anonymous().get("/llms.txt").is(200).body;
    let links = list.split("/docs/api/").skip(1);
    let calls: Vec<_> = links.filter_map(|link| Some(link.split_once(".md)")?.0.to_owned())).collect();
    assert!(calls.len() > 100, "{calls:?}");
    calls
}

/// Returns the samples of a call in Go and in Rust.
fn compiled(scene: &Scene, call: &str) -> [String; 2] {
    let Ok([_curl, _python, _javascript, go, rust]) = <[String; 5]>::try_from(samples(scene, call)) else {
        panic!("{call} does not have five samples")
    };
    [go, rust]
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; cargo xtask receivers installs it"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} (cargo xtask receivers fetches what it needs):\n{errors}");
}

/// Builds one program with the samples of all calls as its modules, and returns its path.
fn build_rust(scene: &Scene) -> PathBuf {
    let folder = Path::new(BUILT).join("samples");
    let source = folder.join("src");
    std::fs::create_dir_all(&source).expect("a folder");
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        std::fs::copy(Path::new(PROJECT).join(file), folder.join(file)).expect("a copy");
    }
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let (mut modules, mut arms) = (String::new(), String::new());
    for call in calls(scene) {
        let [_, sample] = compiled(scene, &call);
        let dependency = sample.lines().next().and_then(|line| line.strip_prefix("// Cargo.toml: ")).expect("a dependency");
        assert!(manifest.lines().any(|line| line == dependency), "{call} needs {dependency}");
        let module = call.replace('-', "_");
        // `main` is private in a module.
        let text = format!("{sample}\npub fn run() -> Result<(), Box<dyn std::error::Error>> {{\n    main()\n}}\n");
        std::fs::write(source.join(format!("{module}.rs")), text).expect("a file");
        writeln!(modules, "#[path = \"{module}.rs\"]\nmod {module};").expect("a text");
        writeln!(arms, "        \"{call}\" => {module}::run(),").expect("a text");
    }
    let dispatch = format!(
        "{modules}\npub fn run(call: &str) -> Result<(), Box<dyn std::error::Error>> {{\n    match call {{\n{arms}        \
         other => Err(format!(\"there is no call {{other}}\").into()),\n    }}\n}}\n"
    );
    std::fs::write(source.join("samples.rs"), dispatch).expect("a file");
    let mut build = Command::new("cargo");
    succeeds(build.args(["build", "--quiet", "--locked", "--offline", "--target-dir", BUILT]).current_dir(&folder));
    Path::new(BUILT).join("debug/samples")
}

#[test]
fn samples_of_all_calls_compile_in_rust_and_do_what_curl_does() {
    let mut scene = Scene::new();
    // Before the build, during which the node closes the idle connection.
    let key = scene.owner.create_key("Samples", &["trips:write", "fleet:read"]).secret;
    let fleet_key = scene.owner.create_key("Fleet only", &["fleet:read"]).secret;
    let program = build_rust(&scene);
    for call in RUN {
        let curl = run(&scene, &key, &samples(&scene, call)[0], "request.sh", &["bash"]);
        let expected: Value = serde_json::from_str(&curl).expect("JSON");
        assert_eq!(expected["success"], true, "{call}: {curl}");
        let mut command = Command::new(&program);
        command.arg(call).env("PLANECONNECTION_KEY", &key).env("NO_PROXY", "127.0.0.1");
        let output = command.output().expect("the program runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let (status, body) = printed.split_once(' ').unwrap_or_else(|| panic!("{call}: {output:?}"));
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!((status, &body["data"]), ("200", &expected["data"]), "{call}");
    }
    for call in ["put-trip-by-external-id", "list-trips"] {
        let mut command = Command::new(&program);
        command.arg(call).env("PLANECONNECTION_KEY", &fleet_key).env("NO_PROXY", "127.0.0.1");
        let output = command.output().expect("the program runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.starts_with("403 {") && printed.contains("\"SCOPE_REQUIRED\""), "{call}: {output:?}");
    }
}

#[test]
fn samples_of_all_calls_compile_in_go() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("go.mod"), "module samples\n").expect("a file");
    for call in calls(&scene) {
        let [sample, _] = compiled(&scene, &call);
        std::fs::create_dir(folder.path().join(&call)).expect("a folder");
        std::fs::write(folder.path().join(&call).join("main.go"), sample).expect("a file");
    }
    // It compiles and does not link: a hundred programs take seconds.
    let mut vet = Command::new("go");
    vet.args(["vet", "./..."])
        .current_dir(folder.path())
        .env("GO111MODULE", "on")
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off");
    succeeds(vet.env("GOCACHE", format!("{BUILT}/go-cache")));
}
