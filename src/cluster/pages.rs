//! Settings > Cluster: the state of the nodes, for account owners.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::summary::{Summary, summary};
use crate::access::{OwnWorkspace, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use kit::http::route::page;
use kit::http::{ApiError, Routes};
use kit::page::html;
use kit::page::number::plural;

pub fn routes() -> Routes<App> {
    Routes::new("Cluster", [page("/settings/cluster", "Cluster", index)])
}

#[derive(Template)]
#[template(path = "cluster/index.html")]
struct IndexPage {
    frame: Frame,
    summary: Summary,
    nodes: String,
}

async fn index(who: PageSession<OwnWorkspace>, State(app): State<App>) -> Result<Response, ApiError> {
    let summary = summary(app.db.read(), who.workspace(), app.clock.now()).await?;
    let nodes = plural(summary.nodes(), "node");
    Ok(html(&IndexPage { frame: who.frame(&app, "Cluster", MenuEntry::Cluster), summary, nodes }))
}
