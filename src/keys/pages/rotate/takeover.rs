//! What the old key and its replacement did: whether the one has taken over from the other.

use std::collections::HashSet;
use std::time::Duration;

use crate::app::App;
use crate::keys::model::{Handover, Key, KeyId};
use crate::keys::pages::traffic::{self, Span, Traffic, number, requests};
use crate::keys::tables::{address, last_use};
use crate::keys::usage::{self, Bucket, Sum};
use crate::kit::clock::Time;
use crate::kit::db::DbResult;
use crate::kit::page::Moments;
use crate::kit::page::chart::OnScale;

/// An address that used the old key in this time and has not used the new one yet is named.
const LATELY: Duration = Duration::from_hours(7 * 24);

/// A job that runs by the hour may be quiet for so long.
const SHORT: Duration = Duration::from_hours(1);

/// The chart's own measure; it fills the room it is given.
const CHART: (u32, u32) = (36, 64);

/// How far a replacement has come.
pub(super) struct Takeover {
    pub(super) new: Key,
    pub(super) handover: Handover,
    pub(super) sides: [Side; 2],
    /// Addresses from which the old key was used beside the new one.
    pub(super) beside: Vec<address::Model>,
    /// Addresses that used the old key lately, and have never used the new one.
    pub(super) missing: Vec<address::Model>,
    /// Whether the old key has not been quiet for long.
    pub(super) is_fresh: bool,
    pub(super) old_last_used: Option<Time>,
}

/// What one of the two keys did.
pub(super) struct Side {
    pub(super) heading: &'static str,
    pub(super) hint: String,
    pub(super) last: Option<last_use::Model>,
    /// “340 requests in the last 24 hours”
    pub(super) count: String,
    /// “3 denied”, if any were.
    pub(super) denied: Option<String>,
    pub(super) id: KeyId,
    pub(super) chart: OnScale,
}

impl Takeover {
    pub(super) async fn read(app: &App, old: &Key, new: Key, at: &Moments) -> DbResult<Self> {
        let (db, now) = (app.db.read(), at.now());
        let [old_last, new_last] = [traffic::last_use(app, old.id).await?, traffic::last_use(app, new.id).await?];
        // The two are not written in one go: a key that was used has a first use, too.
        let new_first = usage::first_use(db, new.id).await?.or(new_last.as_ref().map(|last| last.at));
        let old_last_used = old_last.as_ref().map(|last| last.at);
        let (old_from, new_from) = (usage::addresses(db, old.id).await?, usage::addresses(db, new.id).await?);
        let is_beside = |row: &address::Model| new_first.is_some_and(|first| row.last_used_at >= first);
        let beside = old_from.iter().filter(|row| is_beside(row)).cloned().collect();
        let traffic = [Span::LAST_DAY.read(app, old.id, now).await?, Span::LAST_DAY.read(app, new.id, now).await?];
        let since_created = usage::report(db, new.id, Bucket::Day, new.created_at.hour(), now.hour().after(SHORT)).await?;
        Ok(Self {
            handover: Handover::judge(old_last_used, new_first, now),
            missing: missing(old_from, &new_from, now),
            beside,
            is_fresh: old_last_used.is_some_and(|last| now.since(last) < SHORT),
            old_last_used,
            sides: sides((old, old_last), (&new, new_last), &traffic, since_created.total(), at),
            new,
        })
    }
}

/// Addresses that used the old key lately, and have never used the new one.
fn missing(old: Vec<address::Model>, new: &[address::Model], now: Time) -> Vec<address::Model> {
    let known: HashSet<&str> = new.iter().map(|row| row.ip.as_str()).collect();
    old.into_iter().filter(|row| now.since(row.last_used_at) <= LATELY && !known.contains(row.ip.as_str())).collect()
}

type Used<'a> = (&'a Key, Option<last_use::Model>);

fn sides((old, old_last): Used<'_>, (new, new_last): Used<'_>, traffic: &[Traffic; 2], since: Sum, at: &Moments) -> [Side; 2] {
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
