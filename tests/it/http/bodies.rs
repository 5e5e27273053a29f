//! Bodies that are not what they should be.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use testkit::KEYS;

use crate::support::{Response, TestApp};

async fn post_raw(t: &TestApp, content_type: &'static str, body: impl Into<Body>) -> Response {
    let client = t.owner().await.header("content-type", content_type);
    client.send(Method::POST, KEYS, body.into()).await
}

async fn refuses(t: &TestApp, body: &str) -> Response {
    post_raw(t, "application/json", body.to_owned()).await.is(400).code("INVALID_REQUEST")
}

/// A body that would make a key, with this JSON in place of its rate limit.
fn with_limit(limit: &str) -> String {
    format!(r#"{{"name":"A","permissions":"read_only","expiresAt":null,"rateLimit":{limit}}}"#)
}

#[tokio::test]
async fn non_object_body_is_refused() {
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
async fn trailing_data_is_refused() {
    let t = TestApp::new().await;
    let whole = with_limit("null");
    for rest in ["x", "{}", ",", "\0", "]"] {
        refuses(&t, &format!("{whole}{rest}")).await;
    }
    post_raw(&t, "application/json", format!(" \r\n{whole}\n\t ")).await.is(201);
}

#[tokio::test]
async fn number_out_of_range_is_refused() {
    let t = TestApp::new().await;
    for number in ["1e400", "-1e400", "9223372036854775808", "18446744073709551616", "1e2", "600.0", "-0", "0x10", "NaN", "1_000"]
    {
        refuses(&t, &with_limit(&format!(r#"{{"requests":{number},"perSeconds":60}}"#))).await;
    }
    refuses(&t, &with_limit(&format!(r#"{{"requests":{},"perSeconds":60}}"#, "9".repeat(10_000)))).await;
}

#[tokio::test]
async fn wrong_type_is_reported_per_field() {
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
async fn duplicate_field_is_refused() {
    let t = TestApp::new().await;
    refuses(&t, r#"{"name":"A","name":"B","permissions":"read_only","expiresAt":null}"#).await;
    refuses(&t, r#"{"name":"A","permissions":"read_only","expiresAt":null,"expiresAt":"2027-01-01T00:00:00Z"}"#).await;
    refuses(&t, &with_limit(r#"{"requests":1,"requests":2,"perSeconds":60}"#)).await;
}

#[tokio::test]
async fn invalid_unicode_is_refused() {
    let t = TestApp::new().await;
    for name in [r"\ud800", r"\udc00", r"\ud83d\ud83d", r"\u12", r"\x41", "a\nb", r"a\u0000b", r"a\u001bb", r"a\u009fb"] {
        refuses(&t, &format!(r#"{{"name":"{name}","permissions":"read_only","expiresAt":null}}"#)).await;
    }
    let pair = r#"{"name":"\ud83d\ude80","permissions":"read_only","expiresAt":null}"#;
    assert_eq!(post_raw(&t, "application/json", pair).await.is(201).at("/data/apiKey/name"), "🚀");
}

#[tokio::test]
async fn deep_nesting_is_refused_early() {
    let t = TestApp::new().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        refuses(&t, &with_limit(&nested)).await;
        refuses(&t, &format!(r#"{{"unknown":{nested}}}"#)).await;
    }
}

#[tokio::test]
async fn body_of_another_content_type_is_415() {
    let t = TestApp::new().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", "multipart/form-data", ""] {
        post_raw(&t, kind, with_limit("null")).await.is(415).code("UNSUPPORTED_MEDIA_TYPE");
    }
    t.owner().await.send(Method::POST, KEYS, Body::from(with_limit("null"))).await.is(415);
    post_raw(&t, "Application/JSON; charset=utf-8", with_limit("null")).await.is(201);
}

#[tokio::test]
async fn body_with_a_content_encoding_is_415() {
    let t = TestApp::new().await;
    let client = t.owner().await.header("content-type", "application/json");
    for coding in ["gzip", "br", "zstd", "deflate", "gzip, identity"] {
        let encoded = client.clone().header("content-encoding", coding);
        let refused = encoded.send(Method::POST, KEYS, Body::from(vec![0x1f, 0x8b, 0x08])).await;
        let refused = refused.is(415).code("UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(*refused.at("/error/message"), "Send the body without Content-Encoding.", "{coding}");
    }
    client.header("content-encoding", "Identity").send(Method::POST, KEYS, Body::from(with_limit("null"))).await.is(201);
}

#[tokio::test]
async fn body_over_one_mebibyte_is_413() {
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
