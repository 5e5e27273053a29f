//! Requests with a key over time, for charts and sentences.

use jiff::tz::TimeZone;

use crate::app::App;
use crate::keys::model::KeyId;
use crate::keys::tables::last_use;
use crate::keys::usage::{self, BucketSize, Report, Sum};
use kit::clock::Time;
use kit::db::DbResult;
use kit::page::Moments;
use kit::page::chart::{Bar, Bars};
use kit::page::number::{grouped, plural};

/// A number of hours or days up to now, including the current one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) bucket: BucketSize,
    pub(super) count: u32,
}

impl Span {
    /// The last 24 hours by the hour, including the hour in which they began.
    pub(super) const LAST_DAY: Self = Self { bucket: BucketSize::Hour, count: 24 + 1 };
    /// The last 7 days by the hour, as days would begin at midnight.
    pub(super) const LAST_WEEK: Self = Self { bucket: BucketSize::Hour, count: 7 * 24 + 1 };

    /// Returns the start of the first bucket.
    pub(super) fn from(self, now: Time) -> Time {
        self.bucket.start(now).before((self.count - 1) * self.bucket.length())
    }

    /// Reads the requests with `key` in this span.
    pub(super) async fn read(self, app: &App, key: KeyId, now: Time) -> DbResult<Traffic> {
        let from = self.from(now);
        // The current hour is included, even in its first microsecond.
        let to = now.hour().after(BucketSize::Hour.length());
        let report = usage::report(app.db.read(), key, self.bucket, from, to).await?;
        Ok(Traffic { span: self, from, report })
    }
}

/// The requests with a key in a [`Span`].
#[derive(Debug)]
pub(super) struct Traffic {
    span: Span,
    from: Time,
    pub(super) report: Report,
}

impl Traffic {
    /// Returns every bucket in order, including those without requests.
    pub(super) fn buckets(&self) -> impl DoubleEndedIterator<Item = (Time, Sum)> {
        let start = |place| self.from.after(place * self.span.bucket.length());
        let sum = |start| self.report.buckets.get(&start).copied().unwrap_or_default();
        (0..self.span.count).map(start).map(move |start| (start, sum(start)))
    }

    /// Formats the label of a bucket.
    pub(super) fn label(&self, start: Time, at: &Moments) -> String {
        match self.span.bucket {
            BucketSize::Hour => at.hour_text(start),
            // A day of the report begins at midnight UTC, whatever the reader's zone.
            BucketSize::Day => start.in_zone(&TimeZone::UTC).strftime("%-d %b").to_string(),
        }
    }

    pub(super) fn bars(&self, title: &str, at: &Moments, (width, height): (u32, u32)) -> Bars {
        let bar = |(start, sum): (Time, Sum)| Bar {
            label: self.label(start, at),
            allowed: sum.allowed.unsigned_abs(),
            denied: sum.denied.unsigned_abs(),
        };
        Bars { title: title.to_owned(), bars: self.buckets().map(bar).collect(), width, height }
    }

    /// Returns the bucket with the most requests, if there were any.
    pub(super) fn busiest(&self) -> Option<(Time, Sum)> {
        let used = self.report.buckets.iter().map(|(start, sum)| (*start, *sum));
        used.rev().max_by_key(|(_, sum)| sum.allowed + sum.denied)
    }
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
