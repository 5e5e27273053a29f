//! Emails to members: an outbox in the database, and the job that sends it by SMTP.
//!
//! Invariants
//! - An email is queued in the transaction of the event that it tells of: it is sent after the commit, and never without it.
//! - Of each event a member gets at most one email. It is marked before it is sent; if the outcome of an attempt is unknown, it is
//!   not sent again, and a log line and a metric say so.
//! - A link in the outbox is sealed, and deleted when the email is sent or given up.
//! - Without an SMTP server nothing is queued. Callers learn that, and say that a link must be handed over.
//!
//! Files: `model` contents; `queue` into the outbox; `notices` which of them a member wants; `delivery` out of it; `smtp` the server's URL and a connection; `render`
//! the templates in `templates/mail/`, `items` keys, webhooks and findings in them; `store`, `tables` the outbox.

mod delivery;
mod items;
mod model;
mod notices;
mod queue;
mod render;
mod smtp;
mod store;
mod tables;

pub use delivery::{Outbox, forget_old};
pub use model::{
    Content, DigestFinding, DisabledWebhook, ExpiringKey, FailingWebhook, LeakedKey, MAX_LISTED, MailId, MailKind, NewMail,
    UnusualKey,
};
pub use notices::{choices, choose, muted};
pub use queue::{is_on, notify, notify_administrators, queue};
pub use smtp::{MailSettings, NotSmtpUrl, SmtpUrl};
pub use store::count_since;
pub(crate) use tables::{all as tables, sealed};
