//! The log as a stream of chunks, oldest event first. Memory does not grow with the length of the log: it holds a chunk, and the
//! events of the next one.

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
use super::stored_event::{self, PackedEvents, StoredEvent, decode, on_own_thread};
use crate::core::Core;
use crate::limits::{ExportRefused, Exporter, Permit, Slot};
use crate::workspaces::WorkspaceId;
use kit::csv::{self, Cell};
use kit::db::Db;

/// Events of one chunk.
const BATCH: i64 = 500;

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

fn stream(
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
    request: Option<ExportRequest>,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    let chunks = Chunks { db, workspace, filter, format, request, sequence: 0, until: None, next: None, ended: false };
    try_unfold(chunks, |mut chunks| async move {
        let chunk = chunks.next_chunk().await?;
        Ok(chunk.map(|chunk| (Bytes::from(chunk), chunks)))
    })
}

/// An export under way.
struct Chunks {
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
    request: Option<ExportRequest>,
    /// The last event that was written.
    sequence: i64,
    /// The last event to be written; unknown before the first chunk.
    until: Option<i64>,
    /// The events of the next chunk, if they were read while the last one was written.
    next: Option<PackedEvents>,
    ended: bool,
}

/// Events as text.
struct Written {
    text: Vec<u8>,
    events: i64,
    /// The sequence of the last one.
    last: Option<i64>,
}

impl Chunks {
    async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        if self.ended {
            return Ok(None);
        }
        let _permit = match &self.request {
            Some(request) => Some(request.next_batch().await.inspect_err(|error| request.log_end(error, &self.sequence))?),
            None => None,
        };
        let mut header = Vec::new();
        let until = if let Some(until) = self.until {
            until
        } else {
            if self.format == Format::Csv {
                csv::write_header(&mut header, &CSV_HEADER);
            }
            store::last(self.db.read(), self.workspace).await?
        };
        self.until = Some(until);
        let written = self.write_events(until).await?;
        self.ended = written.events < BATCH || written.last.is_none_or(|last| last >= until);
        self.sequence = written.last.unwrap_or(self.sequence);
        Ok(Some(if header.is_empty() { written.text } else { [header, written.text].concat() }))
    }

    /// Writes the events of the next chunk, and meanwhile reads those after it.
    async fn write_events(&mut self, until: i64) -> Result<Written, DbErr> {
        let events = match self.next.take() {
            Some(events) => Some(events),
            None => self.read(self.sequence, until).await?,
        };
        let Some(events) = events else { return self.write_rows(until).await };
        let (format, guess) = (self.format, self.sequence.saturating_add(BATCH));
        let (written, next) = tokio::join!(on_own_thread(move || write_packed(format, events)), self.read_ahead(guess, until));
        let Some(written) = written? else { return self.write_rows(until).await };
        self.next = next.filter(|_| written.last == Some(guess));
        Ok(written)
    }

    /// Reads the events of a chunk; `None` if they have to be read row by row.
    async fn read(&self, sequence: i64, until: i64) -> Result<Option<PackedEvents>, DbErr> {
        if self.filter.search.is_some() || self.filter.target_id.is_some() {
            return Ok(None);
        }
        stored_event::read(self.db.read(), self.workspace, &self.filter, sequence, until, BATCH.unsigned_abs()).await
    }

    /// Reads the events of the chunk after the present one, if it is known to begin after `guess`: sequences have no gaps, but
    /// those that a filter finds do. Whatever fails is read again for its own chunk.
    async fn read_ahead(&self, guess: i64, until: i64) -> Option<PackedEvents> {
        if guess >= until || self.filter != EventFilter::default() {
            return None;
        }
        self.read(guess, until).await.ok().flatten()
    }

    /// Reads events row by row, and writes them: also those with a value of another type or form than the log writes.
    async fn write_rows(&self, until: i64) -> Result<Written, DbErr> {
        let (filter, limit) = (&self.filter, BATCH.unsigned_abs());
        let rows = store::between(self.db.read(), self.workspace, filter, self.sequence, until, limit).await?;
        Ok(write(self.format, rows.into_iter().map(store::event_of).collect()))
    }
}

/// Decodes and writes events; `None` if a value has another type or form than the log writes.
fn write_packed(format: Format, events: PackedEvents) -> Option<Written> {
    let event = |stored: StoredEvent| {
        let (hash, details) = (hex::encode(stored.hash()), stored.details().ok()?);
        Some(Event { hash, ..stored.into_event(details) })
    };
    let events: Option<Vec<Event>> = decode(events)?.into_iter().map(event).collect();
    events.map(|events| write(format, events))
}

fn write(format: Format, events: Vec<Event>) -> Written {
    let last = events.last().map(|event| event.sequence);
    let (mut text, count) = (Vec::new(), events.len());
    match format {
        Format::Csv => csv::write_rows(&mut text, events.into_iter().map(csv_row)),
        Format::Ndjson => events.iter().for_each(|event| ndjson_row(&mut text, event)),
    }
    Written { text, events: i64::try_from(count).unwrap_or(i64::MAX), last }
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
