//! What can come of a call on invoices, and the one map to HTTP.

use sea_orm::DbErr;

use super::model::{InvoiceId, Stage};
use crate::trips::TripId;
use kit::http::{ApiError, Faults};
use kit::text::sentence;

/// Why an invoice was not drafted, changed, sent, paid or voided. The texts name the invoice by its number.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such invoice in this workspace.
    #[error("there is no such invoice in this workspace")]
    NotFound,
    /// No such trip in this workspace.
    #[error("there is no trip {0} in this workspace")]
    NoSuchTrip(TripId),
    /// The lines have no amounts that can be computed.
    #[error("the line items cannot be priced")]
    Lines(Faults),
    /// Another invoice has it.
    #[error("invoice {number} has the externalId “{external_id}” already: it was billed before")]
    ExternalIdTaken {
        /// What was asked for.
        external_id: String,
        /// Whose it is.
        id: InvoiceId,
        /// The same.
        number: String,
    },
    /// Only a draft can be edited.
    #[error("invoice {0} is {1}, and only drafts can be edited: void it and create another one")]
    NotADraft(String, Stage),
    /// A void invoice is not sent.
    #[error("invoice {0} is void, which is final: create another one")]
    Void(String),
    /// Nothing is to be paid on a draft, and no more on one that is paid or void.
    #[error("invoice {0} is {1}: payments are recorded on invoices that were sent and are not paid")]
    NotPayable(String, Stage),
    /// More than what is left.
    #[error("{remaining} minor units are left to pay on invoice {number}: give at most that")]
    TooMuch {
        /// Of the invoice.
        number: String,
        /// Minor units.
        remaining: i64,
    },
    /// The payment's day is not there yet.
    #[error("paidOn is in the future")]
    NotYet,
    /// Money has come in for it.
    #[error("invoice {0} has payments and cannot be voided: refund them and bill the difference")]
    HasPayments(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
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
