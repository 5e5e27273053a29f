//! Days and times in the workspace's time zone, and choices that are the same in each demo of a day.

use std::time::Duration;

use jiff::Span;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use kit::clock::Time;
use kit::random::Random;

pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// The days around today, which is day 0.
pub(super) struct Calendar {
    zone: TimeZone,
    today: Date,
}

impl Calendar {
    pub(super) fn new(now: Time, zone: TimeZone) -> Self {
        Self { today: now.in_zone(&zone).date(), zone }
    }

    pub(super) fn date(&self, day: i32) -> Date {
        self.today.saturating_add(Span::new().days(day))
    }

    /// Returns the time of a minute of a day.
    pub(super) fn at(&self, day: i32, minute: i32) -> Time {
        Time::start_of_in(self.date(day), &self.zone).unwrap_or(Time::LAST).after(MINUTE * minute.unsigned_abs())
    }

    /// Returns the last second of a day.
    pub(super) fn end_of(&self, day: i32) -> Time {
        self.at(day + 1, 0).before(Duration::from_secs(1))
    }

    pub(super) fn is_workday(&self, day: i32) -> bool {
        is_workday(self.date(day))
    }

    /// Returns this day or the first working day after it.
    pub(super) fn workday_from(&self, day: i32) -> i32 {
        (day..day + 7).find(|day| self.is_workday(*day)).unwrap_or(day)
    }

    /// Returns this day or the last working day before it.
    pub(super) fn workday_until(&self, day: i32) -> i32 {
        (0..7).map(|back| day - back).find(|day| self.is_workday(*day)).unwrap_or(day)
    }

    /// Returns the hour of the day, and whether it is a working day.
    pub(super) fn hour_of(&self, time: Time) -> (i32, bool) {
        let local = time.in_zone(&self.zone);
        (i32::from(local.hour()), is_workday(local.date()))
    }
}

fn is_workday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Choices by a seeded generator.
pub(super) struct Chance(Random);

impl Chance {
    pub(super) fn new() -> Self {
        Self(Random::seeded(24))
    }

    /// Returns a number from `low` to `high`, both inclusive.
    pub(super) fn between(&self, low: i32, high: i32) -> i32 {
        low + i32::from(u16::from_le_bytes(self.0.bytes())) % (high - low + 1)
    }

    pub(super) fn percent(&self, share: i32) -> bool {
        self.between(1, 100) <= share
    }

    pub(super) fn one_of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[usize::from(u16::from_le_bytes(self.0.bytes())) % choices.len()]
    }

    /// Returns a time on a day between two minutes.
    pub(super) fn moment(&self, calendar: &Calendar, day: i32, from: i32, to: i32) -> Time {
        calendar.at(day, self.between(from, to)).after(self.seconds(59))
    }

    /// Returns a time some minutes after `time`.
    pub(super) fn after(&self, time: Time, from: i32, to: i32) -> Time {
        time.after(MINUTE * self.between(from, to).unsigned_abs()).after(self.seconds(59))
    }

    pub(super) fn seconds(&self, most: i32) -> Duration {
        Duration::from_secs(self.between(0, most).unsigned_abs().into())
    }
}
