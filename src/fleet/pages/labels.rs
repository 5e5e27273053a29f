//! Statuses of aircraft as text for people.

use crate::fleet::model::Status;
use kit::page::Badge;

/// Returns the status of an aircraft as a badge.
pub const fn status(status: Status) -> Badge {
    match status {
        Status::Active => Badge::good("Active"),
        Status::Maintenance => Badge::warn("Maintenance"),
        Status::Aog => Badge::bad("AOG"),
        Status::Storage => Badge::plain("Storage"),
        Status::Retired => Badge::plain("Retired"),
        Status::Sold => Badge::plain("Sold"),
    }
}

pub(super) const fn title(of: Status) -> &'static str {
    match of {
        Status::Aog => "AOG (on ground)",
        Status::Active | Status::Maintenance | Status::Storage | Status::Retired | Status::Sold => status(of).text,
    }
}
