//! Passwords: argon2id with the parameters OWASP asks for (19 MiB, two passes), never more at once than the machine can
//! bear, in threads that stand back behind those of requests.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::Error;
use crate::app::App;

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
        let (tell, told) = oneshot::channel();
        // A thread for each, which costs a thousandth of the hash: one that has stood back cannot step forward again.
        let thread = std::thread::Builder::new().name("password".to_owned());
        let hashing = thread.spawn(move || {
            stand_back();
            let done = work();
            // The hash goes on when whoever asked for it has gone away, and so must what it takes up.
            drop((turn, place.0));
            let _gone = tell.send(done);
        });
        hashing.map_err(|_| Error::Busy)?;
        told.await.map_err(|_| Error::Busy)
    }
}

/// How far a hash stands back: beside a thread of requests that has all to do, it gets a fifth of a processor.
const NICE: i32 = 6;

/// Lets the other threads of the process go first, where that can be said of a thread: elsewhere than on Linux it would be of
/// the process.
fn stand_back() {
    if cfg!(target_os = "linux") {
        // If it may not, it takes its turn as any other.
        let _as_any_other = rustix::process::nice(NICE);
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
