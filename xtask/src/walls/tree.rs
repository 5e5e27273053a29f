//! The module trees of all crates, and the files that define what a path names.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path as FilePath, PathBuf};

use super::parse::{Source, parse};
use super::paths::Path;
use crate::sources::Package;

type ModuleId = usize;

/// An index into [`Tree::files`].
pub(super) type FileId = usize;

#[derive(Default)]
pub(super) struct Tree {
    pub(super) files: Vec<PathBuf>,
    pub(super) modules: Vec<Node>,
    /// The names of crates in each crate's paths.
    crates: Vec<HashMap<String, ModuleId>>,
}

/// A module of a tree.
pub(super) struct Node {
    pub(super) file: FileId,
    pub(super) source: Source,
    parent: Option<ModuleId>,
    root: ModuleId,
    krate: usize,
    children: HashMap<String, ModuleId>,
    /// Macros of other modules that are found at this root.
    exported: HashMap<String, FileId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Module(ModuleId),
    /// Anything else, by the file that defines it.
    Item(FileId),
}

/// Names that are being looked up, so that imports which lead to themselves end.
type Seen = HashSet<(ModuleId, String)>;

/// The source of files: the disk, or a test.
pub(super) type Files<'a> = &'a dyn Fn(&FilePath) -> io::Result<String>;

impl Tree {
    /// Reads all crates.
    pub(super) fn read(packages: &[Package], files: Files<'_>) -> io::Result<Self> {
        let mut tree = Self::default();
        let mut libraries = HashMap::new();
        for (krate, package) in packages.iter().enumerate() {
            if let Some(library) = &package.library {
                libraries.insert(package.name.as_str(), tree.load(library, None, krate, files)?);
            }
            for program in &package.programs {
                tree.load(program, None, krate, files)?;
            }
        }
        for package in packages {
            let own = (package.library_name.as_str(), package.name.as_str());
            let names = package.dependencies.iter().map(|(name, package)| (name.as_str(), package.as_str())).chain([own]);
            let names = names.filter_map(|(name, package)| Some((name.to_owned(), *libraries.get(package)?)));
            tree.crates.push(names.collect());
        }
        Ok(tree)
    }

    fn load(&mut self, path: &FilePath, parent: Option<ModuleId>, krate: usize, files: Files<'_>) -> io::Result<ModuleId> {
        let source = parse(&files(path)?).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
        self.files.push(path.to_owned());
        let is_root = ["mod", "lib", "main"].iter().any(|root| path.file_stem().is_some_and(|stem| stem == *root));
        let folder = if is_root { path.with_file_name("") } else { path.with_extension("") };
        self.add(source, self.files.len() - 1, &folder, parent, krate, files)
    }

    /// Adds a module and the modules inside of it; `folder` is where their files are.
    fn add(
        &mut self,
        mut source: Source,
        file: FileId,
        folder: &FilePath,
        parent: Option<ModuleId>,
        krate: usize,
        files: Files<'_>,
    ) -> io::Result<ModuleId> {
        let id = self.modules.len();
        let root = parent.map_or(id, |parent| self.modules[parent].root);
        let modules = std::mem::take(&mut source.modules);
        let exported: Vec<String> = source.exported.iter().cloned().collect();
        let (children, nothing) = (HashMap::new(), HashMap::new());
        self.modules.push(Node { file, source, parent, root, krate, children, exported: nothing });
        self.modules[root].exported.extend(exported.into_iter().map(|name| (name, file)));
        for module in modules {
            let inside = folder.join(&module.name);
            let child = match module.body {
                Some(body) => self.add(body, file, &inside, Some(id), krate, files)?,
                None if module.name == "tests" => continue,
                None => {
                    let short = inside.with_extension("rs");
                    let path = if files(&short).is_ok() { short } else { inside.join("mod.rs") };
                    self.load(&path, Some(id), krate, files)?
                }
            };
            self.modules[id].children.insert(module.name, child);
        }
        Ok(id)
    }

    /// Returns the files that define what a path in a module names. Modules are not defined by a file of their own: what is
    /// used of them counts, wherever it is defined.
    pub(super) fn definers(&self, module: ModuleId, path: &Path) -> Vec<FileId> {
        let targets = self.resolve(module, path, &mut Seen::new()).into_iter();
        let items = targets.filter_map(|target| if let Target::Item(file) = target { Some(file) } else { None });
        items.collect()
    }

    fn resolve(&self, module: ModuleId, path: &Path, seen: &mut Seen) -> Vec<Target> {
        let mut targets = vec![Target::Module(module)];
        for (index, segment) in path.segments.iter().enumerate() {
            let modules: Vec<ModuleId> = targets.iter().copied().filter_map(Target::module).collect();
            if modules.is_empty() {
                // Variants and associated items are where their type is.
                return targets;
            }
            let mut next: Vec<Target> = Vec::new();
            for &within in &modules {
                let found = if index == 0 { self.first(within, path, seen) } else { self.next(within, segment, seen) };
                next.extend(found);
            }
            if next.is_empty() && index > 0 {
                // A macro may have defined it.
                return modules.iter().map(|&module| Target::Item(self.modules[module].file)).collect();
            }
            targets = next;
        }
        targets
    }

    fn first(&self, module: ModuleId, path: &Path, seen: &mut Seen) -> Vec<Target> {
        let name = path.segments[0].as_str();
        let krate = || self.crates[self.modules[module].krate].get(name).map(|&root| Target::Module(root)).into_iter().collect();
        if path.is_global {
            return krate();
        }
        let found = self.next(module, name, seen);
        if found.is_empty() { krate() } else { found }
    }

    fn next(&self, module: ModuleId, name: &str, seen: &mut Seen) -> Vec<Target> {
        let node = &self.modules[module];
        match name {
            "crate" => vec![Target::Module(node.root)],
            "self" => vec![Target::Module(module)],
            "super" => node.parent.map(Target::Module).into_iter().collect(),
            name => self.named(module, name, seen),
        }
    }

    /// Returns everything of that name in a module: there may be a module, an item and a macro.
    fn named(&self, module: ModuleId, name: &str, seen: &mut Seen) -> Vec<Target> {
        let node = &self.modules[module];
        let mut found: Vec<Target> = node.children.get(name).map(|&child| Target::Module(child)).into_iter().collect();
        found.extend(node.source.definitions.contains(name).then_some(Target::Item(node.file)));
        found.extend(node.exported.get(name).map(|&file| Target::Item(file)));
        if !seen.insert((module, name.to_owned())) {
            return found;
        }
        for import in node.source.imports.iter().filter(|import| import.name.as_deref() == Some(name)) {
            found.extend(self.resolve(module, &import.path, seen));
        }
        if found.is_empty() {
            for glob in node.source.imports.iter().filter(|import| import.name.is_none()) {
                let targets = self.resolve(module, &glob.path, seen);
                found.extend(
                    targets.into_iter().filter_map(Target::module).flat_map(|of| self.named(of, name, &mut seen.clone())),
                );
            }
        }
        if found.is_empty() && node.source.possible.contains(name) {
            found.push(Target::Item(node.file));
        }
        seen.remove(&(module, name.to_owned()));
        found
    }
}

impl Target {
    fn module(self) -> Option<ModuleId> {
        if let Self::Module(module) = self { Some(module) } else { None }
    }
}
