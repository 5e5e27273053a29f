//! Open-addressing table from digests to slot numbers, with linear probing.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Words, low};

/// The first table has 2 to this power buckets.
pub(crate) const SMALLEST_TABLE: u32 = 10;

#[derive(Debug)]
pub(crate) struct Buckets {
    buckets: Box<[AtomicU32]>,
    /// Low bits of a bucket that are the slot number; there are 2 to this power buckets. Zero is an empty bucket.
    bits: u32,
}

impl Buckets {
    pub(crate) fn new(bits: u32) -> Self {
        Self { buckets: (0..1_u64 << bits).map(|_| AtomicU32::new(0)).collect(), bits }
    }

    /// The number of digests that a table holds before the next larger one is made: three quarters of its buckets.
    pub(crate) const fn capacity(bits: u32) -> u32 {
        (1 << (bits - 2)) * 3
    }

    pub(crate) fn has_capacity_for(&self, len: u32) -> bool {
        len <= Self::capacity(self.bits)
    }

    /// Returns the bucket at which the probe of a digest begins.
    #[inline]
    pub(crate) fn first(&self, [start, ..]: Words) -> u32 {
        let at = low(start) & low((1 << self.bits) - 1);
        self.buckets[at as usize].load(Ordering::Relaxed)
    }

    /// Iterates over the slot numbers whose tags match. An empty bucket, of which there is always one, ends the probe.
    #[inline]
    pub(crate) fn probe(&self, [start, tag, ..]: Words) -> impl Iterator<Item = u32> {
        let (tag, mask) = (low(tag), low((1 << self.bits) - 1));
        let mut at = low(start) & mask;
        std::iter::from_fn(move || {
            loop {
                let bucket = self.buckets.get(at as usize)?.load(Ordering::Acquire);
                at = (at + 1) & mask;
                match bucket {
                    0 => return None,
                    bucket if (bucket ^ tag) >> self.bits == 0 => return Some(bucket & mask),
                    _ => {}
                }
            }
        })
    }

    /// Inserts a slot number. Callers hold the writers' lock.
    pub(crate) fn insert(&self, number: u32, [start, tag, ..]: Words) {
        let (tag, mask) = (low(tag), low((1 << self.bits) - 1));
        let mut at = low(start) & mask;
        while self.buckets[at as usize].load(Ordering::Relaxed) != 0 {
            at = (at + 1) & mask;
        }
        // Release: a reader that sees the number sees the digest in its slot.
        self.buckets[at as usize].store(tag & !mask | number, Ordering::Release);
    }
}
