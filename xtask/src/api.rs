//! The API as strangers use it: a property-based run against a live server, and clients generated from its document.
//!
//! The tools come from PyPI into `target/api`, of the versions named here.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{command, run_aloud};

const TOOLS: [&str; 3] = ["schemathesis==4.*", "openapi-python-client==0.29.*", "mypy==1.*"];

/// The checks of every response. A valid request may still be refused: rules such as "arrives after it departs" are not in a
/// schema, so that one check is left out. The check for proxies is served for every method, also for those that the document
/// cannot name. A batch is answered with 200, with the error of each invalid item. Secret scanning, which is off in the demo, is
/// answered with 404 whatever the headers are.
const SETTINGS: &str = r#"
[checks]
enabled = false
not_a_server_error.enabled = true
status_code_conformance.enabled = true
content_type_conformance.enabled = true
response_headers_conformance.enabled = true
response_schema_conformance.enabled = true
negative_data_rejection.enabled = true
missing_required_header.enabled = true
unsupported_method.enabled = true
ignored_auth.enabled = true

[[operations]]
include-path-regex = "^/api/v1/auth/check"
checks.unsupported_method.enabled = false

[[operations]]
include-path-regex = "/batch$"
checks.negative_data_rejection.enabled = false

[[operations]]
include-path-regex = "^/api/v1/secret-scanning/"
checks.missing_required_header.enabled = false
"#;

/// The calls that can end the session of the run: each runs afterwards, in a session of its own.
const ENDS_SESSIONS: [&str; 3] =
    [r"^/api/v1/auth/sign-out$", r"^/api/v1/auth/sessions/\{id\}$", r"^/api/v1/settings/security/sign-out-everyone$"];

/// The address and credentials that the demo prints.
struct Demo {
    process: Child,
    url: String,
    secret: String,
    password: String,
}

/// Runs it all; false if something did not hold.
pub(crate) fn run() -> bool {
    let folder = Path::new("target/api");
    let python = folder.join("bin/python");
    let ready = python.exists() || run_aloud(Command::new("python3").args(["-m", "venv"]).arg(folder));
    let installed = ready && run_aloud(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(TOOLS));
    if !installed || !run_aloud(command("cargo").args(["build", "--quiet"])) {
        return false;
    }
    let Some(mut demo) = Demo::start() else { return false };
    let held = demo.generate(folder) && demo.fuzz(folder);
    let still_lives = matches!(demo.process.try_wait(), Ok(None));
    if !still_lives {
        eprintln!("the server did not survive");
    }
    drop(demo.process.kill());
    held && still_lives
}

impl Demo {
    fn start() -> Option<Self> {
        let mut process = Command::new("target/debug/planeconnection")
            .args(["demo", "--listen", "127.0.0.1:0", "--log", "warn"])
            // Thousands of requests by one member are the point of it.
            .args(["--limits", "member-reads=none,member-writes=none,workspace-reads=none,workspace-writes=none,key-writes=none"])
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (mut url, mut secret, mut password) = (None, None, None);
        for line in BufReader::new(process.stdout.take()?).lines().map_while(Result::ok) {
            let after = |mark: &str| {
                line.split_once(mark).map(|(_, rest)| rest.chars().take_while(|c| !"'\" ".contains(*c)).collect::<String>())
            };
            secret = secret.or(after("X-API-Key: "));
            password = password.or(after("\"password\":\""));
            url = url.or(after("Listening on "));
            if url.is_some() {
                break;
            }
        }
        Some(Self { process, url: url?, secret: secret?, password: password? })
    }

    /// As the account owner, who may do everything.
    fn fuzz(&self, folder: &Path) -> bool {
        if std::fs::write(folder.join("settings.toml"), SETTINGS).is_err() {
            return false;
        }
        let Some(token) = self.sign_in() else { return false };
        let others = ENDS_SESSIONS.join("|");
        let others_pass = self.send_requests(folder, &token, ["--exclude-path-regex", &others]);
        let is_signed_in = self.answers(&token);
        if !is_signed_in {
            eprintln!("the session ended during the run, so that the calls after it tested nothing");
        }
        let passes =
            |path: &str| self.sign_in().is_some_and(|token| self.send_requests(folder, &token, ["--include-path-regex", path]));
        others_pass && is_signed_in && ENDS_SESSIONS.into_iter().all(passes)
    }

    fn sign_in(&self) -> Option<String> {
        let sign_in = format!("{{\"email\":\"ana@skyline.example\",\"password\":\"{}\"}}", self.password);
        let address = format!("{}/api/v1/auth/sign-in", self.url);
        let answer = Command::new("curl").args(["-s", "-H", "Content-Type: application/json", "-d", &sign_in, &address]).output();
        let answer = answer.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        Some(answer.split("\"token\":\"").nth(1)?.split('"').next()?.to_owned())
    }

    /// Sends requests to the calls that `selection` names.
    fn send_requests(&self, folder: &Path, token: &str, selection: [&str; 2]) -> bool {
        run_aloud(
            Command::new(folder.join("bin/schemathesis"))
                .arg("--config-file")
                .arg(folder.join("settings.toml"))
                .args(["run", &format!("{}/openapi.json", self.url), "-H", &format!("Authorization: Bearer {token}")])
                .args(["--max-examples", "40", "--workers", "2"])
                .args(selection),
        )
    }

    /// Returns whether the token still opens the API.
    fn answers(&self, token: &str) -> bool {
        let (credential, address) = (format!("Authorization: Bearer {token}"), format!("{}/api/v1/auth/whoami", self.url));
        run_aloud(Command::new("curl").args(["--silent", "--fail", "--output", "/dev/null", "-H", &credential, &address]))
    }

    fn generate(&self, folder: &Path) -> bool {
        let client = folder.join("client");
        run_aloud(
            Command::new(folder.join("bin/openapi-python-client"))
                .args([
                    "generate",
                    "--overwrite",
                    "--meta",
                    "none",
                    "--url",
                    &format!("{}/openapi.json", self.url),
                    "--output-path",
                ])
                .arg(&client),
        ) && run_aloud(
            Command::new(folder.join("bin/mypy")).args(["--ignore-missing-imports", "--follow-imports=silent"]).arg(&client),
        ) && run_aloud(
            Command::new(folder.join("bin/python")).args(["-c", USE, &self.url, &self.secret]).env("PYTHONPATH", folder),
        )
    }
}

/// The generated client at work, before the run that may revoke its key.
const USE: &str = "
import sys
from client import AuthenticatedClient
from client.api.authentication import who_am_i
from client.api.fleet import list_aircraft
url, secret = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=secret, prefix='', auth_header_name='X-API-Key')
me = who_am_i.sync_detailed(client=client)
fleet = list_aircraft.sync_detailed(client=client, page_size=2)
assert me.parsed.data.api_key.name == 'Fleet Dashboard', me
print('the generated client sees', fleet.parsed.data.total, 'aircraft, the first is', fleet.parsed.data.items[0].tail_number)
";
