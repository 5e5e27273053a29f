//! The form of a dismissal, and taking one back.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::LIST;
use crate::access::{Form, Identity, ManageFindings, PageSession};
use crate::app::App;
use crate::findings::error::Error;
use crate::findings::model::{Finding, FindingId};
use crate::findings::service::{self, DismissFinding, DismissalReason};
use crate::frame::{Frame, MenuEntry};
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::BadText;

const DISMISS: &str = "/findings/{id}/dismiss";
const RESTORE: &str = "/findings/{id}/restore";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(DISMISS, "Form that dismisses a finding", ask),
        form(DISMISS, "Dismiss the finding", dismiss),
        form(RESTORE, "Take back the dismissal of a finding", restore),
    ]
}

#[derive(Template)]
#[template(path = "findings/dismiss.html")]
struct DismissPage {
    frame: Frame,
    finding: Finding,
    fields: Fields,
    faults: FormErrors,
}

async fn ask(who: PageSession<ManageFindings>, State(app): State<App>, Path(id): Path<FindingId>) -> Result<Response, ApiError> {
    show(&app, &who, id, StatusCode::OK, Fields::default(), FormErrors::default()).await
}

async fn show(
    app: &App,
    who: &PageSession<ManageFindings>,
    id: FindingId,
    status: StatusCode,
    fields: Fields,
    faults: FormErrors,
) -> Result<Response, ApiError> {
    let finding = match service::find(app.into(), who.caller().tenant(), id).await {
        Ok(found) => found.finding,
        // Its cause is gone, as the list shows.
        Err(Error::NotFound) => return Ok(Redirect::to(LIST).into_response()),
        Err(error) => return Err(error.into()),
    };
    let frame = who.frame(app, "Dismiss the finding?", MenuEntry::Findings);
    Ok(html_with(status, &DismissPage { frame, finding, fields, faults }))
}

async fn dismiss(
    who: PageSession<ManageFindings>,
    State(app): State<App>,
    Path(id): Path<FindingId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let reason: Result<DismissalReason, BadText> = fields.verbatim("reason").replace("\r\n", "\n").parse();
    let Ok(reason) = reason else {
        let faults = FormErrors::of_field("reason", "Give a reason of 1 to 500 characters.");
        return show(&app, &who, id, StatusCode::BAD_REQUEST, fields, faults).await;
    };
    let found = match service::find((&app).into(), who.caller().tenant(), id).await {
        Err(Error::NotFound) => return Ok(Redirect::to(LIST).into_response()),
        found => found?,
    };
    let mut tx = who.begin(&app).await?;
    match service::dismiss(&mut tx, found, DismissFinding { reason }).await {
        Err(error @ Error::TooMany) => {
            drop(tx);
            let faults = FormErrors::of_field("reason", kit::text::sentence(&error));
            return show(&app, &who, id, StatusCode::CONFLICT, fields, faults).await;
        }
        done => done?,
    };
    tx.commit().await?;
    Ok(Redirect::to(&format!("{LIST}?after=dismissed")).into_response())
}

async fn restore(
    who: PageSession<ManageFindings>,
    State(app): State<App>,
    Path(id): Path<FindingId>,
    _: Form,
) -> Result<Response, ApiError> {
    let mut tx = who.begin(&app).await?;
    match service::restore(&mut tx, id).await {
        // The form was sent twice, or the dismissal has ended.
        Err(Error::NotDismissed) => drop(tx),
        done => {
            done?;
            tx.commit().await?;
        }
    }
    Ok(Redirect::to(&format!("{LIST}?after=restored")).into_response())
}
