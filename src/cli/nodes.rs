//! The commands `nodes list` and `nodes show`.

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::database::Database;
use super::output::{self, Failure};
use crate::app::App;
use crate::cluster::{self, Node, NodeId, NodeRun, NodeState};
use kit::clock::Time;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the nodes of the database, the longest running first
    List {
        #[command(flatten)]
        database: Database,
        /// Include nodes that have ended, the newest first
        #[arg(long, env = "PLANECONNECTION_ENDED", value_parser = output::switch)]
        ended: bool,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Show the name and address of a node by its id in an audit event
    Show {
        #[command(flatten)]
        database: Database,
        /// Id of the node
        #[arg(value_name = "ID")]
        node: NodeId,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
}

/// A node as the operator sees it. A node that has ended has no state, revision or lease.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeView {
    #[serde(flatten)]
    run: NodeRun,
    state: Option<NodeState>,
    applied_revision: Option<i64>,
    lease_until: Option<Time>,
    last_seen_at: Option<Time>,
}

impl NodeView {
    fn running(node: Node, revision: i64, now: Time) -> Self {
        Self {
            state: Some(node.state(revision, now)),
            applied_revision: Some(node.applied_revision),
            lease_until: Some(node.lease_until),
            last_seen_at: Some(node.last_seen_at()),
            run: node.into(),
        }
    }

    fn ended(run: NodeRun) -> Self {
        Self { run, state: None, applied_revision: None, lease_until: None, last_seen_at: None }
    }

    fn row(&self) -> [String; 7] {
        let Self { run, state, applied_revision, last_seen_at, .. } = self;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            run.id.to_string(),
            or_none(Some(run.name.clone()).filter(|name| !name.is_empty())),
            run.address.clone(),
            or_none(Some(run.version.clone()).filter(|version| !version.is_empty())),
            state.map_or("ended", NodeState::title).to_owned(),
            or_none(applied_revision.map(|revision| revision.to_string())),
            last_seen_at.map_or_else(|| format!("started {}", run.started_at), |time| time.to_string()),
        ]
    }
}

const HEADINGS: [&str; 7] = ["ID", "NAME", "ADDRESS", "VERSION", "STATE", "REVISION", "LAST SEEN"];

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { database, ended, json } => {
                let app = database.open().await?;
                let (revision, nodes) = nodes(&app, ended).await?;
                if json {
                    return output::json(&json!({ "revision": revision, "nodes": nodes }));
                }
                output::table(HEADINGS, &nodes.iter().map(NodeView::row).collect::<Vec<_>>())
            }
            Self::Show { database, node, json } => {
                let app = database.open().await?;
                let (_, nodes) = nodes(&app, true).await?;
                let found = nodes.into_iter().find(|known| known.run.id == node);
                let found = found.ok_or_else(|| Failure::refused(format!("no node of this database is known as {node}")))?;
                if json { output::json(&found) } else { output::table(HEADINGS, &[found.row()]) }
            }
        }
    }
}

/// Returns the current revision, and the nodes with their state relative to it.
async fn nodes(app: &App, with_ended: bool) -> Result<(i64, Vec<NodeView>), Failure> {
    let db = app.db.read();
    let revision = cluster::current_revision(db).await?;
    let now = app.clock.now();
    let mut nodes: Vec<_> = cluster::nodes(db).await?.into_iter().map(|node| NodeView::running(node, revision, now)).collect();
    if with_ended {
        let runs = cluster::runs(db).await?;
        let ended: Vec<_> = runs.into_iter().filter(|run| nodes.iter().all(|node| node.run.id != run.id)).collect();
        nodes.extend(ended.into_iter().map(NodeView::ended));
    }
    Ok((revision, nodes))
}
