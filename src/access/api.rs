//! Who am I, and: may this request pass?

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use compact_str::CompactString;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::allowed::{Allowed, Caller};
use super::permission::{Identified, Permission, Rule};
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

/// The lines of the route table.
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

/// The caller, as the server sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WhoAmI {
    /// An application.
    #[serde(rename_all = "camelCase")]
    ApiKey {
        /// The key's workspace.
        workspace: WorkspaceView,
        /// The key.
        api_key: CallingKey,
    },
    /// A person.
    Member {
        /// Their workspace.
        workspace: WorkspaceView,
        /// Them.
        member: CallingMember,
    },
}

/// A workspace, in short.
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

/// The key a request was made with.
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

/// The member a request was made by.
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

async fn whoami(who: Allowed<Identified>) -> Result<JsonOk<WhoAmI>, ApiError> {
    match who.caller() {
        Caller::Anyone => Err(ApiError::internal()),
        Caller::Key { entry, hint, .. } => {
            let Entry { id, tenant, name, .. } = &**entry;
            let (scopes, expires_at) = (entry.scopes(), entry.expires_at());
            let api_key = CallingKey { id: *id, name: name.clone(), hint: *hint, scopes, expires_at };
            Ok(JsonOk(WhoAmI::ApiKey { workspace: WorkspaceView::from(&**tenant), api_key }))
        }
        Caller::Member { member, tenant, .. } => {
            Ok(JsonOk(WhoAmI::Member { workspace: WorkspaceView::from(&**tenant), member: CallingMember::from(&**member) }))
        }
    }
}

/// What a proxy asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct CheckQuery {
    /// The scope the request behind the proxy needs; left out: any valid credential passes.
    #[param(inline)]
    scope: Option<Scope>,
}

/// Any valid credential, if it has the scope that the query names.
struct NamedScope;

impl Permission for NamedScope {
    const RULE: Rule = Rule::Identified;
    fn rule(request: &Parts) -> Result<Rule, ApiError> {
        let Query(CheckQuery { scope }) = Query::of(&request.uri)?;
        Ok(scope.map_or(Self::RULE, Rule::Scope))
    }
}

/// 200 with nothing but headers.
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

async fn check(who: Allowed<NamedScope>, Query(_): Query<CheckQuery>) -> Result<Passed, ApiError> {
    let mut headers = HeaderMap::with_capacity(8);
    let mut tell = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let tenant = match who.caller() {
        Caller::Anyone => return Err(ApiError::internal()),
        Caller::Key { entry, .. } => {
            tell(API_KEY_ID, &entry.id.to_string());
            &entry.tenant
        }
        Caller::Member { tenant, .. } => tenant,
    };
    tell(TENANT_ID, &tenant.id.to_string());
    tell(TENANT_SLUG, &tenant.slug);
    tell(TENANT_NAME, &percent_encoded(&tenant.name));
    tell(TENANT_TIMEZONE, &tenant.timezone);
    tell(TENANT_MODULES, &Module::DATA.map(Module::as_str).join(","));
    Ok(Passed(headers))
}

const API_KEY_ID: HeaderName = HeaderName::from_static("x-api-key-id");
const TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");
const TENANT_SLUG: HeaderName = HeaderName::from_static("x-tenant-slug");
const TENANT_NAME: HeaderName = HeaderName::from_static("x-tenant-name");
const TENANT_TIMEZONE: HeaderName = HeaderName::from_static("x-tenant-timezone");
const TENANT_MODULES: HeaderName = HeaderName::from_static("x-tenant-modules");

/// A header is ASCII: everything that does not print in it is encoded, and so is `%`, which starts an escape.
const NOT_IN_HEADERS: AsciiSet = CONTROLS.add(b'%');

fn percent_encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &NOT_IN_HEADERS).into()
}

/// A proxy looks at the status alone.
async fn without_body(mut response: Response) -> Response {
    response.extensions_mut().remove::<ApiError>();
    response
}
