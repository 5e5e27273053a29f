//! `audit verify|export`

use std::io::Write;

use clap::Subcommand;
use futures_util::StreamExt;
use serde_json::json;

use super::{Failure, InWorkspace, output};
use crate::audit::{self, EventFilter, Format};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Verify that no event was altered, removed, inserted or moved; names the first that does not fit
    Verify {
        #[command(flatten)]
        at: InWorkspace,
        /// Also require that event SEQUENCE has the hash HASH, as an earlier verification printed it
        #[arg(long, env = "PLANECONNECTION_EXPECT", value_name = "SEQUENCE:HASH")]
        expect: Option<Expected>,
        /// Answer as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Write the log to standard output, the oldest event first
    Export {
        #[command(flatten)]
        at: InWorkspace,
        /// ndjson holds everything needed to verify the chain elsewhere
        #[arg(long, env = "PLANECONNECTION_FORMAT")]
        format: Format,
    },
}

/// What was noted outside the database: whoever rewrote the whole log cannot have known of it.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    sequence: i64,
    hash: String,
}

impl std::str::FromStr for Expected {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(sequence, hash)| Some((sequence.parse().ok()?, hash)));
        match parsed {
            Some((sequence, hash)) if sequence > 0 && hash.len() == 64 => Ok(Self { sequence, hash: hash.to_lowercase() }),
            _ => Err("expected SEQUENCE:HASH, with a hash of 64 hexadecimal digits".to_owned()),
        }
    }
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Verify { at, expect, json } => verify(&at, expect, json).await,
            Self::Export { at, format } => export(&at, format).await,
        }
    }
}

async fn verify(at: &InWorkspace, expect: Option<Expected>, as_json: bool) -> Result<(), Failure> {
    let (app, workspace) = at.open().await?;
    let verdict = audit::verify(&app.db, workspace.id).await?;
    let mut fault = verdict.fault.as_ref().map(ToString::to_string);
    if let (None, Some(expected)) = (&fault, expect) {
        let found = audit::hash_at(app.db.read(), workspace.id, expected.sequence).await?;
        if found.as_deref() != Some(expected.hash.as_str()) {
            fault = Some(format!("event {} does not have the hash it had: the log was rewritten", expected.sequence));
        }
    }
    if as_json {
        output::json(
            &json!({ "verified": fault.is_none(), "events": verdict.events, "head": format!("{}:{}", verdict.events, verdict.head), "fault": fault }),
        )?;
    }
    match fault {
        Some(fault) => Err(Failure::refused(fault)),
        None if as_json => Ok(()),
        None => output::line(format!("Verified {} events. Head {}:{}", verdict.events, verdict.events, verdict.head)),
    }
}

async fn export(at: &InWorkspace, format: Format) -> Result<(), Failure> {
    let (app, workspace) = at.open().await?;
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
