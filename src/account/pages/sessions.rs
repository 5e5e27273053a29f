//! The buttons that end a person's own sessions.

use axum::extract::State;
use axum::response::Response;

use super::redirects::back;
use crate::access::{EndSessions, Form, PageSession};
use crate::app::App;
use crate::auth;
use crate::sessions::{self, SessionId};
use kit::http::route::form;
use kit::http::{ApiError, Path, Route};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        form("/account/sessions/{id}/end", "Sign out one of the own sessions", end),
        form("/account/sessions/end-others", "Sign out all other own sessions", end_others),
    ]
}

async fn end(
    who: PageSession<EndSessions>,
    State(app): State<App>,
    Path(id): Path<SessionId>,
    _: Form,
) -> Result<Response, ApiError> {
    match sessions::end_one(&app, who.session(), id, who.audit_context(&app)).await? {
        Some(ended) if ended.is(who.session()) => Ok(auth::redirect_signed_out(&app, "sign-out")),
        // Not found: it ended before, or the form was sent twice.
        Some(_) | None => Ok(back("session")),
    }
}

async fn end_others(who: PageSession<EndSessions>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    sessions::end_others(&app, who.session(), who.audit_context(&app)).await?;
    Ok(back("sessions"))
}
