//! Until when a new key works: a day, in the workspace's zone, or for good.

use std::time::Duration;

use crate::keys::model::Key;
use crate::keys::service::{MOST_YEARS, future, lifetime};
use kit::clock::Time;
use kit::day::Day;
use kit::page::{Fields, FormFaults, Moments};

/// The one that is chosen at first is the last of them.
const DAYS: [i32; 3] = [30, 60, 90];

const DAY: Duration = Duration::from_hours(24);

/// What can be chosen, for the form.
#[derive(Debug)]
pub(super) struct Choices {
    /// As long as the key that is replaced had, if it had an end.
    pub(super) same: Option<Offer>,
    pub(super) offers: [Offer; 3],
    pub(super) first_day: String,
    pub(super) last_day: String,
    pub(super) zone: String,
}

/// So many days, and when they are over.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) days: i32,
    pub(super) until: String,
}

impl Choices {
    /// For a new key.
    pub(super) fn new(at: &Moments) -> Self {
        Self {
            same: None,
            offers: DAYS.map(|days| Offer { days, until: at.today().plus(days).in_words() }),
            first_day: at.today().to_string(),
            last_day: last_day(at).to_string(),
            zone: at.zone_name().to_owned(),
        }
    }

    /// For a key that replaces `old`.
    pub(super) fn replacing(old: &Key, at: &Moments) -> Self {
        let days = |life: Duration| i32::try_from(life.as_secs().div_ceil(DAY.as_secs())).unwrap_or(i32::MAX);
        let same = lifetime(old, at.now()).map(|(life, end)| Offer { days: days(life), until: at.day_text(end) });
        Self { same, ..Self::new(at) }
    }
}

/// The last day that a key may work on.
fn last_day(at: &Moments) -> Day {
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
    let typed = fields.given("date").ok_or("Choose an expiration date.")?;
    let day: Day = typed.parse().map_err(|_| "Enter a date, such as 2027-02-21.")?;
    let end = at.end_of(day);
    future(Some(end), at.now()).map(|_| end).map_err(|_| {
        if end <= at.now() {
            format!("{} is in the past. Choose {} or later.", day.in_words(), at.today().in_words())
        } else {
            format!("{} is more than 5 years ahead. Choose {} or earlier.", day.in_words(), last_day(at).in_words())
        }
    })
}
