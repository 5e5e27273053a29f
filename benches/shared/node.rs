//! The set-up of a node in process, and requests to it, which all benches share.

use std::net::Ipv4Addr;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use kit::http::serve::Service;
use planeconnection::app::App;
use planeconnection::audit::AuditContext;
use planeconnection::middleware::HttpStack;
use planeconnection::workspaces::{self, CreateWorkspace, Owner, WorkspaceId};
use serde_json::Value;
use testkit::{OWNER, PASSWORD};

/// Creates the workspace "skyline" with its owner, and takes the lease with which a node verifies keys from memory.
pub(super) async fn set_up(app: &App) -> WorkspaceId {
    let owner = Owner {
        email: OWNER.parse().expect("an email"),
        name: "Ana Keller".parse().expect("a name"),
        password: PASSWORD.to_owned().into(),
    };
    let create = CreateWorkspace {
        name: "Skyline Aviation".parse().expect("a name"),
        slug: "skyline".parse().expect("a slug"),
        timezone: "UTC".parse().expect("a time zone"),
        owner,
    };
    let (workspace, _) = workspaces::create(app, AuditContext::operator("bench"), create).await.expect("a workspace");
    app.cluster.join("bench").await.expect("a lease");
    workspace.id
}

/// Answers a request, and returns the body of the response. Its status has to be 200 or 201.
pub(super) async fn answer(front: HttpStack, request: Request) -> Bytes {
    let response = front.serve(Ipv4Addr::LOCALHOST.into(), Service::Regular, request).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    assert!(matches!(status, StatusCode::OK | StatusCode::CREATED), "{status} {}", String::from_utf8_lossy(&body));
    body
}

/// Sends JSON with a credential (a header's name and value) or without one, and returns the data of the response.
pub(super) async fn post(front: &HttpStack, credential: Option<(&str, &str)>, path: &str, body: &Value) -> Value {
    let mut request = Request::builder().method(Method::POST).uri(path).header("host", "bench.example");
    request = request.header("content-type", "application/json");
    if let Some((name, value)) = credential {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_string())).expect("a request");
    let body = answer(front.clone(), request).await;
    let mut body: Value = serde_json::from_slice(&body).expect("JSON");
    body["data"].take()
}
