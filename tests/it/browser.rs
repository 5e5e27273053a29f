//! A person with a browser without JavaScript: it keeps cookies and submits forms, and does not follow redirects.

use axum::body::Body;
use axum::http::Method;
use planeconnection::members::Role;

use crate::support::{Client, EmptyApp, Response, TestApp};

pub struct Person {
    client: Client,
    cookies: std::sync::Mutex<Vec<(String, String)>>,
}

impl EmptyApp {
    pub fn anonymous_person(&self) -> Person {
        Person::at(self.anonymous())
    }
}

impl TestApp {
    /// A person without a session.
    pub fn anonymous_person(&self) -> Person {
        Person::at(self.anonymous())
    }

    /// A new member of this role, signed in.
    pub async fn person(&self, role: Role) -> Person {
        let member = if role == Role::AccountOwner { self.owner.clone() } else { self.add_member(role).await };
        let token = self.token_of(member).await;
        let person = self.anonymous_person();
        person.keep("planeconnection_session", &token);
        person
    }
}

impl Person {
    fn at(client: Client) -> Self {
        Self { client, cookies: std::sync::Mutex::default() }
    }

    /// Sends requests from another address.
    #[must_use]
    pub fn from(self, address: &str) -> Self {
        Self { client: self.client.from(address), ..self }
    }

    fn keep(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().expect("the lock");
        cookies.retain(|(known, _)| known != name);
        if !value.is_empty() {
            cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("the lock").iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// Puts a cookie into the browser, as an attacker might.
    pub fn plant(&self, name: &str, value: &str) {
        self.keep(name, value);
    }

    fn client(&self) -> Client {
        let cookies: Vec<_> =
            self.cookies.lock().expect("the lock").iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { self.client.clone() } else { self.client.clone().header("cookie", &cookies.join("; ")) }
    }

    fn remember(&self, answer: Response) -> Response {
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().expect("ASCII").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a name and a value");
            self.keep(name, value);
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Response {
        self.remember(self.client().get(path).await)
    }

    /// Requests a path with more headers, as a script of a page does.
    pub async fn get_with(&self, path: &str, headers: &[(&'static str, &str)]) -> Response {
        let client = headers.iter().fold(self.client(), |client, (name, value)| client.header(name, value));
        self.remember(client.get(path).await)
    }

    /// Makes a call of the API from a page of the documentation.
    pub async fn try_it(&self, call: &str) -> Response {
        let query = serde_urlencoded::to_string([("call", call)]).expect("a query");
        self.get_with(&format!("/docs/try?{query}"), &[("x-try-it", "1")]).await
    }

    /// Submits only these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.post_with(path, fields, &[]).await
    }

    /// Submits these fields with more headers.
    pub async fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Response {
        let body = serde_urlencoded::to_string(fields).expect("fields");
        let client = headers.iter().fold(self.client(), |client, (name, value)| client.header(name, value));
        let client = client.header("content-type", "application/x-www-form-urlencoded");
        self.remember(client.send(Method::POST, path, Body::from(body)).await)
    }

    /// Opens `page`, fills in the form there that is sent to `action`, and sends it with what is hidden in it.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Response {
        let opened = self.get(page).await.is(200);
        let hidden = opened.hidden(action);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        self.post(action, &all).await
    }

    /// Sends the page in between that asks who they are, with this password.
    pub async fn confirm(&self, asked: &Response, action: &str, password: &str) -> Response {
        let hidden = asked.hidden(action);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.push(("reauth_password", password));
        self.post(action, &all).await
    }
}

impl Response {
    /// The hidden fields of the form that is sent to `action`.
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        self.page().hidden(action)
    }

    /// Asserts a redirect to this path.
    #[track_caller]
    pub fn redirects_to(&self, path: &str) {
        assert_eq!((self.status, self.header("location")), (303, path), "{}", self.text);
    }

    /// Asserts that the HTML contains this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.text.contains(text), "it does not say “{text}”: {}", self.text);
        self
    }

    /// Asserts that the HTML does not contain this text.
    #[track_caller]
    pub fn does_not_say(self, text: &str) -> Self {
        assert!(!self.text.contains(text), "it says “{text}”: {}", self.text);
        self
    }

    /// The HTML inside `<main …>`, for a snapshot.
    #[track_caller]
    pub fn main(&self) -> &str {
        let (_, rest) = self.text.split_once("<main").unwrap_or_else(|| panic!("no main: {}", self.text));
        rest.split("</main>").next().unwrap_or_default().split_once('>').map_or("", |(_, main)| main.trim())
    }
}
