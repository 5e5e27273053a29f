//! The rows of the list.

use std::time::Duration;

use crate::keys::model::{Key, Status};
use crate::keys::pages::labels::{self, Badge};
use crate::keys::service::{Include, KeyDetails};
use crate::keys::usage::DayCount;
use kit::clock::Time;
use kit::day::Day;
use kit::page::Moments;
use kit::page::chart::{Bar, Bars};

/// The number of days in the chart, including today.
const DAYS: i32 = 14;

/// The number of characters of a description that the list shows.
const LONGEST: usize = 120;

#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) description: Option<String>,
    pub(super) permissions: String,
    pub(super) status: Badge,
    pub(super) ends_soon: Option<Badge>,
    /// Time and address of the last use.
    pub(super) last_use: Option<(Time, String)>,
    pub(super) usage: Bars,
    pub(super) is_active: bool,
    pub(super) key: Key,
}

/// The data that the rows show besides the key: the last use, and requests since the first day of the chart.
pub(super) fn include(at: &Moments) -> Include {
    let first = at.now().before(Duration::from_hours(24 * u64::from((DAYS - 1).unsigned_abs())));
    Include::LastUseAndDays { since: Time::start_of(first.date()).unwrap_or(first) }
}

pub(super) fn rows(keys: Vec<KeyDetails>, at: &Moments) -> Vec<KeyRow> {
    let today = Day::of(at.now());
    let row = |KeyDetails { key, last_use, days, .. }: KeyDetails| KeyRow {
        description: key.description.as_deref().map(|text| labels::shortened(text, LONGEST)),
        permissions: labels::permissions(key.permissions, key.scopes),
        status: labels::status(&key, at),
        ends_soon: labels::ends_soon(&key, at),
        last_use: last_use.map(|last| (last.at, last.ip)),
        usage: chart(today, &days),
        is_active: key.status(at.now()) == Status::Active,
        key,
    };
    keys.into_iter().map(row).collect()
}

/// Makes a chart with a bar for each day (UTC).
fn chart(today: Day, counts: &[DayCount]) -> Bars {
    let bar = |day: Day| {
        let count = counts.iter().find(|count| count.day == day);
        let (allowed, denied) = count.map_or((0, 0), |count| (count.allowed, count.denied));
        Bar { label: format!("{day} UTC"), allowed, denied }
    };
    let bars = (1 - DAYS..=0).map(|days| bar(today.plus(days))).collect();
    Bars { title: format!("Requests in the last {DAYS} days"), bars, width: 112, height: 28 }
}
