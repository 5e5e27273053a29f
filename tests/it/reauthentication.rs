//! Permissions that demand recent authentication. No route has one yet, so the routes here are of the test.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use planeconnection::access::{Allowed, Caller, MemberCaller, Permission, Rule};
use planeconnection::middleware::HttpStack;
use serde_json::json;

use crate::support::TestApp;

const MAX_AUTH_AGE: Duration = Duration::from_mins(15);

/// For members who have proved who they are within 15 minutes.
struct RecentMember;

impl Permission for RecentMember {
    type Caller = MemberCaller;
    const RULE: Rule = Rule::SignedIn;
    const MAX_AUTH_AGE: Option<Duration> = Some(MAX_AUTH_AGE);
}

/// For such members, and for keys.
struct RecentCaller;

impl Permission for RecentCaller {
    type Caller = Caller;
    const RULE: Rule = Rule::Identified;
    const MAX_AUTH_AGE: Option<Duration> = Some(MAX_AUTH_AGE);
}

async fn member_name(who: Allowed<RecentMember>) -> String {
    who.member().name.clone()
}

async fn workspace(who: Allowed<RecentCaller>) -> String {
    who.workspace_slug().to_owned()
}

/// Replaces the routes of the product by those of this test.
fn with_test_routes(mut t: TestApp) -> TestApp {
    let routes = Router::new().route("/api/member", get(member_name)).route("/api/workspace", get(workspace));
    t.router = HttpStack::new(t.app.clone(), routes.with_state(t.app.clone()));
    t
}

#[tokio::test]
async fn old_authentication_is_refused_with_the_methods() {
    let t = with_test_routes(TestApp::new().await);
    let owner = t.owner().await;
    assert_eq!(owner.get("/api/member").await.is(200).text, "Ana Keller");
    t.advance(MAX_AUTH_AGE).await;
    owner.get("/api/member").await.is(200);
    t.advance(Duration::from_secs(1)).await;
    for path in ["/api/member", "/api/workspace"] {
        let refused = owner.get(path).await.is(403).code("REAUTHENTICATION_REQUIRED");
        assert_eq!(refused.at("/error/methods"), &json!(["password"]));
    }
    t.owner().await.get("/api/member").await.is(200);
}

#[tokio::test]
async fn keys_are_never_asked_to_authenticate_again() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let t = with_test_routes(t);
    t.advance(2 * MAX_AUTH_AGE).await;
    assert_eq!(t.with(&key).get("/api/workspace").await.is(200).text, "skyline");
    t.with(&key).get("/api/member").await.is(403).code("PERSON_REQUIRED");
}

#[tokio::test]
async fn session_of_the_version_before_was_authenticated_when_it_was_created() {
    let t = with_test_routes(TestApp::new().await);
    let owner = t.owner().await;
    t.tamper("UPDATE sessions SET auth_time = NULL").await;
    owner.get("/api/member").await.is(200);
    t.advance(MAX_AUTH_AGE + Duration::from_secs(1)).await;
    owner.get("/api/member").await.is(403).code("REAUTHENTICATION_REQUIRED");
}
