//! The usage of a key: requests over time and by scope, refusals by reason, and addresses.

use crate::app::App;
use crate::audit::{self, Denials};
use crate::keys::model::{Key, KeyId};
use crate::keys::pages::traffic::{Span, Traffic, axis, number, requests, scale_end};
use crate::keys::tables::address;
use crate::keys::usage::{self, Sum};
use crate::scopes::{Access, Scope};
use kit::clock::Time;
use kit::db::DbResult;
use kit::page::chart::OnScale;
use kit::page::number::{grouped, short};
use kit::page::{Fields, Moment, Moments};

/// The coordinates of the chart, which is scaled to the available space.
const CHART: (u32, u32) = (90, 100);

/// The number of addresses that are shown at first.
const FEW: usize = 5;

/// A time up to now for which the page shows usage.
#[derive(Debug)]
pub(super) struct Range {
    /// The value of the parameter `range`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// “last 30 days”
    pub(super) words: &'static str,
    span: Span,
}

const RANGES: &[Range] = &[
    Range { name: "24h", title: "24 hours", words: "last 24 hours", span: Span::LAST_DAY },
    Range { name: "7d", title: "7 days", words: "last 7 days", span: Span::Days(7) },
    Range { name: "30d", title: "30 days", words: "last 30 days", span: Span::Days(30) },
    Range { name: "90d", title: "90 days", words: "last 90 days", span: Span::Days(90) },
];

/// The place in [`RANGES`] of the range that is shown if the address names none.
const DEFAULT: usize = 2;

/// The usage section of the page.
pub(super) struct UsageSection {
    pub(super) range: &'static Range,
    /// True if there was any request in the time that is shown.
    pub(super) any: bool,
    pub(super) by_hour: bool,
    pub(super) chart: OnScale,
    /// The numbers beside the chart: the end of its scale, half of it, and zero.
    pub(super) scale: [String; 3],
    /// The labels of the first, the middle and the last bar.
    pub(super) axis: [String; 3],
    /// “1,204 requests allowed and 3 denied”
    pub(super) total: String,
    /// “The busiest day was 20 Nov, with 1,204 requests”
    pub(super) most: Option<String>,
    /// The buckets with requests, the latest first.
    pub(super) rows: Vec<BucketRow>,
    pub(super) scopes: Vec<ScopeRow>,
    pub(super) refusals: Vec<RefusalRow>,
    /// True if only the latest refusals were added up.
    pub(super) is_partial: bool,
    pub(super) addresses: Vec<address::Model>,
    pub(super) more_addresses: Vec<address::Model>,
    all_addresses: u64,
}

/// The numbers of one hour or day.
pub(super) struct BucketRow {
    pub(super) label: String,
    pub(super) allowed: String,
    pub(super) denied: String,
}

/// The requests that required one scope.
pub(super) struct ScopeRow {
    pub(super) name: String,
    pub(super) scope: Option<Scope>,
    pub(super) allowed: String,
    pub(super) denied: String,
}

/// The requests that were refused for one reason.
pub(super) struct RefusalRow {
    pub(super) because: String,
    pub(super) requests: String,
    pub(super) last: Moment,
}

impl UsageSection {
    pub(super) async fn read(app: &App, key: &Key, asked: &Fields, at: &Moments) -> DbResult<Self> {
        let range = RANGES.iter().find(|range| asked.is("range", range.name)).unwrap_or(&RANGES[DEFAULT]);
        let traffic = range.span.read(app, key.id, at).await?;
        let from = range.span.from(at);
        let Denials { reasons, is_partial } = audit::denials(app.db.read(), key.workspace, &key.id.to_string(), from).await?;
        let (addresses, more_addresses, all_addresses) = addresses(app, key.id).await?;
        let total = traffic.report.total();
        let by_hour = matches!(range.span, Span::Hours(_));
        let bars = traffic.bars(if by_hour { "Requests per hour" } else { "Requests per day" }, at, CHART);
        let top = scale_end(bars.tallest());
        let refusal = |counted: audit::DenialCount| RefusalRow {
            because: counted.because,
            requests: grouped(counted.requests),
            last: at.ago(counted.last),
        };
        Ok(Self {
            range,
            any: total != Sum::default(),
            by_hour,
            chart: bars.on_scale(top),
            scale: [top, top / 2, 0].map(short),
            axis: axis(&traffic, at),
            total: format!("{} allowed and {} denied", requests(total.allowed), number(total.denied)),
            most: traffic.busiest().map(|(start, sum)| most(&traffic, start, sum, at, by_hour)),
            rows: bucket_rows(&traffic, at),
            scopes: traffic.report.scopes.iter().map(|(scope, sum)| scope_row(*scope, *sum)).collect(),
            refusals: reasons.into_iter().map(refusal).collect(),
            is_partial,
            addresses,
            more_addresses,
            all_addresses,
        })
    }

    /// Returns the ranges that the page offers, and whether each is the one that is shown.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (&'static Range, bool)> {
        RANGES.iter().map(|range| (range, range.name == self.range.name))
    }

    /// Formats the number of addresses: “1,204”, or “1,000 or more” if the list is full.
    pub(super) fn all(&self) -> String {
        let all = grouped(self.all_addresses);
        if self.all_addresses >= usage::MAX_LISTED as u64 { format!("{all} or more") } else { all }
    }

    /// Returns the number of addresses that are neither in the table nor under “more”.
    pub(super) fn unlisted(&self) -> u64 {
        self.all_addresses.saturating_sub((self.addresses.len() + self.more_addresses.len()) as u64)
    }
}

/// Returns the latest addresses, those under “more”, and the number of all.
async fn addresses(app: &App, key: KeyId) -> DbResult<(Vec<address::Model>, Vec<address::Model>, u64)> {
    let mut first = usage::addresses(app.db.read(), key).await?;
    let more = first.split_off(FEW.min(first.len()));
    Ok((first, more, usage::count_addresses(app.db.read(), key, Time::FIRST).await?))
}

fn most(traffic: &Traffic, start: Time, sum: Sum, at: &Moments, by_hour: bool) -> String {
    let bucket = if by_hour { "hour began" } else { "day was" };
    format!("The busiest {bucket} {}, with {}", traffic.label(start, at), requests(sum.allowed + sum.denied))
}

fn bucket_rows(traffic: &Traffic, at: &Moments) -> Vec<BucketRow> {
    let used = traffic.buckets.iter().rev().filter(|(_, sum)| *sum != Sum::default());
    let row = |(start, sum): &(Time, Sum)| BucketRow {
        label: traffic.label(*start, at),
        allowed: number(sum.allowed),
        denied: number(sum.denied),
    };
    used.map(row).collect()
}

fn scope_row(scope: Option<Scope>, sum: Sum) -> ScopeRow {
    let name = scope.map_or_else(
        || "None needed".to_owned(),
        |Scope { module, access }| {
            let access = if access == Access::Write { "write" } else { "read" };
            format!("{}, {access}", module.title())
        },
    );
    ScopeRow { name, scope, allowed: number(sum.allowed), denied: number(sum.denied) }
}
