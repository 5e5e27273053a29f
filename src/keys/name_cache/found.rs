//! [`Found`]: the keys that a search has found in memory.

use std::sync::Arc;

use uuid::Uuid;

use super::Loaded;
use crate::keys::model::{KeyId, PauseEnd, Status, StatusCounts};
use kit::clock::Time;
use kit::paging::{Paging, Position, Start};

/// The largest number of keys that a query looks up by their ids.
const FEW: usize = 512;

/// The place of a key in the list, and what its status depends on. No column of a key is here that changes without a revision.
#[derive(Clone, Copy, Debug)]
pub(in crate::keys) struct SearchedKey {
    pub created_at: Time,
    pub id: KeyId,
    pub is_revoked: bool,
    pub expires_at: Option<Time>,
    pub pause: Option<PauseEnd>,
}

impl SearchedKey {
    /// Returns the time of creation and the id, which never change. The default order of the list is by these, descending.
    pub(super) fn place(&self) -> (Time, Uuid) {
        (self.created_at, self.id.0)
    }

    fn status(&self, now: Time) -> Status {
        Status::of(self.is_revoked, self.expires_at, self.pause, now)
    }
}

/// The keys whose name or hint contains a text.
#[derive(Debug)]
pub(in crate::keys) struct Found {
    loaded: Arc<Loaded>,
    /// The numbers of the keys, the oldest first.
    numbers: Vec<usize>,
}

impl Found {
    pub(super) fn new(loaded: Arc<Loaded>, text: &str) -> Self {
        let numbers = loaded.names.find(text);
        Self { loaded, numbers }
    }

    fn keys(&self) -> impl DoubleEndedIterator<Item = &SearchedKey> {
        self.numbers.iter().map(|at| self.loaded.names.get(*at))
    }

    pub(in crate::keys) fn count(&self, now: Time) -> StatusCounts {
        let mut counts = StatusCounts::default();
        for key in self.keys() {
            let count = match key.status(now) {
                Status::Active => &mut counts.active,
                Status::Paused => &mut counts.paused,
                Status::Expired => &mut counts.expired,
                Status::Revoked => &mut counts.revoked,
            };
            *count += 1;
        }
        counts
    }

    /// Returns the keys of a part of the list in its default order, and the position of the last one if there are keys after it.
    pub(in crate::keys) fn page(&self, status: Option<Status>, paging: Paging, now: Time) -> (Vec<KeyId>, Option<Position>) {
        let newest = self.keys().rev().filter(|key| status.is_none_or(|status| key.status(now) == status));
        let size = paging.size as usize;
        // One key more than asked for shows whether there are others.
        let mut page: Vec<&SearchedKey> = match paging.start {
            Start::Page(_) => {
                let offset = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
                newest.skip(offset).take(size + 1).collect()
            }
            Start::After(position) => {
                let last = position.as_timed();
                newest.skip_while(|key| key.place() >= last).take(size + 1).collect()
            }
        };
        let has_more = page.len() > size;
        page.truncate(size);
        let next = page.last().filter(|_| has_more).map(|key| Position::timed(key.created_at, key.id.0));
        (page.into_iter().map(|key| key.id).collect(), next)
    }

    /// Returns the ids of all found keys, unless there are too many to name them in a query.
    pub(in crate::keys) fn few(&self) -> Option<Vec<KeyId>> {
        (self.numbers.len() <= FEW).then(|| self.keys().map(|key| key.id).collect())
    }
}
