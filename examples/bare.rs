//! What `cargo xtask bench` holds the product against: the least that an axum server can do. One route with one answer,
//! about as long as that of `whoami`, on the same libraries, with no credential, no log and no limits.
//!
//! `cargo run --release --example bare -- 127.0.0.1:8081`

use axum::Router;
use axum::http::header;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

const ANSWER: &str = concat!(
    r#"{"success":true,"data":{"type":"api_key","workspace":{"id":"wsp_01jd3kq4y8e6ts9b2r5m7w0xnc","slug":"skyline","#,
    r#""name":"Skyline Aviation"},"apiKey":{"id":"key_01jd3kq4y8e6ts9b2r5m7w0xnd","name":"Bench","#,
    r#""hint":"pck_Ab3d…Xy9z","scopes":["trips:read","fleet:read","safety:read","invoices:read"],"#,
    r#""expiresAt":"2027-01-01T00:00:00Z"}}}"#,
);

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let listener = TcpListener::bind(&address).await?.tap_io(|stream| {
        // As the product does.
        let _slower = stream.set_nodelay(true);
    });
    let answer = || async { ([(header::CONTENT_TYPE, "application/json")], ANSWER) };
    axum::serve(listener, Router::new().route("/readiness", get(|| async {})).route("/bare", get(answer))).await
}
