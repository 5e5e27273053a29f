//! A [`Tab`] of a headless Chromium, and a [`Site`] for it to look at.
//!
//! ```ignore
//! let site = Site::new();
//! let mut tab = site.tab();
//! tab.open("/sign-in");
//! tab.fill("Email", OWNER);
//! tab.fill("Password", PASSWORD);
//! tab.click("button", "Sign in");
//! tab.has("heading", "API Keys");
//! tab.within("row", "Fleet Dashboard", |row| row.click("button", "Revoke"));
//! tab.is_clean();
//! ```
//!
//! Things are found by role and exact accessible name, as Chromium computes them. An assertion (`has`, `lacks`, `says`)
//! and an action wait until they can succeed; a question (`count`, `text`, `value`, `chosen`) answers at once. What does
//! not come true within [`DEADLINE`] fails with an outline of what a screen reader would meet on the page.

mod act;
mod authenticator;
mod axe;
mod call;
mod chromium;
mod clipboard;
mod condition;
mod fake_server;
mod find;
mod heard;
mod keyboard;
mod site;
mod tab;
mod wire;

pub use self::authenticator::{Authenticator, Wrongly};
pub use self::fake_server::FakeServer;
pub use self::heard::Dialog;
pub use self::site::Site;
pub use self::tab::Tab;
pub use testkit::{Key, OWNER, PASSWORD};
