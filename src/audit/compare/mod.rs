//! The log held against the tables: the state of keys, members and settings as their events tell it, and as the rows say.
//!
//! The chain shows that no event was altered; it does not show that a row was. So every event that changes a key, a member or
//! a setting is replayed, and each field that the events tell is compared with the table. A field that they do not tell, as in
//! a log of an earlier version, is not known and never a difference.
//!
//! Writers go on meanwhile. A row that differs is read again, between two looks at the log: the difference counts only if
//! no event tells of that row in between.
//!
//! - here the comparison; `replay` the state by the events; `fields` its parts as text; `rows` the same of the tables
//! - `latest` what was found last, for the page

mod fields;
mod latest;
mod replay;
mod rows;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::keys::KeyId;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use fields::Known;
use kit::db::{Db, DbResult, is_unavailable};
use replay::Replay;
use rows::Row;

pub use latest::Comparisons;
pub(super) use latest::Latest;

/// Differences that are named; the others are counted.
const MOST: usize = 1_000;

/// How often a row is read again that changes at every look.
const ROUNDS: usize = 20;

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Subject {
    Workspace(WorkspaceId),
    Key(KeyId),
    Member(MemberId),
}

impl Subject {
    const fn kind(self) -> &'static str {
        match self {
            Self::Workspace(_) => "workspace",
            Self::Key(_) => "api_key",
            Self::Member(_) => "member",
        }
    }

    fn id(self) -> String {
        match self {
            Self::Workspace(id) => id.to_string(),
            Self::Key(id) => id.to_string(),
            Self::Member(id) => id.to_string(),
        }
    }
}

/// A field in which a table says something else than the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// `api_key`, `member` or `workspace`.
    pub kind: &'static str,
    /// The id of the row.
    pub id: String,
    /// The name by the log, else by the table.
    pub name: String,
    /// The field, or `row` for a row that is missing, added or unreadable.
    pub field: &'static str,
    /// The value by the events.
    pub log: String,
    /// The value in the table.
    pub table: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, name, field, log, table } = self;
        let kind = kind.replace('_', " ");
        write!(f, "{kind} “{name}” ({id}): {field} is {log} in the log and {table} in the table")
    }
}

/// The outcome of a comparison.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// Keys that were compared.
    pub keys: u64,
    /// Members that were compared.
    pub members: u64,
    /// The first differences, by kind and id.
    pub differences: Vec<Difference>,
    /// Differences past those.
    pub more: u64,
}

impl Comparison {
    /// How many differences there are.
    pub fn total(&self) -> u64 {
        self.differences.len() as u64 + self.more
    }

    fn add(&mut self, difference: Difference) {
        if self.differences.len() < MOST {
            self.differences.push(difference);
        } else {
            self.more += 1;
        }
    }

    /// Adds the fields in which `row` says something else than `known`.
    fn hold(&mut self, subject: Subject, known: Option<&Known>, row: Option<&Row>) {
        for (field, log, table) in fields::differing(known, row.map(|row| &row.fields)) {
            let name = [known.and_then(Known::name), row.and_then(Row::name)].into_iter().flatten().next();
            let name = name.unwrap_or("without a name").to_owned();
            self.add(Difference { kind: subject.kind(), id: subject.id(), name, field, log, table });
        }
    }
}

/// Compares the tables of `workspace` with its log, which should be known to fit.
pub async fn compare(db: &Db, workspace: WorkspaceId) -> DbResult<Comparison> {
    let mut replay = Replay::default();
    replay.advance(db, workspace).await?;
    let (mut found, mut suspects) = scan(db, workspace, &mut replay).await?;
    for _ in 0..ROUNDS {
        if suspects.is_empty() {
            break;
        }
        suspects = look_again(db, workspace, &mut replay, suspects, &mut found).await?;
    }
    found.differences.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
    Ok(found)
}

/// Reads every row once; those that differ from the log.
async fn scan(db: &Db, workspace: WorkspaceId, replay: &mut Replay) -> DbResult<(Comparison, BTreeSet<Subject>)> {
    let (mut found, mut suspects) = (Comparison::default(), BTreeSet::new());
    let mut seen = 0_u64;
    let mut each = |row: Row| {
        seen += 1;
        let known = replay.states.get_mut(&row.subject);
        if fields::differing(known.as_deref(), Some(&row.fields)).next().is_some() {
            suspects.insert(row.subject);
        }
        if let Some(known) = known {
            known.is_seen = true;
        }
    };
    if let Some(row) = rows::workspace(db, workspace).await? {
        each(row);
    }
    let unreadable_key = rows::every::<KeyId>(db, workspace, &mut each).await?;
    let unreadable_member = rows::every::<MemberId>(db, workspace, &mut each).await?;
    for unreadable in [unreadable_key, unreadable_member].into_iter().flatten() {
        found.add(unreadable);
    }
    for (subject, known) in &replay.states {
        match subject {
            Subject::Key(_) => found.keys += 1,
            Subject::Member(_) if known.exists() => found.members += 1,
            Subject::Member(_) | Subject::Workspace(_) => {}
        }
        if !known.is_seen && known.exists() {
            suspects.insert(*subject);
        }
    }
    Ok((found, suspects))
}

/// Reads the rows of `suspects` again; those of which something was recorded meanwhile are left to another round.
async fn look_again(
    db: &Db,
    workspace: WorkspaceId,
    replay: &mut Replay,
    suspects: BTreeSet<Subject>,
    found: &mut Comparison,
) -> DbResult<BTreeSet<Subject>> {
    replay.advance(db, workspace).await?;
    let mut again = BTreeSet::new();
    let suspects: Vec<_> = suspects.into_iter().collect();
    let mut parts: Vec<&[Subject]> = suspects.chunks(rows::BATCH).collect();
    while let Some(part) = parts.pop() {
        let before: Vec<_> = part.iter().map(|subject| (*subject, replay.states.get(subject).cloned())).collect();
        let rows = match rows::of(db, workspace, part).await {
            Ok(rows) => rows,
            Err(error) if is_unavailable(&error) => return Err(error),
            // One of them cannot be read: on, row by row.
            Err(_) if part.len() > 1 => {
                parts.extend(part.chunks(1));
                continue;
            }
            Err(error) => {
                for subject in part {
                    found.add(rows::unreadable(subject.kind(), subject.id(), &error));
                }
                continue;
            }
        };
        let touched = replay.advance(db, workspace).await?;
        for (subject, known) in before {
            if touched.contains(&subject) {
                again.insert(subject);
            } else {
                found.hold(subject, known.as_ref(), rows.iter().find(|row| row.subject == subject));
            }
        }
    }
    Ok(again)
}
