//! The alert rules and the dashboard against the metrics of a real node.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{SIGN_IN, Site, WHOAMI};

use crate::BINARY;

fn monitoring() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring")
}

/// The metrics that a text names, without the suffixes of their samples.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let names = words.filter(|word| word.starts_with("planeconnection_")).map(|name| {
        let suffix = ["_total", "_bucket", "_info"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
        suffix.unwrap_or(name).to_owned()
    });
    names.collect()
}

#[test]
fn alerts_and_dashboard_name_only_metrics_that_a_node_has() {
    let site = Site::new(BINARY);
    let node = site.node();
    // A code appears with its first error, a job's failures with its first run.
    node.anonymous().get(WHOAMI).is(401);
    testkit::until("every job has run", || {
        let metrics = node.anonymous().get("/metrics").is(200).body;
        metrics.contains("name=\"database_size\"")
    });
    let metrics = node.anonymous().get("/metrics").is(200).body;
    let exported: BTreeSet<String> =
        metrics.lines().filter_map(|line| Some(line.strip_prefix("# TYPE ")?.split(' ').next()?.to_owned())).collect();
    // A server has its own disk.
    let only_of_a_file =
        |name: &String| site.by_engine("", "postgres") == "postgres" && name.starts_with("planeconnection_storage_");
    for file in ["alerts.yml", "dashboard.json"] {
        let text = std::fs::read_to_string(monitoring().join(file)).expect("a file");
        let unknown: Vec<_> = named(&text).difference(&exported).filter(|name| !only_of_a_file(name)).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{file}");
    }
    assert!(metrics.contains("planeconnection_errors_total{code=\"AUTHENTICATION_REQUIRED\"} 1"), "{metrics}");
    assert!(metrics.contains("planeconnection_build_info{version="), "{metrics}");
}

#[test]
fn alert_rules_pass_their_tests() {
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts-test.yml"]] {
        let output = Command::new("promtool").args(arguments).current_dir(monitoring()).output();
        let output = output.expect("promtool, of Debian's package prometheus");
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn sign_ins_are_counted_by_outcome() {
    let site = Site::new(BINARY);
    let node = site.node();
    node.sign_in();
    let wrong = serde_json::json!({"email": "owner@skyline.example", "password": "wrong wrong wrong"});
    node.anonymous().post(SIGN_IN, &wrong).is(401);
    let metrics = node.anonymous().get("/metrics").is(200).body;
    for outcome in ["succeeded", "failed"] {
        let line = format!("planeconnection_sign_ins_total{{outcome=\"{outcome}\"}} 1");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}
