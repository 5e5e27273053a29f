//! Limits on pages: a page shows when to try again, and keeps the input.

use std::time::Duration;

use planeconnection::limits::Limit;
use planeconnection::members::Role;

use super::with;

const NEW: &str = "/settings/api-keys/new";

const FIELDS: [(&str, &str); 8] = [
    ("name", "Fleet “website” <1>"),
    ("permissions", "read_only"),
    ("expiration", "90"),
    ("description", "For the public page"),
    ("addresses", ""),
    ("date", ""),
    ("requests", "600"),
    ("seconds", "60"),
];

#[tokio::test]
async fn rate_limited_form_is_kept_for_a_retry() {
    let t = with([(Limit::MemberWrites, 1)]).await;
    let ana = t.person(Role::AccountOwner).await;
    ana.submit("/settings/members/new", "/settings/members/new", &[]).await.is(400);
    let refused = ana.submit(NEW, NEW, &FIELDS).await.is(429);
    assert_eq!((refused.header("retry-after"), refused.header("content-type")), ("60", "text/html; charset=utf-8"));
    let refused = refused.says("Try again in 60 seconds.").says("This page keeps your input").shows("link", "API Keys");
    t.advance(Duration::from_mins(1)).await;
    let kept = refused.hidden(NEW);
    let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ana.post(NEW, &kept).await.is(201).says("Fleet “website” &#60;1&#62;").says("pck_");
}

#[tokio::test]
async fn access_can_be_revoked_on_pages_despite_exhausted_limits() {
    let t = with([(Limit::MemberReads, 1), (Limit::MemberWrites, 1), (Limit::WorkspaceReads, 1)]).await;
    let (key, leaver) = (t.key(&["trips:read"]).await, t.add_member(Role::Pilot).await);
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/account").await.is(200);
    ana.get("/account").await.is(429).says("Try again in").shows("link", "API Keys");
    let page = format!("/settings/api-keys/{}/revoke", key.id);
    ana.submit(&page, &page, &[("reason", "Leaked")]).await.redirects_to(&format!("/settings/api-keys?revoked={}", key.id));
    let page = format!("/settings/members/{}/remove", leaver.id);
    let removed = ana.submit(&page, &page, &[]).await;
    removed.redirects_to(&format!("/settings/members?removed={}", leaver.id));
    let shown = ana.get(&page).await;
    assert!(matches!(shown.status, 200 | 404), "{}", shown.text);
    let open = ana.get("/settings/api-keys/management").await.is(200);
    let hidden = open.hidden("/sign-out");
    let hidden: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ana.post("/sign-out", &hidden).await.redirects_to("/sign-in?after=sign-out");
}

#[tokio::test]
async fn quota_errors_are_shown_in_forms() {
    let t = with([(Limit::ActiveKeys, 1), (Limit::Invitations, 1)]).await;
    let key = t.key(&["trips:read"]).await;
    let ana = t.person(Role::AccountOwner).await;
    let page = ana.submit(NEW, NEW, &FIELDS).await.is(409);
    page.says("This workspace has 1 active key, the maximum").says("For the public page");
    let rotate = format!("/settings/api-keys/{}/rotate", key.id);
    let fields = [("name", "Next"), ("expiration", "never")];
    ana.submit(&rotate, &rotate, &fields).await.is(409).says("the maximum").says("value=\"Next\"");
    let invite = "/settings/members/new";
    let person = |email: &'static str| [("name", "Ben"), ("email", email), ("role", "pilot")];
    ana.submit(invite, invite, &person("ben@skyline.example")).await.is(201);
    let page = ana.submit(invite, invite, &person("eve@skyline.example")).await.is(409);
    page.says("1 open invitation, the maximum").says("eve@skyline.example");
}
