//! [`Names`]: names and hints of a workspace's keys, in the order of the list.

use std::ops::Range;

use super::found::SearchedKey;
use super::texts::Texts;
use crate::keys::model::part_of_hint;
use kit::text::folded;

/// The largest number of changes that are applied one by one: each may move all names that lie behind it.
const FEW: usize = 8;

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
    pub(super) fn apply(&mut self, named: &NamedKey) {
        match self.keys.binary_search_by_key(&named.key.place(), SearchedKey::place) {
            Ok(at) => {
                self.keys[at] = named.key;
                self.folded.replace(at, &named.folded_name);
                self.hints.replace(at, &named.hint.to_ascii_lowercase());
            }
            Err(at) => self.insert(at, named),
        }
    }

    /// Adds different keys, or replaces their earlier states.
    pub(super) fn apply_all(&mut self, changed: Vec<NamedKey>) {
        if changed.len() > FEW {
            return self.merge(changed);
        }
        for named in &changed {
            self.apply(named);
        }
    }

    /// Merges different keys with those that are there, in one pass from the place of the first one on.
    fn merge(&mut self, mut changed: Vec<NamedKey>) {
        changed.sort_unstable_by_key(|named| named.key.place());
        let Some(first) = changed.first().map(|named| named.key.place()) else { return };
        let old = self.split_off(self.keys.partition_point(|key| key.place() < first));
        let mut from = 0;
        for named in &changed {
            let place = named.key.place();
            let to = from + old.keys[from..].partition_point(|key| key.place() < place);
            self.extend_from(&old, from..to);
            self.insert(self.keys.len(), named);
            // Its earlier state is left out.
            from = to + usize::from(old.keys.get(to).is_some_and(|key| key.place() == place));
        }
        self.extend_from(&old, from..old.keys.len());
    }

    fn insert(&mut self, at: usize, NamedKey { key, folded_name, hint }: &NamedKey) {
        self.keys.insert(at, *key);
        self.folded.insert(at, folded_name);
        self.hints.insert(at, &hint.to_ascii_lowercase());
    }

    fn split_off(&mut self, at: usize) -> Self {
        Self { keys: self.keys.split_off(at), folded: self.folded.split_off(at), hints: self.hints.split_off(at) }
    }

    fn extend_from(&mut self, other: &Self, numbers: Range<usize>) {
        self.keys.extend_from_slice(&other.keys[numbers.clone()]);
        self.folded.extend_from(&other.folded, numbers.clone());
        self.hints.extend_from(&other.hints, numbers);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use kit::clock::Time;
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::keys::model::KeyId;

    /// The key with a number, by which it has its place.
    fn named((number, (name, is_revoked)): (u8, (String, bool))) -> NamedKey {
        let created_at = Time::FIRST.after(Duration::from_secs(number.into()));
        let key =
            SearchedKey { created_at, id: KeyId(Uuid::from_u128(number.into())), is_revoked, expires_at: None, pause: None };
        NamedKey { key, folded_name: name, hint: format!("pck_Ab3d…{number}") }
    }

    fn keys() -> impl Strategy<Value = BTreeMap<u8, (String, bool)>> {
        btree_map(any::<u8>(), ("[abü]{0,4}", any::<bool>()), 0..60)
    }

    proptest! {
        #[test]
        fn merged_changes_have_the_effect_of_changes_one_by_one(before in keys(), changed in keys()) {
            let mut names = Names::default();
            before.into_iter().map(named).for_each(|named| names.apply(&named));
            // In any order.
            let changed: Vec<NamedKey> = changed.into_iter().rev().map(named).collect();
            let mut merged = names.clone();
            merged.merge(changed.clone());
            for named in &changed {
                names.apply(named);
            }
            let states = |names: &Names| names.keys.iter().map(|key| (key.place(), key.is_revoked)).collect::<Vec<_>>();
            prop_assert_eq!(states(&merged), states(&names));
            prop_assert_eq!((merged.folded, merged.hints), (names.folded, names.hints));
        }
    }
}
