//! An invoice and the inputs that change it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::currency::Currency;
use super::lines::{self, LineItem, NewLine};
use crate::members::Email;
use crate::trips::TripId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::http::{Check, FieldErrors, present};
use kit::text::{Identifier, Line, MultilineText};

kit::ids! {
    InvoiceId = "inv";
    PaymentId = "pay";
}

kit::string_enum! {
    /// The stage of an invoice, as it is stored.
    Stage as InvoiceStage {
        /// The invoice can be edited.
        Draft = "draft",
        /// The client has the invoice.
        Sent = "sent",
        /// The total is paid.
        Paid = "paid",
        /// The invoice was called off.
        Void = "void",
    }
}

kit::string_enum! {
    /// The status of an invoice.
    Status as InvoiceStatus {
        /// The invoice can be edited.
        Draft = "draft",
        /// The client has the invoice, and it is not past due.
        Sent = "sent",
        /// The client has the invoice, and it is past its due date in the workspace's time zone.
        Overdue = "overdue",
        /// The total is paid.
        Paid = "paid",
        /// The invoice was called off.
        Void = "void",
    }
}

/// The client who is billed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = InvoiceClient)]
pub struct Client {
    /// The client's name.
    pub name: String,
    /// The client's email address.
    pub email: Option<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Invoice {
    pub id: InvoiceId,
    pub workspace: WorkspaceId,
    pub number: String,
    pub client: Client,
    pub trip_id: Option<TripId>,
    pub currency: Currency,
    pub line_items: Vec<LineItem>,
    pub total: i64,
    pub amount_paid: i64,
    pub stage: Stage,
    pub due_date: Day,
    pub notes: Option<String>,
    pub external_id: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

/// A payment that was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    pub id: PaymentId,
    pub invoice: InvoiceId,
    pub amount: i64,
    pub paid_on: Day,
    pub reference: Option<String>,
    pub created_at: Time,
}

/// Formats an invoice number with at least four digits: `INV-2026-0001`.
pub(super) fn number(year: i16, count: i64) -> String {
    format!("INV-{year}-{count:04}")
}

/// The client who is billed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvoiceClient)]
pub struct NewClient {
    /// The client's name.
    pub name: Line<1, 200>,
    /// The client's email address.
    #[serde(default)]
    pub email: Option<Email>,
}

impl From<NewClient> for Client {
    fn from(NewClient { name, email }: NewClient) -> Self {
        Self { name: name.into_string(), email: email.map(Email::into_string) }
    }
}

/// Notes on an invoice, for the client.
pub type Notes = MultilineText<0, 4000>;
/// The id of an invoice in another system, compared exactly.
pub type ExternalId = Identifier<1, 200>;

/// A new invoice. It begins as a draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateInvoice {
    /// The client who is billed.
    pub client: NewClient,
    /// The trip that is billed.
    #[serde(default)]
    pub trip_id: Option<TripId>,
    /// The currency of every amount.
    pub currency: Currency,
    /// 1 to 200 line items, with a total of 0 or more.
    #[schema(min_items = 1, max_items = 200)]
    pub line_items: Vec<NewLine>,
    /// The last day for payment.
    pub due_date: Day,
    /// Notes for the client.
    #[serde(default)]
    pub notes: Option<Notes>,
    /// The id of the invoice in your accounting system; unique in the workspace.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
}

impl Check for CreateInvoice {
    fn check(&self, faults: &mut FieldErrors) {
        lines::check(&self.line_items, faults);
    }
}

/// Changes to a draft; a field that is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateInvoice {
    /// The new client; replaces name and email.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NewClient, required = false)]
    pub client: Option<NewClient>,
    /// The trip that is billed; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<TripId>)]
    pub trip_id: Option<Option<TripId>>,
    /// The new currency. Prices keep their numbers.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Currency, required = false)]
    pub currency: Option<Currency>,
    /// The new line items; they replace all existing ones.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<NewLine>, required = false, min_items = 1, max_items = 200)]
    pub line_items: Option<Vec<NewLine>>,
    /// The new last day for payment.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Day, required = false)]
    pub due_date: Option<Day>,
    /// Notes for the client; `null` removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
    /// The id of the invoice in your accounting system; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ExternalId>)]
    pub external_id: Option<Option<ExternalId>>,
}

impl Check for UpdateInvoice {
    fn check(&self, faults: &mut FieldErrors) {
        if let Some(lines) = &self.line_items {
            lines::check(lines, faults);
        }
    }
}

/// A payment that was received.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayInvoice {
    /// Minor units of the invoice's currency, from 1 to the unpaid amount.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub amount: i64,
    /// The day of the payment, not later than today anywhere on Earth; today in the workspace's time zone if left out.
    #[serde(default)]
    pub paid_on: Option<Day>,
    /// The payment reference of the bank or the client.
    #[serde(default)]
    pub reference: Option<Line<1, 200>>,
}

impl Check for PayInvoice {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require((1..=lines::LARGEST).contains(&self.amount), "amount", "Give minor units, 1 or more.");
    }
}

/// The input for voiding an invoice.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidInvoice {
    /// The reason, for the audit log.
    #[serde(default)]
    pub reason: Option<MultilineText<0, 500>>,
}

impl Check for VoidInvoice {}

/// A filter on invoices.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InvoiceFilter {
    /// Only invoices with this status; `sent` excludes overdue invoices.
    pub status: Option<Status>,
    /// Only invoices whose client's name or email contains this text, in whatever case and script.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub client: Option<Line<1, 200>>,
    /// Only the invoice with this external id.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub external_id: Option<ExternalId>,
    /// Only invoices that are due on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    pub due_from: Option<Day>,
    /// Only invoices that are due on this day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    pub due_to: Option<Day>,
}

impl Check for InvoiceFilter {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["due_from", "due_to"], self.due_from, self.due_to);
    }
}
