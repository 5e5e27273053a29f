//! The calls on the security settings: for administrators, by session.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::SecuritySettings;
use super::preview::{EndedSession, LockedOut, Preview, preview};
use super::sign_out::{self, EveryoneSignedOut};
use super::{service, store};
use crate::access::{Allowed, ManageSecurity, SignOutEveryone, ViewSecurity};
use crate::app::App;
use crate::keys::{Key, KeyId};
use crate::members::{Member, MemberId, Role};
use crate::sessions::{ListedSession, SessionId};
use kit::clock::Time;
use kit::http::route::{get, post, put};
use kit::http::{ApiError, Body, Check, IfMatch, JsonOk, Known, Routes, WithEtag};
use kit::text::sentence;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Security",
        [
            get("/api/v1/settings/security", "Security settings", show),
            post("/api/v1/settings/security/preview", "Preview a change of the security settings", show_preview).essential(),
            put("/api/v1/settings/security", "Change the security settings", update)
                .essential()
                .fails(409, "SECOND_FACTOR_NEEDED"),
            post("/api/v1/settings/security/sign-out-everyone", "Sign out everyone", sign_out_everyone).essential(),
        ],
    )
}

/// The effects that settings would have. Each list has the first 50 rows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecurityPreview)]
struct PreviewView {
    /// Members without a second factor of whom it would be required.
    locked_out: Vec<LockedOutView>,
    locked_out_total: u64,
    /// Sessions that would end at once.
    sessions_ending: Vec<SessionEndingView>,
    sessions_ending_total: u64,
    /// Members who could no longer sign in with a passkey alone. It stays their second factor.
    passkey_owners_total: u64,
    /// Active API keys: no setting touches them.
    keys_untouched: Vec<KeyUntouchedView>,
    keys_untouched_total: u64,
    /// The reason for which saving would be refused with 409 `SECOND_FACTOR_NEEDED`; `null` if it would not.
    second_factor_needed: Option<String>,
}

/// A member who would have to set up a second factor before anything else.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LockedOutMember)]
struct LockedOutView {
    member_id: MemberId,
    name: String,
    email: String,
    role: Role,
    /// The end of the grace, or the time of the request if it is over.
    from: Time,
}

/// A session that would end at once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionEnding)]
struct SessionEndingView {
    id: SessionId,
    /// The name of the member.
    member: String,
    /// True for the session of the request.
    current: bool,
    created_at: Time,
    last_seen_at: Option<Time>,
}

/// An active API key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyUntouched)]
struct KeyUntouchedView {
    id: KeyId,
    name: String,
    hint: String,
}

impl From<Preview> for PreviewView {
    fn from(Preview { locked_out, sessions, passkey_owners, keys, refusal }: Preview) -> Self {
        let locked = |LockedOut { member, from }: LockedOut| {
            let Member { id: member_id, name, email, role, .. } = member;
            LockedOutView { member_id, name, email, role, from }
        };
        let ending = |EndedSession { session, member_name: member, is_current: current }| {
            let ListedSession { id, created_at, last_seen_at, .. } = session;
            SessionEndingView { id, member, current, created_at, last_seen_at }
        };
        Self {
            locked_out_total: locked_out.total,
            locked_out: locked_out.items.into_iter().map(locked).collect(),
            sessions_ending_total: sessions.total,
            sessions_ending: sessions.items.into_iter().map(ending).collect(),
            passkey_owners_total: passkey_owners,
            keys_untouched_total: keys.total,
            keys_untouched: keys
                .items
                .into_iter()
                .map(|Key { id, name, hint, .. }| KeyUntouchedView { id, name, hint })
                .collect(),
            second_factor_needed: refusal.map(sentence),
        }
    }
}

async fn show_preview(
    who: Allowed<ViewSecurity>,
    State(app): State<App>,
    Body(settings): Body<SecuritySettings>,
) -> Result<JsonOk<PreviewView>, ApiError> {
    Ok(JsonOk(preview(&app, &who.caller().session, &settings).await?.into()))
}

/// The sessions of all members, and the keys if that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SignOutEveryoneInput {
    /// True to revoke all active API keys as well.
    revoke_api_keys: bool,
}

impl Check for SignOutEveryoneInput {}

/// The outcome of signing everyone out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EveryoneSignedOutView {
    /// The sessions that ended, that of the request included.
    sessions_ended: u64,
    keys_revoked: u64,
    /// The time from which every node has refused the sessions and the keys.
    refused_everywhere_at: Time,
}

async fn sign_out_everyone(
    who: Allowed<SignOutEveryone>,
    State(app): State<App>,
    Body(input): Body<SignOutEveryoneInput>,
) -> Result<JsonOk<EveryoneSignedOutView>, ApiError> {
    let context = who.audit_context(&app);
    let ended = sign_out::sign_out_everyone(&app.keys, who.workspace(), context, input.revoke_api_keys).await?;
    let EveryoneSignedOut { sessions_ended, keys_revoked, refused_everywhere_at } = ended;
    Ok(JsonOk(EveryoneSignedOutView { sessions_ended, keys_revoked, refused_everywhere_at }))
}

async fn show(who: Allowed<ViewSecurity>, State(app): State<App>, known: Known) -> Result<WithEtag<SecuritySettings>, ApiError> {
    Ok(known.answer(store::policy_of(app.db.read(), who.workspace()).await?.settings))
}

async fn update(
    who: Allowed<ManageSecurity>,
    State(app): State<App>,
    if_match: IfMatch,
    Body(settings): Body<SecuritySettings>,
) -> Result<JsonOk<SecuritySettings>, ApiError> {
    let workspace = who.workspace();
    let precondition =
        if_match.on(move |tx| Box::pin(async move { store::policy_of(tx, workspace).await.map(|policy| Some(policy.settings)) }));
    let context = who.audit_context(&app).only_if(precondition);
    Ok(JsonOk(service::update(&app, workspace, context, who.member().id, settings).await?))
}
