//! [`FullReload`]: replacement of all keys by those of the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit::lock::lock;

use super::{Index, IndexedKey};
use crate::workspaces::Tenant;

/// Keys that are looked up in the table at the same time.
const AT_ONCE: usize = 32;

/// A full reload in progress. Dropped before its end, it leaves keys of the database and of before.
#[derive(Debug)]
pub(crate) struct FullReload<'a> {
    index: &'a Index,
    /// True at the slot numbers of inserted keys.
    inserted: Vec<bool>,
}

impl<'a> FullReload<'a> {
    pub(super) fn new(index: &'a Index, total: u64) -> Self {
        let more = total.saturating_sub(index.len() as u64);
        index.keys.reserve(u32::try_from(more).unwrap_or(u32::MAX));
        index.reload.start(total);
        Self { index, inserted: Vec::new() }
    }

    /// Inserts keys, except those of unknown workspaces.
    pub(crate) fn insert(&mut self, keys: &[IndexedKey]) {
        // Keys that were created together often belong to one workspace.
        let mut last: Option<Arc<Tenant>> = None;
        for some in keys.chunks(AT_ONCE) {
            self.index.keys.prefetch(some.iter().map(|key| &key.digest.0));
            for key in some {
                let known = last.take().filter(|tenant| tenant.id == key.tenant());
                let Some(tenant) = known.or_else(|| self.index.tenant_of(key)) else { continue };
                let slot = self.index.replace_if(key, Arc::clone(&tenant), |_| true);
                self.mark(slot as usize);
                last = Some(tenant);
            }
        }
        self.index.reload.advance(keys.len() as u64);
    }

    fn mark(&mut self, slot: usize) {
        if self.inserted.len() <= slot {
            self.inserted.resize((slot + 1).next_power_of_two(), false);
        }
        self.inserted[slot] = true;
    }

    /// Removes all keys that were not inserted.
    pub(crate) fn finish(self) {
        let _changing = lock(&self.index.changing);
        for (slot, hot) in self.index.keys.iter() {
            let is_inserted = self.inserted.get(slot as usize).is_some_and(|inserted| *inserted);
            if !is_inserted && hot.entry().is_some() {
                hot.clear();
                self.index.count.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for FullReload<'_> {
    fn drop(&mut self) {
        self.index.reload.stop();
    }
}

/// The number of keys that a full reload has inserted, and of those there are; zero if none is running.
#[derive(Debug, Default)]
pub(super) struct ReloadProgress {
    inserted: AtomicU64,
    total: AtomicU64,
}

impl ReloadProgress {
    fn start(&self, total: u64) {
        self.inserted.store(0, Ordering::Relaxed);
        self.total.store(total.max(1), Ordering::Relaxed);
    }

    fn advance(&self, keys: u64) {
        self.inserted.fetch_add(keys, Ordering::Relaxed);
    }

    fn stop(&self) {
        self.total.store(0, Ordering::Relaxed);
    }

    /// Returns at most 99: keys that were created meanwhile are inserted as well, and others are removed at the end.
    pub(super) fn percent(&self) -> Option<u8> {
        let inserted = self.inserted.load(Ordering::Relaxed);
        let percent = inserted.saturating_mul(100).checked_div(self.total.load(Ordering::Relaxed))?;
        Some(u8::try_from(percent).unwrap_or(u8::MAX).min(99))
    }
}

#[cfg(test)]
mod tests {
    use key_format::SecretDigest;
    use kit::clock::Time;
    use kit::random::Random;

    use super::*;
    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;

    #[test]
    fn keys_of_several_workspaces_are_inserted_with_their_own() {
        let (index, random) = (Index::default(), Random::seeded(7));
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let [one, other, unknown] = [(); 3].map(|()| WorkspaceId::new(now, &random));
        for id in [one, other] {
            let timezone = "UTC".to_owned();
            index.apply_tenant(Tenant { id, owner: id, slug: "skyline".into(), name: "Skyline".into(), timezone });
        }
        let key = |number: u8| {
            let workspace = [one, other, one, unknown][usize::from(number) % 4];
            IndexedKey::example(KeyId::new(now, &random), workspace, SecretDigest([number; 32]))
        };
        let keys: Vec<IndexedKey> = (0..100).map(key).collect();
        let mut reload = index.full_reload(100);
        reload.insert(&keys);
        reload.finish();
        for key in &keys {
            let workspace = index.get(&key.digest).map(|entry| entry.workspace());
            assert_eq!(workspace, Some(key.workspace).filter(|workspace| *workspace != unknown), "{key:?}");
        }
        assert_eq!(index.len(), 75);
    }

    #[test]
    fn progress_is_a_percentage_until_the_reload_ends() {
        let index = Index::default();
        assert_eq!(index.reload_percent(), None);
        let reload = index.full_reload(200);
        assert_eq!(index.reload_percent(), Some(0));
        for (keys, percent) in [(1, 0), (1, 1), (100, 51), (97, 99), (1, 99), (500, 99)] {
            index.reload.advance(keys);
            assert_eq!(index.reload_percent(), Some(percent), "{keys} more");
        }
        reload.finish();
        assert_eq!(index.reload_percent(), None);
    }

    #[test]
    fn progress_ends_with_a_reload_that_failed() {
        let index = Index::default();
        drop(index.full_reload(0));
        assert_eq!(index.reload_percent(), None);
    }
}
