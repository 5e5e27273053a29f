//! The deliveries of the last 24 hours, by the hour.

use crate::webhooks::store::HourCounts;
use kit::clock::Time;
use kit::page::Moments;
use kit::page::chart::{Bar, Bars};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// Returns the start of each hour of a chart, which ends with the present one.
pub(super) fn starts(at: &Moments) -> [Time; 24] {
    let mut hours = 24;
    [(); 24].map(|()| {
        hours -= 1;
        at.now().hour().before(hours * HOUR)
    })
}

/// Makes a chart with a bar for each hour.
pub(super) fn bars(counts: &HourCounts, at: &Moments, (width, height): (u32, u32)) -> Bars {
    let bar =
        |(start, [delivered, failed]): (Time, [u64; 2])| Bar { label: at.hour_text(start), allowed: delivered, denied: failed };
    let bars = starts(at).into_iter().zip(counts.iter().copied()).map(bar).collect();
    Bars { title: "Deliveries of the last 24 hours".to_owned(), words: ["delivered", "failed"], bars, width, height }
}
