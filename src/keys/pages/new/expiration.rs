//! Until when a new key works: a day, in the workspace's zone, or for good.

use crate::keys::service::{MOST_YEARS, future};
use crate::kit::clock::Time;
use crate::kit::day::Day;
use crate::kit::page::{Fields, FormFaults, Moments};

/// The one that is chosen at first is the last of them.
const DAYS: [i32; 3] = [30, 60, 90];

/// So many days, and when they are over.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) days: i32,
    pub(super) until: String,
}

/// What can be chosen without a calendar.
pub(super) fn offers(at: &Moments) -> Vec<Offer> {
    DAYS.into_iter().map(|days| Offer { days, until: at.today().plus(days).in_words() }).collect()
}

/// The last day that a key may work on.
pub(super) fn last_day(at: &Moments) -> Day {
    let moments = Moments::new(at.now().after_years(MOST_YEARS), at.zone_name());
    // A key works until the end of its day, and on that day it is not over yet.
    moments.today().plus(-1)
}

/// What was chosen: until when, or `None` for good.
pub(super) fn read(fields: &Fields, at: &Moments, faults: &mut FormFaults) -> Option<Option<Time>> {
    let chosen = match fields.text("expiration") {
        "never" => return Some(None),
        "custom" => custom(fields, at).map_err(|message| ("date", message)),
        days => offered(days, at).ok_or(("expiration", "Choose how long the key works.".to_owned())),
    };
    chosen.map(Some).map_err(|(field, message)| faults.add(field, message)).ok()
}

fn offered(days: &str, at: &Moments) -> Option<Time> {
    let days = DAYS.into_iter().find(|known| known.to_string() == days)?;
    Some(at.end_of(at.today().plus(days)))
}

fn custom(fields: &Fields, at: &Moments) -> Result<Time, String> {
    let typed = fields.given("date").ok_or("Choose the day until which the key works.")?;
    let day: Day = typed.parse().map_err(|_| "Give a day of the calendar, such as 2027-02-21.")?;
    let end = at.end_of(day);
    future(Some(end), at.now()).map(|_| end).map_err(|_| {
        if end <= at.now() {
            format!("{} is over. Choose a day from {} on.", day.in_words(), at.today().in_words())
        } else {
            format!("{} is more than 5 years ahead. Choose a day until {}.", day.in_words(), last_day(at).in_words())
        }
    })
}
