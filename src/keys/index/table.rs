//! A map from digests to values that only grows, and that is read without a lock, a wait or a write to memory.
//!
//! Each digest has a cell, numbered in the order of arrival; cells never move. A table of `u32` words says which number a
//! digest has: the low bits of a word are the number, from 1, and the others are bits of the digest, so that the cell of
//! another digest is hardly ever looked at. Whoever looks a digest up misses the cache twice, once for the word and once
//! for the cell; words are four bytes so that more of them stay in the cache. When a table is three quarters full, one
//! twice as large takes its place. Readers may still be in the old one, so it stays, for as long as the map: all old
//! tables together are no larger than the one in use.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::keys::SecretDigest;
use kit::lock::lock;

/// The first table has 2 to this power words.
const SMALLEST: u32 = 10;

/// Tables, each twice as large as the one before; the last takes 1,610,612,736 digests.
const TABLES: usize = 32 - SMALLEST as usize;

/// Blocks of cells of one size; then come as many that are twice as large, so that a sixteenth of the memory at most is
/// there before it is needed.
const BLOCKS_OF_A_SIZE: u32 = 16;

/// Cells in each of the smallest blocks: 2 to this power.
const SMALLEST_BLOCK: u32 = 6;

const BLOCKS: usize = BLOCKS_OF_A_SIZE as usize * (32 - SMALLEST_BLOCK as usize);

/// The map.
#[derive(Debug)]
pub(super) struct Table<V> {
    words: [OnceLock<Words>; TABLES],
    /// Which of them is in use.
    in_use: AtomicUsize,
    blocks: [OnceLock<Box<[Cell<V>]>>; BLOCKS],
    /// How many cells are taken; whoever adds one holds it.
    taken: Mutex<u32>,
}

/// A digest's place in a line of the cache of its own, if the value takes 32 bytes.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Cell<V> {
    digest: [AtomicU64; 4],
    value: V,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        let table = Self {
            words: [const { OnceLock::new() }; TABLES],
            in_use: AtomicUsize::new(0),
            blocks: [const { OnceLock::new() }; BLOCKS],
            taken: Mutex::new(0),
        };
        table.words[0].get_or_init(|| Words::new(SMALLEST));
        table
    }
}

impl<V> Table<V> {
    /// The value of `digest`.
    #[inline]
    pub(super) fn get(&self, digest: &SecretDigest) -> Option<&V> {
        let parts = parts(digest);
        let words = self.words.get(self.in_use.load(Ordering::Acquire))?.get()?;
        words.numbers(parts).find_map(|number| self.cell(number).filter(|cell| cell.has(parts))).map(|cell| &cell.value)
    }

    /// Every value, with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        let taken = *lock(&self.taken);
        (1..=taken).filter_map(|number| self.cell(number).map(|cell| (number, &cell.value)))
    }

    #[inline]
    fn cell(&self, number: u32) -> Option<&Cell<V>> {
        let (block, at) = block_of(number);
        self.blocks.get(block)?.get()?.get(at)
    }
}

impl<V: Default> Table<V> {
    /// The value of `digest`, and its number; a new one if there was none.
    pub(super) fn get_or_insert(&self, digest: &SecretDigest) -> (u32, &V) {
        let parts = parts(digest);
        let mut taken = lock(&self.taken);
        let in_use = self.in_use.load(Ordering::Relaxed);
        let words = self.words[in_use].get().expect("the table in use is there");
        let known =
            words.numbers(parts).filter_map(|number| Some((number, self.cell(number)?))).find(|(_, cell)| cell.has(parts));
        if let Some((number, cell)) = known {
            return (number, &cell.value);
        }
        let number = *taken + 1;
        let (block, at) = block_of(number);
        let size = 1 << (SMALLEST_BLOCK as usize + block / BLOCKS_OF_A_SIZE as usize);
        let cell = &self.blocks[block].get_or_init(|| (0..size).map(|_| Cell::default()).collect())[at];
        for (word, part) in cell.digest.iter().zip(parts) {
            word.store(part, Ordering::Relaxed);
        }
        if words.has_room_for(number) {
            words.put(number, parts);
        } else {
            self.grow(in_use + 1, number);
        }
        // Last: a table that cannot grow any more leaves everything as it was.
        *taken = number;
        (number, &cell.value)
    }

    /// Makes room for `more` digests at once, which spares the memory of tables that are outgrown on the way.
    pub(super) fn reserve(&self, more: u32) {
        let taken = lock(&self.taken);
        let wanted = taken.saturating_add(more);
        let in_use = self.in_use.load(Ordering::Relaxed);
        let enough = (0..TABLES).find(|table| Words::room(bits_of(*table)) >= wanted).unwrap_or(TABLES - 1);
        if enough > in_use {
            self.grow(enough, *taken);
        }
    }

    /// Takes a larger table into use, with the first `taken` cells in it.
    fn grow(&self, to: usize, taken: u32) {
        let words = self.words[to].get_or_init(|| Words::new(bits_of(to)));
        for number in 1..=taken {
            if let Some(cell) = self.cell(number) {
                words.put(number, cell.parts());
            }
        }
        self.in_use.store(to, Ordering::Release);
    }
}

impl<V> Cell<V> {
    /// Without a branch for each part: they agree almost always.
    #[inline]
    fn has(&self, parts: [u64; 4]) -> bool {
        self.digest.iter().zip(parts).fold(0, |differ, (word, part)| differ | (word.load(Ordering::Relaxed) ^ part)) == 0
    }

    fn parts(&self) -> [u64; 4] {
        std::array::from_fn(|part| self.digest[part].load(Ordering::Relaxed))
    }
}

/// Which number each digest has: open addressing, one word after another.
#[derive(Debug)]
struct Words {
    words: Box<[AtomicU32]>,
    /// Bits of a word that are the number; there are 2 to this power words.
    bits: u32,
}

impl Words {
    fn new(bits: u32) -> Self {
        Self { words: (0..1_u64 << bits).map(|_| AtomicU32::new(0)).collect(), bits }
    }

    /// How many digests a table takes before the next one is made.
    const fn room(bits: u32) -> u32 {
        (1 << (bits - 2)) * 3
    }

    fn has_room_for(&self, taken: u32) -> bool {
        taken <= Self::room(self.bits)
    }

    /// The numbers that `digest` may have. There is always an empty word to end with.
    #[inline]
    fn numbers(&self, [place, tag, ..]: [u64; 4]) -> impl Iterator<Item = u32> {
        let (tag, mask) = (low(tag), low((1 << self.bits) - 1));
        let mut at = low(place) & mask;
        std::iter::from_fn(move || {
            loop {
                let word = self.words.get(at as usize)?.load(Ordering::Acquire);
                at = (at + 1) & mask;
                match word {
                    0 => return None,
                    word if (word ^ tag) >> self.bits == 0 => return Some(word & mask),
                    _ => {}
                }
            }
        })
    }

    /// Only one thread at a time.
    fn put(&self, number: u32, [place, tag, ..]: [u64; 4]) {
        let (tag, mask) = (low(tag), low((1 << self.bits) - 1));
        let mut at = low(place) & mask;
        while self.words[at as usize].load(Ordering::Relaxed) != 0 {
            at = (at + 1) & mask;
        }
        // What was written to the cell is seen by whoever sees the number.
        self.words[at as usize].store(tag & !mask | number, Ordering::Release);
    }
}

/// A digest is random already, so that its parts are their own hashes.
#[inline]
fn parts(SecretDigest(bytes): &SecretDigest) -> [u64; 4] {
    let (parts, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|part| u64::from_le_bytes(parts[part]))
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(part: u64) -> u32 {
    part as u32
}

fn bits_of(table: usize) -> u32 {
    SMALLEST + u32::try_from(table).unwrap_or(u32::MAX)
}

/// The block of a cell, and its place there. As in a floating-point number: the highest bit says of which size the block
/// is, the next four which of these blocks it is, and the rest the place.
#[inline]
fn block_of(number: u32) -> (usize, usize) {
    let moved = u64::from(number) + (u64::from(BLOCKS_OF_A_SIZE) << SMALLEST_BLOCK);
    let bits = moved.ilog2() - BLOCKS_OF_A_SIZE.ilog2();
    let block = (bits - SMALLEST_BLOCK) * BLOCKS_OF_A_SIZE + (low(moved >> bits) & (BLOCKS_OF_A_SIZE - 1));
    (block as usize, (low(moved) & low((1 << bits) - 1)) as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;

    use super::*;

    /// Digests that meet: they differ in few bits.
    fn close() -> impl Strategy<Value = SecretDigest> {
        (0..3_u8, 0..3_u8, 0..3_u8, 0..2_u8).prop_map(|(place, tag, high, last)| {
            let mut bytes = [0; 32];
            (bytes[0], bytes[8], bytes[11], bytes[31]) = (place, tag, high, last);
            SecretDigest(bytes)
        })
    }

    fn random(number: u64) -> SecretDigest {
        use sha2::Digest;
        SecretDigest(sha2::Sha256::digest(number.to_le_bytes()).into())
    }

    #[test]
    fn every_number_has_a_place_of_its_own_in_blocks_that_follow_one_another() {
        let mut next = (0, 0);
        for number in 0..300_000 {
            let (block, at) = block_of(number);
            let size = 1 << (SMALLEST_BLOCK as usize + block / BLOCKS_OF_A_SIZE as usize);
            assert_eq!((block, at), next, "{number}");
            next = if at + 1 == size { (block + 1, 0) } else { (block, at + 1) };
        }
        assert!(block_of(u32::MAX).0 < BLOCKS);
    }

    #[test]
    fn what_was_put_in_is_found_however_far_it_has_grown() {
        let table = Table::<AtomicU64>::default();
        for number in 0..20_000 {
            table.get_or_insert(&random(number)).1.store(number + 1, Ordering::Relaxed);
        }
        for number in 0..20_000 {
            assert_eq!(table.get(&random(number)).map(|value| value.load(Ordering::Relaxed)), Some(number + 1));
        }
        assert!((20_000..40_000).all(|number| table.get(&random(number)).is_none()));
        assert_eq!(table.iter().count(), 20_000);
        assert!(table.iter().all(|(number, value)| value.load(Ordering::Relaxed) == u64::from(number)));
    }

    #[test]
    fn room_that_was_asked_for_is_made_in_one_table() {
        let table = Table::<u8>::default();
        let known = random(7);
        let (number, _) = table.get_or_insert(&known);
        table.reserve(100_000);
        assert_eq!(table.words.iter().filter(|words| words.get().is_some()).count(), 2);
        assert!(table.get(&known).is_some());
        assert_eq!(table.get_or_insert(&known).0, number);
    }

    #[test]
    fn readers_find_everything_that_was_there_before_they_looked_while_it_grows() {
        let (table, published) = (Table::<AtomicU64>::default(), AtomicU64::new(0));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut looks = 0_u64;
                while published.load(Ordering::Acquire) < 30_000 || looks < 1_000 {
                    let there = published.load(Ordering::Acquire);
                    let number = looks.wrapping_mul(0x9e37_79b9) % there.max(1);
                    let found = table.get(&random(number)).map(|value| value.load(Ordering::Relaxed));
                    assert!(there == 0 || found == Some(number + 1), "{number} of {there}: {found:?}");
                    looks += 1;
                }
            });
            for number in 0..30_000 {
                table.get_or_insert(&random(number)).1.store(number + 1, Ordering::Relaxed);
                published.store(number + 1, Ordering::Release);
            }
            reader.join().expect("no reader missed anything");
        });
    }

    proptest! {
        #[test]
        fn digests_that_are_alike_are_told_apart(given in prop::collection::vec(close(), 1..80)) {
            let (table, mut expected) = (Table::<AtomicU64>::default(), HashMap::new());
            for (at, digest) in (1..).zip(&given) {
                table.get_or_insert(digest).1.store(at, Ordering::Relaxed);
                expected.insert(*digest, at);
                for (digest, at) in &expected {
                    prop_assert_eq!(table.get(digest).map(|value| value.load(Ordering::Relaxed)), Some(*at));
                }
            }
            prop_assert_eq!(table.iter().count(), expected.len());
        }
    }
}
