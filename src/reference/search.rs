//! The index that `assets/docs.js` searches: pages and their headings, with the words below them.

use std::collections::HashSet;

use axum::http::{HeaderValue, header};
use serde::Serialize;

use super::markdown::unique_anchor;
use super::site::{Page, Section, Site, plain};
use kit::http::Prepared;

/// A place to find. The names are short, as there are hundreds of them.
#[derive(Serialize)]
struct Place {
    /// Title of the page.
    t: String,
    /// Heading; empty for the page itself.
    h: String,
    /// Path, with the anchor of the heading.
    p: String,
    /// The beginning of the text.
    s: String,
    /// Names of fields and parameters.
    w: String,
}

/// The longest text of a place, in characters.
const LONGEST: usize = 140;

/// Returns the index as JSON.
pub(super) fn index(site: &Site) -> Result<Prepared, askama::Error> {
    let places: Vec<_> = site.pages.iter().flat_map(places).collect();
    let json = serde_json::to_string(&places).map_err(|error| askama::Error::custom(error.to_string()))?;
    Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json))
}

fn places(page: &Page) -> Vec<Place> {
    let place = |heading: String, path: String, text: &str, words: String| Place {
        t: page.title.clone(),
        h: heading,
        p: path,
        s: beginning(text),
        w: words,
    };
    let whole = |words: String| place(String::new(), page.path.clone(), &page.summary, words);
    // The headings of calls are the same on every page: their fields are found at the page itself.
    if page.section == Section::Calls {
        return vec![whole(names(&page.markdown))];
    }
    let mut sections = without_code(&page.markdown);
    let rest = sections.split_off(1.min(sections.len()));
    let mut anchors = HashSet::new();
    let mut places = vec![whole(String::new())];
    for (heading, text) in &rest {
        let heading = plain(heading);
        let path = format!("{}#{}", page.path, unique_anchor(&heading, &mut anchors));
        places.push(place(heading, path, text, String::new()));
    }
    places
}

/// Splits a page at its headings of the second and third level, without its code blocks.
fn without_code(markdown: &str) -> Vec<(String, String)> {
    let mut sections = vec![(String::new(), String::new())];
    let mut is_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        let Some((_, text)) = sections.last_mut().filter(|_| !is_code) else { continue };
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            sections.push((heading.to_owned(), String::new()));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

fn beginning(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

/// The names in the first column of the tables of a call, with its path.
fn names(markdown: &str) -> String {
    let mut names = Vec::new();
    for line in markdown.lines() {
        let name = line.strip_prefix("| `").and_then(|rest| rest.split('`').next());
        let path = line.split_once(" /api/v1/").filter(|(method, _)| method.chars().all(|c| c.is_ascii_uppercase()));
        let name = name.map(str::to_owned).or_else(|| path.map(|_| line.to_owned()));
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::document;
    use crate::reference::markdown::render;
    use crate::router;

    #[test]
    fn every_place_is_a_page_or_a_heading_of_one() {
        let table = router::table();
        let site = Site::new("https://planes.example.com", &table, &document("https://planes.example.com", &table));
        for page in &site.pages {
            let html = render(&page.markdown).expect("HTML").html;
            for place in places(page) {
                let Some((_, anchor)) = place.p.split_once('#') else { continue };
                assert!(html.contains(&format!("id=\"{anchor}\"")), "no heading {}", place.p);
            }
        }
        let overview = places(site.find("/docs/overview").expect("the overview"));
        assert!(overview.iter().any(|place| place.p == "/docs/overview#read-a-whole-list"), "a heading of the third level");
    }
}
