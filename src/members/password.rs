//! Passwords: argon2id with the parameters OWASP asks for (19 MiB, two passes), never more at once than the machine can
//! bear, in threads that stand back behind those of requests.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Error;
use crate::app::App;
use crate::kit::aside;

/// Characters a password may have.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=200;

/// Hashes computed at once: half of the processors are left to requests, if there are two or more.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| (processors.get() / 2).max(1))
}

/// Hashes that may wait for their turn; past it a sign-in is told to come back.
const WAITING: usize = 16;

/// The budget for hashing.
#[derive(Debug)]
pub struct Passwords {
    waiting: Arc<Semaphore>,
    computing: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let at_once = at_once();
        Self { waiting: Arc::new(Semaphore::new(at_once + WAITING)), computing: Arc::new(Semaphore::new(at_once)) }
    }
}

/// One of the places where a hash may wait for its turn; free again once it is computed, or not wanted any more.
#[derive(Debug)]
pub struct Place(OwnedSemaphorePermit);

impl Passwords {
    /// Takes a place, if there is one.
    pub fn place(&self) -> Result<Place, Error> {
        Arc::clone(&self.waiting).try_acquire_owned().map(Place).map_err(|_| Error::Busy)
    }

    async fn run<T: Send + 'static>(&self, place: Place, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = Arc::clone(&self.computing).acquire_owned().await.map_err(|_| Error::Busy)?;
        let hashing = aside::spawn("password", move || {
            let done = work();
            // The hash goes on when whoever asked for it has gone away, and so must what it takes up.
            drop((turn, place.0));
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

/// Whether it has as many characters as a password may have.
pub(crate) fn has_fitting_length(password: &SecretString) -> bool {
    LENGTH.contains(&password.expose_secret().chars().count())
}

/// The hash to store for a new password.
pub async fn hash(app: &App, password: SecretString) -> Result<String, Error> {
    if !has_fitting_length(&password) {
        return Err(Error::Password);
    }
    let salt = app.random.bytes::<16>();
    let hashed = app.passwords.run(app.passwords.place()?, move || {
        let hash = Argon2::default().hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
    });
    hashed.await?.map_err(|_| Error::Password)
}

/// Which of the `stored` hashes `password` was made for. Two hashes are computed at least, so that nobody learns from the
/// time whether an email has no seat, one or two.
pub async fn verify(app: &App, place: Place, mut stored: Vec<String>, password: SecretString) -> Result<Vec<bool>, Error> {
    let known = stored.len();
    while stored.len() < 2 {
        stored.push(NOBODYS.to_owned());
    }
    let fits = app.passwords.run(place, move || {
        let fits = |stored: &String| {
            PasswordHash::new(stored)
                .is_ok_and(|hash| Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        };
        stored.iter().map(fits).collect::<Vec<_>>()
    });
    Ok(fits.await?.into_iter().take(known).collect())
}

/// A hash with the parameters of all others, of a password nobody has.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Kk5s5bI2Iu8PZL2bKFTyBqkWmTgC2gD5L1dYQWVJ2vE";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_that_fails_gives_its_place_back() {
        let passwords = Passwords::default();
        let places = passwords.waiting.available_permits();
        for _ in 0..=places {
            let place = passwords.place().expect("a place");
            assert!(passwords.run(place, || std::panic::panic_any("on purpose")).await.map(|()| "hashed").is_err());
        }
        assert_eq!(passwords.waiting.available_permits(), places);
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
}
