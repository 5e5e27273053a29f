//! Trips to store, which two benches share.

use serde_json::{Value, json};

/// Returns the trip with a number.
pub(super) fn trip(number: u32) -> Value {
    let (day, hour) = (number % 28 + 1, number % 20);
    json!({
        "externalId": format!("T-{number}"),
        "tripType": "charter",
        "status": "scheduled",
        "origin": "LSZH",
        "originName": "Zurich",
        "destination": "EGLL",
        "destinationName": "London Heathrow",
        "departureDate": format!("2027-01-{day:02}T{hour:02}:00:00Z"),
        "arrivalDate": format!("2027-01-{day:02}T{hour:02}:55:00Z"),
        "passengerCount": number % 12,
        "notes": "Catering for the outbound flight, cars on the apron.",
    })
}
