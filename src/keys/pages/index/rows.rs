//! The rows of the list.

use crate::keys::model::{Key, Person, Status};
use crate::keys::pages::labels::{self, Badge};
use crate::keys::service::{Include, KeyDetails};
use crate::keys::usage::HourCount;
use kit::clock::Time;
use kit::day::Day;
use kit::page::Moments;
use kit::page::chart::{Bar, Bars, OnScale, REQUESTS};
use kit::page::number::{grouped, plural, short};

/// The number of days in the chart, including today.
const DAYS: i32 = 14;

/// The rows of one page, whose charts have one scale.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) rows: Vec<KeyRow>,
    /// The number of requests of the tallest bar, if there is any.
    pub(super) tallest: Option<String>,
}

impl Rows {
    /// Returns whether any key can be selected for a change.
    pub(super) fn is_selectable(&self) -> bool {
        self.rows.iter().any(|row| row.key.revoked_at.is_none())
    }
}

#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) permissions: String,
    pub(super) status: Badge,
    pub(super) ends_soon: Option<Badge>,
    /// Time and address of the last use.
    pub(super) last_use: Option<(Time, String)>,
    pub(super) requests: Requests,
    pub(super) usage: OnScale,
    pub(super) is_live: bool,
    /// The end of the pause of a paused key, if it has a time.
    pub(super) paused_until: Option<Time>,
    /// The custodian, where it is not the person who created the key.
    pub(super) custodian: Option<Custodian>,
    pub(super) key: Key,
}

/// Another custodian than the person who created a key.
#[derive(Debug)]
pub(super) enum Custodian {
    Other(String),
    /// The custodian has left the workspace, or there never was one.
    Missing,
}

impl Custodian {
    fn of(key: &Key, custodian: Option<Person>) -> Option<Self> {
        match custodian {
            Some(custodian) if custodian.id == key.created_by.id => None,
            Some(custodian) => Some(Self::Other(custodian.name)),
            // No one has to be responsible for a key that can never be used again.
            None => key.revoked_at.is_none().then_some(Self::Missing),
        }
    }
}

/// The number of requests beside the chart.
#[derive(Debug)]
pub(super) struct Requests {
    /// “1,204”, “1.2M”
    pub(super) text: String,
    /// “1,204 requests, 3 of them denied”
    pub(super) exact: String,
    /// “3 denied”, if there were any.
    pub(super) denied: Option<String>,
}

/// The data that the rows show besides the key: the last use, and requests since the first day of the chart.
pub(super) fn include(at: &Moments) -> Include {
    Include::LastUseAndHours { since: at.start_of(at.today().plus(1 - DAYS)) }
}

pub(super) fn rows(keys: Vec<KeyDetails>, at: &Moments) -> Rows {
    let bars: Vec<_> = keys.iter().map(|details| chart(&details.hours, at)).collect();
    let tallest = bars.iter().map(Bars::tallest).max().unwrap_or(0);
    let row = |(KeyDetails { key, last_use, custodian, .. }, bars): (KeyDetails, Bars)| KeyRow {
        custodian: Custodian::of(&key, custodian),
        permissions: labels::permissions(key.permissions, key.scopes),
        status: labels::status(&key, at),
        ends_soon: labels::ends_soon(&key, at),
        last_use: last_use.map(|last| (last.at, last.ip)),
        requests: requests(&bars),
        usage: bars.on_scale(tallest),
        is_live: key.status(at.now()).is_live(),
        paused_until: key
            .current_pause(at.now())
            .filter(|_| key.status(at.now()) == Status::Paused)
            .and_then(|pause| pause.end.time()),
        key,
    };
    Rows { rows: keys.into_iter().zip(bars).map(row).collect(), tallest: (tallest > 0).then(|| plural(tallest, "request")) }
}

/// Makes a chart with a bar for each day.
fn chart(hours: &[HourCount], at: &Moments) -> Bars {
    let first = at.today().plus(1 - DAYS);
    let days: Vec<Day> = (0..DAYS).map(|day| first.plus(day)).collect();
    let mut bars: Vec<_> = days.iter().map(|day| Bar { label: day.in_words(), allowed: 0, denied: 0 }).collect();
    for count in hours {
        if let Ok(place) = days.binary_search(&at.day_of(count.hour)) {
            bars[place].allowed += count.allowed;
            bars[place].denied += count.denied;
        }
    }
    Bars { title: format!("Requests in the last {DAYS} days"), words: REQUESTS, bars, width: 70, height: 28 }
}

fn requests(bars: &Bars) -> Requests {
    let denied: u64 = bars.bars.iter().map(|bar| bar.denied).sum();
    let all = denied + bars.bars.iter().map(|bar| bar.allowed).sum::<u64>();
    let of_them = if denied > 0 { format!(", {} of them denied", grouped(denied)) } else { String::new() };
    Requests {
        text: short(all),
        exact: format!("{}{of_them}", plural(all, "request")),
        denied: (denied > 0).then(|| format!("{} denied", short(denied))),
    }
}
