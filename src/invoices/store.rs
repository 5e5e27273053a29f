//! The queries on invoices and payments.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::model::{Client, Invoice, InvoiceFilter, InvoiceId, Payment, Stage, Status};
use super::tables::invoice::{Column, Entity, Model};
use super::tables::payment;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::db::{Db, DbResult, Derived, Source, find_row, find_rows, find_tuples, page, refresh, rows_of, update_row};
use kit::http::{Page, Paging};
use kit::text::{Line, folded};

/// The text for search is derived from a row by its last change.
const SEARCH_TEXT: Derived<Column> =
    Derived { marker: Column::SearchTextOf, version: Column::UpdatedAt, index: [Column::WorkspaceId, Column::Id] };

/// Rows whose text for search one transaction derives.
const BATCH: u64 = 200;

pub(super) async fn insert(db: &impl ConnectionTrait, invoice: &Invoice) -> DbResult<()> {
    Entity::insert(row_of(invoice)?.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Writes all columns but the time of the event that it is overdue, which [`set_overdue_recorded`] sets.
pub(super) async fn set(db: &impl ConnectionTrait, invoice: &Invoice) -> DbResult<()> {
    let mut row = row_of(invoice)?.into_active_model().reset_all();
    row.overdue_recorded_at = ActiveValue::NotSet;
    update_row(db, row).await
}

pub(super) async fn insert_payment(db: &impl ConnectionTrait, payment: payment::Model) -> DbResult<()> {
    payment::Entity::insert(payment.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Returns a part of an invoice's payments, the newest first.
pub(super) async fn list_payments(
    db: &impl Source,
    workspace: WorkspaceId,
    invoice: InvoiceId,
    paging: Paging,
) -> DbResult<Page<Payment>> {
    use payment::Column;
    let of_invoice = payment::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::InvoiceId.eq(invoice));
    page(db, of_invoice, [Column::CreatedAt, Column::Id], paging, |row| Ok(payment_of(row))).await
}

pub(super) async fn find(db: &impl Source, workspace: WorkspaceId, id: InvoiceId) -> DbResult<Option<Invoice>> {
    let row = find_row(db, Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace))).await?;
    row.map(invoice_of).transpose()
}

pub(super) async fn find_by_external_id(
    db: &impl Source,
    workspace: WorkspaceId,
    external_id: &str,
) -> DbResult<Option<Invoice>> {
    let named = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::ExternalId.eq(external_id));
    find_row(db, named).await?.map(invoice_of).transpose()
}

/// Returns a part of a workspace's invoices, the newest first.
pub(super) async fn list(
    db: &impl Source,
    workspace: WorkspaceId,
    filter: &InvoiceFilter,
    paging: Paging,
    today: Day,
) -> DbResult<Page<Invoice>> {
    let condition = Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add_option(filter.status.map(|status| is(status, today)))
        .add_option(filter.client.as_ref().map(Line::as_str).map(is_for))
        .add_option(filter.external_id.as_ref().map(|id| Column::ExternalId.eq(id.as_str())))
        .add_option(filter.due_from.map(|day| Column::DueDate.gte(day)))
        .add_option(filter.due_to.map(|day| Column::DueDate.lte(day)));
    page(db, Entity::find().filter(condition), [Column::CreatedAt, Column::Id], paging, invoice_of).await
}

/// Lists those of these invoices that are there.
pub(super) async fn list_by_id(db: &impl Source, workspace: WorkspaceId, ids: Vec<InvoiceId>) -> DbResult<Vec<Invoice>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mine = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.is_in(ids));
    find_rows(db, mine).await?.into_iter().map(invoice_of).collect()
}

/// Lists up to `limit` invoices of a workspace that are overdue, the latest due first.
pub async fn list_overdue(db: &impl Source, workspace: WorkspaceId, today: Day, limit: u64) -> DbResult<Vec<Invoice>> {
    let overdue = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is(Status::Overdue, today));
    let rows = rows_of(db, overdue.order_by_desc(Column::DueDate).limit(limit)).await?;
    rows.into_iter().map(invoice_of).collect()
}

/// The condition of invoices that are overdue on this day, without an event that says so.
fn overdue_unrecorded(today: Day) -> Condition {
    is(Status::Overdue, today).add(Column::OverdueRecordedAt.is_null())
}

/// Lists the workspaces that may have invoices of [`overdue_unrecorded`].
pub(super) async fn with_overdue_unrecorded(db: &impl Source, today: Day) -> DbResult<Vec<WorkspaceId>> {
    let workspaces = Entity::find().select_only().column(Column::WorkspaceId).filter(overdue_unrecorded(today));
    Ok(find_tuples::<_, (WorkspaceId,)>(db, workspaces.distinct()).await?.into_iter().map(|(id,)| id).collect())
}

/// Lists up to `limit` invoices of a workspace that are overdue without an event that says so, the longest overdue first.
pub(super) async fn list_overdue_unrecorded(
    db: &impl Source,
    workspace: WorkspaceId,
    today: Day,
    limit: u64,
) -> DbResult<Vec<Invoice>> {
    let overdue = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(overdue_unrecorded(today));
    let rows = find_rows(db, overdue.order_by_asc(Column::DueDate).order_by_asc(Column::Id).limit(limit)).await?;
    rows.into_iter().map(invoice_of).collect()
}

/// Notes that the events of overdue invoices are recorded.
pub(super) async fn set_overdue_recorded(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    invoices: &[Invoice],
    now: Time,
) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::OverdueRecordedAt, Expr::value(now));
    let ids = invoices.iter().map(|invoice| invoice.id);
    update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.is_in(ids)).exec(db).await.map(|_| ())
}

fn is(status: Status, today: Day) -> Condition {
    let at = |stage: Stage| Condition::all().add(Column::Status.eq(stage));
    match status {
        Status::Draft => at(Stage::Draft),
        Status::Sent => at(Stage::Sent).add(Column::DueDate.gte(today)),
        Status::Overdue => at(Stage::Sent).add(Column::DueDate.lt(today)),
        Status::Paid => at(Stage::Paid),
        Status::Void => at(Stage::Void),
    }
}

/// A condition on the client's name or email.
fn is_for(text: &str) -> Condition {
    SEARCH_TEXT.finds(text, Column::SearchText, &[Column::ClientName, Column::ClientEmail])
}

fn search_text(name: &str, email: Option<&str>) -> String {
    [name, email.unwrap_or_default()].map(folded).join("\n")
}

/// Derives texts for search that a node of an earlier version has not written, a batch of them. Returns whether there may be more.
pub async fn refresh_search_texts(db: &Db) -> DbResult<bool> {
    let derive = |row: &Model| vec![(Column::SearchText, search_text(&row.client_name, row.client_email.as_deref()))];
    refresh::<Entity>(db, SEARCH_TEXT, BATCH, derive).await
}

/// Deletes up to `limit` invoices of a workspace, with their payments, for the reset of a sandbox. Returns their number.
pub async fn delete_some(db: &impl ConnectionTrait, workspace: WorkspaceId, limit: u64) -> DbResult<u64> {
    let some = Query::select().column(Column::Id).from(Entity).and_where(Column::WorkspaceId.eq(workspace)).limit(limit).take();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(some)).exec(db).await?.rows_affected)
}

fn row_of(invoice: &Invoice) -> DbResult<Model> {
    Ok(Model {
        id: invoice.id,
        workspace_id: invoice.workspace,
        number: invoice.number.clone(),
        client_name: invoice.client.name.clone(),
        client_email: invoice.client.email.clone(),
        trip_id: invoice.trip_id,
        currency: invoice.currency.as_str().to_owned(),
        line_items: serde_json::to_value(&invoice.line_items).map_err(|error| DbErr::Json(error.to_string()))?,
        total: invoice.total,
        amount_paid: invoice.amount_paid,
        status: invoice.stage,
        due_date: invoice.due_date,
        notes: invoice.notes.clone(),
        external_id: invoice.external_id.clone(),
        search_text: Some(search_text(&invoice.client.name, invoice.client.email.as_deref())),
        search_text_of: Some(invoice.updated_at),
        created_at: invoice.created_at,
        updated_at: invoice.updated_at,
        overdue_recorded_at: None,
    })
}

fn payment_of(row: payment::Model) -> Payment {
    let payment::Model { id, invoice_id: invoice, amount, paid_on, reference, created_at, .. } = row;
    Payment { id, invoice, amount, paid_on, reference, created_at }
}

fn invoice_of(row: Model) -> DbResult<Invoice> {
    let broken = |what: &str| DbErr::Type(format!("invoice {}: {what}", row.id));
    Ok(Invoice {
        currency: row.currency.parse().map_err(|_| broken("currency"))?,
        stage: row.status,
        line_items: serde_json::from_value(row.line_items).map_err(|_| broken("line items"))?,
        id: row.id,
        workspace: row.workspace_id,
        number: row.number,
        client: Client { name: row.client_name, email: row.client_email },
        trip_id: row.trip_id,
        total: row.total,
        amount_paid: row.amount_paid,
        due_date: row.due_date,
        notes: row.notes,
        external_id: row.external_id,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
