//! The uses of the old key and of its replacement, and the progress of the rotation.

use std::collections::HashSet;
use std::time::Duration;

use crate::app::App;
use crate::keys::model::{Handover, Key, KeyId, UNUSED_AFTER, Uses};
use crate::keys::pages::traffic::{self, Span, Traffic, number, requests};
use crate::keys::tables::{address, last_use};
use crate::keys::usage::{self, BucketSize, Sum};
use kit::clock::Time;
use kit::db::DbResult;
use kit::page::Moments;
use kit::page::chart::OnScale;

/// An address that used the old key within this time, and has not used the new one, is listed as missing.
const LATELY: Duration = Duration::from_hours(7 * 24);

/// The coordinates of a chart, which is scaled to the available space.
const CHART: (u32, u32) = (36, 64);

/// The progress of a replacement, as the page shows it.
pub(super) struct Takeover {
    pub(super) new: Key,
    pub(super) handover: Handover,
    pub(super) sides: [Side; 2],
    /// Addresses that a revocation would cut off: they used the old key after the first use of the new one, or used it recently and
    /// never used the new one.
    pub(super) waiting: Vec<address::Model>,
    /// Addresses that used the old key within [`LATELY`] and have never used the new one.
    pub(super) missing: Vec<address::Model>,
    /// True if the old key was used after the first use of the new one.
    pub(super) is_beside: bool,
    /// True if the old key was used within [`UNUSED_AFTER`].
    pub(super) is_fresh: bool,
    pub(super) old_last_used: Option<Time>,
}

/// The uses of one of the two keys.
pub(super) struct Side {
    pub(super) heading: &'static str,
    pub(super) hint: String,
    pub(super) last: Option<last_use::Model>,
    /// “340 requests in the last 24 hours”
    pub(super) count: String,
    /// “3 denied”, if there were any.
    pub(super) denied: Option<String>,
    pub(super) id: KeyId,
    pub(super) chart: OnScale,
}

impl Takeover {
    pub(super) async fn read(app: &App, old: &Key, new: Key, at: &Moments) -> DbResult<Self> {
        let (db, now) = (app.db.read(), at.now());
        let [old_last, new_last] = [traffic::last_use(app, old.id).await?, traffic::last_use(app, new.id).await?];
        // First and last use are not written together: a key with a last use has a first use.
        let new_first = usage::first_use(db, new.id).await?.or(new_last.as_ref().map(|last| last.at));
        let old_last_used = old_last.as_ref().map(|last| last.at);
        let (old_from, new_from) = (usage::addresses(db, old.id).await?, usage::addresses(db, new.id).await?);
        let is_recent = |used: Time| now.since(used) < UNUSED_AFTER;
        let missing = missing(&old_from, &new_from, now);
        let left_behind = missing.iter().map(|row| row.last_used_at).max();
        let is_beside = |used: Time| new_first.is_some_and(|first| used >= first);
        let is_left = |row: &address::Model| missing.contains(row) && is_recent(row.last_used_at);
        let waiting = old_from.iter().filter(|row| is_beside(row.last_used_at) || is_left(row)).cloned().collect();
        let traffic = [Span::LAST_DAY.read(app, old.id, at).await?, Span::LAST_DAY.read(app, new.id, at).await?];
        let end = now.hour().after(BucketSize::Hour.length());
        let since_created = usage::report(db, new.id, BucketSize::Day, new.created_at.hour(), end).await?;
        Ok(Self {
            handover: Handover::of(Uses { old_last: old_last_used, left_behind, new_first }, now),
            waiting,
            missing,
            is_beside: old_last_used.is_some_and(is_beside),
            is_fresh: old_last_used.is_some_and(is_recent),
            old_last_used,
            sides: sides((old, old_last), (&new, new_last), &traffic, since_created.total(), at),
            new,
        })
    }
}

impl Takeover {
    /// Returns whether no recent use of the old key and no missing address speaks against its revocation.
    pub(super) fn is_certain(&self) -> bool {
        !self.is_fresh && self.missing.is_empty()
    }
}

/// Addresses that used the old key within [`LATELY`] and have never used the new one.
fn missing(old: &[address::Model], new: &[address::Model], now: Time) -> Vec<address::Model> {
    let known: HashSet<&str> = new.iter().map(|row| row.ip.as_str()).collect();
    let is_missing = |row: &&address::Model| now.since(row.last_used_at) <= LATELY && !known.contains(row.ip.as_str());
    old.iter().filter(is_missing).cloned().collect()
}

type LastUsedKey<'a> = (&'a Key, Option<last_use::Model>);

fn sides(
    (old, old_last): LastUsedKey<'_>,
    (new, new_last): LastUsedKey<'_>,
    traffic: &[Traffic; 2],
    since: Sum,
    at: &Moments,
) -> [Side; 2] {
    let [old_day, new_day] = traffic;
    let old_bars = old_day.bars("Old key, the last 24 hours", at, CHART);
    let new_bars = new_day.bars("New key, the last 24 hours", at, CHART);
    let side = |heading, key: &Key, last, sum: Sum, span: &str, chart| Side {
        heading,
        hint: key.hint.clone(),
        last,
        count: format!("{} {span}", requests(sum.allowed)),
        denied: (sum.denied > 0).then(|| format!("{} denied", number(sum.denied))),
        id: key.id,
        chart,
    };
    let day = old_day.report.total();
    [
        side("Old key", old, old_last, day, "in the last 24 hours", old_bars.clone().beside(&new_bars)),
        side("New key", new, new_last, since, "since it was created", new_bars.beside(&old_bars)),
    ]
}
