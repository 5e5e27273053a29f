//! Pages of a list.

use super::Fields;
use super::number::{grouped, plural};
use crate::paging::{Page, PageNumber};

/// Pages with a number on each side of the current one.
const BESIDE: u64 = 2;

/// The position of a page in a list, with links to the others.
#[derive(Clone, Debug)]
pub struct Pager {
    /// “21–40 of 1,204 keys”
    pub place: String,
    /// The query of the page before.
    pub previous: Option<String>,
    /// The query of the page after.
    pub next: Option<String>,
    /// The first page, those around the current one, and the last; `None` is a gap. Empty for a list of one page.
    pub numbered: Vec<Option<NumberedPage>>,
    /// True if there are more rows than pages lead to, and these rows: “10,000 trips”.
    pub is_cut: bool,
    pub most: String,
}

/// A link to a page by its number.
#[derive(Clone, Debug)]
pub struct NumberedPage {
    pub number: u64,
    pub query: String,
    pub is_current: bool,
}

impl Pager {
    /// For `page`, which `asked` asked for; `of` is what is listed.
    pub fn new<T>(page: &Page<T>, asked: &Fields, of: &str) -> Self {
        let shown = page.items.len() as u64;
        let Some(PageNumber { total, page: number, total_pages: pages, has_more }) = page.number else {
            return Self {
                place: plural(shown, of),
                previous: None,
                next: None,
                numbered: Vec::new(),
                is_cut: false,
                most: String::new(),
            };
        };
        let current = u64::from(number);
        let first = (current - 1) * u64::from(page.per_page) + 1;
        let link = |number: u64| asked.with("page", number).to_query();
        let all = if has_more { format!("more than {}", plural(total, of)) } else { plural(total, of) };
        let place = match shown {
            0 => all,
            _ if pages == 1 && !has_more => all,
            _ => format!("{}–{} of {all}", grouped(first), grouped(first + shown - 1)),
        };
        let numbered = |number| NumberedPage { number, query: link(number), is_current: number == current };
        Self {
            place,
            previous: (current > 1).then(|| link((current - 1).min(pages.max(1)))),
            next: (current < pages).then(|| link(current + 1)),
            numbered: numbers(current, pages).into_iter().map(|number| number.map(&numbered)).collect(),
            is_cut: has_more,
            most: plural(total, of),
        }
    }
}

/// Returns the numbers of the pages to link; `None` stands for two pages or more.
fn numbers(current: u64, last: u64) -> Vec<Option<u64>> {
    if last < 2 {
        return Vec::new();
    }
    let current = current.min(last);
    let from = if current <= BESIDE + 3 { 1 } else { current - BESIDE };
    let to = if current + BESIDE + 2 >= last { last } else { current + BESIDE };
    let (beginning, end) = ((from > 1).then_some([Some(1), None]), (to < last).then_some([None, Some(last)]));
    let around = (from..=to).map(Some);
    beginning.into_iter().flatten().chain(around).chain(end.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(current: u64, last: u64) -> String {
        let shown = |number: Option<u64>| number.map_or("…".to_owned(), |number| number.to_string());
        numbers(current, last).into_iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn first_and_last_page_and_those_around_the_current_one_have_numbers() {
        for (current, last, shown) in [
            (1, 0, ""),
            (1, 1, ""),
            (1, 2, "1 2"),
            (1, 3, "1 2 3"),
            (1, 121, "1 2 3 … 121"),
            (5, 121, "1 2 3 4 5 6 7 … 121"),
            (6, 121, "1 … 4 5 6 7 8 … 121"),
            (117, 121, "1 … 115 116 117 118 119 120 121"),
            (116, 121, "1 … 114 115 116 117 118 … 121"),
            (121, 121, "1 … 119 120 121"),
            (900, 121, "1 … 119 120 121"),
        ] {
            assert_eq!(text(current, last), shown, "page {current} of {last}");
        }
    }

    #[test]
    fn a_gap_stands_for_two_pages_or_more() {
        for last in 0..40 {
            for current in 1..=last {
                let shown: Vec<_> = numbers(current, last);
                for three in shown.windows(3) {
                    if let [Some(before), None, Some(after)] = three {
                        assert!(after - before > 2, "page {current} of {last}: {}", text(current, last));
                    }
                }
                let known = shown.iter().flatten();
                assert!(known.is_sorted() && (last < 2 || shown.contains(&Some(current))), "{}", text(current, last));
            }
        }
    }
}
