//! The rules on the requests of an hour: pure functions of a key's past and of what it does now.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::kinds::Unusual;
use kit::clock::Time;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The past with which an hour is compared.
pub(super) const WINDOW: Duration = Duration::from_hours(28 * 24);

/// The time of use after which a key has habits.
pub(super) const SETTLED: Duration = Duration::from_hours(7 * 24);

/// The quiet time after which a use is unusual.
const QUIET: Duration = Duration::from_hours(30 * 24);

const SPIKE_FACTOR: u64 = 5;
const SPIKE_MIN: u64 = 100;

/// The requests in an hour of which refusals are a share worth a look, and this share.
const REFUSALS_OF: u64 = 50;
const REFUSALS_PERCENT: u64 = 20;

/// The history that has a pattern of hours.
const PATTERN_HISTORY: Duration = Duration::from_hours(14 * 24);

const HOURS_OF_WEEK: usize = 7 * 24;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Requests with a key in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HourOfUse {
    pub(super) start: Time,
    pub(super) allowed: u64,
    pub(super) denied: u64,
    /// Those of the allowed requests that needed a scope for writing.
    pub(super) writes: u64,
}

impl HourOfUse {
    fn requests(&self) -> u64 {
        self.allowed + self.denied
    }

    /// Returns whether a request was accepted. Refused ones are no use of the key.
    fn is_use(&self) -> bool {
        self.allowed > 0
    }
}

/// Some hours of a key's past, which may show that an hour has nothing unusual, without reading all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sample {
    most: u64,
    wrote: bool,
    /// True if the key was used at the same hour of an earlier week.
    same_hour: bool,
}

impl Sample {
    pub(super) fn add(&mut self, past: &HourOfUse, now: Time, zone: &TimeZone) {
        self.most = self.most.max(past.requests());
        self.wrote |= past.writes > 0;
        self.same_hour |= past.is_use() && hour_of_week(past.start, zone) == hour_of_week(now, zone);
    }

    /// Returns whether only the whole past of a key of this age can tell if the hour is unusual.
    pub(super) fn leaves_open(&self, now: &HourOfUse, age: Duration) -> bool {
        self.is_pressing(now) && age >= SETTLED || now.is_use() && !self.same_hour && age >= PATTERN_HISTORY
    }

    /// Returns whether the hour may have more requests than ever, or a first write.
    pub(super) fn is_pressing(&self, now: &HourOfUse) -> bool {
        exceeds(now.requests(), self.most) || now.writes > 0 && !self.wrote
    }
}

/// Returns the hours that make a good sample for the hour from `now`: the hour before, and the same hour of the last four weeks.
pub(super) fn sample_hours(now: Time, zone: &TimeZone) -> impl Iterator<Item = Time> + use<> {
    let local = now.in_zone(zone);
    let weeks = (1..=4).filter_map(move |weeks| {
        let before = local.checked_sub(jiff::Span::new().weeks(weeks)).ok()?;
        Time::from_micros(before.timestamp().as_microsecond()).map(Time::hour)
    });
    std::iter::once(now.before(HOUR)).chain(weeks)
}

/// The past of a key up to an hour: a summary of the last 28 days, and what was before them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Past {
    pub(super) created_at: Time,
    /// The first use ever.
    pub(super) first_used_at: Option<Time>,
    /// The start of the last hour with a use before the window, as far as it was looked for.
    pub(super) earlier_use: Option<Time>,
    /// The last hour with a write before the window; the outer `None` if it was not looked for.
    pub(super) earlier_write: Option<Option<Time>>,
    profile: Profile,
}

/// The hours of the window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Profile {
    pub(super) first_use: Option<Time>,
    pub(super) last_use: Option<Time>,
    pub(super) wrote: bool,
    most: u64,
    /// By hour of the week: the number of hours with a use.
    uses: [u8; HOURS_OF_WEEK],
}

impl Profile {
    /// Makes the profile of hours in order.
    pub(super) fn new(hours: &[HourOfUse], zone: &TimeZone) -> Self {
        let used = || hours.iter().filter(|hour| hour.is_use());
        let mut by_hour = [0_u8; HOURS_OF_WEEK];
        for hour in used() {
            let count = &mut by_hour[hour_of_week(hour.start, zone)];
            *count = count.saturating_add(1);
        }
        Self {
            first_use: used().map(|hour| hour.start).min(),
            last_use: used().map(|hour| hour.start).max(),
            wrote: hours.iter().any(|hour| hour.writes > 0),
            most: hours.iter().map(HourOfUse::requests).max().unwrap_or_default(),
            uses: by_hour,
        }
    }
}

impl Past {
    pub(super) fn new(created_at: Time, first_used_at: Option<Time>, profile: Profile) -> Self {
        Self { created_at, first_used_at, earlier_use: None, earlier_write: None, profile }
    }

    /// Returns whether the last use is before the window.
    pub(super) fn needs_earlier_use(&self) -> bool {
        self.profile.last_use.is_none()
    }

    /// Returns whether it depends on writes before the window if the hour is unusual.
    pub(super) fn needs_earlier_write(&self, now: &HourOfUse) -> bool {
        now.writes > 0 && !self.profile.wrote && self.earlier_write.is_none()
    }

    fn in_use_for(&self, now: Time) -> Duration {
        self.first_used_at.or(self.profile.first_use).map_or(Duration::ZERO, |first| now.since(first))
    }
}

/// Returns what is unusual about an hour; without the past, what needs none.
pub(super) fn unusual_in(now: &HourOfUse, past: Option<&Past>, zone: &TimeZone) -> Vec<Unusual> {
    let of_past = past.map(|past| [spike(past, now), dormant(past, now), first_write(past, now), unusual_hour(past, now, zone)]);
    of_past.into_iter().flatten().chain([refusals(now)]).flatten().collect()
}

fn exceeds(requests: u64, most: u64) -> bool {
    requests >= SPIKE_MIN && requests > most.saturating_mul(SPIKE_FACTOR)
}

fn spike(past: &Past, now: &HourOfUse) -> Option<Unusual> {
    let (requests, most) = (now.requests(), past.profile.most);
    let is_spike = exceeds(requests, most) && past.in_use_for(now.start) >= SETTLED;
    is_spike.then_some(Unusual::Spike { hour: now.start, requests, most })
}

fn refusals(now: &HourOfUse) -> Option<Unusual> {
    let (refused, requests) = (now.denied, now.requests());
    let is_share = requests >= REFUSALS_OF && refused.saturating_mul(100) > requests.saturating_mul(REFUSALS_PERCENT);
    is_share.then_some(Unusual::Refusals { hour: now.start, refused, requests })
}

fn dormant(past: &Past, now: &HourOfUse) -> Option<Unusual> {
    let last = past.profile.last_use.or(past.earlier_use).filter(|_| now.is_use())?;
    let quiet = now.start.since(last);
    (quiet >= QUIET).then(|| Unusual::Dormant { quiet_days: days(quiet) })
}

fn first_write(past: &Past, now: &HourOfUse) -> Option<Unusual> {
    let has_read = past.profile.last_use.or(past.earlier_use).is_some();
    let never_wrote = !past.profile.wrote && past.earlier_write == Some(None);
    let is_old = now.start.since(past.created_at) >= SETTLED;
    (now.writes > 0 && has_read && never_wrote && is_old).then(|| Unusual::FirstWrite {
        hour: now.start,
        writes: now.writes,
        days_in_use: days(past.in_use_for(now.start)),
    })
}

fn unusual_hour(past: &Past, now: &HourOfUse, zone: &TimeZone) -> Option<Unusual> {
    let uses = &past.profile.uses;
    let in_use = uses.iter().filter(|count| **count > 0).count();
    // Without hours that recur there is no pattern to depart from.
    let recurring = uses.iter().filter(|count| **count > 1).count();
    let has_pattern = past.profile.first_use.is_some_and(|first| now.start.since(first) >= PATTERN_HISTORY)
        && in_use * 2 <= HOURS_OF_WEEK
        && recurring * 2 >= in_use;
    let place = hour_of_week(now.start, zone);
    (now.is_use() && has_pattern && uses[place] == 0).then(|| Unusual::UnusualHour {
        hour: now.start,
        weekday: WEEKDAYS[place / 24].to_owned(),
        hour_of_day: u8::try_from(place % 24).unwrap_or_default(),
        used_hours: in_use as u64,
    })
}

/// Returns the place of an hour in the week that begins on Monday.
fn hour_of_week(time: Time, zone: &TimeZone) -> usize {
    let local = time.in_zone(zone);
    let (day, hour) = (local.weekday().to_monday_zero_offset(), local.hour());
    usize::from(day.unsigned_abs()) * 24 + usize::from(hour.unsigned_abs())
}

pub(super) fn days(duration: Duration) -> u64 {
    duration.as_secs() / DAY.as_secs()
}
