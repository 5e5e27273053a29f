//! Randomness: the operating system's generator, or a seeded one so that a test's snapshots are exact.

use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
#[expect(clippy::disallowed_types, reason = "the one place that asks it")]
use rand::rngs::SysRng;
use rand::{Rng, SeedableRng, TryRng};

use super::lock::lock;

/// The source of random bytes.
#[derive(Clone, Debug, Default)]
pub enum Random {
    /// The operating system's generator, asked for every byte.
    #[default]
    System,
    /// Reproducible bytes, for tests and benchmarks only.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    /// Creates a generator that repeats its bytes for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills `bytes`.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: nothing safe can be made then.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes"),
            Self::Seeded(rng) => lock(rng).fill_bytes(bytes),
        }
    }

    /// Returns bytes that need not be unpredictable, without asking the operating system each time.
    pub fn non_crypto_bytes<const N: usize>(&self) -> [u8; N] {
        match self {
            Self::System => rand::random(),
            Self::Seeded(_) => self.bytes(),
        }
    }

    /// A fresh array of random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `length` characters, each of the 62 letters and digits equally likely.
    pub fn base62(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            // A byte of 248 or more would favour the first characters; it is thrown away (248 = 4 × 62).
            let drawn = self.bytes::<32>();
            let fair = drawn.iter().filter(|&&byte| byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
            text.extend(fair.take(length - text.len()));
        }
        text
    }
}

/// The digits of base62: 0–9, A–Z, a–z.
pub const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
