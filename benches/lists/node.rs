//! The product in this process, without socket and client, and the rows that are read.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use kit::db::Location;
use planeconnection::app::App;
use planeconnection::config::Config;
use planeconnection::limits;
use planeconnection::middleware::HttpStack;
use planeconnection::router;
use planeconnection::workspaces::WorkspaceId;
use serde_json::{Value, json};
use testkit::{KEYS, OWNER, PASSWORD, SIGN_IN, create_key_body};
use tokio::task::JoinSet;

use crate::AT_ONCE;
use crate::calls::Credential;
use crate::shared::{self, answer};

/// The scopes of the key that reads.
const SCOPES: [&str; 4] = ["trips:read", "invoices:read", "safety:read", "audit:read"];

pub(super) struct Node {
    pub(super) app: App,
    front: HttpStack,
    pub(super) workspace: WorkspaceId,
    token: String,
    key: String,
}

impl Node {
    /// Opens an empty database, and creates a workspace with a session and a key.
    pub(super) async fn start(url: &str) -> Self {
        let location: Location = url.parse().expect("a database");
        let config = Config { limits: limits::Settings::unlimited(), ..Config::default() };
        let app = App::open(config, &location).await.expect("a database");
        let workspace = shared::set_up(&app).await;
        let (token, key) = (String::new(), String::new());
        let mut node = Self { front: router::router(app.clone()), app, workspace, token, key };
        let signed_in = node.post(SIGN_IN, &json!({ "email": OWNER, "password": PASSWORD })).await;
        signed_in["token"].as_str().expect("a token").clone_into(&mut node.token);
        let created = node.post(KEYS, &create_key_body("Lists", &SCOPES)).await;
        created["secret"].as_str().expect("a secret").clone_into(&mut node.key);
        node
    }

    /// Renews the lease, without which the node looks up each key in the database.
    pub(super) async fn renew_lease(&self) {
        self.app.cluster.heartbeat().await.expect("a lease");
    }

    /// Returns the header of a credential: name and value.
    pub(super) fn header(&self, credential: Credential) -> (&'static str, String) {
        match credential {
            Credential::Key => ("x-api-key", self.key.clone()),
            Credential::Session => ("authorization", format!("Bearer {}", self.token)),
        }
    }

    /// Returns the body of the response to a call.
    pub(super) async fn get(&self, path: &str, credential: Credential) -> Bytes {
        answer(self.front.clone(), self.request(path, credential)).await
    }

    /// Answers as many calls as are in flight at a time.
    pub(super) async fn burst(&self, path: &str, credential: Credential) {
        let mut calls = JoinSet::new();
        for _ in 0..AT_ONCE {
            calls.spawn(answer(self.front.clone(), self.request(path, credential)));
        }
        while let Some(answered) = calls.join_next().await {
            answered.expect("a response");
        }
    }

    fn request(&self, path: &str, credential: Credential) -> Request {
        let (name, value) = self.header(credential);
        let request = Request::builder().uri(path).header("host", "lists.example").header(name, value);
        request.body(Body::empty()).expect("a request")
    }

    /// Sends JSON in the session, if there is one, and returns the data of the response.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Value {
        let session = (!self.token.is_empty()).then(|| self.header(Credential::Session));
        let credential = session.as_ref().map(|(name, value)| (*name, value.as_str()));
        shared::post(&self.front, credential, path, body).await
    }
}
