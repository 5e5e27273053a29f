//! Measures of the wording of doc comments and names, each with its bound.

mod docs;
mod lexer;
mod words;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::sources;

#[derive(Args, Default)]
pub(crate) struct Prose {
    /// Print every place, of a folder or of all
    #[arg(long, value_name = "FOLDER")]
    list: Option<Option<PathBuf>>,
}

/// A place in the source that counts against a bound.
struct Place {
    path: PathBuf,
    line: usize,
    text: String,
}

/// A measure of the wording: the places that count against it, and their bound.
struct Measure {
    name: &'static str,
    places: Vec<Place>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    /// So many of a hundred doc blocks.
    Percent(f64),
    /// So many in all of the source.
    Places(usize),
}

impl Prose {
    /// Prints the measures; true if all of them hold.
    pub(crate) fn run(&self) -> bool {
        match read() {
            Ok(sources) => self.report(&sources),
            Err(error) => {
                eprintln!("== the source cannot be read: {error}");
                false
            }
        }
    }

    fn report(&self, sources: &[Source]) -> bool {
        let (blocks, measures) = measure(sources);
        println!("doc blocks: {blocks}");
        for measure in &measures {
            println!("{}", measure.summary(blocks));
            let is_inside =
                |folder: &Option<PathBuf>, place: &Place| folder.as_ref().is_none_or(|folder| place.path.starts_with(folder));
            let listed = |place: &&Place| self.list.as_ref().is_some_and(|folder| is_inside(folder, place));
            for Place { path, line, text } in measure.places.iter().filter(listed) {
                println!("  {}:{line}: {text}", path.display());
            }
        }
        measures.iter().all(|measure| measure.holds(blocks))
    }
}

impl Measure {
    fn holds(&self, blocks: usize) -> bool {
        match self.bound {
            Bound::Percent(most) => percent(self.places.len(), blocks) <= most,
            Bound::Places(most) => self.places.len() <= most,
        }
    }

    fn summary(&self, blocks: usize) -> String {
        let Self { name, places, bound } = self;
        let verdict = if self.holds(blocks) { "" } else { " FAILS" };
        match bound {
            Bound::Percent(most) => {
                format!("{name}: {:.1} % ({}), at most {most} %{verdict}", percent(places.len(), blocks), places.len())
            }
            Bound::Places(most) => format!("{name}: {}, at most {most}{verdict}", places.len()),
        }
    }
}

fn percent(places: usize, blocks: usize) -> f64 {
    let [places, blocks] = [places, blocks.max(1)].map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    100.0 * places / blocks
}

struct Source {
    path: PathBuf,
    text: String,
    is_tests: bool,
}

fn read() -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut tests = HashSet::new();
    for package in sources::packages()? {
        for path in sources::files(&package.folder)? {
            let text = std::fs::read_to_string(&path)?;
            let modules = words::test_files(&text, &lexer::tokens(&text));
            tests.extend(modules.iter().flat_map(|module| module_files(&path, module)));
            sources.push(Source { path, text, is_tests: false });
        }
    }
    for source in &mut sources {
        source.is_tests = tests.contains(&source.path);
    }
    Ok(sources)
}

/// Returns the two files that a module declared in a file may be.
fn module_files(declared_in: &Path, module: &str) -> [PathBuf; 2] {
    let stem = declared_in.file_stem().unwrap_or_default();
    let is_root = ["mod", "lib", "main"].iter().any(|root| stem == *root);
    let folder = if is_root { declared_in.parent().unwrap_or(Path::new("")).to_owned() } else { declared_in.with_extension("") };
    [folder.join(module).with_extension("rs"), folder.join(module).join("mod.rs")]
}

/// Returns how many doc blocks there are, and the measures of them.
fn measure(sources: &[Source]) -> (usize, [Measure; 4]) {
    let mut blocks = 0;
    let [mut riddles, mut short, mut same, mut words] = [const { Vec::new() }; 4];
    for Source { path, text, is_tests } in sources {
        let place =
            |line, text: &str| Place { path: path.clone(), line, text: text.lines().next().unwrap_or_default().to_owned() };
        let tokens = lexer::tokens(text);
        for block in docs::blocks(text, &tokens) {
            blocks += 1;
            riddles.extend(block.is_riddle().then(|| place(block.line, &block.text)));
            short.extend(block.is_short().then(|| place(block.line, &block.text)));
            same.extend(block.opens_with_the_same().then(|| place(block.line, &block.text)));
        }
        let lines: Vec<&str> = text.lines().collect();
        let found = words::words(text, &tokens, *is_tests).into_iter();
        words.extend(found.map(|found| place(found.line, lines.get(found.line - 1).unwrap_or(&"").trim())));
    }
    let measures = [
        Measure { name: "docs that open with What/How/Whether/Who/Where/When/Why", places: riddles, bound: Bound::Percent(2.0) },
        Measure { name: "docs of three words or fewer", places: short, bound: Bound::Percent(3.0) },
        Measure { name: "docs that open with \"The same\"", places: same, bound: Bound::Places(0) },
        Measure { name: "the words told, whoever, nobody", places: words, bound: Bound::Places(5) },
    ];
    (blocks, measures)
}
