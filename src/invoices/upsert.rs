//! An item of a batch of invoices.

use serde::Deserialize;
use utoipa::ToSchema;

use super::currency::Currency;
use super::lines::{self, NewLine};
use super::model::{CreateInvoice, ExternalId, NewClient, Notes, UpdateInvoice};
use crate::trips::TripId;
use kit::day::Day;
use kit::http::{BatchItem, Check, FieldErrors, present};

/// A new invoice, or changes to the draft with this external id. Of a draft that exists, a field that is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpsertInvoice {
    /// The id of the invoice in your accounting system.
    pub external_id: ExternalId,
    /// The client who is billed; replaces name and email.
    pub client: NewClient,
    /// The trip that is billed; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<TripId>)]
    pub trip_id: Option<Option<TripId>>,
    /// The currency of every amount.
    pub currency: Currency,
    /// 1 to 200 line items, with a total of 0 or more; they replace all existing ones.
    #[schema(min_items = 1, max_items = 200)]
    pub line_items: Vec<NewLine>,
    /// The last day for payment.
    pub due_date: Day,
    /// Notes for the client; `null` removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
}

impl BatchItem for UpsertInvoice {
    const KEY: &'static str = "externalId";

    fn key(&self) -> &str {
        self.external_id.as_str()
    }
}

impl Check for UpsertInvoice {
    fn check(&self, faults: &mut FieldErrors) {
        lines::check(&self.line_items, faults);
    }
}

impl From<UpsertInvoice> for CreateInvoice {
    fn from(input: UpsertInvoice) -> Self {
        Self {
            client: input.client,
            trip_id: input.trip_id.flatten(),
            currency: input.currency,
            line_items: input.line_items,
            due_date: input.due_date,
            notes: input.notes.flatten(),
            external_id: Some(input.external_id),
        }
    }
}

impl From<UpsertInvoice> for UpdateInvoice {
    fn from(input: UpsertInvoice) -> Self {
        Self {
            client: Some(input.client),
            trip_id: input.trip_id,
            currency: Some(input.currency),
            line_items: Some(input.line_items),
            due_date: Some(input.due_date),
            notes: input.notes,
            external_id: None,
        }
    }
}
