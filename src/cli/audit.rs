//! The commands `audit verify`, `audit head` and `audit export`.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use futures_util::StreamExt;
use serde_json::json;

use super::database::{Database, InWorkspace, key_not_opened};
use super::output::{self, Failure};
use crate::app::App;
use crate::audit::{self, AuditKey, Comparison, EventFilter, Format, PublicKey, SignedHead};
use crate::workspaces::Workspace;
use kit::random::Random;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Verify that no event was altered, removed, inserted or moved, and that keys, members and settings agree with the log
    Verify {
        #[command(flatten)]
        at: InWorkspace,
        /// Require that the log contains this head: SEQUENCE:HASH, or a signed head, as printed or logged
        #[arg(long, env = "PLANECONNECTION_EXPECT", value_name = "HEAD")]
        expect: Option<Expected>,
        /// Public key that must have signed the head; default: that of the audit key
        #[arg(long, env = "PLANECONNECTION_PUBLIC_KEY", value_name = "HEX")]
        public_key: Option<PublicKey>,
        #[command(flatten)]
        audit_key: AuditKeyFile,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Print the signed head of the log, to be kept elsewhere
    Head {
        #[command(flatten)]
        at: InWorkspace,
        #[command(flatten)]
        audit_key: AuditKeyFile,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Write the log to standard output, the oldest event first
    Export {
        #[command(flatten)]
        at: InWorkspace,
        /// Format; ndjson contains all that is needed to verify the chain elsewhere
        #[arg(long, env = "PLANECONNECTION_FORMAT")]
        format: Format,
    },
}

#[derive(clap::Args)]
pub(super) struct AuditKeyFile {
    /// File of the key that signs heads of audit logs, created if it does not exist; default: next to a SQLite database, with .audit-key appended to its name
    #[arg(long, env = "PLANECONNECTION_AUDIT_KEY", value_name = "FILE")]
    audit_key: Option<PathBuf>,
}

impl AuditKeyFile {
    /// Returns the file from the flag, or the one next to a SQLite database.
    fn path(&self, database: &Database) -> Result<Option<PathBuf>, Failure> {
        let beside = database.beside(".audit-key")?;
        Ok(self.audit_key.clone().or(beside))
    }

    /// Reads or creates the key. Returns `None` without a file.
    pub(super) fn open_or_make(&self, database: &Database) -> Result<Option<AuditKey>, Failure> {
        let Some(path) = self.path(database)? else { return Ok(None) };
        let opened = AuditKey::open_or_make(&path, &Random::System);
        opened.map(Some).map_err(|error| key_not_opened("audit key", &path, "--audit-key", &error))
    }

    /// Returns the public key if the file exists.
    fn public(&self, database: &Database) -> Option<PublicKey> {
        AuditKey::open(&self.path(database).ok()??).ok().map(|key| key.public())
    }
}

/// A head that was kept outside the database, so that a rewrite of the whole log is detected.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    Plain { sequence: i64, hash: String },
    Signed(SignedHead),
}

impl std::str::FromStr for Expected {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if SignedHead::is_in(text) {
            return text.parse().map(Self::Signed).map_err(|unfit: <SignedHead as std::str::FromStr>::Err| unfit.to_string());
        }
        let parsed = text.split_once(':').and_then(|(sequence, hash)| Some((sequence.parse().ok()?, hash)));
        match parsed {
            Some((sequence, hash)) if sequence > 0 && hash.len() == 64 => Ok(Self::Plain { sequence, hash: hash.to_lowercase() }),
            _ => Err("expected SEQUENCE:HASH, with a hash of 64 hexadecimal digits, or a signed head".to_owned()),
        }
    }
}

impl Expected {
    fn event(&self) -> (i64, String) {
        match self {
            Self::Plain { sequence, hash } => (*sequence, hash.clone()),
            Self::Signed(head) => (head.sequence, hex::encode(head.hash)),
        }
    }

    /// Fails unless a signed head is of this workspace and signed by the trusted key.
    fn check(&self, workspace: &Workspace, trusted: Option<PublicKey>) -> Result<(), Failure> {
        let Self::Signed(head) = self else { return Ok(()) };
        let Some(trusted) = trusted else {
            return Err(Failure::usage("give --public-key, or --audit-key: a signature by an unknown key shows nothing"));
        };
        if head.workspace != workspace.id {
            return Err(Failure::refused(format!("this head is of another workspace ({})", head.workspace)));
        }
        if !head.is_signed_by(trusted) {
            return Err(Failure::refused(format!("this head is not signed by the key {trusted}")));
        }
        Ok(())
    }
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Verify { at, expect, public_key, audit_key, json } => {
                let trusted = public_key.or_else(|| audit_key.public(&at.database));
                verify(&at, expect, trusted, json).await
            }
            Self::Head { at, audit_key, json } => head(&at, &audit_key, json).await,
            Self::Export { at, format } => export(&at, format).await,
        }
    }
}

async fn verify(at: &InWorkspace, expect: Option<Expected>, trusted: Option<PublicKey>, as_json: bool) -> Result<(), Failure> {
    let (app, workspace) = at.open_log().await?;
    if let Some(expected) = &expect {
        expected.check(&workspace, trusted)?;
    }
    let verdict = audit::verify(&app.db, workspace.id).await?;
    let mut fault = verdict.fault.as_ref().map(ToString::to_string);
    if let (None, Some(expected)) = (&fault, expect) {
        fault = missing(&app, &workspace, &expected).await?;
    }
    // Tables cannot be compared with an incomplete log.
    let comparison = if fault.is_none() { Some(audit::compare(&app.db, workspace.id).await?) } else { None };
    let differences = comparison.as_ref().map_or(0, Comparison::total);
    if as_json {
        output::json(&json!({
            "verified": fault.is_none() && differences == 0,
            "events": verdict.events,
            "head": format!("{}:{}", verdict.events, verdict.head),
            "fault": fault,
            "keys": comparison.as_ref().map(|comparison| comparison.keys),
            "members": comparison.as_ref().map(|comparison| comparison.members),
            "differences": comparison.as_ref().map(|comparison| &comparison.differences),
            "differencesLeftOut": comparison.as_ref().map(|comparison| comparison.more),
        }))?;
    }
    match (fault, comparison) {
        (Some(fault), _) => Err(Failure::refused(fault)),
        (None, Some(comparison)) if differences > 0 => {
            if !as_json {
                comparison.differences.iter().try_for_each(|difference| output::line(difference.to_string()))?;
            }
            Err(Failure::refused(format!("the log is intact, but the tables differ from it: differences: {differences}")))
        }
        (None, _) if as_json => Ok(()),
        (None, comparison) => {
            output::line(format!("Verified {} events. Head {}:{}", verdict.events, verdict.events, verdict.head))?;
            let Comparison { keys, members, .. } = comparison.unwrap_or_default();
            output::line(format!("The tables agree with the log: keys: {keys}, members: {members}"))
        }
    }
}

/// Returns a fault if the log does not contain the expected head.
async fn missing(app: &App, workspace: &Workspace, expected: &Expected) -> Result<Option<String>, Failure> {
    let (sequence, hash) = expected.event();
    let found = audit::hash_at(app.db.read(), workspace.id, sequence).await?;
    let fits = found.as_deref() == Some(hash.as_str());
    Ok((!fits).then(|| format!("event {sequence} does not have the hash it had: the log was rewritten or truncated")))
}

async fn head(at: &InWorkspace, audit_key: &AuditKeyFile, as_json: bool) -> Result<(), Failure> {
    let (app, workspace) = at.open_log().await?;
    let none = || Failure::usage("give --audit-key: with a server there is no default file for the key that signs");
    let key = audit_key.open_or_make(&at.database)?.ok_or_else(none)?;
    let last = audit::last_link(app.db.read(), workspace.id).await?;
    let (sequence, hash) = last.ok_or_else(|| Failure::refused("the log has no head: run audit verify"))?;
    let signed = SignedHead::sign(&key, workspace.id, sequence, hash, app.clock.now()).to_string();
    if as_json {
        return output::json(&json!({
            "workspace": workspace.id,
            "sequence": sequence,
            "hash": hex::encode(hash),
            "publicKey": key.public().to_string(),
            "signed": signed,
        }));
    }
    output::line(signed)
}

async fn export(at: &InWorkspace, format: Format) -> Result<(), Failure> {
    let (app, workspace) = at.open_log().await?;
    let mut chunks = std::pin::pin!(audit::export(app.db.clone(), workspace.id, EventFilter::default(), format));
    let mut out = std::io::stdout().lock();
    while let Some(chunk) = chunks.next().await {
        match out.write_all(&chunk.map_err(|error| Failure::refused(error.to_string()))?) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
    }
    out.flush().or_else(|error| if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error.into()) })
}
