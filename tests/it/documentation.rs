//! The documentation: its pages, and the examples on the pages of calls.

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;

use crate::support::{Client, Response, TestApp};

/// The caching of a file under the hash of its content.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Returns the paths of the Markdown of all pages, from `llms.txt`.
pub(crate) async fn pages(t: &TestApp) -> Vec<String> {
    let list = t.anonymous().get("/llms.txt").await.is(200).text;
    let links = list.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter_map(|link| link.find("/docs").map(|at| link[at..].to_owned())).collect()
}

#[tokio::test]
async fn every_page_is_served_as_html_and_as_markdown() {
    let t = TestApp::new().await;
    let pages = pages(&t).await;
    assert!(pages.len() > 90, "{pages:?}");
    for path in pages {
        let markdown = t.anonymous().get(&path).await.is(200);
        assert_eq!(markdown.header("content-type"), "text/markdown; charset=utf-8", "{path}");
        let title = markdown.text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a title").to_owned();
        let page = t.anonymous().get(path.strip_suffix(".md").expect("Markdown")).await.is(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{path}: no heading {title}");
        let tag = page.header("etag");
        t.anonymous().header("if-none-match", tag).get(path.strip_suffix(".md").expect("Markdown")).await.is(304);
    }
    for unknown in ["/docs/nothing", "/docs/nothing.md", "/docs/api/", "/docs/%ff", "/docs/overview.md.md"] {
        t.anonymous().get(unknown).await.is(404);
    }
}

#[tokio::test]
async fn pages_are_small_and_answered_from_memory() {
    let t = TestApp::new().await;
    // The search index is read when the search is used.
    let largest =
        [("/docs", 60_000), ("/docs/errors", 160_000), ("/docs/api/create-webhook", 160_000), ("/docs/search.json", 200_000)];
    for (path, bytes) in largest {
        let page = t.anonymous().get(path).await.is(200);
        assert!(page.text.len() < bytes, "{path}: {} bytes", page.text.len());
    }
}

#[tokio::test]
async fn picture_of_a_guide_is_cached_by_its_content_and_its_markdown_leads_to_it() {
    let t = TestApp::new().await;
    let links = |html: &str| -> Vec<String> {
        let sources = html.split("<img src=\"").skip(1).filter_map(|rest| rest.split('"').next());
        sources.filter(|source| source.contains(".png")).map(str::to_owned).collect()
    };
    for guide in ["sync-trips", "safety-reports", "invoices", "fleet-status"] {
        let page = t.anonymous().get(&format!("/docs/guides/{guide}")).await.is(200);
        assert!(page.header("content-security-policy").contains("img-src 'self'"), "{guide}");
        let found = links(&page.text);
        let [link] = found.as_slice() else { panic!("{guide}: {found:?}") };
        let picture = t.anonymous().get(link).await.is(200);
        assert_eq!((picture.header("content-type"), picture.header("cache-control")), ("image/png", FOREVER), "{guide}");
        let markdown = t.anonymous().get(&format!("/docs/guides/{guide}.md")).await.is(200).text;
        let source = markdown.split_once("](/assets/").and_then(|(_, rest)| rest.split_once(')')).expect("a picture").0;
        let same = t.anonymous().get(&format!("/assets/{source}")).await.is(200);
        assert_eq!((same.header("etag"), same.header("cache-control")), (picture.header("etag"), "no-cache"), "{guide}");
    }
    assert_eq!(links(&t.anonymous().get("/docs").await.is(200).text), [""; 0]);
}

#[tokio::test]
async fn search_index_leads_to_every_page() {
    let t = TestApp::new().await;
    let index = t.anonymous().get("/docs/search.json").await.is(200).json;
    let places: Vec<_> = index["places"].as_array().expect("places").iter().filter_map(|place| place["p"].as_str()).collect();
    for path in pages(&t).await {
        assert!(places.contains(&path.strip_suffix(".md").expect("Markdown")), "{path}");
    }
    assert!(places.contains(&"/docs/errors#scope_required"), "{places:?}");
}

/// Calls whose example ends the session, or asks a name server.
const NOT_SENT: [&str; 5] = [
    "/docs/api/sign-out.",
    "/docs/api/change-the-own-password.",
    "/docs/api/sign-out-everyone.",
    "-other-own-sessions.",
    "/create-webhook.",
];

/// The request in the first example of a page.
pub(crate) struct Example {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Example {
    pub fn of(markdown: &str) -> Self {
        let code = markdown.split("```bash\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let method = code.split_once("-X ").and_then(|(_, rest)| rest.split(' ').next()).unwrap_or("GET");
        let url = code.split('"').nth(1).expect("a URL");
        let path = url.find("/api/v1").map(|at| url[at..].to_owned()).expect("a path");
        let body = code.split_once("-d '").and_then(|(_, rest)| rest.split('\'').next());
        let body = body.map(|body| serde_json::from_str(body).expect("JSON"));
        Self { method: method.parse().expect("a method"), path, body }
    }

    pub async fn sent_by(self, client: &Client) -> Response {
        match self.body {
            Some(body) => client.json(self.method, &self.path, body).await,
            None => client.send(self.method, &self.path, Body::empty()).await,
        }
    }
}

#[tokio::test]
async fn example_of_every_call_is_understood() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for page in pages(&t).await {
        if !page.starts_with("/docs/api/") || NOT_SENT.iter().any(|call| page.contains(call)) {
            continue;
        }
        let markdown = t.anonymous().get(&page).await.is(200).text;
        // One key in all samples would have the second one refused.
        let request = markdown.split("```bash\n").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("samples");
        assert!(!request.contains("\"Idempotency-Key"), "{page}: {request}");
        let answer = Example::of(&markdown).sent_by(&owner).await;
        // The custodian of the example is no member of this workspace, and its id is all that is wrong.
        if page.contains("/assign-custodian-") {
            answer.is(400).names_field("custodianId");
            continue;
        }
        assert!(![400, 405, 413, 415, 422, 500].contains(&answer.status), "{page}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn examples_of_new_data_create_it() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write", "fleet:write", "safety:write", "invoices:write"]).await;
    for call in ["add-aircraft", "create-trip", "create-invoice", "file-safety-report"] {
        let page = t.anonymous().get(&format!("/docs/api/{call}.md")).await.text;
        let created = Example::of(&page).sent_by(&t.with(&key)).await.is(201);
        // The answer on the page has the fields of the real one.
        let shown = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an answer");
        let shown: Value = serde_json::from_str(shown).expect("JSON");
        assert_eq!(names(&shown), names(&created.json), "{call}");
    }
}

/// The names of all fields, in order; of a list those of its first item.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| std::iter::once(name.clone()).chain(names(value))).collect()
        }
        Value::Array(items) => items.first().map(names).unwrap_or_default(),
        _ => Vec::new(),
    }
}
