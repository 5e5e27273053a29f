//! Statuses and types of trips as text for people.

use crate::trips::model::TripType;
use crate::trips::status::Status;
use kit::page::Badge;

/// Returns the status of a trip as a badge.
pub const fn status(status: Status) -> Badge {
    match status {
        Status::Draft => Badge::plain("Draft"),
        Status::Quoted => Badge::plain("Quoted"),
        Status::Requested => Badge::plain("Requested"),
        Status::Confirmed => Badge::plain("Confirmed"),
        Status::Scheduled => Badge::plain("Scheduled"),
        Status::Released => Badge::plain("Released"),
        Status::Filed => Badge::plain("Filed"),
        Status::Dispatched => Badge::plain("Dispatched"),
        Status::Active => Badge::good("In flight"),
        Status::CloseOut => Badge::warn("Close-out"),
        Status::Completed => Badge::plain("Completed"),
        Status::Cancelled => Badge::plain("Cancelled"),
    }
}

pub(super) const fn status_title(of: Status) -> &'static str {
    status(of).text
}

pub(super) const fn type_title(trip_type: TripType) -> &'static str {
    match trip_type {
        TripType::Charter => "Charter",
        TripType::Owner => "Owner",
        TripType::Maintenance => "Maintenance",
        TripType::Positioning => "Positioning",
        TripType::Training => "Training",
    }
}
