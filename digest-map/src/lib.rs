//! Append-only concurrent map keyed by SHA-256 digests.
//!
//! Reads take no lock, never wait and write nothing to memory, whatever writers do meanwhile. Entries are never removed;
//! a value that has to change brings its own interior mutability.
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! use digest_map::DigestMap;
//!
//! let hits = DigestMap::<AtomicU32>::default();
//! let digest = [7; 32];
//! let (_slot, value) = hits.get_or_insert(&digest);
//! value.fetch_add(1, Ordering::Relaxed);
//! assert_eq!(hits.get(&digest).map(|value| value.load(Ordering::Relaxed)), Some(1));
//! assert!(hits.get(&[8; 32]).is_none());
//! ```
//!
//! # Keys
//!
//! A key must be uniformly distributed, as SHA-256 digests are: its bits serve as their own hash. Keys chosen by an
//! attacker without a hash function would turn look-ups into linear scans.
//!
//! # Layout
//!
//! Each digest has a slot, numbered from 1 in the order of insertion; slots never move. An open-addressing table of `u32`
//! buckets maps a digest to its slot number: the low bits of a bucket are the number, the others are a tag of digest bits, so
//! that the slot of another digest is hardly ever read. A look-up misses the cache twice, once for the bucket and once for the
//! slot; buckets take four bytes so that more of them stay in the cache. A table that is three quarters full is replaced by one
//! twice as large. Readers may still use the old table, so it is kept for as long as the map: all old tables together are no
//! larger than the current one.

mod buckets;
mod slots;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use buckets::{Buckets, SMALLEST_TABLE};
use slots::Slots;

/// Number of tables, each twice as large as the one before; the last one holds 1,610,612,736 digests.
const TABLES: usize = 32 - SMALLEST_TABLE as usize;

/// Append-only concurrent map from SHA-256 digests to values.
#[derive(Debug)]
pub struct DigestMap<V> {
    tables: [OnceLock<Buckets>; TABLES],
    /// Index of the current table.
    current: AtomicUsize,
    slots: Slots<V>,
    /// Number of slots in use. Writers hold the lock while they add one.
    len: Mutex<u32>,
}

impl<V> Default for DigestMap<V> {
    fn default() -> Self {
        let map = Self {
            tables: [const { OnceLock::new() }; TABLES],
            current: AtomicUsize::new(0),
            slots: Slots::default(),
            len: Mutex::new(0),
        };
        map.tables[0].get_or_init(|| Buckets::new(SMALLEST_TABLE));
        map
    }
}

impl<V> DigestMap<V> {
    /// Returns the value of `digest`.
    #[inline]
    pub fn get(&self, digest: &[u8; 32]) -> Option<&V> {
        let words = words_of(digest);
        let buckets = self.tables.get(self.current.load(Ordering::Acquire))?.get()?;
        buckets.probe(words).find_map(|number| self.slots.get(number).filter(|slot| slot.matches(words))).map(|slot| &slot.value)
    }

    /// Iterates over all values with their slot numbers, in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        let len = *self.lock();
        (1..=len).filter_map(|number| self.slots.get(number).map(|slot| (number, &slot.value)))
    }

    /// A panic of another writer leaves the map consistent: the length is written last.
    fn lock(&self) -> MutexGuard<'_, u32> {
        self.len.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Default> DigestMap<V> {
    /// Returns the slot number and the value of `digest`, after inserting a default value if there was none.
    ///
    /// # Panics
    /// After 1,610,612,736 digests.
    pub fn get_or_insert(&self, digest: &[u8; 32]) -> (u32, &V) {
        let words = words_of(digest);
        let mut len = self.lock();
        let current = self.current.load(Ordering::Relaxed);
        let buckets = self.tables[current].get().expect("the current table is initialised before it becomes current");
        let known = buckets
            .probe(words)
            .filter_map(|number| Some((number, self.slots.get(number)?)))
            .find(|(_, slot)| slot.matches(words));
        if let Some((number, slot)) = known {
            return (number, &slot.value);
        }
        let number = *len + 1;
        let slot = self.slots.occupy(number, words);
        if buckets.has_capacity_for(number) {
            buckets.insert(number, words);
        } else {
            self.grow(current + 1, number);
        }
        // Last: a table that cannot grow any more leaves the map as it was.
        *len = number;
        (number, &slot.value)
    }

    /// Loads into the cache the buckets of digests that are about to be inserted or looked up.
    ///
    /// Each call of [`Self::get_or_insert`] takes a lock, so that it waits for its own cache miss; here a processor waits for
    /// several at the same time.
    pub fn prefetch<'a>(&self, digests: impl IntoIterator<Item = &'a [u8; 32]>) {
        let Some(buckets) = self.tables.get(self.current.load(Ordering::Acquire)).and_then(OnceLock::get) else { return };
        let loaded = digests.into_iter().fold(0, |all, digest| all ^ buckets.first(words_of(digest)));
        // Loads without an effect could be left out.
        std::hint::black_box(loaded);
    }

    /// Reserves capacity for `additional` digests at once, without the intermediate tables of growing step by step.
    pub fn reserve(&self, additional: u32) {
        let len = self.lock();
        let wanted = len.saturating_add(additional);
        let current = self.current.load(Ordering::Relaxed);
        let sufficient = (0..TABLES).find(|table| Buckets::capacity(bits_of(*table)) >= wanted).unwrap_or(TABLES - 1);
        if sufficient > current {
            self.grow(sufficient, *len);
        }
    }

    /// Makes table number `to` the current one, with the first `len` slots in it.
    fn grow(&self, to: usize, len: u32) {
        let buckets = self.tables[to].get_or_init(|| Buckets::new(bits_of(to)));
        for number in 1..=len {
            if let Some(slot) = self.slots.get(number) {
                buckets.insert(number, slot.words());
            }
        }
        self.current.store(to, Ordering::Release);
    }
}

/// A digest as words: the first selects the bucket, the second is the tag.
type Words = [u64; 4];

#[inline]
fn words_of(digest: &[u8; 32]) -> Words {
    let (words, _) = digest.as_chunks::<8>();
    std::array::from_fn(|word| u64::from_le_bytes(words[word]))
}

fn bits_of(table: usize) -> u32 {
    SMALLEST_TABLE + u32::try_from(table).unwrap_or(u32::MAX)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "only the low half is used")]
const fn low(word: u64) -> u32 {
    word as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    /// Digests that collide: they differ in few bits.
    fn colliding() -> impl Strategy<Value = [u8; 32]> {
        (0..3_u8, 0..3_u8, 0..3_u8, 0..2_u8).prop_map(|(bucket, tag, high, last)| {
            let mut bytes = [0; 32];
            (bytes[0], bytes[8], bytes[11], bytes[31]) = (bucket, tag, high, last);
            bytes
        })
    }

    fn digest(number: u64) -> [u8; 32] {
        Sha256::digest(number.to_le_bytes()).into()
    }

    #[test]
    fn inserted_digests_are_found_after_growth() {
        let map = DigestMap::<AtomicU64>::default();
        for number in 0..20_000 {
            map.get_or_insert(&digest(number)).1.store(number + 1, Ordering::Relaxed);
        }
        for number in 0..20_000 {
            assert_eq!(map.get(&digest(number)).map(|value| value.load(Ordering::Relaxed)), Some(number + 1));
        }
        assert!((20_000..40_000).all(|number| map.get(&digest(number)).is_none()));
        assert_eq!(map.iter().count(), 20_000);
        assert!(map.iter().all(|(number, value)| value.load(Ordering::Relaxed) == u64::from(number)));
    }

    #[test]
    fn reserve_allocates_one_table_and_keeps_slot_numbers() {
        let map = DigestMap::<u8>::default();
        let known = digest(7);
        let (number, _) = map.get_or_insert(&known);
        map.reserve(100_000);
        assert_eq!(map.tables.iter().filter(|table| table.get().is_some()).count(), 2);
        assert!(map.get(&known).is_some());
        assert_eq!(map.get_or_insert(&known).0, number);
    }

    #[test]
    fn prefetch_changes_nothing() {
        let map = DigestMap::<u8>::default();
        let known = digest(7);
        let (number, _) = map.get_or_insert(&known);
        map.prefetch([&known, &digest(8)]);
        map.prefetch([]);
        assert!(map.get(&digest(8)).is_none());
        assert_eq!((map.get_or_insert(&known).0, map.iter().count()), (number, 1));
    }

    #[test]
    fn concurrent_readers_find_all_published_digests_during_growth() {
        let (map, published) = (DigestMap::<AtomicU64>::default(), AtomicU64::new(0));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut reads = 0_u64;
                while published.load(Ordering::Acquire) < 30_000 || reads < 1_000 {
                    let available = published.load(Ordering::Acquire);
                    let number = reads.wrapping_mul(0x9e37_79b9) % available.max(1);
                    let found = map.get(&digest(number)).map(|value| value.load(Ordering::Relaxed));
                    assert!(available == 0 || found == Some(number + 1), "{number} of {available}: {found:?}");
                    reads += 1;
                }
            });
            for number in 0..30_000 {
                map.get_or_insert(&digest(number)).1.store(number + 1, Ordering::Relaxed);
                published.store(number + 1, Ordering::Release);
            }
            reader.join().expect("the reader's assertions hold");
        });
    }

    proptest! {
        #[test]
        fn colliding_digests_are_kept_apart(given in prop::collection::vec(colliding(), 1..80)) {
            let (map, mut expected) = (DigestMap::<AtomicU64>::default(), HashMap::new());
            for (at, digest) in (1..).zip(&given) {
                map.get_or_insert(digest).1.store(at, Ordering::Relaxed);
                expected.insert(*digest, at);
                for (digest, at) in &expected {
                    prop_assert_eq!(map.get(digest).map(|value| value.load(Ordering::Relaxed)), Some(*at));
                }
            }
            prop_assert_eq!(map.iter().count(), expected.len());
        }
    }
}
