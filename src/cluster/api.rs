//! The state of the nodes as JSON, for account owners.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::summary::{Summary, summary};
use crate::access::{Allowed, OwnWorkspace};
use crate::app::App;
use kit::http::route::get;
use kit::http::{ApiError, Known, Routes, WithEtag};

pub fn routes() -> Routes<App> {
    Routes::new("Cluster", [get("/api/v1/cluster", "Get the state of the nodes", show)])
}

/// The number of nodes that verify keys, and how many of them have applied all changes of this workspace's keys.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Cluster)]
struct ClusterView {
    /// All nodes of the database.
    nodes: u64,
    /// Nodes that have confirmed every change of this workspace's keys.
    up_to_date: u64,
    /// Nodes that have not confirmed the last change of this workspace's keys yet.
    catching_up: u64,
    /// Nodes without a valid lease: they verify no key from memory.
    silent: u64,
}

impl From<Summary> for ClusterView {
    fn from(summary: Summary) -> Self {
        let Summary { up_to_date, catching_up, silent } = summary;
        Self { nodes: summary.nodes(), up_to_date, catching_up, silent }
    }
}

async fn show(who: Allowed<OwnWorkspace>, State(app): State<App>, known: Known) -> Result<WithEtag<ClusterView>, ApiError> {
    Ok(known.answer(summary(app.db.read(), who.workspace(), app.clock.now()).await?.into()))
}
