//! What holds for every call: hostile bodies and queries, methods, ids of requests, and pages where a person may land.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const KEYS: &str = "/api/v1/api-keys";

async fn post_raw(t: &TestApp, content_type: &'static str, body: impl Into<Body>) -> Answer {
    let client = t.owner().await.header("content-type", content_type);
    client.send(Method::POST, KEYS, body.into()).await
}

async fn refuses(t: &TestApp, body: &str) -> Answer {
    post_raw(t, "application/json", body.to_owned()).await.is(400).code("INVALID_REQUEST")
}

/// A body that would make a key, with this JSON in place of its rate limit.
fn with_limit(limit: &str) -> String {
    format!(r#"{{"name":"A","permissions":"read_only","expiresAt":null,"rateLimit":{limit}}}"#)
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let t = TestApp::new().await;
    for body in
        ["nonsense", "{", "{}}", "null", "[]", "\"text\"", "1", "  ", "\u{feff}{}", "{'name':'A'}", "{\"name\":\"A\",}", "\0"]
    {
        refuses(&t, body).await;
    }
    post_raw(&t, "application/json", vec![b'{', 0xff, 0xfe, b'}']).await.is(400).code("INVALID_REQUEST");
    refuses(&t, r#"["A","read_only",null,null]"#).await;
}

#[tokio::test]
async fn something_after_the_body_is_refused() {
    let t = TestApp::new().await;
    let whole = with_limit("null");
    for rest in ["x", "{}", ",", "\0", "]"] {
        refuses(&t, &format!("{whole}{rest}")).await;
    }
    post_raw(&t, "application/json", format!(" \r\n{whole}\n\t ")).await.is(201);
}

#[tokio::test]
async fn a_number_that_is_too_large_is_refused() {
    let t = TestApp::new().await;
    for number in ["1e400", "-1e400", "9223372036854775808", "18446744073709551616", "1e2", "600.0", "-0", "0x10", "NaN", "1_000"]
    {
        refuses(&t, &with_limit(&format!(r#"{{"requests":{number},"perSeconds":60}}"#))).await;
    }
    refuses(&t, &with_limit(&format!(r#"{{"requests":{},"perSeconds":60}}"#, "9".repeat(10_000)))).await;
}

#[tokio::test]
async fn a_wrong_type_is_refused_by_field() {
    let t = TestApp::new().await;
    let right = json!({ "name": "A", "permissions": "custom", "scopes": ["trips:read"], "expiresAt": null });
    for (field, wrong) in [
        ("name", json!(1)),
        ("name", json!(null)),
        ("permissions", json!(["read_only"])),
        ("scopes", json!("trips:read")),
        ("scopes", json!({ "trips": "read" })),
        ("expiresAt", json!(1_800_000_000)),
        ("expiresAt", json!(false)),
        ("ipAllowlist", json!("10.0.0.0/8")),
        ("rateLimit", json!(600)),
        ("description", json!([])),
    ] {
        let mut body = right.clone();
        body[field] = wrong;
        t.owner().await.post(KEYS, body).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let t = TestApp::new().await;
    refuses(&t, r#"{"name":"A","name":"B","permissions":"read_only","expiresAt":null}"#).await;
    refuses(&t, r#"{"name":"A","permissions":"read_only","expiresAt":null,"expiresAt":"2027-01-01T00:00:00Z"}"#).await;
    refuses(&t, &with_limit(r#"{"requests":1,"requests":2,"perSeconds":60}"#)).await;
}

#[tokio::test]
async fn a_text_that_is_no_unicode_is_refused() {
    let t = TestApp::new().await;
    for name in [r"\ud800", r"\udc00", r"\ud83d\ud83d", r"\u12", r"\x41", "a\nb", r"a\u0000b", r"a\u001bb", r"a\u009fb"] {
        refuses(&t, &format!(r#"{{"name":"{name}","permissions":"read_only","expiresAt":null}}"#)).await;
    }
    let pair = r#"{"name":"\ud83d\ude80","permissions":"read_only","expiresAt":null}"#;
    assert_eq!(post_raw(&t, "application/json", pair).await.is(201).at("/data/apiKey/name"), "🚀");
}

#[tokio::test]
async fn deep_nesting_is_refused_before_it_costs_anything() {
    let t = TestApp::new().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        refuses(&t, &with_limit(&nested)).await;
        refuses(&t, &format!(r#"{{"unknown":{nested}}}"#)).await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_415() {
    let t = TestApp::new().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", "multipart/form-data", ""] {
        post_raw(&t, kind, with_limit("null")).await.is(415).code("UNSUPPORTED_MEDIA_TYPE");
    }
    t.owner().await.send(Method::POST, KEYS, Body::from(with_limit("null"))).await.is(415);
    post_raw(&t, "Application/JSON; charset=utf-8", with_limit("null")).await.is(201);
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_413() {
    let t = TestApp::new().await;
    let sized = |size: usize| {
        let frame = r#"{"name":""}"#.len();
        format!(r#"{{"name":"{}"}}"#, "x".repeat(size - frame))
    };
    refuses(&t, &sized(1 << 20)).await;
    post_raw(&t, "application/json", sized((1 << 20) + 1)).await.is(413).code("PAYLOAD_TOO_LARGE");
    let chunks = std::iter::repeat_with(|| Ok::<_, std::convert::Infallible>(vec![b' '; 1 << 16])).take(32);
    let unsized_body = Body::from_stream(futures_util::stream::iter(chunks));
    post_raw(&t, "application/json", unsized_body).await.is(413).code("PAYLOAD_TOO_LARGE");
    let declared = t.owner().await.header("content-type", "application/json").header("content-length", "1048577");
    declared.send(Method::POST, KEYS, Body::from("{}")).await.is(413).code("PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn ten_thousand_parameters_are_refused_like_one() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for parameter in ["a=1&", "page&", "&", "p=1&%&"] {
        let answer = owner.get(&format!("{KEYS}?{}", parameter.repeat(10_000))).await;
        assert_eq!(answer.status, if parameter == "&" { 200 } else { 400 }, "{}", answer.text);
    }
}

#[tokio::test]
async fn garbage_in_a_url_finds_nothing_and_breaks_nothing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for id in [
        "%ff%fe",
        "%00",
        "..%2f..%2fetc",
        "%",
        "%zz",
        "key_",
        "key_0",
        "key_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "user_01h455vb4pex5vsknk084sn02q",
        "1%20OR%201=1",
    ] {
        owner.get(&format!("{KEYS}/{id}")).await.is(404).code("NOT_FOUND");
        owner.post(&format!("{KEYS}/{id}/revoke"), json!({})).await.is(404).code("NOT_FOUND");
    }
    for query in ["search=%ff%fe", "search=%00", "search=%", "search='%20OR%201=1--"] {
        assert!(owner.get(&format!("{KEYS}?{query}")).await.items_or_refusal());
    }
    owner.get(&format!("{KEYS}?%ff=%fe")).await.is(400).code("INVALID_REQUEST");
}

impl Answer {
    /// An empty list, or a 400: never the whole list, never a 500.
    fn items_or_refusal(&self) -> bool {
        self.status == 400 || (self.status == 200 && self.json["data"]["total"] == 0)
    }
}

#[tokio::test]
async fn what_is_not_there_is_json_under_api_and_a_page_elsewhere() {
    let t = TestApp::new().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/api-keys", "/api/v1/api-keys/"] {
        let answer = t.anyone().get(path).await.is(404).code("NOT_FOUND");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
    for path in ["/nothing", "/apiary", "/API/v1/api-keys", "//api", "/%00", "/..%2f"] {
        let answer = t.anyone().get(path).await.is(404);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        assert!(answer.text.contains(answer.header("x-request-id")), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_method_that_is_not_known_is_405_and_says_which_are() {
    let t = TestApp::new().await;
    let answer = t.owner().await.delete(KEYS).await.is(405).code("METHOD_NOT_ALLOWED");
    for method in ["GET", "POST"] {
        assert!(answer.header("allow").contains(method), "{:?}", answer.headers);
    }
    for method in ["OPTIONS", "TRACE", "PURGE"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        t.anyone().send(method, KEYS, Body::empty()).await.is(405).code("METHOD_NOT_ALLOWED");
    }
    let page = t.anyone().delete("/health").await.is(405);
    assert!(page.header("content-type").starts_with("text/html") && page.header("allow").contains("GET"));
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (get, head) = (owner.get(KEYS).await.is(200), owner.send(Method::HEAD, KEYS, Body::empty()).await.is(200));
    assert_eq!((head.text.as_str(), head.header("content-type")), ("", get.header("content-type")));
}

#[tokio::test]
async fn a_caller_may_name_its_request() {
    let t = TestApp::new().await;
    let longest = "x".repeat(128);
    for id in ["a", "trace/4bf92f3577b34da6;flags=01", "~!@#$%^&*()", longest.as_str()] {
        let answer = t.anyone().header("x-request-id", id).get("/api/v1/auth/whoami").await.is(401);
        assert_eq!((answer.header("x-request-id"), answer.at("/error/requestId")), (id, &json!(id)));
    }
}

#[tokio::test]
async fn a_name_of_a_request_that_cannot_be_used_is_replaced() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (too_long, embedded) = ("x".repeat(129), format!("my{}x", key.secret));
    for id in ["", "a b", "ä", "a\tb", too_long.as_str(), key.secret.as_str(), embedded.as_str()] {
        let answer = t.anyone().header("x-request-id", id).get("/api/v1/auth/whoami").await.is(401);
        assert!(answer.header("x-request-id").starts_with("req_"), "{id}");
        assert_eq!(answer.text_at("/error/requestId"), answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let t = TestApp::new().await;
    let mut seen = std::collections::HashSet::new();
    for path in ["/health", "/nothing", "/api/v1/auth/whoami", "/api/v1/auth/check", KEYS, "/openapi.json"] {
        assert!(seen.insert(t.anyone().get(path).await.header("x-request-id").to_owned()), "{path}");
    }
}

#[tokio::test]
async fn an_error_never_repeats_a_key() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    let secret = &key.secret;
    for body in [
        json!({ secret: 1 }),
        json!({ "name": "A", "permissions": secret, "expiresAt": null }),
        json!({ "name": "A", "permissions": "custom", "scopes": [secret], "expiresAt": null }),
        json!({ "name": "A", "permissions": "read_only", "expiresAt": secret }),
        json!({ "name": "A", "permissions": "read_only", "expiresAt": null, "ipAllowlist": [secret] }),
        json!({ "name": "A", "permissions": "read_only", "expiresAt": null, "rateLimit": format!("x{secret}x") }),
    ] {
        let answer = owner.post(KEYS, body).await.is(400);
        assert!(!answer.text.contains(secret.as_str()), "{}", answer.text);
    }
    for path in [format!("/{secret}"), format!("/api/v1/{secret}"), format!("{KEYS}/{secret}")] {
        assert!(!owner.get(&path).await.is(404).text.contains(secret.as_str()), "{path}");
    }
}

#[tokio::test]
async fn an_error_has_the_published_shape() {
    let t = TestApp::new().await;
    let answer =
        t.owner().await.header("x-request-id", "shape").post(KEYS, json!({ "name": "A", "permissions": "read_only" })).await;
    let expected = json!({ "success": false, "error": {
        "code": "INVALID_REQUEST",
        "message": "expiresAt: Give a time in the future, or null for no expiration.",
        "requestId": "shape",
        "fields": [{ "field": "expiresAt", "message": "Give a time in the future, or null for no expiration." }],
    } });
    assert_eq!(answer.is(400).json, expected);
    assert_eq!(t.anyone().get(KEYS).await.json["error"].get("fields"), None::<&Value>);
}
