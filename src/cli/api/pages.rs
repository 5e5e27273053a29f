//! A whole list, page after page.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::exchange::Exchange;
use super::print::for_terminal;
use crate::cli::output::{self, Failure};

/// Items of a page, unless the caller has chosen another number: the most that the API takes.
const PAGE_SIZE: &str = "100";

/// One page of a list.
struct ListPage {
    items: Vec<Value>,
    next_cursor: Option<String>,
}

impl ListPage {
    /// Reads the envelope of a list; `None` if the body is something else. What has no cursor is not read on silently.
    fn parse(body: &[u8]) -> Option<Self> {
        let mut envelope: Value = serde_json::from_slice(body).ok()?;
        let list = envelope.get_mut("data")?;
        let next_cursor = match list.get("next_cursor")? {
            Value::Null => None,
            Value::String(cursor) => Some(cursor.clone()),
            _ => return None,
        };
        match list.get_mut("items")?.take() {
            Value::Array(items) => Some(Self { items, next_cursor }),
            _ => None,
        }
    }

    /// The items as lines of JSON for stdout.
    fn lines(&self, is_terminal: bool) -> Vec<u8> {
        let lines = self.items.iter().fold(String::new(), |lines, item| lines + &item.to_string() + "\n").into_bytes();
        if is_terminal { for_terminal(&lines) } else { lines }
    }
}

/// Prints every item of a list as a line. Ends early if the output has no reader any more, such as `head`.
pub(super) async fn print(exchange: &Exchange, url: &Url) -> Result<(), Failure> {
    if url.query_pairs().any(|(name, _)| name == "page") {
        return Err(Failure::usage("--paginate reads every page: leave page out"));
    }
    let (mut cursor, mut seen) = (None, HashSet::new());
    loop {
        let response = exchange.call(&at(url, cursor.as_deref())).await?;
        exchange.outcome(&response)?;
        let no_list = || Failure::refused("--paginate: the answer is no list with a next_cursor; leave --paginate out");
        let page = ListPage::parse(&response.body).ok_or_else(no_list)?;
        let is_read = output::bytes(&page.lines(output::is_terminal()))?;
        let Some(next) = page.next_cursor.filter(|_| is_read) else { return Ok(()) };
        if !seen.insert(next.clone()) {
            return Err(Failure::refused("--paginate: the server repeats a page; the list is incomplete"));
        }
        cursor = Some(next);
    }
}

/// Returns the URL of a page, with the parameters of the list.
fn at(url: &Url, cursor: Option<&str>) -> Url {
    let mut page = url.clone();
    if !url.query_pairs().any(|(name, _)| name == "page_size") {
        page.query_pairs_mut().append_pair("page_size", PAGE_SIZE);
    }
    if let Some(cursor) = cursor {
        let others: Vec<_> = page.query_pairs().into_owned().filter(|(name, _)| name != "cursor").collect();
        page.query_pairs_mut().clear().extend_pairs(others).append_pair("cursor", cursor);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn page_keeps_the_filters_and_replaces_the_cursor() {
        let first = url("http://127.0.0.1/api/v1/ops/trips?status=scheduled");
        assert_eq!(at(&first, None).query(), Some("status=scheduled&page_size=100"));
        assert_eq!(at(&first, Some("a/b")).query(), Some("status=scheduled&page_size=100&cursor=a%2Fb"));
        let later = url("http://127.0.0.1/api/v1/ops/trips?cursor=x&page_size=2");
        assert_eq!(at(&later, None).query(), Some("cursor=x&page_size=2"));
        assert_eq!(at(&later, Some("y")).query(), Some("page_size=2&cursor=y"));
    }

    #[test]
    fn terminal_gets_no_format_characters() {
        let page = ListPage { items: vec![Value::from("\u{9b}31m\u{202e}")], next_cursor: None };
        assert_eq!(page.lines(true), "\"\u{fffd}31m\u{fffd}\"\n".as_bytes());
        assert_eq!(page.lines(false), "\"\u{9b}31m\u{202e}\"\n".as_bytes());
    }

    #[test]
    fn only_a_list_with_a_cursor_is_read() {
        let sent = br#"{"success":true,"data":{"items":[{"b":1,"a":"\n"},2],"next_cursor":"x"}}"#;
        let page = ListPage::parse(sent).expect("a page");
        assert_eq!((page.lines(true), page.next_cursor.as_deref()), (b"{\"b\":1,\"a\":\"\\n\"}\n2\n".to_vec(), Some("x")));
        assert!(ListPage::parse(br#"{"data":{"items":[],"next_cursor":null}}"#).is_some_and(|page| page.next_cursor.is_none()));
        for other in [
            &br#"{"data":{"items":[],"has_more":true}}"#[..],
            br#"{"data":{"next_cursor":null}}"#,
            br#"{"data":[]}"#,
            b"id,name",
            b"",
        ] {
            assert!(ListPage::parse(other).is_none(), "{}", String::from_utf8_lossy(other));
        }
    }
}
