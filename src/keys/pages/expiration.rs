//! The expiration of a new key: a day in the workspace's time zone, or no expiration.

use std::time::Duration;

use crate::keys::model::Key;
use crate::keys::service::{MAX_YEARS, future, lifetime};
use kit::clock::Time;
use kit::day::Day;
use kit::page::{Fields, FormErrors, Moments};

/// The offered lifetimes in days; the last one is the default.
const DAYS: [i32; 3] = [30, 60, 90];

const DAY: Duration = Duration::from_hours(24);

/// The choices that the form offers.
#[derive(Debug)]
pub(super) struct Choices {
    /// The lifetime of the key that is replaced, if it has an expiry.
    pub(super) same: Option<Offer>,
    pub(super) offers: [Offer; 3],
    pub(super) first_day: String,
    pub(super) last_day: String,
    pub(super) zone: String,
}

/// A lifetime in days and its last day.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) days: i32,
    pub(super) until: String,
}

impl Choices {
    pub(super) fn new(at: &Moments) -> Self {
        Self {
            same: None,
            offers: DAYS.map(|days| Offer { days, until: at.today().plus(days).in_words() }),
            first_day: at.today().to_string(),
            last_day: last_day(at).to_string(),
            zone: at.zone_name().to_owned(),
        }
    }

    /// Returns the choices for a key that replaces `old`.
    pub(super) fn replacing(old: &Key, at: &Moments) -> Self {
        let days = |life: Duration| i32::try_from(life.as_secs().div_ceil(DAY.as_secs())).unwrap_or(i32::MAX);
        let same = lifetime(old, at.now()).map(|(life, end)| Offer { days: days(life), until: at.day_text(end) });
        Self { same, ..Self::new(at) }
    }
}

/// Returns the last day that can be chosen.
fn last_day(at: &Moments) -> Day {
    let moments = Moments::new(at.now().after_years(MAX_YEARS), at.zone_name());
    // A key expires at the end of its day, which must not be after the longest lifetime.
    moments.today().plus(-1)
}

/// Reads the chosen expiry; `Some(None)` for no expiration.
pub(super) fn read(fields: &Fields, at: &Moments, faults: &mut FormErrors) -> Option<Option<Time>> {
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
