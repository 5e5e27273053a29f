//! Forward authentication: a reverse proxy asks before it passes a request on to another service.
//!
//! Proxies ask differently: with `GET` or with the client's method, with the client's query or without, some with the client's
//! path below the path of the check. Nothing that the client writes decides, except its credential. `docs/proxies/` has a
//! configuration for each.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::access::allowed::Allowed;
use crate::access::caller::{Caller, Identity, LiveCaller};
use crate::access::permission::Permission;
use crate::access::rule::Rule;
use crate::app::App;
use crate::limits::Call;
use crate::scopes::{Module, Scope};
use kit::http::describe::Shape;
use kit::http::route::any;
use kit::http::{ApiError, Check, Describe, Doc, Query, Route, WithoutErrorBody};

/// The path of the check.
const CHECK: &str = "/api/v1/auth/check";

/// Returns whether the path is that of a check, which writes nothing, whatever its method is.
pub fn is_check(path: &str) -> bool {
    path.strip_prefix(CHECK).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the route of a check whose scope is in the query.
pub(super) fn by_query() -> Route<App> {
    let about = "For a reverse proxy in front of another service. The response has no body; the proxy copies its headers into the \
                 request that it passes on. Each of them is always present, and empty if it does not apply, so that it replaces \
                 one that the client forged. Any method is checked alike. If your proxy appends the client's query or path, use \
                 the check by path.";
    answered_by_headers(any(CHECK, "Check a credential", check).about(about))
}

/// Returns the route of a check whose scope is in the path.
pub(super) fn by_path() -> Route<App> {
    let about = "Like the check by query, for proxies that append the client's query or path: the query and everything below the \
                 scope are ignored.";
    let route = any("/api/v1/auth/check/{scope}", "Check a credential by path", check_by_path).about(about);
    answered_by_headers(route.served_at(&["/api/v1/auth/check/", "/api/v1/auth/check/{*below}"]))
}

fn answered_by_headers(route: Route<App>) -> Route<App> {
    let route = route.fails(403, "SCOPE_REQUIRED").fails(403, "ROLE_REQUIRED").fails(403, "TEST_KEY");
    route.map(|route| route.layer(map_response(complete)))
}

/// The query of a check.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct CheckQuery {
    /// The scope that the request behind the proxy needs. Left out, any valid credential passes.
    #[param(inline)]
    scope: Option<Scope>,
}

impl Check for CheckQuery {}

/// Any valid credential but a test key, if it has the scope that the path or the query names: the service behind the proxy has no
/// sandbox.
struct NamedScope;

impl Permission for NamedScope {
    type Caller = LiveCaller;
    const RULE: Rule = Rule::Identified;

    /// The limit of reads: the method is the client's, and nothing is written.
    fn call(_: &Method) -> Call {
        Call::Read
    }

    fn rule(request: &Parts) -> Result<Rule, ApiError> {
        let scope = match request.uri.path().strip_prefix(CHECK).ok_or_else(ApiError::internal)? {
            "" => Query::<CheckQuery>::of(&request.uri)?.0.scope,
            below => scope_in(below)?,
        };
        Ok(scope.map_or(Self::RULE, Rule::Scope))
    }
}

/// Reads the scope from the part of a path below the check: its first segment, if it contains a colon.
///
/// A first segment without a colon belongs to the client's path, behind a proxy that appends it to the check's. One that looks
/// like a misspelt scope is refused, since it would let any credential pass.
fn scope_in(below: &str) -> Result<Option<Scope>, ApiError> {
    let mut segments = below.strip_prefix('/').unwrap_or(below).split('/');
    let (segment, second) = (segments.next().unwrap_or_default(), segments.next());
    let segment = percent_decode_str(segment).decode_utf8_lossy();
    if let Ok(scope) = segment.parse() {
        return Ok(Some(scope));
    }
    let is_empty = segment.is_empty() && second.is_some();
    // A scope with a slash for its colon.
    let is_split = second.is_some_and(|second| format!("{segment}:{second}").parse::<Scope>().is_ok());
    if is_empty
        || is_split
        || segment.contains([':', '%'])
        || Scope::all().any(|scope| letters(scope.as_str()).eq(letters(&segment)))
    {
        let message = "Write the scope as the first segment below /api/v1/auth/check, such as trips:read, or a word without a \
                       colon, such as any, if every valid credential may pass.";
        return Err(ApiError::invalid(message));
    }
    Ok(None)
}

/// Returns the ASCII letters of a text, in lower case.
fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase())
}

/// The path below the check, for the reference.
struct CheckPath;

impl<S: Sync> FromRequestParts<S> for CheckPath {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

impl Describe for CheckPath {
    fn describe(doc: &mut Doc) {
        let about = "The scope that the request behind the proxy needs, such as trips:read; or a word without a colon, such as \
                     any: then every valid credential passes.";
        let schema = ObjectBuilder::new().schema_type(Type::String).examples(["trips:read", "any"]);
        doc.parameter("scope", ParameterIn::Path, Required::True, schema.into(), about);
    }
}

async fn check(who: Allowed<NamedScope>, Query(_): Query<CheckQuery>) -> Passed {
    Passed::of(&who.caller().0)
}

async fn check_by_path(who: Allowed<NamedScope>, _: CheckPath) -> Passed {
    Passed::of(&who.caller().0)
}

const TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");
const TENANT_SLUG: HeaderName = HeaderName::from_static("x-tenant-slug");
const TENANT_NAME: HeaderName = HeaderName::from_static("x-tenant-name");
const TENANT_TIMEZONE: HeaderName = HeaderName::from_static("x-tenant-timezone");
const TENANT_MODULES: HeaderName = HeaderName::from_static("x-tenant-modules");
const API_KEY_ID: HeaderName = HeaderName::from_static("x-api-key-id");
const MEMBER_ID: HeaderName = HeaderName::from_static("x-member-id");
const MEMBER_ROLE: HeaderName = HeaderName::from_static("x-member-role");

/// The headers of every response: a proxy replaces only those that it receives.
const HEADERS: [HeaderName; 8] =
    [TENANT_ID, TENANT_SLUG, TENANT_NAME, TENANT_TIMEZONE, TENANT_MODULES, API_KEY_ID, MEMBER_ID, MEMBER_ROLE];

/// Control characters, and `%`, which starts an escape. All that is not ASCII is encoded as well: a header is ASCII.
const NOT_IN_HEADERS: AsciiSet = CONTROLS.add(b'%');

/// A 200 without a body.
struct Passed(HeaderMap);

impl Passed {
    fn of(caller: &Caller) -> Self {
        let mut headers = HeaderMap::with_capacity(2 * HEADERS.len());
        let mut insert = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let tenant = caller.tenant();
        insert(TENANT_ID, &tenant.id.to_string());
        insert(TENANT_SLUG, &tenant.slug);
        insert(TENANT_NAME, &percent_encoded(&tenant.name));
        insert(TENANT_TIMEZONE, &tenant.timezone);
        insert(TENANT_MODULES, &Module::DATA.map(Module::as_str).join(","));
        match caller {
            Caller::Key(key) => insert(API_KEY_ID, &key.entry.id.to_string()),
            Caller::Member(caller) => {
                insert(MEMBER_ID, &caller.member().id.to_string());
                insert(MEMBER_ROLE, caller.member().role.as_str());
            }
        }
        Self(headers)
    }
}

fn percent_encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &NOT_IN_HEADERS).into()
}

impl IntoResponse for Passed {
    fn into_response(self) -> Response {
        (StatusCode::OK, self.0).into_response()
    }
}

impl Describe for Passed {
    fn describe(doc: &mut Doc) {
        doc.success.push((200, Shape::Empty));
        doc.headers.extend([
            ("X-Tenant-Id", "Id of the workspace."),
            ("X-Tenant-Slug", "Slug of the workspace."),
            (
                "X-Tenant-Name",
                "Name of the workspace. `%`, control characters and all that is not ASCII are percent-encoded, as UTF-8.",
            ),
            ("X-Tenant-Timezone", "Time zone of the workspace, such as Europe/Zurich."),
            ("X-Tenant-Modules", "Modules of the workspace, separated by commas."),
            ("X-API-Key-Id", "Id of the API key; empty for a member."),
            ("X-Member-Id", "Id of the member; empty for an API key."),
            ("X-Member-Role", "Role of the member; empty for an API key."),
        ]);
    }
}

/// Leaves out the error body, as a proxy reads the status only, and adds the headers that are missing.
async fn complete(mut response: Response) -> Response {
    if response.extensions().get::<ApiError>().is_some() {
        response.extensions_mut().insert(WithoutErrorBody);
    }
    for name in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(""));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result of reading the scope: the scope, `any`, or `refused`.
    fn scope(below: &str) -> String {
        scope_in(below)
            .map_or_else(|_| "refused".to_owned(), |scope| scope.map_or_else(|| "any".to_owned(), |scope| scope.to_string()))
    }

    #[test]
    fn scope_is_the_first_segment() {
        for below in
            ["/trips:read", "/trips:read/", "/trips:read/ops/things", "/trips:read//fleet:read", "/trips%3Aread/../fleet:read"]
        {
            assert_eq!(scope(below), "trips:read", "{below}");
        }
    }

    #[test]
    fn path_of_a_check_is_told_from_others() {
        for path in ["/api/v1/auth/check", "/api/v1/auth/check/", "/api/v1/auth/check/trips:read/ops"] {
            assert!(is_check(path), "{path}");
        }
        for path in ["/api/v1/auth/checks", "/api/v1/auth/whoami", "/api/v1/ops/trips", "/", ""] {
            assert!(!is_check(path), "{path}");
        }
    }

    #[test]
    fn segment_without_a_colon_requires_any_credential() {
        for below in ["", "/", "/any", "/any/fleet:read", "/ops/things", "/trips", "/trips/12", "/a%2Fb", "/%ff"] {
            assert_eq!(scope(below), "any", "{below}");
        }
    }

    #[test]
    fn misspelt_scope_is_refused() {
        for below in [
            "/trips:reed",
            "/trip:read",
            "/Trips:Read",
            "/trips:",
            "/:read",
            "/audit:write",
            "/trips:read%2Fx",
            "/trips:read;x",
            "/trips:read*",
            "/trips.read",
            "/trips-read/x",
            "/tripsread",
            "/trips%2Fread",
            "/trips%20read",
            "/trips:read,fleet:read",
            "/trips%253Aread",
            "/trips/read",
            "//trips:read",
        ] {
            assert_eq!(scope(below), "refused", "{below}");
        }
    }
}
