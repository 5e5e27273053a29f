//! An invoice and what may be asked of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::currency::Currency;
use super::lines::{self, LineItem, NewLine};
use crate::members::Email;
use crate::trips::TripId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::http::{Check, Faults, present};
use kit::text::{Line, MultilineText};

kit::ids! {
    /// An invoice.
    InvoiceId = "inv";
    /// A payment.
    PaymentId = "pay";
}

kit::string_enum! {
    /// How far an invoice is, as it is stored.
    Stage as InvoiceStage {
        /// Can be edited.
        Draft = "draft",
        /// With the client.
        Sent = "sent",
        /// Nothing is left to pay.
        Paid = "paid",
        /// Called off.
        Void = "void",
    }
}

kit::string_enum! {
    /// How far an invoice is.
    Status as InvoiceStatus {
        /// Can be edited.
        Draft = "draft",
        /// With the client, and not due yet.
        Sent = "sent",
        /// With the client, past its due date (UTC).
        Overdue = "overdue",
        /// Nothing is left to pay.
        Paid = "paid",
        /// Called off.
        Void = "void",
    }
}

/// Who owes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = InvoiceClient)]
pub struct Client {
    /// Their name.
    pub name: String,
    /// Where the invoice goes.
    pub email: Option<String>,
}

/// An invoice as it is kept.
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

/// `INV-2026-0001`: four digits, or as many as it takes.
pub(super) fn number(year: i16, count: i64) -> String {
    format!("INV-{year}-{count:04}")
}

/// Who is to pay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvoiceClient)]
pub struct NewClient {
    /// Their name.
    pub name: Line<1, 200>,
    /// Where the invoice goes.
    #[serde(default)]
    pub email: Option<Email>,
}

impl From<NewClient> for Client {
    fn from(NewClient { name, email }: NewClient) -> Self {
        Self { name: name.into_string(), email: email.map(Email::into_string) }
    }
}

/// What is written on an invoice beside its lines.
pub type Notes = MultilineText<0, 4000>;
/// The number another system gave it.
pub type ExternalId = Line<1, 200>;

/// A new invoice: a draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateInvoice {
    /// Who is to pay.
    pub client: NewClient,
    /// The trip it is for.
    #[serde(default)]
    pub trip_id: Option<TripId>,
    /// Of every amount in it.
    pub currency: Currency,
    /// For what: 1 to 200 lines. Together they come to 0 or more.
    #[schema(min_items = 1, max_items = 200)]
    pub line_items: Vec<NewLine>,
    /// The last day to pay.
    pub due_date: Day,
    /// For the client to read.
    #[serde(default)]
    pub notes: Option<Notes>,
    /// The accounting system's own number, unique in the workspace.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
}

impl Check for CreateInvoice {
    fn check(&self, faults: &mut Faults) {
        lines::check(&self.line_items, faults);
    }
}

/// Changes to a draft.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateInvoice {
    /// Another client, whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NewClient, required = false)]
    pub client: Option<NewClient>,
    /// Another trip; `null`: none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<TripId>)]
    pub trip_id: Option<Option<TripId>>,
    /// Another currency; prices stay the same numbers.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Currency, required = false)]
    pub currency: Option<Currency>,
    /// Other lines instead of all there were.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<NewLine>, required = false, min_items = 1, max_items = 200)]
    pub line_items: Option<Vec<NewLine>>,
    /// Another last day to pay.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Day, required = false)]
    pub due_date: Option<Day>,
    /// Other notes; `null` removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
    /// Another number of the accounting system; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ExternalId>)]
    pub external_id: Option<Option<ExternalId>>,
}

impl Check for UpdateInvoice {
    fn check(&self, faults: &mut Faults) {
        if let Some(lines) = &self.line_items {
            lines::check(lines, faults);
        }
    }
}

/// Money that came in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayInvoice {
    /// Minor units of the invoice's currency, from 1 to what is left to pay.
    #[schema(minimum = 1)]
    pub amount: i64,
    /// The day it came in; left out: today (UTC).
    #[serde(default)]
    pub paid_on: Option<Day>,
    /// The bank's or the client's word for it.
    #[serde(default)]
    pub reference: Option<Line<1, 200>>,
}

impl Check for PayInvoice {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.amount >= 1, "amount", "Give minor units, 1 or more.");
    }
}

/// Why an invoice is called off.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidInvoice {
    /// For the record.
    #[serde(default)]
    pub reason: Option<MultilineText<0, 500>>,
}

impl Check for VoidInvoice {}

/// Which invoices to list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InvoiceFilter {
    /// Only invoices in this state; `sent` are those that are not overdue.
    pub status: Option<Status>,
    /// Only invoices whose client's name or email contains this, in capitals or not.
    #[param(value_type = Option<String>, max_length = 200)]
    pub client: Option<Line<0, 200>>,
    /// Only what is due on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    pub due_from: Option<Day>,
    /// Only what is due on this day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    pub due_to: Option<Day>,
}
