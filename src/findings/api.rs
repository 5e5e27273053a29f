//! JSON handlers of findings.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::collect::FindingSources;
use super::error::Error;
use super::filter::FindingFilter;
use super::list;
use super::model::{Finding, FindingId};
use super::service::{self, DismissFinding, Dismissal};
use crate::access::{Allowed, Identity, ManageFindings, ReadAuditLog};
use crate::app::App;
use crate::keys;
use kit::http::route::{delete, get, post};
use kit::http::{ApiError, IdempotentBody, JsonOk, Known, Listing, Page, Path, Routes, WithEtag};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Findings",
        [
            get("/api/v1/findings", "List findings", index).about(
                "What needs the attention of an administrator, the most urgent first, and the page that leads to the remedy. Findings \
                 are computed at the time of the request; at most 200 with one code are listed.",
            ),
            post("/api/v1/findings/{id}/dismiss", "Dismiss finding", dismiss)
                .conflicts()
                .about("Hides a finding from all administrators for 30 days."),
            delete("/api/v1/findings/{id}/dismiss", "Take back dismissal", restore).conflicts(),
        ],
    )
}

impl<'a> From<&'a App> for FindingSources<'a> {
    fn from(app: &'a App) -> Self {
        Self { core: app, chains: &app.chains, cache: &app.findings }
    }
}

async fn index(
    who: Allowed<ReadAuditLog>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<FindingFilter>,
    known: Known,
) -> Result<WithEtag<Page<Finding>>, ApiError> {
    if let Some(key) = filter.api_key_id {
        keys::find(app.db.read(), who.workspace(), key).await?.ok_or(Error::NoSuchKey)?;
    }
    Ok(known.answer(list::all((&app).into(), who.caller().tenant(), &filter, paging).await?))
}

async fn dismiss(
    who: Allowed<ManageFindings>,
    State(app): State<App>,
    Path(id): Path<FindingId>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<DismissFinding>,
) -> Result<JsonOk<Dismissal>, ApiError> {
    let found = service::find((&app).into(), who.caller().tenant(), id).await;
    let mut tx = who.begin_idempotent(&app, idempotency_key).await?;
    // After a replay was looked for: the finding may be gone since the first response.
    let dismissal = service::dismiss(&mut tx, found?, input).await?;
    tx.commit_answering(200, &dismissal).await?;
    Ok(JsonOk(dismissal))
}

/// A finding that is listed again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RestoredFinding)]
struct Restored {
    id: FindingId,
}

async fn restore(
    who: Allowed<ManageFindings>,
    State(app): State<App>,
    Path(id): Path<FindingId>,
) -> Result<JsonOk<Restored>, ApiError> {
    let mut tx = who.begin(&app).await?;
    service::restore(&mut tx, id).await?;
    tx.commit().await?;
    Ok(JsonOk(Restored { id }))
}
