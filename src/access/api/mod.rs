//! The call that identifies its caller, and in `check` the one that checks a credential on behalf of a proxy.

mod check;

pub use check::is_check;

use compact_str::CompactString;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::allowed::Allowed;
use crate::access::caller::{Caller, Identity, KeyCaller};
use crate::access::permission::Identified;
use crate::app::App;
use crate::keys::{Entry, KeyId};
use crate::members::{MemberId, Role};
use crate::scopes::{Scope, Scopes};
use crate::workspaces::{Tenant, WorkspaceId};
use key_format::Hint;
use kit::clock::Time;
use kit::http::route::get;
use kit::http::{JsonOk, Routes};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Authentication",
        [
            get("/api/v1/auth/whoami", "Who am I", whoami).about(
                "Returns the key or the member that sends the request, and the workspace: a first call to try a key with.",
            ),
            check::by_query(),
            check::by_path(),
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
    /// True for a test key: the workspace is the sandbox.
    test: bool,
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
            let api_key = CallingKey { id: *id, name: name.clone(), hint: *hint, test: entry.is_test(), scopes, expires_at };
            WhoAmI::ApiKey { workspace, api_key }
        }
        Caller::Member(caller) => WhoAmI::Member { workspace, member: CallingMember::from(caller.member()) },
    })
}
