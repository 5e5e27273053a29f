//! Passkeys (WebAuthn): registration, and sign-ins with one.
//!
//! Invariants
//! - The relying party and its origin come from `--public-url`, never from a request.
//! - A ceremony is used once: the statement that finds it deletes it, whatever comes of it. It lives for 5 minutes.
//! - The authenticator has verified the person (PIN, fingerprint, face): a passkey is two factors in one.
//! - A signature counter that goes back is refused and reported.
//!
//! - `relying_party` the host that passkeys are bound to; `ceremonies` challenges on their way to the browser and back
//! - `registration` a new passkey; `management` names and removal; `assertion` the check of a signature; `sign_in` a session for it;
//!   `second_step` after a password; `reauthentication` a new proof in a session
//! - `limits` of anonymous ceremonies; `model`, `tables`, `store`, `api`, `error`

mod api;
mod assertion;
mod ceremonies;
mod error;
mod limits;
mod management;
mod model;
mod reauthentication;
mod registration;
mod relying_party;
mod second_step;
mod sign_in;
mod store;
mod tables;

pub(super) use api::optional_secret;
pub use api::routes;
pub use ceremonies::StartedCeremony;
pub use error::Error;
pub(super) use limits::CeremonyLimits;
pub use management::{remove, rename};
pub use model::{MAX_PASSKEYS, Passkey, PasskeyId, PasskeyName};
pub use reauthentication::{reauthenticate, start as start_reauthentication};
pub use registration::{NewPasskey, finish as finish_registration, start as start_registration};
pub use relying_party::{RelyingParty, Unavailable};
pub use second_step::{complete as complete_sign_in, start as start_second_step};
pub use sign_in::{PasskeyAttempt, sign_in, start as start_sign_in};
pub use store::{
    count_of_other_relying_parties, count_owners, delete_all, find, forget_expired as forget_expired_ceremonies, has_any,
    list_of, newest,
};
pub(super) use tables::all as tables;
