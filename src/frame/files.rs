//! The files that pages refer to, embedded in the binary.
//!
//! Pages link to `/assets/NAME?v=HASH`, which browsers cache for a year: other content has another URL. Without the hash, or with
//! that of another version, the current content is sent and must be revalidated each time, so that nodes of two versions behind
//! one load balancer serve each other's pages.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderValue, Uri, header};
use axum::routing::get;

use crate::app::App;
use kit::http::{Known, Prepared, record_route};

/// Name, media type, content. A stylesheet comes after the files that it refers to, as it links to their hashes.
const FILES: &[(&str, &str, &[u8])] = &[
    ("icon.svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")),
    ("inter.woff2", "font/woff2", include_bytes!("../../assets/inter.woff2")),
    // The licence must be distributed with the typeface.
    ("inter.LICENSE", TEXT, include_bytes!("../../assets/inter.LICENSE")),
    ("page.css", CSS, include_bytes!("../../assets/page.css")),
    ("docs.css", CSS, include_bytes!("../../assets/docs.css")),
    ("page.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/page.js")),
    ("docs.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/docs.js")),
    ("passkeys.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/passkeys.js")),
    ("leaks.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/leaks.js")),
    ("receiver.py", TEXT, include_bytes!("../../docs/receivers/receiver.py")),
    ("receiver.mjs", TEXT, include_bytes!("../../docs/receivers/receiver.mjs")),
    ("receiver.go", TEXT, include_bytes!("../../docs/receivers/receiver.go")),
    ("receiver.rs", TEXT, include_bytes!("../../docs/receivers/rust/src/main.rs")),
    ("receiver.toml", TEXT, include_bytes!("../../docs/receivers/rust/Cargo.toml")),
    ("trips.png", PNG, include_bytes!("../../docs/pictures/trips.png")),
    ("invoices.png", PNG, include_bytes!("../../docs/pictures/invoices.png")),
    ("safety-dashboard.png", PNG, include_bytes!("../../docs/pictures/examples/safety-dashboard.png")),
    ("fleet-website.png", PNG, include_bytes!("../../docs/pictures/examples/fleet-website.png")),
];

const CSS: &str = "text/css; charset=utf-8";
const PNG: &str = "image/png";
const TEXT: &str = "text/plain; charset=utf-8";

/// The caching of a URL with the current hash.
const FOREVER: &str = "public, max-age=31536000, immutable";

struct Asset {
    path: String,
    /// The path with the hash of the content.
    link: String,
    file: Prepared,
}

/// Hashed once per process.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    FILES.iter().fold(Vec::new(), |mut assets, (name, kind, content)| {
        let content = if *kind == CSS { with_links(content, &assets) } else { Cow::Borrowed(*content) };
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
        let file = match content {
            Cow::Borrowed(content) => Prepared::new(headers, content),
            Cow::Owned(content) => Prepared::new(headers, content),
        };
        let path = format!("/assets/{name}");
        assets.push(Asset { link: format!("{path}?v={}", file.hash()), path, file });
        assets
    })
});

fn with_links(css: &'static [u8], assets: &[Asset]) -> Cow<'static, [u8]> {
    let Ok(text) = str::from_utf8(css) else { return Cow::Borrowed(css) };
    let linked = assets.iter().fold(text.to_owned(), |text, asset| text.replace(&asset.path, &asset.link));
    Cow::Owned(linked.into_bytes())
}

/// Returns the URL of a file, for templates: `crate::frame::asset("page.css")`.
pub fn asset(name: &str) -> Cow<'static, str> {
    let found = ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(name));
    found.map_or_else(|| Cow::Owned(format!("/assets/{name}")), |asset| Cow::Borrowed(asset.link.as_str()))
}

/// Returns width and height of a picture; `None` if there is none of this name.
pub fn size_of_picture(name: &str) -> Option<(u32, u32)> {
    let (_, _, content) = FILES.iter().find(|(file, kind, _)| *file == name && *kind == PNG)?;
    // The dimensions follow the signature and the head of the first chunk.
    let (width, rest) = content.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?.split_first_chunk::<4>()?;
    let (height, _) = rest.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

/// Returns the routes of the files, which are open to all.
pub fn router() -> Router<App> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let answer = move |uri: Uri, known: Known| async move {
            let is_named = uri.query().and_then(|query| query.strip_prefix("v=")) == Some(asset.file.hash());
            asset.file.answer(&known, if is_named { FOREVER } else { "no-cache" })
        };
        router.route(&asset.path, get(record_route(answer)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_a_stylesheet_contain_the_hash_of_the_file() {
        let css = with_links(b"a { background: url(/assets/icon.svg) }", &ASSETS);
        assert_eq!(str::from_utf8(&css), Ok(format!("a {{ background: url({}) }}", asset("icon.svg")).as_str()));
    }

    #[test]
    fn pictures_are_small_and_have_a_size() {
        let pictures: Vec<_> = FILES.iter().filter(|(_, kind, _)| *kind == PNG).collect();
        assert!(!pictures.is_empty());
        for (name, _, content) in pictures {
            assert!(content.len() <= 60_000, "{name}: {} bytes; reduce its colours", content.len());
            assert!(size_of_picture(name).is_some_and(|(width, height)| width > 0 && height > 0), "{name}");
        }
        assert_eq!((size_of_picture("icon.svg"), size_of_picture("nothing.png")), (None, None));
    }
}
