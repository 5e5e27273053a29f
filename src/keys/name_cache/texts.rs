//! [`Texts`]: many short texts in one piece of memory, to find a part of them.

use std::ops::Range;

use memchr::memmem::Finder;

/// The end of a text, which no text contains: no name and no hint has a line break.
const END: u8 = b'\n';

/// Texts by number, one after the other, so that one scan searches all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Texts {
    text: Vec<u8>,
    /// The positions after the end of each text.
    ends: Vec<usize>,
}

impl Texts {
    /// Inserts a text before the one with the number `at`, or after the last.
    pub(super) fn insert(&mut self, at: usize, text: &str) {
        let start = self.start(at);
        self.ends.insert(at, start);
        self.splice(at, start..start, text);
    }

    pub(super) fn replace(&mut self, at: usize, text: &str) {
        let range = self.start(at)..self.ends[at];
        // A revocation changes no text.
        if self.text[range.clone()].strip_suffix(&[END]) != Some(text.as_bytes()) {
            self.splice(at, range, text);
        }
    }

    /// Removes the texts from the number `at` on, and returns them.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let start = self.start(at);
        let ends = self.ends.split_off(at).into_iter().map(|end| end - start).collect();
        Self { text: self.text.split_off(start), ends }
    }

    /// Adds the texts of `other` with these numbers after the last.
    pub(super) fn extend_from(&mut self, other: &Self, numbers: Range<usize>) {
        let (added, start) = (self.text.len(), other.start(numbers.start));
        self.text.extend_from_slice(&other.text[start..other.start(numbers.end)]);
        self.ends.extend(other.ends[numbers].iter().map(|end| end - start + added));
    }

    /// Returns the numbers of the texts that contain `part`, in ascending order.
    pub(super) fn containing(&self, part: &str) -> Vec<usize> {
        let finder = Finder::new(part);
        let (mut found, mut from, mut at) = (Vec::new(), 0, 0);
        while let Some(offset) = self.text.get(from..).and_then(|rest| finder.find(rest)) {
            at += self.ends[at..].iter().take_while(|end| **end <= from + offset).count();
            let Some(end) = self.ends.get(at) else { break };
            found.push(at);
            // One part of a text is enough.
            (from, at) = (*end, at + 1);
        }
        found
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Returns the memory, without spare room.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<usize>()
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn splice(&mut self, at: usize, range: Range<usize>, text: &str) {
        let (removed, added) = (range.len(), text.len() + 1);
        self.text.splice(range, text.bytes().chain([END]));
        for end in &mut self.ends[at..] {
            *end = *end - removed + added;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(of: &[&str]) -> Texts {
        let mut texts = Texts::default();
        for (at, text) in of.iter().enumerate() {
            texts.insert(at, text);
        }
        texts
    }

    #[test]
    fn part_is_found_within_one_text() {
        let texts = texts(&["fleet", "sync", "", "fleet sync", "tsync"]);
        assert_eq!(texts.containing("fleet"), [0, 3]);
        assert_eq!(texts.containing("sync"), [1, 3, 4]);
        assert_eq!(texts.containing("t s"), [3]);
        assert_eq!(texts.containing("ts"), [4], "not the end of one text and the start of the next");
        assert_eq!(texts.containing("x"), [0; 0]);
        assert_eq!(texts.containing(""), [0, 1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn changed_texts_are_searched_as_they_are(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), "[abü]{0,4}", any::<bool>()), 1..40),
            part in "[abü]{1,2}",
        ) {
            let (mut texts, mut expected) = (Texts::default(), Vec::<String>::new());
            for (at, text, is_new) in changes {
                if is_new || expected.is_empty() {
                    let at = at.index(expected.len() + 1);
                    texts.insert(at, &text);
                    expected.insert(at, text);
                } else {
                    let at = at.index(expected.len());
                    texts.replace(at, &text);
                    expected[at] = text;
                }
            }
            let with_part: Vec<usize> = (0..expected.len()).filter(|at| expected[*at].contains(&part)).collect();
            prop_assert_eq!(texts.containing(&part), with_part);
            prop_assert_eq!(texts.text, expected.iter().flat_map(|text| text.bytes().chain([END])).collect::<Vec<_>>());
        }
    }
}
