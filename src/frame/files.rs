//! The files that pages refer to, out of the binary.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;

use crate::app::App;
use crate::kit::http::told;
use crate::kit::page::Asset;

/// Address, media type, content.
const FILES: [(&str, &str, &str); 4] = [
    ("/assets/page.css", "text/css; charset=utf-8", include_str!("../../assets/page.css")),
    ("/assets/docs.css", "text/css; charset=utf-8", include_str!("../../assets/docs.css")),
    ("/assets/page.js", "text/javascript; charset=utf-8", include_str!("../../assets/page.js")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

/// Open to all: there is nothing of anybody in them.
pub fn router() -> Router<App> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        let asset = Asset::new(kind, text);
        router.route(path, get(told(move |headers: HeaderMap| async move { asset.answer(&headers) })))
    })
}
