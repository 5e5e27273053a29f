//! The page of one invoice.

use std::borrow::Borrow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::labels;
use crate::access::{InvoicesRead, PageSession};
use crate::app::App;
use crate::audit::{Disclosure, Provenance, provenance};
use crate::frame::{Frame, MenuEntry};
use crate::invoices::error::Error;
use crate::invoices::model::{Invoice, InvoiceId, Payment};
use crate::invoices::store;
use crate::scopes::{Module, Scope};
use kit::http::route::page;
use kit::http::{ApiError, Paging, Path, Route};
use kit::page::{Badge, html};

/// The largest number of payments on the page. The API lists all.
const PAYMENTS: u32 = 50;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/invoices/{id}", "Invoice page", show)]
}

#[derive(Template)]
#[template(path = "invoices/show.html")]
struct InvoicePage {
    frame: Frame,
    status: Badge,
    invoice: Invoice,
    payments: Vec<Payment>,
    has_more_payments: bool,
    /// True if the member may see trips.
    sees_trips: bool,
    provenance: Provenance,
}

impl InvoicePage {
    /// Formats an amount in minor units.
    fn amount(&self, minor_units: impl Borrow<i64>) -> String {
        self.invoice.currency.amount(*minor_units.borrow())
    }
}

async fn show(who: PageSession<InvoicesRead>, State(app): State<App>, Path(id): Path<InvoiceId>) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let invoice = store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let frame = who.frame(&app, &invoice.number, MenuEntry::Invoices);
    let payments = store::list_payments(db, workspace, id, Paging::page(1, PAYMENTS).within(PAYMENTS.into())).await?;
    Ok(html(&InvoicePage {
        provenance: provenance(db, workspace, &id.to_string(), (frame.role, Disclosure::Everything)).await?,
        status: labels::status(invoice.status(frame.at.today())),
        has_more_payments: payments.next().is_some(),
        payments: payments.items,
        sees_trips: who.may(Scope::read(Module::Trips)),
        frame,
        invoice,
    }))
}
