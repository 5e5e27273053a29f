//! Times for people, all of a page in one zone: that of the workspace, which the page names. The server writes them, and no
//! script converts them, so that charts, tables, forms and sentences agree.

use std::borrow::Borrow;
use std::fmt;

use askama::filters::HtmlSafe;
use jiff::tz::TimeZone;

use super::number::plural;
use crate::clock::{self, Time};
use crate::day::Day;

/// Writes times for one page: as of now, in one zone. Templates hand over references, code values; both will do.
#[derive(Clone, Debug)]
pub struct Moments {
    now: Time,
    zone: TimeZone,
}

/// A time as HTML: a `time` element whose text says it in words and whose title says it exactly.
#[derive(Clone, Debug)]
pub struct Moment {
    at: Time,
    text: String,
    exact: String,
}

impl Moments {
    /// In the zone of this IANA name; in UTC if this machine does not know it.
    pub fn new(now: Time, zone: &str) -> Self {
        Self { now, zone: clock::zone(zone) }
    }

    /// Returns the time of rendering.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The day it is.
    pub fn today(&self) -> Day {
        Day::in_zone(self.now, &self.zone)
    }

    /// The last second of a day.
    pub fn end_of(&self, day: Day) -> Time {
        day.last_second(&self.zone)
    }

    /// “23 Nov 2026, 10:30:00 CET”
    pub fn exactly(&self, at: impl Borrow<Time>) -> Moment {
        let at = *at.borrow();
        self.moment(at, self.exact_text(at))
    }

    /// Formats as “23 Nov 2026”.
    pub fn day(&self, at: impl Borrow<Time>) -> Moment {
        let at = *at.borrow();
        self.moment(at, self.day_text(at))
    }

    /// Formats as “23 Nov 2026, 10:30”: for rows of a page that names the zone.
    pub fn minute(&self, at: impl Borrow<Time>) -> Moment {
        let at = *at.borrow();
        self.moment(at, at.in_zone(&self.zone).strftime("%-d %b %Y, %H:%M").to_string())
    }

    /// “23 Nov, 10:00 CET”, for the start of an hour
    pub fn hour(&self, at: impl Borrow<Time>) -> Moment {
        let at = *at.borrow();
        self.moment(at, self.hour_text(at))
    }

    /// Formats the time of day as “10:30”, for a row under the heading of its day.
    pub fn clock(&self, at: impl Borrow<Time>) -> Moment {
        let at = *at.borrow();
        self.moment(at, at.in_zone(&self.zone).strftime("%H:%M").to_string())
    }

    /// “2 minutes ago”, “in 6 days”
    pub fn ago(&self, at: impl Borrow<Time>) -> Moment {
        let at = *at.borrow();
        self.moment(at, self.ago_text(at))
    }

    /// [`Moments::ago`] as plain text.
    pub fn ago_text(&self, at: Time) -> String {
        if at > self.now {
            return format!("in {}", span(at.since(self.now).as_secs()));
        }
        match self.now.since(at).as_secs() {
            0..=9 => "just now".to_owned(),
            seconds => format!("{} ago", span(seconds)),
        }
    }

    /// [`Moments::day`] as plain text.
    pub fn day_text(&self, at: Time) -> String {
        at.in_zone(&self.zone).strftime("%-d %b %Y").to_string()
    }

    /// [`Moments::hour`] as plain text.
    pub fn hour_text(&self, at: Time) -> String {
        at.in_zone(&self.zone).strftime("%-d %b, %H:%M %Z").to_string()
    }

    /// [`Moments::exactly`] as plain text.
    pub fn exact_text(&self, at: Time) -> String {
        at.in_zone(&self.zone).strftime("%-d %b %Y, %H:%M:%S %Z").to_string()
    }

    /// Returns the day on which `at` falls.
    pub fn day_of(&self, at: Time) -> Day {
        Day::in_zone(at, &self.zone)
    }

    /// Formats for a field `datetime-local`: “2026-11-23T10:30”.
    pub fn local_text(&self, at: Time) -> String {
        at.in_zone(&self.zone).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// Reads the value of a field `datetime-local`, as a time in the zone. In an hour that the clocks repeat it is the first one.
    pub fn parse_local(&self, text: &str) -> Option<Time> {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = civil.to_zoned_datetime(self.zone.clone()).ok()?;
        Time::from_micros(zoned.timestamp().as_microsecond())
    }

    /// Returns the first instant of a day.
    pub fn start_of(&self, day: Day) -> Time {
        day.begins_in(&self.zone)
    }

    /// The zone as people write it: “Europe/Zurich”.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The zone itself, for the days that somebody names.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn moment(&self, at: Time, text: String) -> Moment {
        Moment { at, text, exact: self.exact_text(at) }
    }
}

/// So many seconds in the largest unit that fits.
fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_536_000, "year"), (2_592_000, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fitting = UNITS.into_iter().find(|(size, _)| seconds >= *size);
    fitting.map_or_else(|| plural(seconds, "second"), |(size, unit)| plural(seconds / size, unit))
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, text, exact } = self;
        write!(f, "<time datetime=\"{at}\" title=\"{exact}\">{text}</time>")
    }
}

// Digits, names of months and zones: nothing in it comes from a caller.
impl HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn moments() -> Moments {
        Moments::new("2026-11-23T09:30:00Z".parse().expect("a time"), "Europe/Zurich")
    }

    #[test]
    fn a_time_is_shown_in_the_largest_unit_that_fits() {
        let m = moments();
        let ago = |seconds| m.ago_text(m.now.before(Duration::from_secs(seconds)));
        assert_eq!([ago(3), ago(59), ago(60), ago(3_600 * 25)], ["just now", "59 seconds ago", "1 minute ago", "1 day ago"]);
        assert_eq!(m.ago_text(m.now.after(Duration::from_hours(6 * 24 + 5))), "in 6 days");
    }

    #[test]
    fn local_time_is_read_in_the_zone_as_it_was_written() {
        let m = moments();
        assert_eq!(m.local_text(m.now), "2026-11-23T10:30");
        assert_eq!(m.parse_local("2026-11-23T10:30"), Some(m.now));
        // The first of the two hours of the night in which the clocks are set back.
        assert_eq!(m.parse_local("2026-10-25T02:30").map(|time| time.to_string()).as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(["", "2026-11-31T10:00", "yesterday", "1900-01-01T00:00"].map(|text| m.parse_local(text)), [None; 4]);
    }

    #[test]
    fn a_time_names_its_zone() {
        let m = moments();
        assert_eq!(m.exact_text(m.now), "23 Nov 2026, 10:30:00 CET");
        assert_eq!(m.hour_text(m.now.hour()), "23 Nov, 10:00 CET");
        assert_eq!(
            m.clock(m.now).to_string(),
            "<time datetime=\"2026-11-23T09:30:00Z\" title=\"23 Nov 2026, 10:30:00 CET\">10:30</time>"
        );
        let late: Time = "2026-11-23T23:30:00Z".parse().expect("a time");
        assert_eq!(
            (m.day_of(late), m.start_of(m.day_of(late))),
            (m.today().tomorrow(), "2026-11-23T23:00:00Z".parse().expect("a time"))
        );
        assert_eq!(Moments::new(m.now, "Nowhere/Atlantis").exact_text(m.now), "23 Nov 2026, 09:30:00 UTC");
    }
}
