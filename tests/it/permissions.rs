//! Who may do what: one table of every route × every role and credential, for a person to read.

use std::fmt::Write;

use axum::http::Method;
use planeconnection::members::Role;
use planeconnection::router;
use serde_json::json;

use crate::support::{Client, TestApp, TestKey};

/// What a caller without any fault but who they are is told: let in, or why not.
async fn outcome(client: &Client, method: &Method, path: &str) -> String {
    let path = path.replace("{id}", "none").replace("{externalId}", "none");
    // Admitted callers get as far as the body, which is none of the things any route wants.
    let answer = client.json(method.clone(), &path, json!([])).await;
    match answer.status {
        401 | 403 => answer.json["error"]["code"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned),
        _ => "yes".to_owned(),
    }
}

async fn callers(t: &TestApp) -> Vec<(String, Client)> {
    let mut callers = vec![("nobody".to_owned(), t.anyone())];
    for role in Role::ALL {
        callers.push((role.to_string(), t.member(role).await));
    }
    for scope in planeconnection::keys::Scope::all() {
        let key: TestKey = t.key(&[&scope.to_string()]).await;
        callers.push((scope.to_string(), t.with(&key)));
    }
    callers
}

#[tokio::test]
async fn every_route_admits_exactly_whom_it_should() {
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
