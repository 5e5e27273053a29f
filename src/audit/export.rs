//! The log as a stream: oldest first, in flat memory whatever its length.

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use sea_orm::DbErr;
use serde::Deserialize;

use super::model::{Event, EventFilter};
use super::store;
use crate::access::Reader;
use crate::app::App;
use crate::limits::{Permit, Slot};
use crate::workspaces::WorkspaceId;
use kit::db::Db;

/// Events read at once.
const BATCH: u64 = 500;

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line, as the API sends it: enough to verify the chain elsewhere.
    Ndjson,
    /// A header and one line an event (RFC 4180).
    Csv,
}

impl Format {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// The end of a file's name.
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
    /// The reader's session has ended, or their role, or the key, does not open the log any more.
    #[error("the reader may not read the audit log any more")]
    NoLongerAllowed,
    /// It took longer than an export may take.
    #[error("the export took longer than it may")]
    Deadline,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
}

/// A request for an export, with its place among those that run.
#[derive(Debug)]
pub(super) struct Request {
    app: App,
    reader: Reader,
    slot: Slot,
    workspace: WorkspaceId,
}

impl Request {
    pub(super) fn new(app: App, reader: Reader, slot: Slot, workspace: WorkspaceId) -> Self {
        Self { app, reader, slot, workspace }
    }

    /// Asks whether the next events may be read, and waits for the workspace's turn to read them.
    async fn go_on(&self) -> Result<Permit, ExportError> {
        let took = self.app.clock.ticks().saturating_sub(self.slot.since());
        if self.app.budgets.export_deadline().is_some_and(|deadline| took > deadline) {
            return Err(ExportError::Deadline);
        }
        let permit = self.app.budgets.read_in_background(self.workspace).await;
        if self.reader.still_may().await? { Ok(permit) } else { Err(ExportError::NoLongerAllowed) }
    }
}

/// The events of `workspace` that match `filter`, in chunks, up to the last that there is when the first are read.
pub fn export(
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    stream(db, workspace, filter, format, None)
}

/// The same for a request: it ends early, with an error, once its reader may not go on.
pub(super) fn export_for(
    request: Request,
    filter: EventFilter,
    format: Format,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    stream(request.app.db.clone(), request.workspace, filter, format, Some(request))
}

/// How far an export is.
struct Progress {
    sequence: i64,
    /// The last event to be written, once it is known.
    until: Option<i64>,
    ended: bool,
}

fn stream(
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
    request: Option<Request>,
) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    let start = Progress { sequence: 0, until: None, ended: false };
    try_unfold((db, filter, request, start), move |(db, filter, request, mut progress)| async move {
        if progress.ended {
            return Ok(None);
        }
        let _permit = match &request {
            Some(request) => Some(request.go_on().await.inspect_err(|error| {
                let sequence = progress.sequence;
                tracing::warn!(%error, reader = ?request.reader.exporter(), sequence, "an export ended early");
            })?),
            None => None,
        };
        let mut chunk = Vec::new();
        let until = if let Some(until) = progress.until {
            until
        } else {
            if format == Format::Csv {
                csv_rows(&mut chunk, std::iter::once(CSV_HEADER.map(str::to_owned)));
            }
            store::last(db.read(), workspace).await?
        };
        progress.until = Some(until);
        let rows = store::between(db.read(), workspace, &filter, progress.sequence, until, BATCH).await?;
        progress.ended = (rows.len() as u64) < BATCH;
        progress.sequence = rows.last().map_or(progress.sequence, |row| row.sequence);
        let events = rows.into_iter().map(store::event_of);
        match format {
            Format::Csv => csv_rows(&mut chunk, events.map(csv_row)),
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

const CSV_HEADER: [&str; 16] = [
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
];

fn csv_row(event: Event) -> [String; 16] {
    let (target_type, target_id, target_name) =
        event.target.map_or((None, None, None), |target| (Some(target.kind), target.id, target.name));
    let text = Option::unwrap_or_default;
    [
        event.id.to_string(),
        event.sequence.to_string(),
        event.occurred_at.to_string(),
        event.action,
        event.outcome,
        event.actor.kind,
        text(event.actor.id),
        text(event.actor.name),
        text(target_type),
        text(target_id),
        text(target_name),
        text(event.ip),
        text(event.user_agent),
        text(event.request_id),
        event.details.to_string(),
        event.hash,
    ]
    .map(harmless)
}

/// A spreadsheet runs a cell that begins like a formula (OWASP, CSV injection); a quote in front makes it text.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) { format!("'{cell}") } else { cell }
}

fn csv_rows<const N: usize>(chunk: &mut Vec<u8>, rows: impl Iterator<Item = [String; N]>) {
    let mut writer = csv::Writer::from_writer(chunk);
    for row in rows {
        // Writing to memory cannot fail, and the rows are all of one length.
        let _infallible = writer.write_record(&row);
    }
    let _infallible = writer.flush();
}
