//! The section “Traffic” of Home: requests with all keys, and the busiest ones.

use crate::app::App;
use crate::keys::model::KeyId;
use crate::keys::pages::traffic::{Span, Traffic, axis, number, requests, scale_end};
use crate::keys::store;
use crate::keys::usage::{self, Sum};
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::page::chart::OnScale;
use kit::page::number::short;
use kit::page::{Fields, Moments};

/// The coordinates of the chart, which is scaled to the available space.
const CHART: (u32, u32) = (90, 100);

/// The number of keys in the table.
const BUSIEST: u64 = 6;

/// A time up to now for which the section shows requests.
#[derive(Debug)]
pub struct Range {
    /// The value of the parameter `range`.
    pub name: &'static str,
    pub title: &'static str,
    span: Span,
}

const RANGES: [Range; 3] = [
    Range { name: "24h", title: "24 hours", span: Span::LAST_DAY },
    Range { name: "7d", title: "7 days", span: Span::Days(7) },
    Range { name: "30d", title: "30 days", span: Span::Days(30) },
];

/// Requests with all keys of a workspace.
#[derive(Debug)]
pub struct TrafficSection {
    range: &'static Range,
    /// True if there was any request in the time that is shown.
    pub any: bool,
    pub chart: OnScale,
    /// The numbers beside the chart: the end of its scale, half of it, and zero.
    pub scale: [String; 3],
    /// The labels of the first, the middle and the last bar.
    pub axis: [String; 3],
    /// “1,204 requests allowed and 3 denied”
    pub total: String,
    /// The hour from which requests are added up, if there are too many to add up all.
    pub since: Option<String>,
    pub busiest: Vec<BusyKey>,
}

/// A key with its requests.
#[derive(Debug)]
pub struct BusyKey {
    pub id: KeyId,
    pub name: String,
    pub requests: String,
    /// The denied ones among them; empty if there are none.
    pub denied: String,
}

impl TrafficSection {
    pub async fn read(app: &App, workspace: WorkspaceId, asked: &Fields, at: &Moments) -> DbResult<Self> {
        let range = RANGES.iter().find(|range| asked.is("range", range.name)).unwrap_or(&RANGES[0]);
        let (traffic, from) = range.span.read_all(app, workspace, at).await?;
        let busiest = usage::busiest(app.db.read(), workspace, from, BUSIEST).await?;
        let ids: Vec<_> = busiest.iter().map(|(key, _)| *key).collect();
        let keys = store::find_all(app.db.read(), workspace, &ids).await?;
        let busy = |(id, sum): (KeyId, Sum)| {
            let key = keys.iter().find(|key| key.id == id)?;
            let denied = if sum.denied > 0 { number(sum.denied) } else { String::new() };
            Some(BusyKey { id, name: key.name.clone(), requests: number(sum.allowed + sum.denied), denied })
        };
        Ok(Self {
            since: (from > range.span.from(at)).then(|| at.hour_text(from)),
            busiest: busiest.into_iter().filter_map(busy).collect(),
            ..Self::of(range, &traffic, at)
        })
    }

    fn of(range: &'static Range, traffic: &Traffic, at: &Moments) -> Self {
        let title = if matches!(range.span, Span::Hours(_)) { "Requests per hour" } else { "Requests per day" };
        let bars = traffic.bars(title, at, CHART);
        let (top, total) = (scale_end(bars.tallest()), traffic.report.total());
        Self {
            range,
            any: total != Sum::default(),
            chart: bars.on_scale(top),
            scale: [top, top / 2, 0].map(short),
            axis: axis(traffic, at),
            total: format!("{} allowed and {} denied", requests(total.allowed), number(total.denied)),
            since: None,
            busiest: Vec::new(),
        }
    }

    /// Returns the ranges that the page offers, and whether each is the one that is shown.
    pub fn ranges(&self) -> impl Iterator<Item = (&'static Range, bool)> {
        RANGES.iter().map(|range| (range, range.name == self.range.name))
    }

    /// Returns the time that is shown in words: “24 hours”.
    pub fn span(&self) -> &'static str {
        self.range.title
    }
}
