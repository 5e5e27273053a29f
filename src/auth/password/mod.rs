//! Passwords: argon2id with the parameters that OWASP recommends (19 MiB, two passes), in background threads of lower priority
//! and with a bounded number of hashes at once.
//!
//! - here hashing and verification; `permits` who may wait for a hash; `policy` which passwords may be chosen
//! - `common` the most common passwords; `error` outcomes

mod common;
mod error;
mod permits;
mod policy;

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Argon2, Params};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

pub use error::PasswordError;
use kit::background_thread;
use kit::random::Random;
use permits::HashPermits;
pub use permits::{Claimant, HashPermit};
pub(crate) use policy::has_fitting_length;
pub use policy::{MIN_LENGTH, MIN_LENGTH_WITH_FACTOR, NewPassword, Weak};

/// Hashes computed at once: with two processors or more, half of them are left to requests.
fn concurrency() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| (processors.get() / 2).max(1))
}

/// Hashes that may wait for their turn. Above it a sign-in is refused and may be tried again.
const WAITING: usize = 16;

/// The hasher of passwords, with the permits that bound its use.
#[derive(Debug)]
pub struct Passwords {
    permits: Arc<HashPermits>,
    computing: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let concurrency = concurrency();
        Self { permits: Arc::new(HashPermits::new(concurrency + WAITING)), computing: Arc::new(Semaphore::new(concurrency)) }
    }
}

impl Passwords {
    /// Acquires a permit for one hash, if one is left for this caller.
    pub fn permit(&self, claimant: Claimant) -> Result<HashPermit, PasswordError> {
        self.permits.try_acquire(claimant).ok_or(PasswordError::Busy)
    }

    /// Computes the hash to store for a new password.
    pub async fn hash(&self, random: &Random, permit: HashPermit, password: NewPassword) -> Result<String, PasswordError> {
        let salt = random.bytes::<16>();
        Ok(self.run(permit, move || hash_with(password.expose(), &salt)).await?.ok_or(Weak::Length(MIN_LENGTH))?)
    }

    /// Finds the first of the `stored` hashes that `password` was made for. Exactly `computed` hashes are computed for the
    /// normalised password, and as many for the raw one if it differs: the time does not reveal the number of stored hashes.
    pub async fn verify(
        &self,
        random: &Random,
        permit: HashPermit,
        stored: Vec<String>,
        password: SecretString,
        computed: usize,
    ) -> Result<Option<VerifiedHash>, PasswordError> {
        let salt = random.bytes::<16>();
        self.run(permit, move || find_verified(&stored, &password, computed, &salt)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        permit: HashPermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = Arc::clone(&self.computing).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let hashing = background_thread::spawn("password", move || {
            let done = work();
            // Released by the thread: the hash goes on when its caller has disconnected.
            drop((turn, permit));
            done
        });
        let result = hashing.map_err(|error| {
            tracing::error!(%error, "could not start a thread to hash a password");
            PasswordError::Busy
        })?;
        result.await.map_err(|_| {
            tracing::error!("could not hash a password");
            PasswordError::Busy
        })
    }
}

fn hash_with(password: &str, salt: &[u8; 16]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok().map(|hash| hash.to_string())
}

/// The stored hash that a password was verified against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedHash {
    /// Its index among the hashes that were given.
    pub at: usize,
    /// A new hash of the password, if the stored one has lower parameters or is of the password before normalisation.
    pub renewed: Option<String>,
}

fn find_verified(stored: &[String], password: &SecretString, computed: usize, salt: &[u8; 16]) -> Option<VerifiedHash> {
    // No stored password is as long. What is hashed in its place must not match either.
    let is_possible = password.expose_secret().len() <= policy::MAX_BYTES;
    let (normal, raw) = (policy::normal(password), password.expose_secret());
    let (normal, raw) = if is_possible { (&*normal, raw) } else { ("", "") };
    let mut found = None;
    for at in 0..computed.max(stored.len()) {
        let dummy = DUMMY_HASH.to_owned();
        let hash = stored.get(at).filter(|hash| PasswordHash::new(hash).is_ok()).unwrap_or(&dummy);
        let matches_normal = matches(hash, normal);
        // Early versions hashed passwords as they were typed.
        let matches_raw = normal != raw && matches(hash, raw);
        if is_possible && (matches_normal || matches_raw) && found.is_none() && at < stored.len() {
            found = Some((at, matches_raw || needs_renewal(hash)));
        }
    }
    let (at, is_old) = found?;
    Some(VerifiedHash { at, renewed: if is_old { hash_with(normal, salt) } else { None } })
}

fn matches(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Returns true if new hashes use another algorithm or higher parameters.
fn needs_renewal(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return true };
    let Ok(params) = Params::try_from(&hash) else { return true };
    let today = Params::DEFAULT;
    hash.algorithm.as_str() != "argon2id"
        || params.m_cost() < today.m_cost()
        || params.t_cost() < today.t_cost()
        || params.p_cost() < today.p_cost()
}

/// A hash with the parameters of all others that no known password matches: it takes the place of hashes that are missing.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Kk5s5bI2Iu8PZL2bKFTyBqkWmTgC2gD5L1dYQWVJ2vE";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panicking_hash_releases_its_permit() {
        let passwords = Passwords::default();
        for _ in 0..2 * (concurrency() + WAITING) {
            let permit = passwords.permit(Claimant::Operator).expect("a permit");
            assert!(passwords.run(permit, || std::panic::panic_any("on purpose")).await.map(|()| "hashed").is_err());
        }
    }

    #[test]
    fn dummy_hash_costs_as_much_as_any_other() {
        let real = Argon2::default().hash_password_with_salt(b"a password of somebody", &[7; 16]).expect("a hash");
        let dummy = PasswordHash::new(DUMMY_HASH).expect("a hash in PHC form");
        assert_eq!((dummy.algorithm, dummy.version), (real.algorithm, real.version));
        assert_eq!(dummy.params.to_string(), real.params.to_string());
        let lengths = |hash: &PasswordHash| (hash.salt.map(|salt| salt.len()), hash.hash.map(|output| output.len()));
        assert_eq!(lengths(&dummy), lengths(&real));
        // Refused after the computation, not for its form before it.
        let refused = Argon2::default().verify_password(b"a password of somebody", &dummy);
        assert_eq!(refused, Err(argon2::password_hash::Error::PasswordInvalid));
    }

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    fn hash_of_cost(memory: u32, password: &str) -> String {
        let params = Params::new(memory, 2, 1, None).expect("parameters");
        let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        argon2.hash_password_with_salt(password.as_bytes(), &[7; 16]).expect("a hash").to_string()
    }

    #[test]
    fn matching_hash_is_found_among_others() {
        let [one, two] = ["one password of hers", "two passwords of hers"].map(|text| hash_with(text, &[1; 16]).expect("a hash"));
        let stored = [one, "no hash".to_owned(), two];
        let found = |password: &str| find_verified(&stored, &secret(password), 5, &[2; 16]);
        assert_eq!(found("two passwords of hers"), Some(VerifiedHash { at: 2, renewed: None }));
        assert_eq!(found("three passwords of hers"), None);
        assert_eq!(found(""), None);
        assert_eq!(found(&"x".repeat(policy::MAX_BYTES + 1)), None);
    }

    #[test]
    fn hash_with_lower_parameters_is_renewed_and_only_for_the_right_password() {
        let stored = [hash_of_cost(8_192, "correct horse battery")];
        let found = find_verified(&stored, &secret("correct horse battery"), 1, &[2; 16]).expect("a match");
        let renewed = found.renewed.expect("a new hash");
        assert!(matches(&renewed, "correct horse battery") && !needs_renewal(&renewed), "{renewed}");
        assert_eq!(find_verified(&stored, &secret("another horse battery"), 1, &[2; 16]), None);
        let higher = [hash_of_cost(32_768, "correct horse battery")];
        assert_eq!(
            find_verified(&higher, &secret("correct horse battery"), 1, &[2; 16]),
            Some(VerifiedHash { at: 0, renewed: None })
        );
    }

    #[test]
    fn password_that_was_hashed_as_typed_still_matches_and_is_renewed_in_normal_form() {
        let (composed, decomposed) = ("caf\u{e9} au lait, please", "cafe\u{301} au lait, please");
        let stored = [hash_with(decomposed, &[1; 16]).expect("a hash")];
        let found = find_verified(&stored, &secret(decomposed), 1, &[2; 16]).expect("a match");
        let renewed = [found.renewed.expect("a new hash")];
        for typed in [composed, decomposed] {
            assert_eq!(
                find_verified(&renewed, &secret(typed), 1, &[2; 16]),
                Some(VerifiedHash { at: 0, renewed: None }),
                "{typed}"
            );
        }
    }
}
