//! Passwords: argon2id with the parameters OWASP asks for (19 MiB, two passes), never more at once than the machine can
//! bear, in threads that stand back behind those of requests.
//!
//! - here hashing and verification; `places` who may wait for a hash; `policy` which passwords may be chosen
//! - `common` the most common passwords

mod common;
mod places;
mod policy;

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Argon2, Params};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::error::Error;
use crate::app::App;
use kit::background_thread;
use places::Places;
pub use places::{Claimant, Place};
pub(crate) use policy::has_fitting_length;
pub use policy::{NewPassword, Weak};

/// Hashes computed at once: half of the processors are left to requests, if there are two or more.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| (processors.get() / 2).max(1))
}

/// Hashes that may wait for their turn; past it a sign-in is refused and may be tried again.
const WAITING: usize = 16;

/// The budget for hashing.
#[derive(Debug)]
pub struct Passwords {
    places: Arc<Places>,
    computing: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let at_once = at_once();
        Self { places: Arc::new(Places::new(at_once + WAITING)), computing: Arc::new(Semaphore::new(at_once)) }
    }
}

impl Passwords {
    /// Takes a place, if there is one for this caller.
    pub fn place(&self, claimant: Claimant) -> Result<Place, Error> {
        self.places.take(claimant).ok_or(Error::Busy)
    }

    async fn run<T: Send + 'static>(&self, place: Place, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = Arc::clone(&self.computing).acquire_owned().await.map_err(|_| Error::Busy)?;
        let hashing = background_thread::spawn("password", move || {
            let done = work();
            // The hash goes on when its caller has gone away, and so must what it takes up.
            drop((turn, place));
            done
        });
        let told = hashing.map_err(|error| {
            tracing::error!(%error, "no thread could be started to hash a password");
            Error::Busy
        })?;
        told.await.map_err(|_| {
            tracing::error!("a password could not be hashed");
            Error::Busy
        })
    }
}

/// The hash to store for a new password.
pub async fn hash(app: &App, place: Place, password: NewPassword) -> Result<String, Error> {
    let salt = app.random.bytes::<16>();
    app.passwords.run(place, move || hash_with(password.expose(), &salt)).await?.ok_or(Error::Password(Weak::Length))
}

fn hash_with(password: &str, salt: &[u8; 16]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok().map(|hash| hash.to_string())
}

/// The hash that a password was made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fit {
    /// Its place among the hashes that were given.
    pub at: usize,
    /// A hash of the same password, if the stored one has lower parameters than new ones or another form of the text.
    pub renewed: Option<String>,
}

/// The first of the `stored` hashes that `password` was made for. Exactly `computed` hashes are computed for the normalised
/// password, and as many for the raw one if it differs, so that the time says nothing about the number of stored hashes.
pub async fn verify(
    app: &App,
    place: Place,
    stored: Vec<String>,
    password: SecretString,
    computed: usize,
) -> Result<Option<Fit>, Error> {
    let salt = app.random.bytes::<16>();
    app.passwords.run(place, move || find_fit(&stored, &password, computed, &salt)).await
}

fn find_fit(stored: &[String], password: &SecretString, computed: usize, salt: &[u8; 16]) -> Option<Fit> {
    // No stored password is as long; what is hashed in its place must not fit anything either.
    let is_possible = password.expose_secret().len() <= policy::MOST_BYTES;
    let (normal, raw) = (policy::normal(password), password.expose_secret());
    let (normal, raw) = if is_possible { (&*normal, raw) } else { ("", "") };
    let mut fit = None;
    for at in 0..computed.max(stored.len()) {
        let nobodys = NOBODYS.to_owned();
        let hash = stored.get(at).filter(|hash| PasswordHash::new(hash).is_ok()).unwrap_or(&nobodys);
        let fits_normal = fits(hash, normal);
        // Passwords were hashed as they were typed, once.
        let fits_raw = normal != raw && fits(hash, raw);
        if is_possible && (fits_normal || fits_raw) && fit.is_none() && at < stored.len() {
            fit = Some((at, fits_raw || needs_renewal(hash)));
        }
    }
    let (at, is_old) = fit?;
    Some(Fit { at, renewed: if is_old { hash_with(normal, salt) } else { None } })
}

fn fits(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a hash was made by another algorithm than new ones, or with lower parameters.
fn needs_renewal(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return true };
    let Ok(params) = Params::try_from(&hash) else { return true };
    let today = Params::DEFAULT;
    hash.algorithm.as_str() != "argon2id"
        || params.m_cost() < today.m_cost()
        || params.t_cost() < today.t_cost()
        || params.p_cost() < today.p_cost()
}

/// A hash with the parameters of all others, of a password nobody has.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Kk5s5bI2Iu8PZL2bKFTyBqkWmTgC2gD5L1dYQWVJ2vE";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_that_fails_gives_its_place_back() {
        let passwords = Passwords::default();
        for _ in 0..2 * (at_once() + WAITING) {
            let place = passwords.place(Claimant::Operator).expect("a place");
            assert!(passwords.run(place, || std::panic::panic_any("on purpose")).await.map(|()| "hashed").is_err());
        }
    }

    #[test]
    fn nobodys_hash_costs_what_every_other_costs() {
        let real = Argon2::default().hash_password_with_salt(b"a password of somebody", &[7; 16]).expect("a hash");
        let nobodys = PasswordHash::new(NOBODYS).expect("a hash in PHC form");
        assert_eq!((nobodys.algorithm, nobodys.version), (real.algorithm, real.version));
        assert_eq!(nobodys.params.to_string(), real.params.to_string());
        let lengths = |hash: &PasswordHash| (hash.salt.map(|salt| salt.len()), hash.hash.map(|output| output.len()));
        assert_eq!(lengths(&nobodys), lengths(&real));
        // It is refused for its content, after the work, and not for its form, before it.
        let refused = Argon2::default().verify_password(b"a password of somebody", &nobodys);
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
    fn the_hash_that_fits_is_found_among_others() {
        let [one, two] = ["one password of hers", "two passwords of hers"].map(|text| hash_with(text, &[1; 16]).expect("a hash"));
        let stored = [one, "no hash".to_owned(), two];
        let found = |password: &str| find_fit(&stored, &secret(password), 5, &[2; 16]);
        assert_eq!(found("two passwords of hers"), Some(Fit { at: 2, renewed: None }));
        assert_eq!(found("three passwords of hers"), None);
        assert_eq!(found(""), None);
        assert_eq!(found(&"x".repeat(policy::MOST_BYTES + 1)), None);
    }

    #[test]
    fn hash_with_lower_parameters_is_renewed_and_only_for_the_right_password() {
        let stored = [hash_of_cost(8_192, "correct horse battery")];
        let fit = find_fit(&stored, &secret("correct horse battery"), 1, &[2; 16]).expect("it fits");
        let renewed = fit.renewed.expect("a new hash");
        assert!(fits(&renewed, "correct horse battery") && !needs_renewal(&renewed), "{renewed}");
        assert_eq!(find_fit(&stored, &secret("another horse battery"), 1, &[2; 16]), None);
        let higher = [hash_of_cost(32_768, "correct horse battery")];
        assert_eq!(find_fit(&higher, &secret("correct horse battery"), 1, &[2; 16]), Some(Fit { at: 0, renewed: None }));
    }

    #[test]
    fn password_that_was_hashed_as_typed_still_fits_and_is_renewed_in_normal_form() {
        let (composed, decomposed) = ("caf\u{e9} au lait, please", "cafe\u{301} au lait, please");
        let stored = [hash_with(decomposed, &[1; 16]).expect("a hash")];
        let fit = find_fit(&stored, &secret(decomposed), 1, &[2; 16]).expect("it fits");
        let renewed = [fit.renewed.expect("a new hash")];
        for typed in [composed, decomposed] {
            assert_eq!(find_fit(&renewed, &secret(typed), 1, &[2; 16]), Some(Fit { at: 0, renewed: None }), "{typed}");
        }
    }
}
