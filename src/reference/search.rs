//! The index that `assets/docs.js` searches: pages and their sections, each with its words.

use std::collections::HashSet;

use axum::http::{HeaderValue, header};
use serde::Serialize;

use super::markdown::unique_anchor;
use super::site::{Page, Section, Site, plain};
use kit::http::Prepared;

#[derive(Serialize)]
struct Index {
    /// Words that a query may have and no place has.
    ignored: &'static [&'static str],
    places: Vec<Place>,
}

/// A place to find. The names are short, as there are hundreds of them.
#[derive(Serialize)]
struct Place {
    /// Title of the page.
    t: String,
    /// Heading; empty for the page itself.
    h: String,
    /// Synonyms of phrases in the heading, or in the title of the page itself; none of those in an error code.
    k: String,
    /// Path, with the anchor of the heading.
    p: String,
    /// The words of the text.
    w: String,
}

/// Words that are in most texts, and in questions.
const IGNORED: &[&str] = &[
    "a", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "do", "does", "each", "for",
    "from", "get", "gets", "has", "have", "how", "if", "in", "into", "is", "it", "its", "may", "more", "most", "my", "no", "not",
    "of", "on", "one", "only", "or", "other", "so", "than", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "those", "to", "use", "was", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with",
    "without", "you", "your",
];

/// Words that readers search for, with the phrases of the documentation that they stand for.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("2fa", &["second factor", "two-factor"]),
    ("airplane", &["aircraft"]),
    ("bulk", &["batch"]),
    ("cents", &["minor unit"]),
    ("flight", &["trip"]),
    ("hmac", &["signature"]),
    ("login", &["sign in", "sign-in", "signing in"]),
    ("logout", &["sign out", "sign-out", "signing out"]),
    ("mfa", &["second factor", "two-factor"]),
    ("pagination", &["next_cursor", "page_size"]),
    ("permission", &["scope"]),
    ("retry", &["repeat"]),
    ("swagger", &["openapi"]),
    ("throttling", &["rate limit"]),
    ("timezone", &["time zone"]),
    ("verify", &["signature"]),
    ("whitelist", &["allow-list"]),
];

/// The part of a call's page that is much the same on all of them.
const NOT_OF_A_CALL: &str = "Errors";

/// The page whose entries are found after all other places, as most of them repeat a text of another page.
const CHANGELOG: &str = "/docs/changelog";

/// Returns the index as JSON.
pub(super) fn index(site: &Site) -> Result<Prepared, askama::Error> {
    let (last, first): (Vec<_>, Vec<_>) = site.pages.iter().partition(|page| page.path == CHANGELOG);
    let index = Index { ignored: IGNORED, places: first.into_iter().chain(last).flat_map(places).collect() };
    let json = serde_json::to_string(&index).map_err(|error| askama::Error::custom(error.to_string()))?;
    Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json))
}

fn places(page: &Page) -> Vec<Place> {
    let place = |heading: String, path: String, text: &str| {
        let name = if heading.is_empty() { &page.title } else { &heading };
        let is_code = !name.contains(char::is_lowercase);
        let k = synonyms(&name.to_lowercase()).filter(|_| !is_code).collect::<Vec<_>>().join(" ");
        Place { t: page.title.clone(), h: heading, k, p: path, w: words(text) }
    };
    let whole = |text: &str| place(String::new(), page.path.clone(), text);
    let sections = without_code(&page.markdown);
    // The headings of calls are the same on every page.
    if page.section == Section::Calls {
        let texts = sections.iter().filter(|(heading, _)| heading != NOT_OF_A_CALL).map(|(_, text)| text.as_str());
        return vec![whole(&texts.chain([page.summary.as_str()]).collect::<Vec<_>>().join("\n"))];
    }
    let mut anchors = HashSet::new();
    let mut places = Vec::with_capacity(sections.len());
    for (heading, text) in &sections {
        if heading.is_empty() {
            places.push(whole(text));
            continue;
        }
        let heading = plain(heading);
        let path = format!("{}#{}", page.path, unique_anchor(&heading, &mut anchors));
        places.push(place(heading, path, text));
    }
    places
}

/// Splits a page at its headings of the second and third level, without its title and its code blocks. The first part has no
/// heading.
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
        } else if !line.starts_with("# ") {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

/// Returns the words of a text in lower case, each once, and the synonyms of its phrases. A word that another one begins with is
/// left out, as the search finds parts of words.
fn words(text: &str) -> String {
    let text = plain(text).to_lowercase();
    let words = text.split(' ').map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '_'));
    let is_kept = |word: &&str| word.len() > 1 && !IGNORED.contains(word);
    let mut words: Vec<&str> = words.filter(is_kept).chain(synonyms(&text)).collect();
    words.sort_unstable();
    words.dedup();
    let is_beginning = |at: usize, word: &str| words.get(at + 1).is_some_and(|next| next.starts_with(word));
    let kept = words.iter().enumerate().filter(|(at, word)| !is_beginning(*at, word)).map(|(_, word)| *word);
    kept.collect::<Vec<_>>().join(" ")
}

/// Returns the synonyms of the phrases in a text, which is in lower case.
fn synonyms(text: &str) -> impl Iterator<Item = &str> {
    SYNONYMS.iter().filter(move |(_, phrases)| phrases.iter().any(|phrase| text.contains(phrase))).map(|(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::document;
    use crate::reference::markdown::render;
    use crate::router;

    fn site() -> Site {
        let table = router::table();
        Site::new("https://planes.example.com", &table, &document("https://planes.example.com", &table))
    }

    #[test]
    fn every_place_is_a_page_or_a_heading_of_one() {
        let site = site();
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

    #[test]
    fn each_word_is_kept_once_and_phrases_have_their_synonyms() {
        let text = "A **trip** and its `trips`. Send `webhook-id` as is, sign in: [`POST`](/docs) | 204 | pck_ |";
        assert_eq!(words(text), "204 flight login pck_ post send sign trips webhook-id");
    }

    #[test]
    fn words_of_newcomers_lead_to_the_section_about_them() {
        let site = site();
        let places: Vec<_> = site.pages.iter().flat_map(places).collect();
        for (query, path) in [
            ("postman", "/docs#next"),
            ("hmac", "/docs/guides/webhooks#verify-the-signature"),
            ("webhook-id", "/docs/guides/webhooks#what-arrives"),
            ("verify signature", "/docs/guides/webhooks#verify-the-signature"),
            ("trip.confirmed", "/docs/guides/webhook-events#types"),
            ("invoice.overdue", "/docs/guides/webhook-events#types"),
            ("minor units", "/docs/overview#times-days-and-money"),
            ("cents", "/docs/overview#times-days-and-money"),
            ("pagination", "/docs/overview#lists"),
            ("login", "/docs/api/sign-in"),
            ("api/v1/ops/trips", "/docs/api/list-trips"),
            ("passengercount", "/docs/api/create-trip"),
        ] {
            let has_all = |place: &&Place| {
                let text = format!("{} {} {} {}", place.t, place.h, place.k, place.w).to_lowercase();
                query.split(' ').all(|word| text.contains(word))
            };
            let found: Vec<_> = places.iter().filter(has_all).map(|place| place.p.as_str()).collect();
            assert!(found.contains(&path), "{query}: {found:?}");
        }
    }

    #[test]
    fn index_is_small() {
        let size = index(&site()).expect("an index").body().len();
        assert!(size < 200_000, "{size} bytes");
    }
}
