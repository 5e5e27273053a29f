//! The usage of a key: requests over time and by scope, and addresses.

use crate::app::App;
use crate::keys::model::KeyId;
use crate::keys::pages::labels;
use crate::keys::pages::traffic::{Span, Traffic, number, requests};
use crate::keys::tables::address;
use crate::keys::usage::{self, BucketSize, Sum};
use crate::scopes::{Access, Scope};
use kit::clock::Time;
use kit::db::DbResult;
use kit::page::chart::Bars;
use kit::page::number::grouped;
use kit::page::{Fields, Moments};

/// The coordinates of the chart, which is scaled to the available space.
const CHART: (u32, u32) = (60, 100);

/// The number of addresses that are shown at first.
const FEW: usize = 5;

/// The usage section of the page.
pub(super) struct UsageSection {
    /// True if there was any request in the time that is shown.
    pub(super) any: bool,
    pub(super) by_hour: bool,
    pub(super) chart: Bars,
    /// “1,204 requests allowed and 3 denied”
    pub(super) total: String,
    /// “The busiest day was 20 Nov, with 1,204 requests”
    pub(super) most: Option<String>,
    /// The buckets with requests, the latest first.
    pub(super) rows: Vec<BucketRow>,
    pub(super) scopes: Vec<ScopeRow>,
    pub(super) addresses: Vec<address::Model>,
    pub(super) more_addresses: Vec<address::Model>,
    pub(super) all_addresses: u64,
    first: String,
    last: String,
}

/// The numbers of one hour or day.
pub(super) struct BucketRow {
    pub(super) start: Time,
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

impl UsageSection {
    pub(super) async fn read(app: &App, key: KeyId, asked: &Fields, at: &Moments) -> DbResult<Self> {
        let by_hour = asked.is("by", "hour");
        let span =
            if by_hour { Span { bucket: BucketSize::Hour, count: 48 } } else { Span { bucket: BucketSize::Day, count: 30 } };
        let traffic = span.read(app, key, at.now()).await?;
        let mut addresses = usage::addresses(app.db.read(), key).await?;
        let more_addresses = addresses.split_off(FEW.min(addresses.len()));
        let total = traffic.report.total();
        let ends: Vec<_> = traffic.buckets().map(|(start, _)| traffic.label(start, at)).collect();
        let end = |end: Option<&String>| end.cloned().unwrap_or_default();
        Ok(Self {
            any: total != Sum::default(),
            by_hour,
            chart: traffic.bars(if by_hour { "Requests per hour" } else { "Requests per day" }, at, CHART),
            total: format!("{} allowed and {} denied", requests(total.allowed), number(total.denied)),
            most: traffic.busiest().map(|(start, sum)| most(&traffic, start, sum, at, by_hour)),
            rows: traffic
                .buckets()
                .rev()
                .filter(|(_, sum)| *sum != Sum::default())
                .map(|bucket| row(&traffic, bucket, at))
                .collect(),
            scopes: traffic.report.scopes.iter().map(|(scope, sum)| scope_row(*scope, *sum)).collect(),
            all_addresses: usage::count_addresses(app.db.read(), key, Time::FIRST).await?,
            addresses,
            more_addresses,
            first: end(ends.first()),
            last: end(ends.last()),
        })
    }

    pub(super) fn span(&self) -> &'static str {
        if self.by_hour { "last 48 hours" } else { "last 30 days" }
    }

    /// Returns the labels of both ends of the chart.
    pub(super) fn axis(&self) -> [&str; 2] {
        [&self.first, &self.last]
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

fn most(traffic: &Traffic, start: Time, sum: Sum, at: &Moments, by_hour: bool) -> String {
    let bucket = if by_hour { "hour began" } else { "day was" };
    format!("The busiest {bucket} {}, with {}", traffic.label(start, at), requests(sum.allowed + sum.denied))
}

fn row(traffic: &Traffic, (start, sum): (Time, Sum), at: &Moments) -> BucketRow {
    BucketRow { start, label: traffic.label(start, at), allowed: number(sum.allowed), denied: number(sum.denied) }
}

fn scope_row(scope: Option<Scope>, sum: Sum) -> ScopeRow {
    let name = scope.map_or_else(
        || "None needed".to_owned(),
        |Scope { module, access }| {
            let access = if access == Access::Write { "write" } else { "read" };
            format!("{}, {access}", labels::title(module))
        },
    );
    ScopeRow { name, scope, allowed: number(sum.allowed), denied: number(sum.denied) }
}
