//! Imports between files, their circles, and ways from one file to another.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::tree::{FileId, Tree};

/// An import of a file: the line, and the path as it is written there.
pub(super) type Place = (usize, String);

/// For each file, the files that it imports from.
pub(super) struct Graph(Vec<BTreeMap<FileId, Vec<Place>>>);

impl Graph {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut graph = Self(vec![BTreeMap::new(); tree.files.len()]);
        for (id, module) in tree.modules.iter().enumerate() {
            let source = &module.source;
            let used: HashSet<&str> = source.references.iter().map(|path| path.segments[0].as_str()).collect();
            // A re-export is its users' import, unless this module uses it, too.
            let is_used = |name: &Option<String>| name.as_deref().is_some_and(|name| used.contains(name));
            let imports = source.imports.iter().filter(|import| !import.is_reexport || is_used(&import.name));
            for path in imports.map(|import| &import.path).chain(&source.references) {
                for to in tree.definers(id, path) {
                    graph.add(module.file, to, (path.line, path.to_string()));
                }
            }
        }
        graph
    }

    fn add(&mut self, from: FileId, to: FileId, place: Place) {
        let places = self.0[from].entry(to).or_default();
        if from != to && !places.contains(&place) {
            places.push(place);
        } else if from == to {
            self.0[from].remove(&to);
        }
    }

    /// Returns the number of pairs of files of which one imports from the other.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(BTreeMap::len).sum()
    }

    /// Returns the files that a file imports from, with the places.
    pub(super) fn imports(&self, from: FileId) -> &BTreeMap<FileId, Vec<Place>> {
        &self.0[from]
    }

    /// Returns the strongly connected components of more than one file, the largest first (Tarjan's algorithm).
    pub(super) fn circles(&self) -> Vec<Vec<FileId>> {
        let mut search =
            Search { graph: self, found: HashMap::new(), lowest: vec![0; self.0.len()], path: Vec::new(), circles: Vec::new() };
        for file in 0..self.0.len() {
            if !search.found.contains_key(&file) {
                search.visit(file);
            }
        }
        let mut circles = search.circles;
        circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
        circles
    }

    /// Returns a shortest chain of imports from one file to another, both included.
    pub(super) fn way(&self, from: FileId, to: FileId) -> Option<Vec<FileId>> {
        let mut before = HashMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(file) = queue.pop_front() {
            for &next in self.0[file].keys() {
                if next != from && !before.contains_key(&next) {
                    before.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        let mut way = vec![to];
        while way.last() != Some(&from) {
            way.push(*before.get(way.last()?)?);
        }
        way.reverse();
        Some(way)
    }
}

/// Tarjan's algorithm under way.
struct Search<'a> {
    graph: &'a Graph,
    /// The order in which files were found.
    found: HashMap<FileId, usize>,
    /// The lowest order that is reached from a file on the path.
    lowest: Vec<usize>,
    path: Vec<FileId>,
    circles: Vec<Vec<FileId>>,
}

impl Search<'_> {
    fn visit(&mut self, file: FileId) {
        let order = self.found.len();
        self.found.insert(file, order);
        self.lowest[file] = order;
        let position = self.path.len();
        self.path.push(file);
        for &next in self.graph.0[file].keys() {
            if !self.found.contains_key(&next) {
                self.visit(next);
                self.lowest[file] = self.lowest[file].min(self.lowest[next]);
            } else if self.path.contains(&next) {
                self.lowest[file] = self.lowest[file].min(self.found[&next]);
            }
        }
        if self.lowest[file] == order {
            let component = self.path.split_off(position);
            self.circles.extend((component.len() > 1).then_some(component));
        }
    }
}
