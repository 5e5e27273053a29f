//! Gives the program the commit that it was built from and that commit's date, for `--version` and the metrics.
//!
//! Only release builds ask Git: a development build would otherwise be compiled again after every commit. A package that is
//! built without Git sets `PLANECONNECTION_COMMIT` and `PLANECONNECTION_COMMIT_DATE`.

use std::path::Path;
use std::process::Command;

fn main() {
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    } else {
        println!("cargo::rerun-if-changed=build.rs");
    }
    let asked = |arguments: &[&str]| is_release.then(|| git(arguments)).flatten();
    let commit = set("PLANECONNECTION_COMMIT", || asked(&["rev-parse", "--short=12", "HEAD"]));
    let date = set("PLANECONNECTION_COMMIT_DATE", || asked(&["show", "--no-patch", "--format=%cs", "HEAD"]));
    let source = match (&*commit, is_release) {
        ("unknown", true) => "unknown commit".to_owned(),
        ("unknown", false) => "development build".to_owned(),
        _ => format!("commit {commit}, {date}"),
    };
    println!("cargo::rustc-env=PLANECONNECTION_SOURCE={source}");
}

fn set(name: &str, ask: impl FnOnce() -> Option<String>) -> String {
    println!("cargo::rerun-if-env-changed={name}");
    let value = std::env::var(name).ok().or_else(ask).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env={name}={value}");
    value
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
