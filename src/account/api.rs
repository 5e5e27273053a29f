//! The calls on a person's own sessions and password. Those on second factors are in `two_factor`.

mod two_factor;

use std::cmp::Reverse;

use axum::extract::State;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, EndSessions, SignedIn};
use crate::app::App;
use crate::auth::{self, ChangePassword, Origin};
use crate::sessions::{self, AuthMethod, ListedSession, Session, SessionId};
use kit::clock::Time;
use kit::http::route::{delete, get, post};
use kit::http::{ApiError, Body, Check, JsonOk, Known, Listing, NoFields, NoParameters, NoStore, Path, Routes, WithEtag};
use kit::paging::{Page, Paging, Position, Start};
use kit::text::secret_string;

pub fn routes() -> Routes<App> {
    let own = vec![
        get("/api/v1/auth/sessions", "List own sessions", index),
        delete("/api/v1/auth/sessions/{id}", "End one of the own sessions", end).essential(),
        post("/api/v1/auth/sessions/revoke-others", "End all other own sessions", end_others).essential(),
        post("/api/v1/auth/password", "Change the own password", change_password).essential().fails(401, "INVALID_CREDENTIALS"),
    ];
    Routes::new("Account", [own, two_factor::routes()].concat())
}

/// A session of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OwnSession)]
struct SessionView {
    id: SessionId,
    /// True for the session of this request.
    current: bool,
    created_at: Time,
    /// The last use that was written, a minute late as a rule; `null` if it is unknown.
    last_seen_at: Option<Time>,
    /// The address of the last use; `null` if it is unknown.
    ip: Option<String>,
    /// The program of the last use, by its own account; `null` if it is unknown.
    user_agent: Option<String>,
    /// The methods of the sign-in, or of the last re-authentication.
    methods: Vec<AuthMethod>,
}

impl SessionView {
    fn new(listed: ListedSession, current: &Session) -> Self {
        let is_current = listed.is(current);
        let ListedSession { id, created_at, last_seen_at, ip, user_agent, methods, .. } = listed;
        Self { id, current: is_current, created_at, last_seen_at, ip, user_agent, methods }
    }
}

async fn index(
    who: Allowed<SignedIn>,
    State(app): State<App>,
    Listing { paging, .. }: Listing<NoParameters>,
    known: Known,
) -> Result<WithEtag<Page<SessionView>>, ApiError> {
    let listed = sessions::list(app.db.read(), who.member().id, app.clock.now()).await?;
    Ok(known.answer(part_of(listed, paging).map(|session| SessionView::new(session, &who.caller().session))))
}

/// Returns a part of the sessions, the newest first. They are few enough to be read as a whole.
fn part_of(mut all: Vec<ListedSession>, paging: Paging) -> Page<ListedSession> {
    let order = |session: &ListedSession| (session.created_at, session.id.0);
    all.sort_unstable_by_key(|session| Reverse(order(session)));
    let total = all.len() as u64;
    let skipped = match paging.start {
        Start::Page(_) => usize::try_from(paging.offset()).unwrap_or(usize::MAX),
        Start::After(last) => all.partition_point(|session| order(session) >= last.as_timed()),
    };
    let mut rest: Vec<_> = all.into_iter().skip(skipped).collect();
    let has_more = rest.len() as u64 > paging.limit();
    rest.truncate(paging.size as usize);
    let next = rest.last().filter(|_| has_more).map(|session| Position::timed(session.created_at, session.id.0));
    Page::new(rest, Some(total), paging, next)
}

async fn end(
    who: Allowed<EndSessions>,
    State(app): State<App>,
    Path(id): Path<SessionId>,
) -> Result<JsonOk<SessionView>, ApiError> {
    let session = &who.caller().session;
    let ended =
        sessions::end_one(&app, session, id, who.audit_context(&app)).await?.ok_or_else(|| ApiError::not_found("session"))?;
    Ok(JsonOk(SessionView::new(ended, session)))
}

/// The number of sessions that ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionsEnded {
    sessions_ended: u64,
}

async fn end_others(
    who: Allowed<EndSessions>,
    State(app): State<App>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<JsonOk<SessionsEnded>, ApiError> {
    let sessions_ended = sessions::end_others(&app, &who.caller().session, who.audit_context(&app)).await?;
    Ok(JsonOk(SessionsEnded { sessions_ended }))
}

// No Debug: it carries passwords.
/// The current password and a new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ChangePassword)]
struct NewPasswordInput {
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, max_length = 256)]
    current_password: SecretString,
    /// 15 to 256 characters, or as many as the workspace demands, and 8 with a second factor; not a common password, and not made of the names of the person or the workspace.
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, min_length = 8, max_length = 256)]
    new_password: SecretString,
}

impl Check for NewPasswordInput {}

/// The session after a change of the password.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordChanged {
    /// The new token of this session, for `Authorization: Bearer`; shown once. The token of the request has ended.
    token: String,
    expires_at: Time,
    /// The other sessions, which ended.
    sessions_ended: u64,
}

async fn change_password(
    who: Allowed<SignedIn>,
    State(app): State<App>,
    Body(input): Body<NewPasswordInput>,
) -> Result<NoStore<JsonOk<PasswordChanged>>, ApiError> {
    let NewPasswordInput { current_password, new_password } = input;
    // The API reads no cookie, so only the address can be recognised.
    let origin = Origin { address: who.request().client_ip(), browser: None };
    let change = ChangePassword { current: current_password, new: new_password, origin };
    let session = &who.caller().session;
    let renewed = auth::change_password(&app, &app.passwords, &app.sign_ins, session, change, who.audit_context(&app)).await?;
    Ok(NoStore(JsonOk(PasswordChanged {
        token: renewed.token.expose().to_owned(),
        expires_at: renewed.expires_at,
        sessions_ended: renewed.ended,
    })))
}
