//! Slots of digests and values, in blocks that are allocated as they are needed and never move.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Words, low};

/// Number of blocks of one size, before as many of twice that size: at most a sixteenth of the memory is allocated before it
/// is needed.
const BLOCKS_PER_SIZE: u32 = 16;

/// The smallest blocks have 2 to this power slots.
const SMALLEST_BLOCK: u32 = 6;

const BLOCKS: usize = BLOCKS_PER_SIZE as usize * (32 - SMALLEST_BLOCK as usize);

/// Slots by number, from 1.
#[derive(Debug)]
pub(crate) struct Slots<V> {
    blocks: [OnceLock<Box<[Slot<V>]>>; BLOCKS],
}

/// A digest and its value, in one cache line if the value takes 32 bytes.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Slot<V> {
    digest: [AtomicU64; 4],
    pub(crate) value: V,
}

impl<V> Default for Slots<V> {
    fn default() -> Self {
        Self { blocks: [const { OnceLock::new() }; BLOCKS] }
    }
}

impl<V> Slots<V> {
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&Slot<V>> {
        let (block, at) = position(number);
        self.blocks.get(block)?.get()?.get(at)
    }
}

impl<V: Default> Slots<V> {
    /// Writes a digest to a slot that is not in use. Callers hold the writers' lock.
    pub(crate) fn occupy(&self, number: u32, digest: Words) -> &Slot<V> {
        let (block, at) = position(number);
        let slot = &self.blocks[block].get_or_init(|| (0..size_of_block(block)).map(|_| Slot::default()).collect())[at];
        for (word, value) in slot.digest.iter().zip(digest) {
            word.store(value, Ordering::Relaxed);
        }
        slot
    }
}

impl<V> Slot<V> {
    /// Compares without a branch per word: they agree almost always.
    #[inline]
    pub(crate) fn matches(&self, digest: Words) -> bool {
        self.digest.iter().zip(digest).fold(0, |differ, (word, value)| differ | (word.load(Ordering::Relaxed) ^ value)) == 0
    }

    pub(crate) fn words(&self) -> Words {
        std::array::from_fn(|word| self.digest[word].load(Ordering::Relaxed))
    }
}

fn size_of_block(block: usize) -> usize {
    1 << (SMALLEST_BLOCK as usize + block / BLOCKS_PER_SIZE as usize)
}

/// Block and offset of a slot. As in a floating-point number, the highest bit selects the size of the block, the next four
/// bits one of the blocks of this size, and the rest is the offset.
#[inline]
fn position(number: u32) -> (usize, usize) {
    let shifted = u64::from(number) + (u64::from(BLOCKS_PER_SIZE) << SMALLEST_BLOCK);
    let bits = shifted.ilog2() - BLOCKS_PER_SIZE.ilog2();
    let block = (bits - SMALLEST_BLOCK) * BLOCKS_PER_SIZE + (low(shifted >> bits) & (BLOCKS_PER_SIZE - 1));
    (block as usize, (low(shifted) & low((1 << bits) - 1)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_contiguous_and_unique() {
        let mut next = (0, 0);
        for number in 0..300_000 {
            let (block, at) = position(number);
            assert_eq!((block, at), next, "{number}");
            next = if at + 1 == size_of_block(block) { (block + 1, 0) } else { (block, at + 1) };
        }
        assert!(position(u32::MAX).0 < BLOCKS);
    }
}
