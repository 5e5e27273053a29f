//! Limits and quotas of members, workspaces and nodes.

mod bytes;
mod pages;
mod quotas;
mod rates;
mod reports;
mod shares;

use planeconnection::config::Config;
use planeconnection::limits::{Limit, Settings};

use crate::support::TestApp;

/// An app with these figures; the others are the usual ones.
async fn with<const N: usize>(figures: [(Limit, u64); N]) -> TestApp {
    TestApp::with_config(Config { limits: settings(figures), ..Config::default() }).await
}

fn settings<const N: usize>(figures: [(Limit, u64); N]) -> Settings {
    figures.into_iter().fold(Settings::default(), |settings, (limit, figure)| settings.with(limit, Some(figure)))
}

/// Refusals by a limit, as the metrics have them.
async fn refusals(t: &TestApp, limit: Limit) -> u64 {
    let metrics = t.metrics().await;
    let before = format!("planeconnection_limit_refusals_total{{limit=\"{limit}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&before)).expect("a counter of the limit");
    line.parse().expect("a number")
}
