//! Statuses of invoices as text for people.

use crate::invoices::model::Status;
use kit::page::Badge;

pub(super) const fn status(status: Status) -> Badge {
    match status {
        Status::Draft => Badge::plain("Draft"),
        Status::Sent => Badge::plain("Sent"),
        Status::Overdue => Badge::bad("Overdue"),
        Status::Paid => Badge::good("Paid"),
        Status::Void => Badge::plain("Void"),
    }
}

pub(super) const fn title(of: Status) -> &'static str {
    status(of).text
}
