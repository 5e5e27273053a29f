//! [`Names`]: names and hints of a workspace's keys, in the order of the list.

use super::found::SearchedKey;
use super::texts::Texts;
use crate::keys::model::part_of_hint;
use kit::text::folded;

/// A key with its texts, as the database has it.
#[derive(Clone, Debug)]
pub(in crate::keys) struct NamedKey {
    pub key: SearchedKey,
    /// The name in the form of [`folded`].
    pub folded_name: String,
    pub hint: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// By their places; the texts below have the same numbers.
    keys: Vec<SearchedKey>,
    folded: Texts,
    /// In lower case: they are ASCII but for the ellipsis.
    hints: Texts,
}

impl Names {
    /// Adds a key, or replaces its earlier state.
    pub(super) fn apply(&mut self, NamedKey { key, folded_name, hint }: &NamedKey) {
        let hint = hint.to_ascii_lowercase();
        match self.keys.binary_search_by_key(&key.place(), SearchedKey::place) {
            Ok(at) => {
                self.keys[at] = *key;
                self.folded.replace(at, folded_name);
                self.hints.replace(at, &hint);
            }
            Err(at) => {
                self.keys.insert(at, *key);
                self.folded.insert(at, folded_name);
                self.hints.insert(at, &hint);
            }
        }
    }

    /// Returns the key with a number that [`find`](Self::find) has returned.
    pub(super) fn get(&self, at: usize) -> &SearchedKey {
        &self.keys[at]
    }

    /// Returns the numbers of the keys whose name or hint contains a text, the oldest first. The same condition for a database is
    /// in `store::filter`.
    pub(super) fn find(&self, text: &str) -> Vec<usize> {
        let mut found = self.folded.containing(&folded(text));
        let by_hint = part_of_hint(text).map(|part| self.hints.containing(&part.to_ascii_lowercase())).unwrap_or_default();
        if !by_hint.is_empty() {
            found.extend(by_hint);
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.keys.shrink_to_fit();
        self.folded.shrink_to_fit();
        self.hints.shrink_to_fit();
    }

    /// Returns the memory, without spare room.
    pub(super) fn bytes(&self) -> usize {
        self.keys.len() * size_of::<SearchedKey>() + self.folded.bytes() + self.hints.bytes()
    }
}
