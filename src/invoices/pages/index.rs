//! The list of invoices. Filters and page are in its address.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::labels;
use crate::access::{InvoicesRead, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::invoices::model::{Invoice, InvoiceFilter, Status};
use crate::invoices::store;
use kit::http::route::page;
use kit::http::{ApiError, Page, Paging, Route};
use kit::page::{Asked, Badge, Choice, ListFilters, Pager, html_with};

/// Rows of one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/invoices", "Invoices page", index)]
}

#[derive(Template)]
#[template(path = "invoices/index.html")]
struct InvoicesPage {
    frame: Frame,
    filters: ListFilters,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    status: Badge,
    total: String,
    /// The unpaid amount of an invoice that the client has.
    open: Option<String>,
    invoice: Invoice,
}

impl InvoicesPage {
    fn statuses(&self) -> Vec<Choice> {
        self.filters.choices("status", Status::ALL, Status::as_str, labels::title)
    }
}

async fn index(who: PageSession<InvoicesRead>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "Invoices", MenuEntry::Invoices);
    let today = frame.at.today();
    let mut filters = ListFilters::new(&asked, &["client", "status", "due_from", "due_to"]);
    let (due_from, due_to) = filters.days(["due_from", "due_to"]);
    let (status, client) = (filters.word("status"), filters.search("client"));
    let filter = InvoiceFilter { status, client, due_from, due_to, ..InvoiceFilter::default() };
    let page = if filters.faults.is_empty() {
        store::list(app.db.read(), who.workspace(), &filter, filters.paging(PAGE), today).await?
    } else {
        Page::new(Vec::new(), Some(0), Paging::page(1, PAGE), None)
    };
    let pager = Pager::new(&page, filters.fields(), "invoice");
    let row = |invoice: Invoice| {
        let status = invoice.status(today);
        let is_open = matches!(status, Status::Sent | Status::Overdue);
        Row {
            status: labels::status(status),
            total: invoice.currency.amount(invoice.total),
            open: is_open.then(|| invoice.currency.amount(invoice.remaining())),
            invoice,
        }
    };
    let rows = page.items.into_iter().map(row).collect();
    let status = if filters.faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok(html_with(status, &InvoicesPage { frame, filters, rows, pager }))
}
