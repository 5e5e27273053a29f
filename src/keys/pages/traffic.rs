//! Requests with a key over time, for charts and sentences.

use std::time::Duration;

use crate::app::App;
use crate::keys::model::KeyId;
use crate::keys::tables::last_use;
use crate::keys::usage::{self, BucketSize, Report, Sum};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::page::Moments;
use kit::page::chart::{Bar, Bars, REQUESTS};
use kit::page::number::{grouped, plural};

const HOUR: Duration = Duration::from_hours(1);

/// A number of hours or days up to now, including the current one. Days begin at midnight in the zone of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Span {
    Hours(u32),
    Days(u32),
}

impl Span {
    /// The last 24 hours by the hour, including the hour in which they began.
    pub(super) const LAST_DAY: Self = Self::Hours(24 + 1);
    /// The last 7 days by the hour, as days would begin at midnight.
    pub(super) const LAST_WEEK: Self = Self::Hours(7 * 24 + 1);

    /// Returns the start of each bucket.
    fn starts(self, at: &Moments) -> Vec<Time> {
        match self {
            Self::Hours(count) => {
                let first = at.now().hour().before((count - 1) * HOUR);
                (0..count).map(|hour| first.after(hour * HOUR)).collect()
            }
            Self::Days(count) => {
                let count = count.cast_signed();
                (1 - count..=0).map(|days| at.start_of(at.today().plus(days))).collect()
            }
        }
    }

    /// Returns the start of the first bucket.
    pub(super) fn from(self, at: &Moments) -> Time {
        self.starts(at).first().copied().unwrap_or(at.now())
    }

    /// Reads the requests with `key` in this span.
    pub(super) async fn read(self, app: &App, key: KeyId, at: &Moments) -> DbResult<Traffic> {
        let starts = self.starts(at);
        let from = starts.first().copied().unwrap_or(at.now());
        // The current hour is included, even in its first microsecond.
        let to = at.now().hour().after(HOUR);
        let report = usage::report(app.db.read(), key, BucketSize::Hour, from, to).await?;
        Ok(self.traffic(starts, report))
    }

    /// Reads the requests with all keys of a workspace in this span, and the hour from which they are complete.
    pub(super) async fn read_all(self, app: &App, workspace: WorkspaceId, at: &Moments) -> DbResult<(Traffic, Time)> {
        let from = usage::reach(app.db.read(), workspace, self.from(at)).await?;
        let report = usage::report_of_all(app.db.read(), workspace, from).await?;
        Ok((self.traffic(self.starts(at), report), from))
    }

    fn traffic(self, starts: Vec<Time>, report: Report) -> Traffic {
        let mut buckets: Vec<_> = starts.into_iter().map(|start| (start, Sum::default())).collect();
        for (hour, sum) in &report.buckets {
            let after = buckets.partition_point(|(start, _)| start <= hour);
            if let Some((_, bucket)) = after.checked_sub(1).and_then(|place| buckets.get_mut(place)) {
                *bucket += *sum;
            }
        }
        Traffic { span: self, buckets, report }
    }
}

/// The requests with a key in a [`Span`].
#[derive(Debug)]
pub(super) struct Traffic {
    span: Span,
    /// The start and the requests of each hour or day, in order, including those without requests.
    pub(super) buckets: Vec<(Time, Sum)>,
    pub(super) report: Report,
}

impl Traffic {
    /// Formats the label of a bucket.
    pub(super) fn label(&self, start: Time, at: &Moments) -> String {
        match self.span {
            Span::Hours(_) => at.hour_text(start),
            Span::Days(_) => at.day_of(start).without_year(),
        }
    }

    pub(super) fn bars(&self, title: &str, at: &Moments, (width, height): (u32, u32)) -> Bars {
        let bar = |(start, sum): &(Time, Sum)| Bar {
            label: self.label(*start, at),
            allowed: sum.allowed.unsigned_abs(),
            denied: sum.denied.unsigned_abs(),
        };
        Bars { title: title.to_owned(), words: REQUESTS, bars: self.buckets.iter().map(bar).collect(), width, height }
    }

    /// Returns the bucket with the most requests, if there were any; of equal ones the first.
    pub(super) fn busiest(&self) -> Option<(Time, Sum)> {
        let used = self.buckets.iter().filter(|(_, sum)| *sum != Sum::default());
        used.rev().max_by_key(|(_, sum)| sum.allowed + sum.denied).copied()
    }
}

/// Returns the end of a scale that holds `tallest`: a digit and zeros, of which the half is a whole number.
pub(super) fn scale_end(tallest: u64) -> u64 {
    let mut unit = 1_u64;
    while tallest > unit.saturating_mul(10) {
        unit = unit.saturating_mul(10);
    }
    let mut ends = (2..=10).map(|digit| unit.saturating_mul(digit)).filter(|end| end.is_multiple_of(2));
    ends.find(|end| *end >= tallest).unwrap_or(tallest)
}

/// Returns the labels of the first, the middle and the last bar.
pub(super) fn axis(traffic: &Traffic, at: &Moments) -> [String; 3] {
    let last = traffic.buckets.len().saturating_sub(1);
    [0, last / 2, last].map(|place| traffic.buckets.get(place).map_or_else(String::new, |(start, _)| traffic.label(*start, at)))
}

/// Reads time and address of the last use of a key.
pub(super) async fn last_use(app: &App, key: KeyId) -> DbResult<Option<last_use::Model>> {
    Ok(usage::last_uses(app.db.read(), vec![key]).await?.remove(&key))
}

/// Formats a number of requests: “14 requests”.
pub(super) fn requests(count: i64) -> String {
    plural(count.unsigned_abs(), "request")
}

/// Formats a number with separators: “1,204”.
pub(super) fn number(count: i64) -> String {
    grouped(count.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_of_the_zone_whatever_their_length() {
        let now: Time = "2026-11-02T12:00:00Z".parse().expect("a time");
        // Days of 25 hours, offsets of half an hour, and clocks that are changed at midnight.
        for zone in
            ["UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Kiritimati"]
        {
            let at = Moments::new(now, zone);
            let starts = Span::Days(40).starts(&at);
            assert_eq!((starts.len(), at.zone_name()), (40, zone));
            assert!(starts.iter().all(|start| *start <= now), "{zone}");
            for pair in starts.windows(2) {
                assert_eq!(at.day_of(pair[0]).tomorrow(), at.day_of(pair[1]), "{zone}");
                assert_eq!(at.day_of(pair[1].before(Duration::from_micros(1))), at.day_of(pair[0]), "{zone}");
            }
        }
    }

    #[test]
    fn scale_ends_at_an_even_number_above_the_tallest_bar() {
        let tallest = [0, 1, 2, 3, 9, 10, 11, 100, 101, 412, 999, 1_000, 8_049];
        assert_eq!(tallest.map(scale_end), [2, 2, 2, 4, 10, 10, 20, 100, 200, 500, 1_000, 1_000, 9_000]);
        assert_eq!(scale_end(u64::MAX), u64::MAX);
    }

    #[test]
    fn last_hours_end_with_the_current_one() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let starts = Span::LAST_DAY.starts(&Moments::new(now, "Asia/Kolkata"));
        let ends = [starts.first(), starts.last()].map(|start| start.map(ToString::to_string));
        assert_eq!(ends, [Some("2026-11-22T09:00:00Z".to_owned()), Some("2026-11-23T09:00:00Z".to_owned())]);
    }
}
