//! Invoices: amounts that clients owe, computed exactly and numbered without gaps.
//!
//! Invariants
//! - Amounts are whole minor units. The server computes them, without floating-point numbers.
//! - A number is assigned in the transaction that creates the invoice; if that does not commit, the number is used again.
//! - Only a draft is edited. Payments never exceed the total, and an invoice with payments is never voided; one that is paid because
//!   its total is 0 can be.
//! - `overdue` is derived from the day in the workspace's time zone, never stored. The same day gives the year of a number.
//!
//! - `lines` quantities and amounts; `currency` ISO 4217; `model` invoices and inputs; `upsert` an item of a batch
//! - `lifecycle` draft, sent, paid, void; `service` use cases; `overdue` events of invoices that become overdue; `store` queries,
//!   `tables` their tables; `api` JSON handlers; `pages` the pages; `error` errors and their HTTP responses

mod api;
mod currency;
mod error;
mod lifecycle;
mod lines;
mod model;
mod overdue;
mod pages;
mod service;
mod store;
mod tables;
mod upsert;

pub use api::routes;
pub(crate) use api::{InvoiceView, views};
pub use currency::{Currency, NotACurrency};
pub use error::Error;
pub use lines::{LineItem, NewLine, NotAQuantity, Quantity};
pub use model::{
    Client, CreateInvoice, Invoice, InvoiceFilter, InvoiceId, NewClient, PayInvoice, Stage, Status, UpdateInvoice, VoidInvoice,
};
pub use overdue::record_overdue;
pub use pages::routes as pages;
pub use service::{create, pay, send};
pub use store::{delete_some, list_overdue, refresh_search_texts};
pub(crate) use tables::all as tables;
