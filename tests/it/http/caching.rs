//! Documents and files that are made once: their versions, and how long a browser may keep them.

use crate::support::TestApp;

#[tokio::test]
async fn reference_supports_if_none_match() {
    let t = TestApp::new().await;
    for path in ["/docs", "/openapi.json", "/llms.txt"] {
        let first = t.anonymous().get(path).await.is(200);
        assert_eq!(first.header("cache-control"), "no-cache", "{path}");
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 10, "{path}: {tag}");
        let again = t.anonymous().get(path).await.is(200);
        assert_eq!((again.text.as_str(), again.header("etag")), (first.text.as_str(), tag.as_str()), "{path}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let known = t.anonymous().header("if-none-match", &known).get(path).await.is(304);
            assert_eq!((known.text.as_str(), known.header("etag")), ("", tag.as_str()), "{path}");
        }
        t.anonymous().header("if-none-match", "\"other\"").get(path).await.is(200);
    }
    let page = t.anonymous().get("/docs").await.is(200);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.headers.get_all("cache-control").iter().count(), 1);
}

#[tokio::test]
async fn assets_are_cached_for_a_year_by_content_hash() {
    let t = TestApp::new().await;
    let mut links = Vec::new();
    for path in ["/sign-in", "/docs", "/nothing"] {
        let page = t.anonymous().get(path).await.text;
        links.extend(page.split('"').filter(|text| text.starts_with("/assets/")).map(str::to_owned));
    }
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        let (path, hash) = link.split_once("?v=").unwrap_or_else(|| panic!("no hash in {link}"));
        let file = t.anonymous().get(&link).await.is(200);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{link}");
        assert_eq!(file.header("etag"), format!("\"{hash}\""));
        t.anonymous().header("if-none-match", file.header("etag")).get(&link).await.is(304);
        // Another version's address has this version's content, which has to be asked for again.
        for other in [path.to_owned(), format!("{path}?v=0123456789abcdef"), format!("{link}&x=1")] {
            let present = t.anonymous().get(&other).await.is(200);
            assert_eq!((present.header("cache-control"), &present.text), ("no-cache", &file.text), "{other}");
        }
    }
}
