//! The walls between the product's parts, held against its import graph: which file uses what another one defines, with
//! re-exports followed to the definition.
//!
//! - `tokens`, `paths`, `parse` a file's imports and paths; `tree` the modules, and what a path names in them
//! - `graph` imports between files; `app` the files that may know the container

mod app;
mod graph;
mod parse;
mod paths;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use self::graph::Graph;
use self::tree::{FileId, Tree};
use crate::sources;

/// Files that may import from one another in a circle.
const LARGEST_CIRCLE: usize = 5;

#[derive(Args, Default)]
pub(crate) struct Walls {
    /// Print a shortest chain of imports from one file to another, with the lines
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    why: Vec<PathBuf>,
    /// Print all imports inside of circles
    #[arg(long)]
    list: bool,
}

impl Walls {
    /// Prints the circles and the importers of the container; true if the rules hold.
    pub(crate) fn run(&self) -> bool {
        let read = || Tree::read(&sources::packages()?, &|path| std::fs::read_to_string(path));
        let result = read().and_then(|tree| {
            let report = Report { graph: Graph::of(&tree), tree };
            match self.why.as_slice() {
                [from, to] => report.why(from, to),
                _ => Ok(report.rules(self.list)),
            }
        });
        result.inspect_err(|error| eprintln!("== {error}")).unwrap_or(false)
    }
}

struct Report {
    tree: Tree,
    graph: Graph,
}

impl Report {
    fn rules(&self, is_listed: bool) -> bool {
        println!("files: {}, imports: {}", self.tree.files.len(), self.graph.len());
        let circles = self.graph.circles();
        for circle in &circles {
            self.circle(circle, is_listed);
        }
        let largest = circles.first().map_or(1, Vec::len);
        println!("circles: {}; the largest holds {largest} files, at most {LARGEST_CIRCLE}", circles.len());
        let importers = self.importers();
        println!("importers of App that are no handlers: {}, at most 0", importers.len());
        for &(from, to) in &importers {
            self.places(from, to, 1);
        }
        largest <= LARGEST_CIRCLE && importers.is_empty()
    }

    fn circle(&self, circle: &[FileId], is_listed: bool) {
        println!("circle of {} files", circle.len());
        let mut files = circle.to_vec();
        files.sort_by_key(|&file| self.path(file));
        for &file in &files {
            println!("  {}", self.path(file).display());
            if is_listed {
                let inside = self.graph.imports(file).keys().filter(|to| circle.contains(to));
                inside.for_each(|&to| self.places(file, to, usize::MAX));
            }
        }
    }

    /// Returns the imports of the container by files that may not know it.
    fn importers(&self) -> Vec<(FileId, FileId)> {
        let files = (0..self.tree.files.len()).filter(|&file| !app::may_import_app(self.path(file)));
        let imports = files.flat_map(|from| self.graph.imports(from).keys().map(move |&to| (from, to)));
        let mut importers: Vec<_> = imports.filter(|&(_, to)| app::is_app(self.path(to))).collect();
        importers.sort_by_key(|&(from, _)| self.path(from));
        importers
    }

    fn why(&self, from: &Path, to: &Path) -> io::Result<bool> {
        let (from, to) = (self.find(from)?, self.find(to)?);
        let Some(way) = self.graph.way(from, to) else {
            println!("no imports lead from {} to {}", self.path(from).display(), self.path(to).display());
            return Ok(true);
        };
        way.windows(2).for_each(|step| self.places(step[0], step[1], usize::MAX));
        Ok(true)
    }

    /// Finds a file by its whole path or by the end of it.
    fn find(&self, path: &Path) -> io::Result<FileId> {
        let files = &self.tree.files;
        let exact = files.iter().position(|file| file == path || *file == Path::new("src").join(path));
        let found = exact.or_else(|| files.iter().position(|file| file.ends_with(path)));
        found.ok_or_else(|| io::Error::other(format!("{} is no file of the product", path.display())))
    }

    /// Prints the first places of an import, a line for each.
    fn places(&self, from: FileId, to: FileId, most: usize) {
        for (line, path) in self.graph.imports(from).get(&to).into_iter().flatten().take(most) {
            println!("    {}:{line}: {path} → {}", self.path(from).display(), self.path(to).display());
        }
    }

    fn path(&self, file: FileId) -> &Path {
        &self.tree.files[file]
    }
}
