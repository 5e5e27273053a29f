//! The comparison of tables with the log.
//!
//! The chain shows that no event was altered; it does not show that a row was. So every event that changes a key, a member or
//! a setting is replayed, and each field that the events contain is compared with the table. A field that they do not contain,
//! as in a log of an earlier version, is unknown and never a difference.
//!
//! Writers continue meanwhile. A row that differs is read again between two reads of the log: the difference counts only if
//! no event about that row was written in between.
//!
//! - here the comparison; `change` the changes of fields by action; `replay` the state by the events
//! - `fields` its parts as text; `rows` the rows of the tables; `latest` the latest comparison of each workspace, for its page

mod change;
mod fields;
mod latest;
mod replay;
mod rows;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::long_read::{Pace, Unpaced};
use super::target::TargetKind;
use crate::keys::KeyId;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use fields::RowState;
use kit::db::{Db, DbResult, is_unavailable};
use replay::Replay;
use rows::TableRow;

pub use latest::Comparisons;
pub(super) use latest::Latest;

/// Differences that are listed; further ones are only counted.
const MAX_LISTED: usize = 1_000;

/// Attempts for a row that changes at each of them.
const ROUNDS: usize = 20;

/// The subject of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Subject {
    Workspace(WorkspaceId),
    Key(KeyId),
    Member(MemberId),
}

impl Subject {
    const fn kind(self) -> TargetKind {
        match self {
            Self::Workspace(_) => TargetKind::Workspace,
            Self::Key(_) => TargetKind::ApiKey,
            Self::Member(_) => TargetKind::Member,
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

/// A field in which a table differs from the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    pub kind: TargetKind,
    pub id: String,
    /// The name by the log, else by the table.
    pub name: String,
    /// The field, or `row` for a row that is missing, added or unreadable.
    pub field: &'static str,
    pub log: String,
    pub table: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, name, field, log, table } = self;
        let kind = kind.as_str().replace('_', " ").replace("api ", "API ");
        write!(f, "{kind} “{name}” ({id}): {field} is {log} in the log and {table} in the database")
    }
}

/// The outcome of a comparison.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    pub keys: u64,
    pub members: u64,
    /// The first differences, in the order of kinds and ids.
    pub differences: Vec<Difference>,
    /// The number of further differences.
    pub more: u64,
}

impl Comparison {
    /// Returns the number of all differences.
    pub fn total(&self) -> u64 {
        self.differences.len() as u64 + self.more
    }

    fn add(&mut self, difference: Difference) {
        if self.differences.len() < MAX_LISTED {
            self.differences.push(difference);
        } else {
            self.more += 1;
        }
    }

    /// Adds the fields in which `row` differs from `state`.
    fn add_differing(&mut self, subject: Subject, state: Option<&RowState>, row: Option<&TableRow>) {
        for (field, log, table) in fields::differing(state, row.map(|row| &row.fields)) {
            let name = [state.and_then(RowState::name), row.and_then(TableRow::name)].into_iter().flatten().next();
            let name = name.unwrap_or("without a name").to_owned();
            self.add(Difference { kind: subject.kind(), id: subject.id(), name, field, log, table });
        }
    }
}

/// Compares the tables of a workspace with its log. The result means something only if the chain of the log fits.
pub async fn compare(db: &Db, workspace: WorkspaceId) -> DbResult<Comparison> {
    Source { db, workspace, pace: &Unpaced }.compare().await
}

/// The tables and the log of a workspace, and the pace at which they are read.
#[derive(Debug)]
struct Source<'a, P> {
    db: &'a Db,
    workspace: WorkspaceId,
    pace: &'a P,
}

impl<P: Pace> Source<'_, P> {
    async fn compare(&self) -> Result<Comparison, P::Error> {
        let mut replay = Replay::default();
        replay.advance(self).await?;
        let (mut found, mut suspects) = self.scan(&mut replay).await?;
        for _ in 0..ROUNDS {
            if suspects.is_empty() {
                break;
            }
            suspects = self.recheck(&mut replay, suspects, &mut found).await?;
        }
        found.differences.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        Ok(found)
    }

    /// Reads every row once, and returns the subjects of rows that differ from the log.
    async fn scan(&self, replay: &mut Replay) -> Result<(Comparison, BTreeSet<Subject>), P::Error> {
        let (mut found, mut suspects) = (Comparison::default(), BTreeSet::new());
        let mut each = |row: TableRow| {
            let state = replay.states.get_mut(&row.subject);
            if fields::differing(state.as_deref(), Some(&row.fields)).next().is_some() {
                suspects.insert(row.subject);
            }
            if let Some(state) = state {
                state.has_row = true;
            }
        };
        if let Some(row) = rows::workspace(self.db, self.workspace).await? {
            each(row);
        }
        let unreadable_key = rows::every::<KeyId, P>(self, &mut each).await?;
        let unreadable_member = rows::every::<MemberId, P>(self, &mut each).await?;
        for unreadable in [unreadable_key, unreadable_member].into_iter().flatten() {
            found.add(unreadable);
        }
        for (subject, state) in &replay.states {
            match subject {
                Subject::Key(_) => found.keys += 1,
                Subject::Member(_) if state.exists() => found.members += 1,
                Subject::Member(_) | Subject::Workspace(_) => {}
            }
            if !state.has_row && state.exists() {
                suspects.insert(*subject);
            }
        }
        Ok((found, suspects))
    }

    /// Reads the rows of `suspects` again. Returns those about which an event was written meanwhile.
    async fn recheck(
        &self,
        replay: &mut Replay,
        suspects: BTreeSet<Subject>,
        found: &mut Comparison,
    ) -> Result<BTreeSet<Subject>, P::Error> {
        replay.advance(self).await?;
        let mut again = BTreeSet::new();
        let suspects: Vec<_> = suspects.into_iter().collect();
        let mut parts: Vec<&[Subject]> = suspects.chunks(rows::BATCH).collect();
        while let Some(part) = parts.pop() {
            let before: Vec<_> = part.iter().map(|subject| (*subject, replay.states.get(subject).cloned())).collect();
            let permit = self.pace.next_batch().await?;
            let rows = rows::of(self.db, self.workspace, part).await;
            drop(permit);
            let rows = match rows {
                Ok(rows) => rows,
                Err(error) if is_unavailable(&error) => return Err(error.into()),
                // A row of the part cannot be read. Continues row by row.
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
            let touched = replay.advance(self).await?;
            for (subject, state) in before {
                if touched.contains(&subject) {
                    again.insert(subject);
                } else {
                    found.add_differing(subject, state.as_ref(), rows.iter().find(|row| row.subject == subject));
                }
            }
        }
        Ok(again)
    }
}
