//! A readable table of every route × every role and credential.

use std::fmt::Write;

use axum::http::Method;
use planeconnection::members::Role;
use planeconnection::router;
use serde_json::json;

use crate::browser::Person;
use crate::support::{Client, TestApp, TestKey};

/// The result of a call that only its permission can refuse: `yes`, or the error code.
async fn outcome(client: &Client, method: &Method, path: &str) -> String {
    let path = path
        .replace("{id}", "none")
        .replace("{externalId}", "none")
        .replace("{scope}", "fleet:read")
        .replace("{deliveryId}", "none");
    // Admitted callers get as far as the body, which is none of the things any route wants.
    let answer = client.json(method.clone(), &path, json!([])).await;
    match answer.status {
        401 | 403 => answer.json["error"]["code"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned),
        _ => "yes".to_owned(),
    }
}

async fn callers(t: &TestApp) -> Vec<(String, Client)> {
    let mut callers = vec![("nobody".to_owned(), t.anonymous())];
    for role in Role::ALL {
        callers.push((role.to_string(), t.member(role).await));
    }
    for scope in planeconnection::scopes::Scope::all() {
        let key: TestKey = t.key(&[&scope.to_string()]).await;
        callers.push((scope.to_string(), t.with(&key)));
    }
    callers
}

#[tokio::test]
async fn every_route_admits_exactly_the_permitted_callers() {
    let t = TestApp::new().await;
    let callers = callers(&t).await;
    let mut table = String::new();
    for route in router::table().into_iter().flat_map(|routes| routes.lines) {
        // Signing out works for everyone signed in, and would end the session that the next row needs.
        if route.path == "/api/v1/auth/sign-out" {
            continue;
        }
        let mut by_outcome: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, client) in &callers {
            let outcome = outcome(client, &route.method, route.path).await;
            match by_outcome.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, names)) => names.push(name),
                None => by_outcome.push((outcome, vec![name])),
            }
        }
        by_outcome.sort();
        writeln!(table, "{} {}  ({})", route.method, route.path, route.permission).expect("a string");
        for (outcome, names) in by_outcome {
            writeln!(table, "    {outcome:24} {}", names.join(", ")).expect("a string");
        }
    }
    insta::assert_snapshot!(table);
}

/// The result of a page, or of a form with a valid CSRF token and no other field.
async fn outcome_of(person: &Person, method: &Method, path: &str, token: &str) -> &'static str {
    let path = path.replace("{id}", "none");
    // The header of a script of this site, which a call from the documentation has to have.
    let script = [("x-try-it", "1")];
    let answer =
        if method == Method::POST { person.post(&path, &[("csrf", token)]).await } else { person.get_with(&path, &script).await };
    let leads_to = answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
    match answer.status {
        303 if leads_to.starts_with("/sign-in") => "has to sign in",
        401 => "has to sign in",
        403 => "forbidden",
        _ => "yes",
    }
}

#[tokio::test]
async fn every_page_admits_exactly_the_permitted_roles() {
    let t = TestApp::new().await;
    let mut people = vec![("nobody", t.anonymous_person())];
    for role in Role::ALL {
        people.push((role.as_str(), t.person(role).await));
    }
    let mut table = String::new();
    for route in router::pages().into_iter().flat_map(|routes| routes.lines).filter(|route| route.path != "/sign-out") {
        let mut by_outcome: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, person) in &people {
            let token = match person.cookie("planeconnection_session") {
                Some(_) => person.get("/account").await.hidden("/sign-out").remove(0).1,
                None => person.get("/sign-in").await.hidden("/sign-in").remove(0).1,
            };
            let outcome = outcome_of(person, &route.method, route.path, &token).await;
            match by_outcome.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, names)) => names.push(name),
                None => by_outcome.push((outcome, vec![name])),
            }
        }
        by_outcome.sort_unstable();
        writeln!(table, "{} {}  ({})", route.method, route.path, route.permission).expect("a string");
        for (outcome, names) in by_outcome {
            writeln!(table, "    {outcome:24} {}", names.join(", ")).expect("a string");
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn forms_require_csrf_tokens_and_pages_refuse_keys() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    let key = t.key(&["audit:read"]).await;
    for route in router::pages().into_iter().flat_map(|routes| routes.lines) {
        let path = route.path.replace("{id}", "none");
        if route.method == Method::POST {
            owner.post(&path, &[]).await.is(403).says("This form is too old");
        } else if route.permission != "anyone" {
            let answer = t.with(&key).get(&path).await.is(303);
            assert!(answer.header("location").starts_with("/sign-in"), "{path}");
        }
    }
}
