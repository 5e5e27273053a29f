//! The log as a stream: oldest first, in flat memory whatever its length.

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use sea_orm::DbErr;
use serde::Deserialize;

use super::model::{Event, EventFilter};
use super::store;
use crate::kit::db::Db;
use crate::workspaces::WorkspaceId;

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

/// The events of `workspace` that match `filter`, in chunks.
pub fn export(
    db: Db,
    workspace: WorkspaceId,
    filter: EventFilter,
    format: Format,
) -> impl Stream<Item = Result<Bytes, DbErr>> + Send {
    struct Place {
        sequence: i64,
        begun: bool,
        ended: bool,
    }
    let start = Place { sequence: 0, begun: false, ended: false };
    try_unfold((db, filter, start), move |(db, filter, mut place)| async move {
        if place.ended {
            return Ok(None);
        }
        let rows = store::after(db.read(), workspace, &filter, place.sequence, BATCH).await?;
        let mut chunk = Vec::new();
        if !place.begun && format == Format::Csv {
            csv_rows(&mut chunk, std::iter::once(CSV_HEADER.map(str::to_owned)));
        }
        place.begun = true;
        place.ended = (rows.len() as u64) < BATCH;
        place.sequence = rows.last().map_or(place.sequence, |row| row.sequence);
        let events = rows.into_iter().map(store::event_of);
        match format {
            Format::Csv => csv_rows(&mut chunk, events.map(csv_row)),
            Format::Ndjson => events.for_each(|event| ndjson_row(&mut chunk, &event)),
        }
        Ok(Some((Bytes::from(chunk), (db, filter, place))))
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
