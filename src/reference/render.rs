//! The pages of the documentation as HTML, Markdown and `llms.txt`. They need no JavaScript, and load nothing from elsewhere.

use askama::Template;
use axum::http::{HeaderValue, header};

use super::calls::Interactive;
use super::markdown::{self, Heading};
use super::site::{Page, Section, Site};
use kit::http::Prepared;
use kit::page::prepare;

#[derive(Template)]
#[template(path = "reference/page.html")]
struct PageHtml<'a> {
    page: &'a Page,
    start: Vec<&'a Page>,
    guides: Vec<&'a Page>,
    tags: Vec<Tag<'a>>,
    html: String,
    /// The headings, on a page that has many.
    headings: Vec<Heading>,
}

#[derive(Template)]
#[template(path = "reference/interactive.html")]
struct InteractiveHtml<'a> {
    /// The path of the page.
    path: &'a str,
    parts: &'a Interactive,
}

/// A heading of the reference, with its calls.
struct Tag<'a> {
    name: &'static str,
    is_open: bool,
    calls: Vec<&'a Page>,
}

/// The fewest headings of a page that lists them.
const LISTED_HEADINGS: usize = 4;

/// Returns whether a page lists its headings. Those of calls are always the same.
fn is_listing_headings(page: &Page, headings: &[Heading]) -> bool {
    page.section != Section::Calls && headings.len() >= LISTED_HEADINGS
}

/// Renders a page.
pub(super) fn html(site: &Site, page: &Page) -> Result<Prepared, askama::Error> {
    let of = |section| site.pages.iter().filter(move |page| page.section == section).collect::<Vec<_>>();
    let rendered = markdown::render(&page.markdown)?;
    let headings = if is_listing_headings(page, &rendered.headings) { rendered.headings } else { Vec::new() };
    let html = with_interactive(rendered.html, page)?;
    let (start, guides, tags) = (of(Section::Start), of(Section::Guides), tags(site, page));
    prepare(&PageHtml { page, start, guides, tags, html, headings })
}

/// Adds the interactive parts of a call's page to the end of its first section, which has the samples.
fn with_interactive(html: String, page: &Page) -> Result<String, askama::Error> {
    let Some(parts) = &page.interactive else { return Ok(html) };
    let parts = InteractiveHtml { path: &page.path, parts }.render()?;
    let (samples, rest) = html.split_at(html.match_indices("<h2 ").nth(1).map_or(html.len(), |(end, _)| end));
    Ok([samples, &parts, rest].concat())
}

fn tags<'a>(site: &'a Site, page: &Page) -> Vec<Tag<'a>> {
    let mut tags: Vec<Tag<'a>> = Vec::new();
    for call in &site.pages {
        let Some(name) = call.tag else { continue };
        match tags.last_mut() {
            Some(tag) if tag.name == name => tag.calls.push(call),
            _ => tags.push(Tag { name, is_open: page.tag == Some(name), calls: vec![call] }),
        }
    }
    tags
}

/// Returns a page as Markdown.
pub(super) fn text(page: &Page) -> Prepared {
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/markdown; charset=utf-8"))];
    Prepared::new(headers, markdown::without_attributes(&page.markdown))
}

#[derive(Template)]
#[template(path = "reference/llms.txt", escape = "none")]
struct Llms<'a> {
    public_url: &'a str,
    start: Vec<&'a Page>,
    guides: Vec<&'a Page>,
    tags: Vec<Tag<'a>>,
}

/// Renders the list of all pages for language models.
pub(super) fn llms(public_url: &str, site: &Site) -> Result<Prepared, askama::Error> {
    let of = |section| site.pages.iter().filter(move |page| page.section == section).collect::<Vec<_>>();
    let tags = site.pages.first().map(|page| tags(site, page)).unwrap_or_default();
    let text = Llms { public_url, start: of(Section::Start), guides: of(Section::Guides), tags }.render()?;
    Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text))
}
