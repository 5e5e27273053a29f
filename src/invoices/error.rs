//! Errors of use cases of invoices, and their HTTP responses.

use sea_orm::DbErr;

use super::model::{InvoiceId, Stage};
use crate::trips::TripId;
use kit::http::{ApiError, FieldErrors, ItemError};
use kit::text::sentence;

/// An error of a use case of invoices. The messages name the invoice by its number.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such invoice in this workspace")]
    NotFound,
    #[error("there is no trip {0} in this workspace")]
    NoSuchTrip(TripId),
    /// A line item, or the total, is out of range.
    #[error("the line items cannot be priced")]
    Lines(FieldErrors),
    /// Another invoice has this external id.
    #[error("invoice {number} has the externalId “{external_id}” already: it was billed before")]
    ExternalIdTaken {
        /// The requested external id.
        external_id: String,
        /// The invoice that has it.
        id: InvoiceId,
        /// The number of the invoice that has it.
        number: String,
    },
    /// Only a draft can be edited.
    #[error("invoice {0} is {1}, and only drafts can be edited: create another one, and void this one if it has no payment")]
    NotADraft(String, Stage),
    #[error("invoice {0} is void, which is final: create another one")]
    Void(String),
    /// A payment on an invoice that is a draft, paid or void.
    #[error("invoice {0} is {1}: payments are recorded on invoices that were sent and are not paid")]
    NotPayable(String, Stage),
    /// A payment of more than the remaining amount.
    #[error("{remaining} minor units are left to pay on invoice {number}: give at most that")]
    TooMuch { number: String, remaining: i64 },
    #[error("paidOn is in the future")]
    NotYet,
    /// An invoice with payments cannot be voided.
    #[error("invoice {0} has payments and cannot be voided: refund them and bill the difference")]
    HasPayments(String),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl ItemError for Error {
    fn is_of_database(&self) -> bool {
        matches!(self, Self::Db(_))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("invoice"),
            Error::NoSuchTrip(_) => Self::invalid_field("tripId", "Give the id of a trip of this workspace, or null."),
            Error::NotYet => Self::invalid_field("paidOn", "Give the day the money came in, which cannot be in the future."),
            Error::Lines(faults) => faults.into_result().err().unwrap_or_else(Self::internal),
            Error::ExternalIdTaken { id, .. } => Self::conflict(sentence(&error)).with("invoiceId", id.to_string()),
            Error::NotADraft(..) | Error::Void(_) | Error::NotPayable(..) | Error::TooMuch { .. } | Error::HasPayments(_) => {
                Self::conflict(sentence(&error))
            }
            Error::Db(error) => error.into(),
        }
    }
}
