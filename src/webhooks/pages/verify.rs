//! The tab “Verify” of an endpoint: code with which a receiver checks that a request comes from here.
//!
//! The files are programs, which the tests run against real signatures.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::endpoint::find;
use super::labels;
use super::show::{Head, Tab};
use crate::access::{ManageWebhooks, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::model::EndpointId;
use crate::webhooks::store;
use kit::http::route::page;
use kit::http::{ApiError, Path, Route};
use kit::page::html;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/settings/webhooks/{id}/verify", "Code that verifies the requests of a webhook", show)]
}

/// Code in one language.
struct Snippet {
    id: &'static str,
    title: &'static str,
    code: &'static str,
}

const SNIPPETS: [Snippet; 5] = [
    Snippet { id: "curl", title: "curl", code: include_str!("verify/send.sh") },
    Snippet { id: "node", title: "Node.js", code: include_str!("verify/receiver.mjs") },
    Snippet { id: "python", title: "Python", code: include_str!("verify/receiver.py") },
    Snippet { id: "go", title: "Go", code: include_str!("verify/receiver.go") },
    Snippet { id: "rust", title: "Rust", code: include_str!("verify/receiver.rs") },
];

#[derive(Template)]
#[template(path = "webhooks/verify.html")]
struct VerifyPage {
    frame: Frame,
    head: Head,
    snippets: [Snippet; 5],
}

async fn show(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
) -> Result<Response, ApiError> {
    let endpoint = find(&app, &who, id).await?;
    let frame = who.frame(&app, labels::title(&endpoint), MenuEntry::Webhooks);
    let figures = store::figures(app.db.read(), &[id], frame.at.now()).await?.remove(&id).unwrap_or_default();
    Ok(html(&VerifyPage { head: Head::new(&app, endpoint, figures, &frame, Tab::Verify), frame, snippets: SNIPPETS }))
}
