//! The rows of the list: keys, with what other tables know of them.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::ConnectionTrait;

use crate::keys::model::{Key, KeyId, Status};
use crate::keys::pages::words::{self, Badge};
use crate::keys::usage::{self, DayCount};
use kit::clock::Time;
use kit::day::Day;
use kit::db::DbResult;
use kit::page::Moments;
use kit::page::chart::{Bar, Bars};

/// Days of the chart, today among them.
const DAYS: i32 = 14;

/// Characters of a description that the list shows.
const LONGEST: usize = 120;

/// A key in the list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) description: Option<String>,
    pub(super) permissions: String,
    pub(super) status: Badge,
    pub(super) ends_soon: Option<Badge>,
    /// When, and from where.
    pub(super) last_use: Option<(Time, String)>,
    pub(super) usage: Bars,
    pub(super) is_active: bool,
    pub(super) key: Key,
}

/// Adds to the keys of one page what the list shows of them: two queries, however many there are.
pub(super) async fn rows(db: &impl ConnectionTrait, keys: Vec<Key>, at: &Moments) -> DbResult<Vec<Row>> {
    let ids: Vec<KeyId> = keys.iter().map(|key| key.id).collect();
    let today = Day::of(at.now());
    let first = at.now().before(Duration::from_hours(24 * u64::from((DAYS - 1).unsigned_abs())));
    let first = Time::start_of(first.date()).unwrap_or(first);
    let mut counts: HashMap<KeyId, Vec<DayCount>> = HashMap::new();
    for count in usage::days(db, ids.clone(), first).await? {
        counts.entry(count.key).or_default().push(count);
    }
    let mut last_uses = usage::last_uses(db, ids).await?;
    let row = |key: Key| Row {
        description: key.description.as_deref().map(|text| words::shortened(text, LONGEST)),
        permissions: words::permissions(key.permissions, key.scopes),
        status: words::status(&key, at),
        ends_soon: words::ends_soon(&key, at),
        last_use: last_uses.remove(&key.id).map(|last| (last.at, last.ip)),
        usage: chart(today, &counts.remove(&key.id).unwrap_or_default()),
        is_active: key.status(at.now()) == Status::Active,
        key,
    };
    Ok(keys.into_iter().map(row).collect())
}

/// A bar a day, by the calendar of UTC as the counts are.
fn chart(today: Day, counts: &[DayCount]) -> Bars {
    let bar = |day: Day| {
        let count = counts.iter().find(|count| count.day == day);
        let (allowed, denied) = count.map_or((0, 0), |count| (count.allowed, count.denied));
        Bar { label: format!("{day} UTC"), allowed, denied }
    };
    let bars = (1 - DAYS..=0).map(|days| bar(today.plus(days))).collect();
    Bars { title: format!("Requests in the last {DAYS} days"), bars, width: 112, height: 28 }
}
