//! The packages `standardwebhooks` of crates.io, npm and PyPI, unchanged, which judge the requests of a node.

use std::process::Command;

use crate::verifiers::{assert_verdicts, cases, header_map};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools");

// Their folders are those of xtask/src/receivers.rs.
const NODE_FOLDER: &str = "standardwebhooks-node-1.1.1";
const PYTHON_FOLDER: &str = "standardwebhooks-python-1.1.0";

/// Secrets that are not `whsec_` are keys as they are, which the packages call raw.
const PYTHON: &str = r#"
import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
for line in sys.stdin:
    case = json.loads(line)
    secret = case["secret"]
    webhook = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    try:
        webhook.verify(case["body"], case["headers"])
        print("accepted")
    except (WebhookVerificationError, ValueError) as error:
        print("refused:", error)
"#;

const NODE: &str = r#"
const { createInterface } = require("node:readline");
const { Webhook } = require("standardwebhooks");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { secret, headers, body } = JSON.parse(line);
  const webhook = secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(secret, { format: "raw" });
  try {
    webhook.verify(body, headers);
    console.log("accepted");
  } catch (error) {
    console.log("refused: " + error.message);
  }
});
"#;

#[test]
fn package_of_pypi_verifies_signatures() {
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON]).env("PYTHONPATH", format!("{TOOLS}/{PYTHON_FOLDER}"));
    assert_verdicts(&mut python, &cases());
}

#[test]
fn package_of_npm_verifies_signatures() {
    let mut node = Command::new("node");
    node.args(["-e", NODE]).env("NODE_PATH", format!("{TOOLS}/{NODE_FOLDER}/node_modules"));
    assert_verdicts(&mut node, &cases());
}

#[test]
fn crate_verifies_signatures() {
    for case in cases() {
        let webhook = if case.secret.starts_with("whsec_") {
            standardwebhooks::Webhook::new(&case.secret).expect("a secret")
        } else {
            standardwebhooks::Webhook::from_bytes(case.secret.clone().into_bytes()).expect("a secret")
        };
        let outcome = webhook.verify(case.body.as_bytes(), &header_map(&case));
        assert_eq!(outcome.is_ok(), case.fits, "{}: {outcome:?}", case.what);
    }
}
