//! Accessibility checks by axe-core.

use std::fmt;
use std::sync::OnceLock;

use serde_json::json;

use super::tab::Tab;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/axe-4.14.0.min.js");

/// Everything, and nothing fetched for it.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'], preload: false }).then(found => found.violations)";

/// A rule that the page breaks badly.
pub struct Finding {
    pub rule: String,
    pub impact: String,
    help: String,
    targets: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}): {}", self.rule, self.impact, self.help)?;
        self.targets.iter().try_for_each(|target| writeln!(f, "    {target}"))
    }
}

impl Tab {
    /// The serious and critical violations that axe-core finds on the page.
    #[track_caller]
    pub fn axe(&mut self) -> Vec<Finding> {
        // In an isolated world: neither the page's scripts nor its content security policy affect it.
        let world = self.call("Page.createIsolatedWorld", json!({ "frameId": self.heard.frame, "worldName": "axe" }));
        let mut found = json!(null);
        for expression in [source(), RUN] {
            let how = json!({ "expression": expression, "contextId": world["executionContextId"], "awaitPromise": true, "returnByValue": true });
            let mut answer = self.call("Runtime.evaluate", how);
            assert!(answer["exceptionDetails"].is_null(), "axe-core failed: {}", answer["exceptionDetails"]);
            found = answer["result"]["value"].take();
        }
        let found = found.as_array().expect("findings");
        let text = |of: &serde_json::Value| of.as_str().unwrap_or_default().to_owned();
        let findings = found.iter().map(|finding| Finding {
            rule: text(&finding["id"]),
            impact: text(&finding["impact"]),
            help: text(&finding["help"]),
            targets: finding["nodes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|node| format!("{}  {}", node["target"], text(&node["html"])))
                .collect(),
        });
        findings.filter(|finding| matches!(finding.impact.as_str(), "serious" | "critical")).collect()
    }

    /// Asserts that axe-core finds no serious or critical violation.
    #[track_caller]
    pub fn is_accessible(&mut self) {
        let findings = self.axe();
        let listed: String = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}:\n{listed}", self.heard.address);
    }
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        std::fs::read_to_string(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}; `cargo xtask test` fetches it"))
    })
}
