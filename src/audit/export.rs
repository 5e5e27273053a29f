//! The log as a stream of chunks, oldest event first. Memory does not grow with the length of the log.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use sea_orm::DbErr;
use serde::Deserialize;

use super::credential::ReadCheck;
use super::event::Event;
use super::filter::EventFilter;
use super::long_read::{Interrupted, LongRead, Pace};
use super::store;
use crate::core::Core;
use crate::limits::{ExportRefused, Exporter, Permit, Slot};
use crate::workspaces::WorkspaceId;
use kit::csv::{self, Cell};
use kit::db::Db;

/// Events of one chunk.
const BATCH: u64 = 500;

/// The format of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object per line, as the API sends it: enough to verify the chain elsewhere.
    Ndjson,
    /// A header and one line per event, for spreadsheets (RFC 4180, with a byte order mark).
    Csv,
}

impl Format {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// Returns the extension of a file name, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// An export that ended before its last event.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The session or key has ended, or no longer allows the read.
    #[error("the reader may not read this any more")]
    NoLongerAllowed,
    /// The deadline of `--limits` has passed.
    #[error("the export took longer than it may")]
    Deadline,
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<Interrupted> for ExportError {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::NoLongerAllowed => Self::NoLongerAllowed,
            Interrupted::Db(error) => Self::Db(error),
        }
    }
}

/// An export on behalf of a caller.
#[derive(Debug)]
pub struct ExportRequest {
    read: LongRead,
    exporter: Exporter,
    /// Counts as a running export until it is dropped.
    slot: Slot,
}

impl ExportRequest {
    /// Begins an export. Fails if the caller, the workspace or the node has too many exports under way.
    pub fn begin(
        core: Core,
        workspace: WorkspaceId,
        exporter: Exporter,
        access: Arc<dyn ReadCheck>,
    ) -> Result<Self, ExportRefused> {
        let slot = core.limits.export(exporter, access.account(), core.clock.ticks())?;
        Ok(Self { read: LongRead::new(core, workspace, access), exporter, slot })
    }

    pub fn core(&self) -> &Core {
        &self.read.core
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.read.workspace
    }

    /// Waits until the next batch may be read. Fails once the caller may not read any more, or the export took too long.
    pub async fn next_batch(&self) -> Result<Permit, ExportError> {
        let core = &self.read.core;
        let took = core.clock.ticks().saturating_sub(self.slot.since());
        if core.limits.export_deadline().is_some_and(|deadline| took > deadline) {
            return Err(ExportError::Deadline);
        }
        Ok(self.read.next_batch().await?)
    }

    /// Logs that the export ended early, before the row that `at` describes.
    pub fn log_end(&self, error: &ExportError, at: &impl fmt::Debug) {
        tracing::warn!(%error, reader = ?self.exporter, ?at, "export ended early");
    }
}

/// Streams the events of `workspace` that match `filter`, up to the last event that exists when the first is read.
pub fn export(
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    stream(db, workspace, filter, format, None)
}

/// Streams events to a caller. The stream ends early, with an error, once the caller may not read any more.
pub(super) fn export_for(
    request: ExportRequest,
    filter: EventFilter,
    format: Format,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    stream(request.read.core.db.clone(), request.read.workspace, filter, format, Some(request))
}

struct Progress {
    sequence: i64,
    /// The last event to be written; unknown before the first chunk.
    until: Option<i64>,
    ended: bool,
}

fn stream(
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
    request: Option<ExportRequest>,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    let start = Progress { sequence: 0, until: None, ended: false };
    try_unfold((db, filter, request, start), move |(db, filter, request, mut progress)| async move {
        if progress.ended {
            return Ok(None);
        }
        let _permit = match &request {
            Some(request) => Some(request.next_batch().await.inspect_err(|error| request.log_end(error, &progress.sequence))?),
            None => None,
        };
        let mut chunk = Vec::new();
        let until = if let Some(until) = progress.until {
            until
        } else {
            if format == Format::Csv {
                csv::write_header(&mut chunk, &CSV_HEADER);
            }
            store::last(db.read(), workspace).await?
        };
        progress.until = Some(until);
        let rows = store::between(db.read(), workspace, &filter, progress.sequence, until, BATCH).await?;
        progress.ended = (rows.len() as u64) < BATCH;
        progress.sequence = rows.last().map_or(progress.sequence, |row| row.sequence);
        let events = rows.into_iter().map(store::event_of);
        match format {
            Format::Csv => csv::write_rows(&mut chunk, events.map(csv_row)),
            Format::Ndjson => events.for_each(|event| ndjson_row(&mut chunk, &event)),
        }
        Ok(Some((Bytes::from(chunk), (db, filter, request, progress))))
    })
}

fn ndjson_row(chunk: &mut Vec<u8>, event: &Event) {
    if serde_json::to_writer(&mut *chunk, event).is_ok() {
        chunk.push(b'\n');
    }
}

const CSV_HEADER: [&str; 17] = [
    "id",
    "sequence",
    "occurredAt",
    "action",
    "outcome",
    "actorType",
    "actorId",
    "actorName",
    "targetType",
    "targetId",
    "targetName",
    "ip",
    "userAgent",
    "requestId",
    "details",
    "hash",
    "authentication",
];

fn csv_row(event: Event) -> [Cell; 17] {
    let (target_type, target_id, target_name) =
        event.target.map_or((None, None, None), |target| (Some(target.kind), target.id, target.name));
    [
        Cell::Text(event.id.to_string()),
        Cell::Text(event.sequence.to_string()),
        Cell::Text(event.occurred_at.to_string()),
        Cell::Text(event.action),
        Cell::Text(event.outcome),
        Cell::Text(event.actor.kind),
        Cell::optional(event.actor.id),
        Cell::optional(event.actor.name),
        Cell::optional(target_type),
        Cell::optional(target_id),
        Cell::optional(target_name),
        Cell::optional(event.ip),
        Cell::optional(event.user_agent),
        Cell::optional(event.request_id),
        Cell::Json(event.details),
        Cell::Text(event.hash),
        event.authentication.map_or_else(|| Cell::optional(None), |proof| Cell::Json(serde_json::json!(proof))),
    ]
}
