//! Pages of a list.

use super::Fields;
use super::number::{grouped, plural};
use crate::http::Page;

/// The position of a page in a list, with links to the others.
#[derive(Clone, Debug)]
pub struct Pager {
    /// “21–40 of 1,204 keys”
    pub place: String,
    /// The query of the page before.
    pub previous: Option<String>,
    /// The query of the page after.
    pub next: Option<String>,
}

impl Pager {
    /// For `page`, which `asked` asked for; `of` is what is listed.
    pub fn new<T>(page: &Page<T>, asked: &Fields, of: &str) -> Self {
        let number = u64::from(page.page);
        let first = (number - 1) * u64::from(page.per_page) + 1;
        let last = first + page.items.len() as u64;
        let link = |number: u64| asked.with("page", number).to_query();
        let place = match page.items.len() {
            0 => plural(page.total, of),
            _ if page.total_pages == 1 => plural(page.total, of),
            _ => format!("{}–{} of {}", grouped(first), grouped(last - 1), plural(page.total, of)),
        };
        Self {
            place,
            previous: (number > 1).then(|| link((number - 1).min(page.total_pages.max(1)))),
            next: (number < page.total_pages).then(|| link(number + 1)),
        }
    }
}
