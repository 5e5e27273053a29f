//! Settings > Cluster: the nodes, for account owners.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::model::Node;
use super::store;
use crate::access::{OwnWorkspace, Visitor};
use crate::app::App;
use crate::frame::{Frame, Place};
use crate::kit::http::route::page;
use crate::kit::http::{ApiError, Routes};
use crate::kit::page::html;
use crate::kit::page::number::grouped;

/// The pages.
pub fn routes() -> Routes<App> {
    Routes::new("Cluster", [page("/settings/cluster", "Cluster", index)])
}

#[derive(Template)]
#[template(path = "cluster/index.html")]
struct IndexPage {
    frame: Frame,
    revision: String,
    rows: Vec<Row>,
}

struct Row {
    node: Node,
    standing: Standing,
    applied: String,
    /// Whether it is the one that answers.
    answers: bool,
}

/// What can be said of a node by its row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It holds a lease and has every change.
    UpToDate,
    /// It holds a lease, and there is a change that it has not confirmed yet.
    Behind,
    /// It has not been heard of for as long as a lease lasts.
    Silent,
}

impl Standing {
    const fn title(self) -> &'static str {
        match self {
            Self::UpToDate => "Up to date",
            Self::Behind => "Catching up",
            Self::Silent => "Not heard of",
        }
    }

    const fn tone(self) -> &'static str {
        match self {
            Self::UpToDate => "active",
            Self::Behind => "warn",
            Self::Silent => "bad",
        }
    }
}

async fn index(who: Visitor<OwnWorkspace>, State(app): State<App>) -> Result<Response, ApiError> {
    let revision = store::current_revision(app.db.read()).await?;
    let now = app.clock.now();
    let rows = store::all(app.db.read()).await?.into_iter().map(|node| Row {
        standing: match node.applied_revision < revision {
            _ if node.lease_until < now => Standing::Silent,
            true => Standing::Behind,
            false => Standing::UpToDate,
        },
        applied: grouped(node.applied_revision.unsigned_abs()),
        answers: node.id == app.cluster.id,
        node,
    });
    let rows = rows.collect();
    Ok(html(&IndexPage { frame: who.frame(&app, "Cluster", Place::Cluster), revision: grouped(revision.unsigned_abs()), rows }))
}
