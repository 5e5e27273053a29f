//! Test support: the binary as a real process, on a database and a network that a test controls.
//!
//! - [`Site`] a folder with a database and a workspace; [`Node`] a running `serve`; [`CommandOutput`] a finished command
//! - [`Client`] an HTTP/1.1 client that can also send half a request; [`Key`] an API key with its secret
//! - [`Authenticator`] an authenticator app
//! - [`TestDatabase`] a database for one test, SQLite or Postgres; [`postgres::Server`] a Postgres server for one test
//! - [`Proxy`] a TCP proxy; [`Cable`] one that can be cut
//! - [`DnsServer`] a DNS server
//! - [`Receiver`] a receiver of webhooks
//! - [`SmtpServer`] an SMTP server that keeps what it receives and can misbehave
//! - [`until`] the only way to wait for a condition
//!
//! ```ignore
//! let site = Site::new(env!("CARGO_BIN_EXE_planeconnection"));
//! let node = site.node();
//! let key = node.owner().create_key("A", &["trips:read"]);
//! site.run(&["keys", "revoke", &key.id]).is(0);
//! node.with_key(&key).get(WHOAMI).is(401).code("API_KEY_REVOKED");
//! ```

#![expect(clippy::missing_panics_doc, reason = "a helper that cannot do its work fails the test")]
#![expect(clippy::return_self_not_must_use, reason = "an assertion may be the last call of a chain")]

pub mod postgres;
pub mod wait;

mod cable;
mod command;
mod dns;
mod http;
mod key;
mod node;
mod proxy;
mod receiver;

#[cfg(feature = "site")]
mod authenticator;
#[cfg(feature = "site")]
mod database;
#[cfg(feature = "site")]
mod site;
#[cfg(feature = "site")]
mod smtp;

#[cfg(feature = "site")]
pub use self::authenticator::Authenticator;
pub use self::cable::Cable;
pub use self::command::{CommandOutput, run};
#[cfg(feature = "site")]
pub use self::database::TestDatabase;
pub use self::dns::{DnsReply, DnsServer};
pub use self::http::{Client, Response};
pub use self::key::{Key, create_key_body};
pub use self::node::Node;
pub use self::proxy::{Proxy, Relay};
pub use self::receiver::{ReceivedRequest, Receiver, Reply};
#[cfg(feature = "site")]
pub use self::site::Site;
#[cfg(feature = "site")]
pub use self::smtp::{ReceivedMail, SMTP_PASSWORD, SMTP_USER, SmtpConduct, SmtpEncryption, SmtpServer};
pub use self::wait::{DEADLINE, until};

/// The email of the account owner of every workspace "skyline".
pub const OWNER: &str = "ana@skyline.example";

/// The password of every member that a test creates.
pub const PASSWORD: &str = "correct horse battery";

pub const AIRCRAFT: &str = "/api/v1/ops/aircraft";
pub const INVOICES: &str = "/api/v1/ops/invoices";
pub const KEYS: &str = "/api/v1/api-keys";
pub const MEMBERS: &str = "/api/v1/members";
pub const REPORTS: &str = "/api/v1/sms/reports";
pub const SIGN_IN: &str = "/api/v1/auth/sign-in";
pub const TRIPS: &str = "/api/v1/ops/trips";
pub const WHOAMI: &str = "/api/v1/auth/whoami";
