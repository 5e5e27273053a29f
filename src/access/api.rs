//! The calls that identify a caller (`whoami`) and check a credential on behalf of a proxy (`check`).

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use compact_str::CompactString;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::allowed::Allowed;
use super::caller::{Caller, Identity, KeyCaller};
use super::permission::{Identified, Permission};
use super::rule::Rule;
use crate::app::App;
use crate::keys::{Entry, KeyId};
use crate::members::{MemberId, Role};
use crate::scopes::{Module, Scope, Scopes};
use crate::workspaces::{Tenant, WorkspaceId};
use key_format::Hint;
use kit::clock::Time;
use kit::http::describe::Shape;
use kit::http::route::get;
use kit::http::{ApiError, Describe, Doc, JsonOk, Query, Routes};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Authentication",
        [
            get("/api/v1/auth/whoami", "Who am I", whoami),
            get("/api/v1/auth/check", "Check a credential", check)
                .fails(403, "SCOPE_REQUIRED")
                .fails(403, "ROLE_REQUIRED")
                .map(|route| route.layer(axum::middleware::map_response(without_body))),
        ],
    )
}

/// The caller of this request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WhoAmI {
    /// Software with an API key.
    #[serde(rename_all = "camelCase")]
    ApiKey { workspace: WorkspaceView, api_key: CallingKey },
    /// A person with a session.
    Member { workspace: WorkspaceView, member: CallingMember },
}

/// A workspace by id and name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(crate) struct WorkspaceView {
    id: WorkspaceId,
    #[schema(value_type = String)]
    slug: CompactString,
    #[schema(value_type = String)]
    name: CompactString,
}

impl From<&Tenant> for WorkspaceView {
    fn from(tenant: &Tenant) -> Self {
        Self { id: tenant.id, slug: tenant.slug.clone(), name: tenant.name.clone() }
    }
}

/// The API key of this request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CallingKey {
    id: KeyId,
    #[schema(value_type = String)]
    name: CompactString,
    #[schema(value_type = String)]
    hint: Hint,
    #[schema(value_type = Vec<Scope>)]
    scopes: Scopes,
    expires_at: Option<Time>,
}

/// The member who made this request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallingMember {
    id: MemberId,
    name: String,
    email: String,
    role: Role,
}

impl From<&crate::members::Member> for CallingMember {
    fn from(member: &crate::members::Member) -> Self {
        Self { id: member.id, name: member.name.clone(), email: member.email.clone(), role: member.role }
    }
}

async fn whoami(who: Allowed<Identified>) -> JsonOk<WhoAmI> {
    let workspace = WorkspaceView::from(who.caller().tenant());
    JsonOk(match who.caller() {
        Caller::Key(KeyCaller { entry, hint, .. }) => {
            let Entry { id, name, .. } = &**entry;
            let (scopes, expires_at) = (entry.scopes(), entry.expires_at());
            let api_key = CallingKey { id: *id, name: name.clone(), hint: *hint, scopes, expires_at };
            WhoAmI::ApiKey { workspace, api_key }
        }
        Caller::Member(caller) => WhoAmI::Member { workspace, member: CallingMember::from(caller.member()) },
    })
}

/// The query of a check.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct CheckQuery {
    /// The scope that the request behind the proxy needs. Left out, any valid credential passes.
    #[param(inline)]
    scope: Option<Scope>,
}

/// Any valid credential, if it has the scope that the query names.
struct NamedScope;

impl Permission for NamedScope {
    type Caller = Caller;
    const RULE: Rule = Rule::Identified;
    fn rule(request: &Parts) -> Result<Rule, ApiError> {
        let Query(CheckQuery { scope }) = Query::of(&request.uri)?;
        Ok(scope.map_or(Self::RULE, Rule::Scope))
    }
}

/// A 200 without a body.
struct Passed(HeaderMap);

impl IntoResponse for Passed {
    fn into_response(self) -> Response {
        (StatusCode::OK, self.0).into_response()
    }
}

impl Describe for Passed {
    fn describe(doc: &mut Doc) {
        doc.success.push((200, Shape::Empty));
    }
}

async fn check(who: Allowed<NamedScope>, Query(_): Query<CheckQuery>) -> Passed {
    let mut headers = HeaderMap::with_capacity(8);
    let mut insert = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    if let Caller::Key(key) = who.caller() {
        insert(API_KEY_ID, &key.entry.id.to_string());
    }
    let tenant = who.caller().tenant();
    insert(TENANT_ID, &tenant.id.to_string());
    insert(TENANT_SLUG, &tenant.slug);
    insert(TENANT_NAME, &percent_encoded(&tenant.name));
    insert(TENANT_TIMEZONE, &tenant.timezone);
    insert(TENANT_MODULES, &Module::DATA.map(Module::as_str).join(","));
    Passed(headers)
}

const API_KEY_ID: HeaderName = HeaderName::from_static("x-api-key-id");
const TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");
const TENANT_SLUG: HeaderName = HeaderName::from_static("x-tenant-slug");
const TENANT_NAME: HeaderName = HeaderName::from_static("x-tenant-name");
const TENANT_TIMEZONE: HeaderName = HeaderName::from_static("x-tenant-timezone");
const TENANT_MODULES: HeaderName = HeaderName::from_static("x-tenant-modules");

/// Everything but visible ASCII and spaces, and `%`, which starts an escape: a header is ASCII.
const NOT_IN_HEADERS: AsciiSet = CONTROLS.add(b'%');

fn percent_encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &NOT_IN_HEADERS).into()
}

/// Removes the error body: a proxy reads the status only.
async fn without_body(mut response: Response) -> Response {
    response.extensions_mut().remove::<ApiError>();
    response
}
