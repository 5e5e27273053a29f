//! Fields of a form or a query.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::str::FromStr;

use crate::http::{Describe, Doc, Paging};

// No Debug: there may be a password in it.
/// Names and texts, in order, as they were typed.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// From `name=value&…`, percent-encoded; what cannot be read is nothing.
    pub fn parse(text: &[u8]) -> Self {
        Self(serde_urlencoded::from_bytes(text).unwrap_or_default())
    }

    /// The text of a field, trimmed; empty if it was left out.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.trim())
    }

    /// Returns the value of a field, not trimmed.
    pub fn verbatim(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text)
    }

    /// The code of a one-time link: what stands behind its `#`. Somebody may well give the whole link.
    pub fn url_fragment(&self, name: &str) -> &str {
        self.text(name).rsplit('#').next().unwrap_or_default()
    }

    /// The text of a field that says something.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Returns true if the field was sent, with or without a text.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Parses a field; `None` if it is empty or malformed.
    pub fn read<T: FromStr>(&self, name: &str) -> Option<T> {
        self.given(name)?.parse().ok()
    }

    /// Returns whether a field has this value.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.text(name) == text
    }

    /// Every field, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Returns a copy with one field replaced; an empty text removes it.
    #[must_use]
    pub fn with(&self, name: &str, text: impl ToString) -> Self {
        let mut pairs: Vec<_> = self.0.iter().filter(|(known, _)| known != name).cloned().collect();
        let text = text.to_string();
        if !text.is_empty() {
            pairs.push((name.to_owned(), text));
        }
        Self(pairs)
    }

    /// As the query of a link, with its question mark; empty if no field says anything.
    pub fn to_query(&self) -> String {
        let said: Vec<_> = self.0.iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        match serde_urlencoded::to_string(&said) {
            Ok(query) if !query.is_empty() => format!("?{query}"),
            _ => String::new(),
        }
    }

    /// Returns the number of the page that is asked for; 1 if it is not a number.
    pub fn page_number(&self) -> u32 {
        self.read("page").unwrap_or(1).clamp(1, 1_000_000)
    }

    /// Returns the page that is asked for.
    pub fn paging(&self, page_size: u32) -> Paging {
        Paging::page(self.page_number(), page_size)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Fields {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
    }
}

/// The query of a page. Unlike a call's, what is not known in it is left alone: links are decorated on their way.
pub struct Asked(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

impl Describe for Asked {
    fn describe(_: &mut Doc) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_trimmed_and_an_empty_one_says_nothing() {
        let fields = Fields::parse(b"name=+Fleet+Dashboard+&status=&page=3&page=4");
        assert_eq!((fields.text("name"), fields.given("status"), fields.read::<u32>("page")), ("Fleet Dashboard", None, Some(3)));
        assert_eq!(fields.verbatim("name"), " Fleet Dashboard ");
    }

    #[test]
    fn a_link_keeps_the_other_filters() {
        let fields = Fields::parse(b"search=a%26b&status=&page=3");
        assert_eq!(fields.with("page", 4).to_query(), "?search=a%26b&page=4");
        assert_eq!(fields.with("page", "").with("search", "").to_query(), "");
    }
}
