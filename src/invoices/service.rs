//! Use cases of invoices, each within an [`AuditedTx`] that the caller begins and commits.

use serde_json::{Value, json};

use super::error::Error;
use super::lifecycle::StageChange;
use super::lines::{self, LineItem, NewLine};
use super::model::{CreateInvoice, Invoice, InvoiceId, PayInvoice, PaymentId, Stage, UpdateInvoice, VoidInvoice, number};
use super::store;
use super::tables::payment;
use super::upsert::UpsertInvoice;
use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind, and_rewritten, changed_fields, differences, unrepeated};
use crate::trips::{self, TripId};
use crate::workspaces;
use kit::day::Day;
use kit::http::Put;
use kit::text::{Identifier, Line, kept};

pub async fn create(tx: &mut AuditedTx, input: CreateInvoice) -> Result<Invoice, Error> {
    let (now, workspace) = (tx.now(), tx.workspace());
    let (line_items, total) = price(input.line_items)?;
    require_trip(tx, input.trip_id).await?;
    let external_id = input.external_id.map(Identifier::into_string);
    require_free(tx, external_id.as_deref(), None).await?;
    let year = workspaces::day_of(tx.db(), workspace, now).await?.year();
    let count = workspaces::next_number(tx.db(), workspace, &format!("INV-{year}")).await?;
    let invoice = Invoice {
        id: InvoiceId::new(now, tx.random()),
        workspace,
        number: number(year, count),
        client: input.client.into(),
        trip_id: input.trip_id,
        currency: input.currency,
        line_items,
        total,
        amount_paid: 0,
        stage: Stage::Draft,
        due_date: input.due_date,
        notes: kept(input.notes),
        external_id,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx.db(), &invoice).await?;
    let mut details = event_fields(&invoice);
    details["client"] = unrepeated(Some(&invoice.client));
    details["notes"] = unrepeated(invoice.notes.as_ref());
    tx.record(Action::InvoiceCreated, Some(target(&invoice)), details);
    publish(tx, EventType::InvoiceCreated, &invoice, None).await?;
    Ok(invoice)
}

/// Changes a draft. Writes and records nothing if nothing differs.
pub(super) async fn update(tx: &mut AuditedTx, id: InvoiceId, input: UpdateInvoice) -> Result<Invoice, Error> {
    let old = get(tx, id).await?;
    old.require_draft()?;
    change(tx, old, input).await
}

/// Creates the invoice with the external id of `input`, or changes it while it is a draft. Of any other invoice nothing may differ.
pub(super) async fn upsert(tx: &mut AuditedTx, input: UpsertInvoice) -> Result<Put<Invoice>, Error> {
    match store::find_by_external_id(tx.db(), tx.workspace(), input.external_id.as_str()).await? {
        None => create(tx, input.into()).await.map(Put::Created),
        Some(old) => change(tx, old, input.into()).await.map(Put::Replaced),
    }
}

async fn change(tx: &mut AuditedTx, old: Invoice, input: UpdateInvoice) -> Result<Invoice, Error> {
    let mut invoice = old.clone();
    if let Some(lines) = input.line_items {
        (invoice.line_items, invoice.total) = price(lines)?;
    }
    if let Some(trip) = input.trip_id {
        require_trip(tx, trip).await?;
        invoice.trip_id = trip;
    }
    if let Some(external_id) = input.external_id {
        invoice.external_id = external_id.map(Identifier::into_string);
        require_free(tx, invoice.external_id.as_deref(), Some(old.id)).await?;
    }
    if let Some(notes) = input.notes {
        invoice.notes = kept(notes);
    }
    invoice.client = input.client.map_or(invoice.client, Into::into);
    invoice.currency = input.currency.unwrap_or(invoice.currency);
    invoice.due_date = input.due_date.unwrap_or(invoice.due_date);
    let Some(changes) = changes(&old, &invoice) else { return Ok(old) };
    old.require_draft()?;
    let fields = changed_fields(&changes);
    write(tx, &mut invoice, Action::InvoiceUpdated, changes).await?;
    publish(tx, EventType::InvoiceUpdated, &invoice, Some(fields)).await?;
    Ok(invoice)
}

/// Sends a draft: from then on it can be paid and not edited. A second call changes nothing.
pub async fn send(tx: &mut AuditedTx, id: InvoiceId) -> Result<Invoice, Error> {
    let mut invoice = get(tx, id).await?;
    if invoice.send()? == StageChange::Made {
        let details = event_fields(&invoice);
        write(tx, &mut invoice, Action::InvoiceSent, details).await?;
        publish(tx, paid_or(EventType::InvoiceSent, &invoice), &invoice, None).await?;
    }
    Ok(invoice)
}

/// Records a payment. The invoice is paid when nothing is left to pay.
pub async fn pay(tx: &mut AuditedTx, id: InvoiceId, input: PayInvoice) -> Result<Invoice, Error> {
    let now = tx.now();
    let paid_on = match input.paid_on {
        // The bank may be in another time zone, where the next day has begun already.
        Some(day) if day > Day::latest(now) => return Err(Error::NotYet),
        Some(day) => day,
        None => workspaces::day_of(tx.db(), tx.workspace(), now).await?,
    };
    let mut invoice = get(tx, id).await?;
    invoice.pay(input.amount)?;
    let payment = payment::Model {
        id: PaymentId::new(now, tx.random()),
        workspace_id: tx.workspace(),
        invoice_id: id,
        amount: input.amount,
        paid_on,
        reference: input.reference.map(Line::into_string),
        created_at: now,
    };
    let details = json!({
        "paymentId": payment.id,
        "amount": payment.amount,
        "currency": invoice.currency,
        "paidOn": payment.paid_on,
        "reference": unrepeated(payment.reference.as_ref()),
        "remaining": invoice.remaining(),
    });
    store::insert_payment(tx.db(), payment).await?;
    write(tx, &mut invoice, Action::InvoicePaymentRecorded, details).await?;
    publish(tx, paid_or(EventType::InvoicePaymentRecorded, &invoice), &invoice, None).await?;
    Ok(invoice)
}

/// Voids an invoice without payments. A second call changes nothing.
pub(super) async fn void(tx: &mut AuditedTx, id: InvoiceId, input: VoidInvoice) -> Result<Invoice, Error> {
    let mut invoice = get(tx, id).await?;
    if invoice.void()? == StageChange::Made {
        let reason = kept(input.reason);
        write(tx, &mut invoice, Action::InvoiceVoided, json!({ "reason": reason })).await?;
        publish(tx, EventType::InvoiceVoided, &invoice, None).await?;
    }
    Ok(invoice)
}

async fn get(tx: &AuditedTx, id: InvoiceId) -> Result<Invoice, Error> {
    store::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)
}

async fn write(tx: &mut AuditedTx, invoice: &mut Invoice, action: Action, details: Value) -> Result<(), Error> {
    invoice.updated_at = tx.now();
    store::set(tx.db(), invoice).await?;
    tx.record(action, Some(target(invoice)), details);
    Ok(())
}

/// Returns the type of an event after which the invoice may be paid: then that is the type.
fn paid_or(event_type: EventType, invoice: &Invoice) -> EventType {
    match invoice.stage {
        Stage::Paid => EventType::InvoicePaid,
        Stage::Draft | Stage::Sent | Stage::Void => event_type,
    }
}

/// Publishes the event that was recorded last. A change of the invoice has the names of `changed` fields.
async fn publish(
    tx: &mut AuditedTx,
    event_type: EventType,
    invoice: &Invoice,
    changed: Option<Vec<String>>,
) -> Result<(), Error> {
    if tx.receives(event_type) {
        let today = workspaces::day_of(tx.db(), tx.workspace(), tx.now()).await?;
        tx.publish(event_type, || {
            let mut data = payload(invoice, today);
            if let Some(changed) = changed {
                data["changed"] = changed.into();
            }
            data
        });
    }
    Ok(())
}

fn price(lines: Vec<NewLine>) -> Result<(Vec<LineItem>, i64), Error> {
    let lines = lines::price(lines).map_err(Error::Lines)?;
    let total = lines.iter().map(|line| line.amount).sum();
    Ok((lines, total))
}

async fn require_trip(tx: &AuditedTx, trip: Option<TripId>) -> Result<(), Error> {
    match trip {
        Some(id) if trips::find(tx.db(), tx.workspace(), id).await?.is_none() => Err(Error::NoSuchTrip(id)),
        _ => Ok(()),
    }
}

/// Fails if another invoice has the external id. No other transaction writes in the workspace while an [`AuditedTx`] is open.
async fn require_free(tx: &AuditedTx, external_id: Option<&str>, except: Option<InvoiceId>) -> Result<(), Error> {
    let Some(external_id) = external_id else { return Ok(()) };
    match store::find_by_external_id(tx.db(), tx.workspace(), external_id).await? {
        Some(Invoice { id, number, .. }) if Some(id) != except => {
            Err(Error::ExternalIdTaken { external_id: external_id.to_owned(), id, number })
        }
        _ => Ok(()),
    }
}

pub(super) fn target(invoice: &Invoice) -> Target {
    Target::new(TargetKind::Invoice, invoice.id, &invoice.number)
}

/// Returns the data of a payload; `today` decides whether the invoice is overdue.
pub(super) fn payload(invoice: &Invoice, today: Day) -> Value {
    json!({
        "invoice_id": invoice.id,
        "external_id": invoice.external_id,
        "number": invoice.number,
        "status": invoice.status(today),
        "client_name": invoice.client.name,
        "trip_id": invoice.trip_id,
        "currency": invoice.currency,
        "subtotal": invoice.subtotal(),
        "total": invoice.total,
        "amount_paid": invoice.amount_paid,
        "due_date": invoice.due_date,
    })
}

fn event_fields(invoice: &Invoice) -> Value {
    json!({
        "tripId": invoice.trip_id,
        "currency": invoice.currency,
        "total": invoice.total,
        "dueDate": invoice.due_date,
        "externalId": invoice.external_id,
    })
}

/// Returns the changed fields. Lines are long, client and notes name people: of them only the fact of a change is recorded.
fn changes(old: &Invoice, new: &Invoice) -> Option<Value> {
    let texts = [
        ("client", old.client != new.client),
        ("lineItems", old.line_items != new.line_items),
        ("notes", old.notes != new.notes),
    ];
    and_rewritten(differences(&event_fields(old), &event_fields(new)), texts)
}
