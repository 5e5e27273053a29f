//! The command `keys scan`: finds secrets of keys in files, standard input and git histories, and says whose they are.
//!
//! The files are untrusted: names are shown without control characters and secrets, memory does not grow with files, lines or
//! archives, and nothing is left out without a line that says so.
//!
//! - here the command and its report; `findings` what was found, and what could not be looked at
//! - `files` files, folders and standard input; `archive` what is compressed; `git` every object of a repository
//! - `owners` the keys of the database

mod archive;
mod files;
mod findings;
mod git;
mod owners;

use std::path::PathBuf;

use serde_json::{Value, json};

use self::findings::{Finding, Findings};
use self::owners::{Owner, Owners};
use super::database::AnyDatabase;
use super::output::{self, Failure};
use key_format::KeyFinder;
use kit::page::number::plural;

#[derive(clap::Args)]
pub(in crate::cli) struct Scan {
    /// Files and folders to look at, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    database: AnyDatabase,
    /// Look at the history of the git repositories at these paths: every object, also those of deleted branches. Needs git
    #[arg(long, env = "PLANECONNECTION_GIT", value_parser = output::switch)]
    git: bool,
    /// Revoke the keys that are found and still work
    #[arg(long, env = "PLANECONNECTION_REVOKE", value_parser = output::switch)]
    revoke: bool,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

/// A finder of keys, and what it has found.
#[derive(Debug, Default)]
struct Scanner {
    finder: KeyFinder,
    findings: Findings,
}

impl Scan {
    /// Fails with 1 if a key that works was found, and with 2 if something went wrong.
    pub(in crate::cli) async fn run(self) -> Result<(), Failure> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        if self.git && self.paths.iter().any(is_stdin) {
            return Err(Failure::usage("--git looks at repositories, and - is standard input: leave one of them out"));
        }
        if self.paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(Failure::usage("standard input can be read once: name - once"));
        }
        // Before a scan that may take long.
        let app = self.database.open().await.map_err(Failure::into_fault)?;
        if self.revoke && app.is_none() {
            return Err(Failure::usage("--revoke needs the database of the keys: name it with --database"));
        }
        let (paths, is_git) = (self.paths, self.git);
        let scan = move || {
            let mut scanner = Scanner::default();
            for path in &paths {
                if is_git { git::scan(path, &mut scanner) } else { files::scan(path, &mut scanner) }
            }
            scanner.findings
        };
        let findings = tokio::task::spawn_blocking(scan).await;
        let mut findings = findings.map_err(|error| Failure::refused(format!("the scan failed: {error}")).into_fault())?;
        let owners = match &app {
            Some(app) => Owners::find(app, &mut findings, self.revoke).await.map(Some),
            None => Ok(None),
        };
        findings.end();
        // Also if the database does not say whose they are.
        print(&findings.list, owners.as_ref().ok().and_then(Option::as_ref), self.json).map_err(Failure::into_fault)?;
        outcome(&findings, owners.map_err(Failure::into_fault)?.as_ref())
    }
}

fn print(list: &[Finding], owners: Option<&Owners>, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&list.iter().map(|finding| in_json(finding, owners)).collect::<Vec<_>>());
    }
    list.iter().try_for_each(|finding| {
        let Finding { place, hint, .. } = finding;
        let owner = match owners.map(|owners| owners.of(finding)) {
            None => String::new(),
            Some(None) => "  unknown here".to_owned(),
            Some(Some(owner)) => format!("  {owner}"),
        };
        output::line(format!("{place}: {hint}{owner}"))
    })
}

fn in_json(finding: &Finding, owners: Option<&Owners>) -> Value {
    let Finding { place, hint, .. } = finding;
    let key = owners.and_then(|owners| owners.of(finding)).map(|owner| {
        let Owner { id, name, workspace, status, .. } = owner;
        json!({ "id": id, "name": name, "workspace": workspace, "status": status, "revokedNow": owner.is_revoked_now })
    });
    json!({ "file": place.file, "line": place.line, "hint": hint, "apiKey": key })
}

/// Returns the end of the command: a key that works counts more than a file that could not be read.
fn outcome(findings: &Findings, owners: Option<&Owners>) -> Result<(), Failure> {
    let distinct = findings.distinct();
    let found = format!("{} in {}", plural(distinct, "secret"), plural(findings.list.len() as u64, "place"));
    let refused = |keys: String, remedy: &str| Err(Failure::refused(format!("{keys}: {remedy}")));
    match owners.map(|owners| (owners.live(), owners.revoked_now())) {
        None if distinct > 0 => {
            return refused(
                found,
                "without a database it is not known whether they work: name it with --database, or revoke them",
            );
        }
        Some((live, revoked)) if live > 0 => {
            let (all, live) = (live, format!("{} among {found}", plural(live, "live key")));
            return match revoked {
                0 => refused(live, "revoke them, with --revoke or `planeconnection keys revoke`"),
                _ if revoked == all => refused(live, "revoked, every node refuses them now"),
                _ => refused(live, &format!("{revoked} revoked, which every node refuses now; of the others see above")),
            };
        }
        None | Some(_) => {}
    }
    match findings.problems() {
        0 => Ok(()),
        problems => Err(Failure::usage(format!("{} could not be read to the end: see above", plural(problems, "item")))),
    }
}
