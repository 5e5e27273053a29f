//! Secrets at rest, sealed with a key that is not in the database: a stolen database alone reveals none of them.
//!
//! - **Seal:** `core.config.require_secret_keys()?.seal(&core.random, &associated("totp", id), plain)` returns the bytes to
//!   store. [`associated`] binds them to their purpose and row: moved to another row they no longer open.
//! - **Open:** `keys.open(&associated("totp", id), &stored)?` returns the secret, zeroed when dropped.
//! - **Without a key** `require_secret_keys` fails with [`SecretKeyMissing`]: 409 `SECRET_KEY_MISSING`.
//! - **A new sealed column** exports a [`SealedColumn`] from its slice, and is a line in `sealed_columns` in
//!   `src/cli/secret_key/mod.rs`: `serve` then checks its rows at start, `secret-key rotate` seals them anew, and `copy` names
//!   their keys.
//!
//! Files: `keys` the keys, the envelope and its encryption; `error` a missing key and an envelope that does not open; `column`
//! sealed columns, their key ids, and sealing them anew.

mod column;
mod error;
mod keys;

pub use column::{KeyUse, Resealed, Sealed, SealedColumn, Use};
pub use error::{NotKeys, SealError, SecretKeyMissing};
pub use keys::{KeyId, SecretKeys, associated};
