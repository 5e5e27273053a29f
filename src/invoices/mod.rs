//! Invoices: what a client owes, computed exactly and numbered without gaps.
//!
//! Invariants
//! - Amounts are whole minor units; the server computes them, and no float is ever near them.
//! - A number is given in the transaction that makes the invoice and is given again if that does not commit.
//! - Only a draft is edited. What was paid is never more than the total, and what was paid is never voided.
//! - `overdue` is derived from the day, never stored.
//!
//! - `lines` quantities and amounts; `currency` ISO 4217; `model` invoices and what may be asked of them
//! - `lifecycle` draft, sent, paid, void; `service` use cases; `store` queries; `api` the calls; `error` outcomes

mod api;
mod currency;
mod error;
mod lifecycle;
mod lines;
mod model;
mod service;
mod store;
mod tables;

pub use api::routes;
pub use currency::{Currency, NotACurrency};
pub use error::Error;
pub use lines::{LineItem, NewLine, NotAQuantity, Quantity};
pub use model::{
    Client, CreateInvoice, Invoice, InvoiceFilter, InvoiceId, NewClient, PayInvoice, Stage, Status, UpdateInvoice, VoidInvoice,
};
pub use service::{create, pay, send};
pub(crate) use tables::all as tables;
