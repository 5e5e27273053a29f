//! The call on nodes, for account owners.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Node, NodeId};
use super::store;
use crate::access::{Allowed, OwnWorkspace};
use crate::app::App;
use crate::kit::clock::Time;
use crate::kit::http::route::get;
use crate::kit::http::{Answer, ApiError, Routes};

/// The lines of the route table.
pub fn routes() -> Routes<App> {
    Routes::new("Cluster", [get("/api/v1/cluster", "Get the nodes", show)])
}

/// The nodes, and how far each has followed the changes of keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cluster)]
struct ClusterView {
    /// The last change of any key there was.
    revision: i64,
    /// Every node, the longest running first.
    nodes: Vec<NodeView>,
}

/// A process that serves.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Node)]
struct NodeView {
    /// A new one at every start.
    id: NodeId,
    /// What its operator calls it.
    name: String,
    /// Where it listens.
    address: String,
    /// Of the program; empty if it is from before versions were told.
    version: String,
    started_at: Time,
    /// The last change of a key it says it has applied.
    applied_revision: i64,
    /// Until then it may verify keys from memory without hearing from the database.
    lease_until: Time,
    /// When it last said that it has every change.
    last_seen_at: Time,
    /// Whether it is the one that answers.
    answers: bool,
}

async fn show(_who: Allowed<OwnWorkspace>, State(app): State<App>) -> Result<Answer<ClusterView>, ApiError> {
    let revision = store::current_revision(app.db.read()).await?;
    let nodes = store::all(app.db.read()).await?;
    Ok(Answer(ClusterView { revision, nodes: nodes.into_iter().map(|node| view(node, app.cluster.id)).collect() }))
}

fn view(node: Node, answering: NodeId) -> NodeView {
    NodeView {
        last_seen_at: node.last_seen_at(),
        answers: node.id == answering,
        id: node.id,
        name: node.name,
        address: node.address,
        version: node.version,
        started_at: node.started_at,
        applied_revision: node.applied_revision,
        lease_until: node.lease_until,
    }
}
