//! JSON handlers of invoices.

use std::convert::identity;

use axum::extract::State;
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::currency::Currency;
use super::error::Error;
use super::lines::LineItem;
use super::model::{
    Client, CreateInvoice, ExternalId, Invoice, InvoiceFilter, InvoiceId, PayInvoice, Payment, PaymentId, Status, UpdateInvoice,
    VoidInvoice,
};
use super::upsert::UpsertInvoice;
use super::{service, store};
use crate::access::{Allowed, InvoicesRead, InvoicesWrite};
use crate::app::App;
use crate::audit::apply_batch;
use crate::trips::TripId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::db::{DbResult, Source};
use kit::http::route::{get, patch, post};
use kit::http::{
    ApiError, Batch, BatchResult, Body, Created, IdempotentBody, IfMatch, JsonOk, Known, Listing, NoFields, NoParameters, Page,
    Path, Revised, Routes, WithEtag,
};
use kit::text::{BadText, sentence};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Invoices",
        [
            get("/api/v1/ops/invoices", "List invoices", index).about("Lists the invoices that match the filters."),
            post("/api/v1/ops/invoices", "Create invoice", create)
                .about(
                    "Creates an invoice as a draft. If another invoice has the `externalId`, the answer is 409 and names it in \
                     `error.invoiceId`, so that nothing is billed twice.",
                )
                .conflicts(),
            get("/api/v1/ops/invoices/{id}", "Get invoice", show).about("Returns an invoice by its id."),
            get("/api/v1/ops/invoices/by-external-id/{externalId}", "Get invoice by external id", show_by_external_id)
                .about("Returns an invoice by its id in your accounting system."),
            patch("/api/v1/ops/invoices/{id}", "Update invoice", update)
                .about(
                    "Changes a draft. A field that is left out stays, and `null` removes an optional value. An invoice that \
                     was sent cannot be edited.",
                )
                .conflicts(),
            post("/api/v1/ops/invoices/batch", "Upsert invoices", upsert).about(BATCH).conflicts(),
            post("/api/v1/ops/invoices/{id}/send", "Send invoice", send)
                .about(
                    "Marks a draft as sent: from then on it can be paid, and cannot be edited. With a total of 0 it is paid at \
                     once. A second call changes nothing.",
                )
                .conflicts(),
            get("/api/v1/ops/invoices/{id}/payments", "List payments", payments).about("Lists the payments of an invoice."),
            post("/api/v1/ops/invoices/{id}/payments", "Record payment", pay)
                .about("Records a payment that was received, and returns the invoice. It is paid when nothing is left to pay.")
                .conflicts(),
            post("/api/v1/ops/invoices/{id}/void", "Void invoice", void)
                .about("Voids an invoice without payments. This is final. A second call changes nothing.")
                .conflicts(),
        ],
    )
}

const BATCH: &str = "Creates up to 500 invoices as drafts, each by its external id, or changes those that are drafts: a field that is \
    left out stays. An invoice that was sent, paid or voided stays as it is: an item that differs from it fails. Items are applied in \
    their order. An item that fails does not keep the others from being stored, unless the batch is atomic. The response is 200 even \
    if all items failed: look at `failed`. It is safe to send a batch again.";

/// An invoice. All amounts are in minor units of its currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invoice)]
pub(crate) struct InvoiceView {
    id: InvoiceId,
    /// The year of creation in the workspace's time zone and a counter without gaps: `INV-2026-0001`.
    number: String,
    client: Client,
    /// The trip that is billed.
    trip_id: Option<TripId>,
    currency: Currency,
    line_items: Vec<LineItem>,
    /// The sum of the lines' amounts, in minor units of the currency, such as cents.
    subtotal: i64,
    /// The amount to pay, in minor units of the currency. It equals the subtotal, as taxes and discounts are line items.
    total: i64,
    /// The sum of recorded payments, in minor units of the currency.
    amount_paid: i64,
    status: Status,
    /// The last day for payment.
    due_date: Day,
    notes: Option<String>,
    /// The id of the invoice in your accounting system.
    external_id: Option<String>,
    created_at: Time,
    updated_at: Time,
}

impl InvoiceView {
    fn new(invoice: Invoice, today: Day) -> Self {
        Self {
            status: invoice.status(today),
            subtotal: invoice.subtotal(),
            id: invoice.id,
            number: invoice.number,
            client: invoice.client,
            trip_id: invoice.trip_id,
            currency: invoice.currency,
            line_items: invoice.line_items,
            total: invoice.total,
            amount_paid: invoice.amount_paid,
            due_date: invoice.due_date,
            notes: invoice.notes,
            external_id: invoice.external_id,
            created_at: invoice.created_at,
            updated_at: invoice.updated_at,
        }
    }
}

/// A payment on an invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
struct PaymentView {
    id: PaymentId,
    invoice_id: InvoiceId,
    /// The amount in minor units of the currency.
    #[schema(minimum = 1)]
    amount: i64,
    /// The currency of the invoice.
    currency: Currency,
    /// The day of the payment.
    paid_on: Day,
    /// The payment reference of the bank or the client.
    reference: Option<String>,
    /// The time at which the payment was recorded.
    created_at: Time,
}

impl PaymentView {
    fn new(payment: Payment, currency: Currency) -> Self {
        let Payment { id, invoice: invoice_id, amount, paid_on, reference, created_at } = payment;
        Self { id, invoice_id, amount, currency, paid_on, reference, created_at }
    }
}

/// Returns those of these invoices that are there, each with its id.
pub(crate) async fn views(
    db: &impl Source,
    workspace: WorkspaceId,
    ids: Vec<InvoiceId>,
    today: Day,
) -> DbResult<impl Iterator<Item = (String, InvoiceView)>> {
    let invoices = store::list_by_id(db, workspace, ids).await?;
    Ok(invoices.into_iter().map(move |invoice| (invoice.id.to_string(), InvoiceView::new(invoice, today))))
}

async fn index(
    who: Allowed<InvoicesRead>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<InvoiceFilter>,
    known: Known,
) -> Result<WithEtag<Page<InvoiceView>>, ApiError> {
    let today = who.day_of(app.clock.now());
    let page = store::list(app.db.read(), who.workspace(), &filter, paging, today).await?;
    Ok(known.answer(page.map(|invoice| InvoiceView::new(invoice, today))).cached())
}

async fn show(
    who: Allowed<InvoicesRead>,
    State(app): State<App>,
    Path(id): Path<InvoiceId>,
    known: Known,
) -> Result<WithEtag<InvoiceView>, ApiError> {
    let invoice = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    Ok(known.answer(InvoiceView::new(invoice, who.day_of(app.clock.now()))).cached())
}

async fn show_by_external_id(
    who: Allowed<InvoicesRead>,
    State(app): State<App>,
    // A malformed external id is an invalid field and not a missing invoice.
    Path(external_id): Path<String>,
    known: Known,
) -> Result<WithEtag<InvoiceView>, ApiError> {
    let external_id: ExternalId =
        external_id.parse().map_err(|error: BadText| ApiError::invalid_field("externalId", sentence(format!("it {error}"))))?;
    let invoice = store::find_by_external_id(app.db.read(), who.workspace(), external_id.as_str()).await?;
    Ok(known.answer(InvoiceView::new(invoice.ok_or(Error::NotFound)?, who.day_of(app.clock.now()))).cached())
}

async fn create(
    who: Allowed<InvoicesWrite>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<CreateInvoice>,
) -> Result<Created<InvoiceView>, ApiError> {
    let mut tx = who.begin_idempotent(&app, idempotency_key).await?;
    let invoice = InvoiceView::new(service::create(&mut tx, input).await?, who.day_of(tx.now()));
    tx.commit_answering(201, &invoice).await?;
    Ok(Created(invoice))
}

async fn update(
    who: Allowed<InvoicesWrite>,
    State(app): State<App>,
    Path(id): Path<InvoiceId>,
    if_match: IfMatch,
    Body(input): Body<UpdateInvoice>,
) -> Result<Revised<InvoiceView>, ApiError> {
    let (workspace, today) = (who.workspace(), who.day_of(app.clock.now()));
    let precondition = if_match.on(move |tx| {
        Box::pin(async move {
            store::find(tx, workspace, id).await.map(|invoice| invoice.map(|invoice| InvoiceView::new(invoice, today)))
        })
    });
    let mut tx = who.begin_if(&app, precondition).await?;
    let invoice = InvoiceView::new(service::update(&mut tx, id, input).await?, who.day_of(tx.now()));
    tx.commit_answering(200, &invoice).await?;
    Ok(Revised::new(invoice))
}

async fn send(
    who: Allowed<InvoicesWrite>,
    State(app): State<App>,
    Path(id): Path<InvoiceId>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<JsonOk<InvoiceView>, ApiError> {
    let mut tx = who.begin(&app).await?;
    let invoice = InvoiceView::new(service::send(&mut tx, id).await?, who.day_of(tx.now()));
    tx.commit().await?;
    Ok(JsonOk(invoice))
}

async fn payments(
    who: Allowed<InvoicesRead>,
    State(app): State<App>,
    Path(id): Path<InvoiceId>,
    Listing { filter: NoParameters {}, paging }: Listing<NoParameters>,
    known: Known,
) -> Result<WithEtag<Page<PaymentView>>, ApiError> {
    let invoice = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    let page = store::list_payments(app.db.read(), who.workspace(), invoice.id, paging).await?;
    Ok(known.answer(page.map(|payment| PaymentView::new(payment, invoice.currency))).cached())
}

async fn pay(
    who: Allowed<InvoicesWrite>,
    State(app): State<App>,
    Path(id): Path<InvoiceId>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<PayInvoice>,
) -> Result<Created<InvoiceView>, ApiError> {
    let mut tx = who.begin_idempotent(&app, idempotency_key).await?;
    let invoice = InvoiceView::new(service::pay(&mut tx, id, input).await?, who.day_of(tx.now()));
    tx.commit_answering(201, &invoice).await?;
    Ok(Created(invoice))
}

async fn void(
    who: Allowed<InvoicesWrite>,
    State(app): State<App>,
    Path(id): Path<InvoiceId>,
    Body(input): Body<VoidInvoice>,
) -> Result<JsonOk<InvoiceView>, ApiError> {
    let mut tx = who.begin(&app).await?;
    let invoice = InvoiceView::new(service::void(&mut tx, id, input).await?, who.day_of(tx.now()));
    tx.commit().await?;
    Ok(JsonOk(invoice))
}

async fn upsert(
    who: Allowed<InvoicesWrite>,
    State(app): State<App>,
    batch: Batch<UpsertInvoice>,
) -> Result<JsonOk<BatchResult<InvoiceView>>, ApiError> {
    let today = who.day_of(app.clock.now());
    let view = |invoice| InvoiceView::new(invoice, today);
    apply_batch(&app, who.batch_author(&app), batch, |tx, invoice| service::upsert(tx, invoice).boxed(), view, identity).await
}
