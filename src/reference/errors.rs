//! [`Errors`]: the paragraphs of the page of error codes, by code.

use super::markdown::anchor;

/// The path of the page.
pub(super) const PATH: &str = "/docs/errors";

/// Returns the address of the paragraph about an error code, which errors name in `docs`.
pub fn address_of(public_url: &str, code: &str) -> String {
    format!("{public_url}{PATH}#{}", anchor(code))
}

/// The first sentence about each code, for the pages of the calls.
pub(super) struct Errors<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Errors<'a> {
    /// Reads the page: a heading of the second level names a code, and the line under it its cause.
    pub fn parse(markdown: &'a str) -> Self {
        let sections = markdown.split("\n## ").skip(1);
        let section = |section: &'a str| {
            let (code, rest) = section.split_once('\n')?;
            let code = code.trim().trim_matches('`');
            let is_code = !code.is_empty() && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            is_code.then(|| (code, cause(rest.trim_start())))
        };
        Self(sections.filter_map(section).collect())
    }

    /// Returns the codes of the page.
    #[cfg(test)]
    pub fn codes(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(code, _)| *code)
    }

    /// Returns the cause of an error, in one sentence.
    pub fn cause(&self, code: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == code).map(|(_, cause)| *cause)
    }
}

/// Returns the cause from a paragraph, which begins with the status and the cause: “**401** The key was revoked.”
fn cause(paragraph: &str) -> &str {
    let paragraph = paragraph.split("\n\n").next().unwrap_or_default();
    let paragraph = paragraph.strip_prefix("**").and_then(|rest| rest.split_once("** ")).map_or(paragraph, |(_, rest)| rest);
    let end = [". ", ".\n"].iter().filter_map(|end| paragraph.find(end)).min();
    end.map_or(paragraph.trim_end(), |end| &paragraph[..=end])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::reference::site::ERRORS;
    use crate::router;

    /// Words in capital letters that are no error codes: environment variables and the like.
    const OTHERS: [&str; 8] = ["PLANECONNECTION_", "CARGO_", "GIT_", "LC_ALL", "OBJECT_DIR", "SUDO_USER", "DATABASE_", "PCK_"];

    /// Collects the literals in Rust files that have the form of an error code of several words.
    fn collect(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                let is_code = |word: &&str| {
                    word.contains('_')
                        && word.starts_with(|first: char| first.is_ascii_uppercase())
                        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
                        && !OTHERS.iter().any(|other| word.starts_with(other))
                };
                found.extend(text.split('"').filter(is_code).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_error_code_has_its_paragraph_and_every_paragraph_its_code() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut codes = BTreeSet::new();
        for folder in ["src", "kit/src"] {
            collect(&root.join(folder), &mut codes);
        }
        // Codes of one word; those of the routes are among the others.
        codes.extend(["CONFLICT", "INTERNAL", "OVERLOADED", "UNAVAILABLE"].map(str::to_owned));
        let routes = router::table().into_iter().flat_map(|routes| routes.lines);
        codes.extend(routes.flat_map(|route| route.doc.failures.into_values().flatten()).map(str::to_owned));
        let errors = Errors::parse(ERRORS);
        let documented: BTreeSet<_> = errors.0.iter().map(|(code, _)| (*code).to_owned()).collect();
        assert_eq!(documented, codes, "docs/guide/errors.md has a paragraph for each error code, and for no other");
        for (code, cause) in errors.0 {
            assert!(cause.ends_with('.') && cause.len() > 10, "the cause of {code} is no sentence: {cause:?}");
        }
    }

    #[test]
    fn codes_are_sorted() {
        let codes: Vec<_> = Errors::parse(ERRORS).0.iter().map(|(code, _)| *code).collect();
        assert!(codes.is_sorted(), "{codes:?}");
    }
}
