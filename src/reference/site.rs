//! [`Site`]: the pages of the documentation, in the order of its menu.

use kit::http::Routes;
use serde_json::Value;

use super::calls::{self, Call, Interactive};
use super::changelog;
use super::documents::Document;
use super::errors::{self, Errors};
use super::scopes;

/// A part of the menu.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Section {
    Start,
    Guides,
    Calls,
}

/// A page that is written by hand.
struct Source {
    path: &'static str,
    section: Section,
    markdown: &'static str,
}

const SOURCES: &[Source] = &[
    Source { path: "/docs", section: Section::Start, markdown: include_str!("../../docs/guide/index.md") },
    Source { path: "/docs/overview", section: Section::Start, markdown: include_str!("../../docs/guide/overview.md") },
    Source {
        path: "/docs/authentication",
        section: Section::Start,
        markdown: include_str!("../../docs/guide/authentication.md"),
    },
    Source { path: errors::PATH, section: Section::Start, markdown: ERRORS },
    Source { path: "/docs/changelog", section: Section::Start, markdown: include_str!("../../docs/guide/changelog.md") },
    guide("/docs/guides/sync-trips", include_str!("../../docs/guide/sync-trips.md")),
    guide("/docs/guides/safety-reports", include_str!("../../docs/guide/safety-reports.md")),
    guide("/docs/guides/invoices", include_str!("../../docs/guide/invoices.md")),
    guide("/docs/guides/fleet-status", include_str!("../../docs/guide/fleet-status.md")),
    guide("/docs/guides/forward-authentication", include_str!("../../docs/guide/forward-authentication.md")),
    guide("/docs/guides/webhooks", include_str!("../../docs/WEBHOOKS.md")),
    guide("/docs/guides/webhook-events", include_str!("../../docs/EVENTS.md")),
    guide("/docs/guides/rotate-in-ci", include_str!("../../docs/guide/rotate-in-ci.md")),
    guide("/docs/guides/command-line", include_str!("../../docs/guide/command-line.md")),
];

const fn guide(path: &'static str, markdown: &'static str) -> Source {
    Source { path, section: Section::Guides, markdown }
}

/// Files that a guide shows as they are, by the name between braces.
const FILES: &[(&str, &str)] = &[
    ("{{client.py}}\n", include_str!("../../docs/guide/client.py")),
    ("{{client.mjs}}\n", include_str!("../../docs/guide/client.mjs")),
    ("{{nginx.conf}}\n", include_str!("../../docs/proxies/nginx.conf")),
    ("{{Caddyfile}}\n", include_str!("../../docs/proxies/Caddyfile")),
    ("{{traefik.yml}}\n", include_str!("../../docs/proxies/traefik.yml")),
    ("{{traefik-dynamic.yml}}\n", include_str!("../../docs/proxies/traefik-dynamic.yml")),
    ("{{envoy.yaml}}\n", include_str!("../../docs/proxies/envoy.yaml")),
];

/// Pictures of guides: their paths there, and here.
const PICTURES: &[(&str, &str)] = &[
    ("](../pictures/trips.png)", "](/assets/trips.png)"),
    ("](../pictures/invoices.png)", "](/assets/invoices.png)"),
    ("](../pictures/examples/safety-dashboard.png)", "](/assets/safety-dashboard.png)"),
    ("](../pictures/examples/fleet-website.png)", "](/assets/fleet-website.png)"),
];

/// Links between files of the repository that are pages here, and those that lead to a section of another page.
const LINKS: &[(&str, &str)] = &[
    ("](EVENTS.md)", "](/docs/guides/webhook-events)"),
    ("](WEBHOOKS.md)", "](/docs/guides/webhooks)"),
    ("](API.md#webhooks)", "](/docs/api/create-webhook)"),
    ("](API.md#test-keys)", "](/docs#1-create-a-key)"),
    ("](API.md#findings)", "](/docs/api/list-findings)"),
    ("](API.md#unusual-activity)", "](/docs/api/list-findings)"),
];

/// The receivers in docs/WEBHOOKS.md: folded there for GitHub, behind tabs here.
const RECEIVERS: &[(&str, &str)] = &[
    (
        "<details>\n<summary>Python: <a href=\"receivers/receiver.py\">receiver.py</a></summary>\n\n```python\n",
        "As files: [receiver.py](/assets/receiver.py), [receiver.mjs](/assets/receiver.mjs), [receiver.go](/assets/receiver.go), \
         [Cargo.toml](/assets/receiver.toml) and [src/main.rs](/assets/receiver.rs).\n\n\
         ```python tab=Python file=receiver.py\n",
    ),
    (
        "<details>\n<summary>Node.js: <a href=\"receivers/receiver.mjs\">receiver.mjs</a></summary>\n\n```js\n",
        "```js tab=Node.js file=receiver.mjs\n",
    ),
    (
        "<details>\n<summary>Go: <a href=\"receivers/receiver.go\">receiver.go</a></summary>\n\n```go\n",
        "```go tab=Go file=receiver.go\n",
    ),
    (
        "<details>\n<summary>Rust: <a href=\"receivers/rust\">Cargo.toml and src/main.rs</a></summary>\n\n```toml\n",
        "```toml tab=Cargo.toml file=Cargo.toml\n",
    ),
    ("```rust\n", "```rust tab=Rust file=src/main.rs\n"),
    ("</details>\n", ""),
];

/// The address of the server in docs/WEBHOOKS.md, which is also read where no node fills in its own.
const EXAMPLE_URL: &str = "https://planes.example.com";

/// The page of error codes: a paragraph for each.
pub(super) const ERRORS: &str = include_str!("../../docs/guide/errors.md");

/// A page: its Markdown, and what is made of it at its first request.
#[derive(Debug)]
pub(super) struct Page {
    pub path: String,
    pub section: Section,
    /// The heading of the reference that the page belongs to, if it is about a call.
    pub tag: Option<&'static str>,
    pub title: String,
    /// The first sentence; of a call its method, path and permission.
    pub summary: String,
    /// The Markdown, with the attributes of code blocks.
    pub markdown: String,
    /// The parts of a call's page that need a script.
    pub interactive: Option<Interactive>,
    pub html: Document,
    pub text: Document,
}

#[derive(Debug)]
pub(super) struct Site {
    pub pages: Vec<Page>,
    pub search: Document,
}

impl Page {
    fn new(path: String, section: Section, tag: Option<&'static str>, markdown: String) -> Self {
        let title = markdown.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().to_owned();
        let summary = summary(&markdown);
        let (html, text) = (Document::default(), Document::default());
        Self { path, section, tag, title, summary, markdown, interactive: None, html, text }
    }

    /// The address of the page's Markdown.
    pub fn twin(&self) -> String {
        format!("{}.md", self.path)
    }
}

/// Returns the first sentence under the title, in one line and without markup.
fn summary(markdown: &str) -> String {
    let paragraph = markdown.split("\n\n").map(str::trim).find(|text| text.starts_with(|first: char| first.is_alphanumeric()));
    let text = plain(paragraph.unwrap_or_default());
    text.find(". ").map_or(text.clone(), |end| text[..=end].to_owned())
}

/// Returns Markdown without markup: links and pictures become their texts.
pub(super) fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](") {
        let (outside, inside) = before.rsplit_once('[').unwrap_or(("", before));
        text.push_str(outside.strip_suffix('!').unwrap_or(outside));
        text.push_str(inside);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text.replace(['`', '*'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Site {
    /// Builds the site of an API that is served at `public_url`. The OpenAPI document is that of `table`.
    pub fn new<S>(public_url: &str, table: &[Routes<S>], document: &Value) -> Self {
        let errors = Errors::parse(ERRORS);
        let calls = calls::of(table, document);
        let by_hand = SOURCES.iter().map(|source| {
            let markdown = filled(source.markdown, public_url, &calls);
            Page::new(source.path.to_owned(), source.section, None, markdown)
        });
        let of_calls = calls.iter().map(|call| {
            let page = Page::new(call.page(), Section::Calls, Some(call.tag), call.markdown(public_url, &errors));
            Page { summary: call.line(), interactive: Some(call.interactive()), ..page }
        });
        Self { pages: by_hand.chain(of_calls).collect(), search: Document::default() }
    }

    /// Finds the page at a path, or the one whose Markdown is there.
    pub fn find(&self, path: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.path == path)
    }
}

/// Renders a part of a page from the calls of the API.
type Table = fn(&[Call<'_>]) -> String;

/// Fills in what a page takes from the code.
fn filled(markdown: &str, public_url: &str, calls: &[Call<'_>]) -> String {
    let mut text = markdown.replace("{{base}}", public_url).replace("{{version}}", env!("CARGO_PKG_VERSION"));
    text = text.replace(EXAMPLE_URL, public_url);
    for (name, by) in FILES.iter().chain(LINKS).chain(PICTURES).chain(RECEIVERS).filter(|(name, _)| markdown.contains(name)) {
        text = text.replace(name, by);
    }
    let tables: [(&str, Table); 4] = [
        ("{{scopes}}", scopes::table),
        ("{{guides}}", |_| guides()),
        ("{{calls}}", calls::index),
        ("{{changelog}}", |_| changelog::entries()),
    ];
    for (name, table) in tables {
        if text.contains(name) {
            text = text.replace(name, &table(calls));
        }
    }
    text
}

/// The guides, as a list.
fn guides() -> String {
    let guides = SOURCES.iter().filter(|source| source.section == Section::Guides);
    let line = |source: &Source| {
        let page = Page::new(source.path.to_owned(), source.section, None, source.markdown.to_owned());
        format!("- [{}]({}): {}\n", page.title, page.path, page.summary)
    };
    guides.map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::reference::document;
    use crate::router;

    fn site() -> Site {
        let table = router::table();
        Site::new("https://planes.example.com", &table, &document("https://planes.example.com", &table))
    }

    #[test]
    fn every_page_has_a_path_a_title_and_a_summary_of_its_own() {
        let (mut paths, mut titles) = (HashSet::new(), HashSet::new());
        for page in site().pages {
            assert!(paths.insert(page.path.clone()), "twice: {}", page.path);
            assert!(titles.insert(page.title.clone()), "twice: {}", page.title);
            assert!(!page.title.is_empty() && page.summary.len() > 10, "{}: {:?}", page.path, page.summary);
            assert!(!page.markdown.contains("{{"), "not filled in: {}", page.path);
        }
    }

    #[test]
    fn no_page_shows_html_as_text() {
        for page in site().pages {
            let html = crate::reference::markdown::render(&page.markdown).expect("HTML").html;
            for tag in ["&lt;details", "&lt;/details", "&lt;summary", "&lt;a "] {
                assert!(!html.contains(tag), "{}: {tag}", page.path);
            }
        }
    }

    #[test]
    fn guide_with_a_program_has_one_picture_and_other_pages_have_none() {
        let with_a_picture =
            ["sync-trips", "safety-reports", "invoices", "fleet-status"].map(|name| format!("/docs/guides/{name}"));
        for page in site().pages {
            let html = crate::reference::markdown::render(&page.markdown).expect("HTML").html;
            let expected = usize::from(with_a_picture.contains(&page.path));
            let named = page.markdown.lines().filter(|line| line.starts_with("![")).count();
            assert_eq!((html.matches("<img ").count(), named), (expected, expected), "{}", page.path);
            assert!(!html.contains("alt=\"\""), "{}: a picture without a text", page.path);
        }
    }

    #[test]
    fn markup_is_left_out_and_texts_of_links_and_pictures_stay() {
        assert_eq!(plain("Look! [A *link*](/docs), and ![a picture](/assets/trips.png)."), "Look! A link, and a picture.");
    }

    #[test]
    fn receivers_of_webhooks_are_behind_tabs() {
        let site = site();
        let page = site.find("/docs/guides/webhooks").expect("the guide to webhooks");
        let html = crate::reference::markdown::render(&page.markdown).expect("HTML").html;
        for tab in ["Python", "Node.js", "Go", "Cargo.toml", "Rust"] {
            assert!(html.contains(&format!("value=\"{tab}\"")), "no tab {tab}");
        }
        for file in ["receiver.py", "receiver.mjs", "receiver.go", "Cargo.toml", "src/main.rs"] {
            assert!(html.contains(&format!("<span>{file}</span>")), "no file {file}");
        }
        assert_eq!(html.matches("<fieldset").count(), 1, "one group of tabs");
    }

    #[test]
    fn every_link_within_the_documentation_leads_to_a_heading() {
        let site = site();
        let rendered: Vec<_> =
            site.pages.iter().map(|page| (page, crate::reference::markdown::render(&page.markdown).expect("HTML"))).collect();
        for (page, html) in &rendered {
            for link in html.html.split("href=\"").skip(1).filter_map(|text| text.split('"').next()) {
                let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
                let path = if path.is_empty() { &page.path } else { path.trim_end_matches(".md") };
                if !path.starts_with("/docs") || link == "/docs/planeconnection.postman.json" {
                    let is_known = [
                        "https://",
                        "/assets/",
                        "/docs/planeconnection.postman.json",
                        "/openapi.json",
                        "/llms.txt",
                        "/settings/",
                        "/health",
                        "/readiness",
                    ];
                    assert!(is_known.iter().any(|known| link.starts_with(known)), "{}: {link}", page.path);
                    continue;
                }
                let target = rendered.iter().find(|(other, _)| other.path == path);
                let (_, target) = target.unwrap_or_else(|| panic!("{}: no page {link}", page.path));
                let has = anchor.is_empty() || target.html.contains(&format!("id=\"{anchor}\""));
                assert!(has, "{}: no heading {link}", page.path);
            }
        }
    }
}
