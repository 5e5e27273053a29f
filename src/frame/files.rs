//! The files that pages refer to, out of the binary.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;

use crate::app::App;
use crate::kit::page::Asset;

const STYLESHEET: Asset = Asset { kind: "text/css; charset=utf-8", text: include_str!("../../assets/page.css") };
const REFERENCE: Asset = Asset { kind: "text/css; charset=utf-8", text: include_str!("../../assets/docs.css") };
const SCRIPT: Asset = Asset { kind: "text/javascript; charset=utf-8", text: include_str!("../../assets/page.js") };
const ICON: Asset = Asset { kind: "image/svg+xml", text: include_str!("../../assets/icon.svg") };

/// Open to all: there is nothing of anybody in them.
pub fn router() -> Router<App> {
    [("/assets/page.css", STYLESHEET), ("/assets/docs.css", REFERENCE), ("/assets/page.js", SCRIPT), ("/assets/icon.svg", ICON)]
        .into_iter()
        .fold(Router::new(), |router, (path, asset)| {
            router.route(path, get(move |headers: HeaderMap| async move { asset.answer(&headers) }))
        })
}
