//! [`ListFilters`]: the form above a list, whose fields are in the address of the page.

use std::str::FromStr;

use super::{Fields, FormErrors, Moments};
use crate::clock::{Since, Until};
use crate::day::Day;
use crate::http::Paging;
use crate::text::{Line, sentence};

/// The largest number of characters of a search.
const LONGEST: usize = 200;

/// The largest number of rows that pages of a list lead to.
const MOST: u64 = 10_000;

/// An option of a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    pub value: &'static str,
    pub text: &'static str,
    pub is_chosen: bool,
}

/// The fields of a filter as they were typed, and their faults. A value that no form of the page can send is a fault too: a list
/// that ignored it would look complete.
#[derive(Clone)]
pub struct ListFilters {
    fields: Fields,
    asked_page: Fields,
    pub faults: FormErrors,
}

impl ListFilters {
    /// Takes the fields with these names from the query of a page.
    pub fn new(asked: &Fields, names: &[&str]) -> Self {
        let fields = names.iter().fold(Fields::default(), |fields, name| fields.with(name, asked.text(name)));
        let asked_page = Fields::default().with("page", asked.text("page"));
        Self { fields, asked_page, faults: FormErrors::default() }
    }

    /// Reads one of the words of a vocabulary.
    pub fn word<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.fields.given(name)?;
        text.parse().map_err(|_| self.faults.add(name, "Choose one of the options.")).ok()
    }

    /// Reads an id.
    pub fn id<T: FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let text = self.fields.given(name)?;
        text.parse().map_err(|_| self.faults.add(name, format!("This is not the id of {what}."))).ok()
    }

    /// Reads a day.
    pub fn day(&mut self, name: &str) -> Option<Day> {
        let text = self.fields.given(name)?;
        text.parse().map_err(|_| self.faults.add(name, "Enter a date, such as 2026-11-23.")).ok()
    }

    /// Reads a first and a last day.
    pub fn days(&mut self, [first, last]: [&str; 2]) -> (Option<Day>, Option<Day>) {
        let (from, to) = (self.day(first), self.day(last));
        if from > to && to.is_some() {
            self.faults.add(last, "The last day must not be before the first.");
        }
        (from, to)
    }

    /// Reads a first and a last day in the zone of the page, as the times between them.
    pub fn times(&mut self, names: [&str; 2], at: &Moments) -> (Option<Since>, Option<Until>) {
        let (from, to) = self.days(names);
        (from.map(|day| Since(at.start_of(day))), to.map(|day| Until(day.ends_in(at.zone()))))
    }

    /// Reads a text to search for.
    pub fn search(&mut self, name: &str) -> Option<Line<1, LONGEST>> {
        let text = self.fields.given(name)?;
        text.parse::<Line<1, LONGEST>>().map_err(|error| self.faults.add(name, sentence(error))).ok()
    }

    /// Returns the text of a field, for the form.
    pub fn text(&self, name: &str) -> &str {
        self.fields.text(name)
    }

    /// Returns the options of a field with their titles.
    pub fn choices<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        word: fn(T) -> &'static str,
        title: fn(T) -> &'static str,
    ) -> Vec<Choice> {
        let choice = |one: &T| Choice { value: word(*one), text: title(*one), is_chosen: self.fields.is(name, word(*one)) };
        all.iter().map(choice).collect()
    }

    /// Returns whether any field says something.
    pub fn is_active(&self) -> bool {
        !self.fields.to_query().is_empty()
    }

    /// Returns the fields of the address, without the page.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Returns the page that is asked for, within the rows that pages lead to.
    pub fn paging(&self, page_size: u32) -> Paging {
        self.asked_page.paging(page_size).within(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_value_is_a_fault_and_other_parameters_are_left_alone() {
        let asked = Fields::from([("status", "gone"), ("from", "2026-11-31"), ("page", "999999"), ("utm_source", "mail")]);
        let mut filters = ListFilters::new(&asked, &["status", "from", "to"]);
        assert_eq!((filters.word::<u8>("status"), filters.days(["from", "to"])), (None, (None, None)));
        assert!(filters.faults.of("status").is_some() && filters.faults.of("from").is_some());
        assert_eq!(filters.fields().to_query(), "?status=gone&from=2026-11-31");
        assert_eq!(filters.paging(25).number(), Some(400));
    }

    #[test]
    fn last_day_is_not_before_the_first() {
        let asked = Fields::from([("from", "2026-11-23"), ("to", "2026-11-22")]);
        let mut filters = ListFilters::new(&asked, &["from", "to"]);
        filters.days(["from", "to"]);
        assert!(filters.faults.of("to").is_some() && filters.is_active());
    }
}
