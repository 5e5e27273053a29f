//! The clients in `clients/`: generated from the OpenAPI document by pinned tools, then packed, and installed as a customer does.
//!
//! Everything is made anew below `target/clients`: `generated`, `sources`, `packages`, and `python` and `typescript`, where the
//! packages are installed and the tests of the clients run.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::debian::{entries, install};
use crate::npm::{self, npm};
use crate::{command, run_aloud};

#[derive(Args)]
pub(crate) struct Clients {
    /// Change no file of the repository, and fail if generated ones are not those of the document
    #[arg(long)]
    check: bool,
}

const WHY: &str = "the clients are made by packages of PyPI and npm";

/// The generator, its settings, and a list of Python packages with their digests.
const GENERATOR: &str = "clients/generator";
const REQUIREMENTS: &str = "requirements.txt";

/// A virtual environment with the tools in Python, and their packages in its folder `wheels`.
const PYTHON: &str = "target/tools/clients-python";
/// The packages that `clients/typescript` needs for its development.
const NODE: &str = "target/tools/clients-node";

const GENERATED: &str = "target/clients/generated";
const SOURCES: &str = "target/clients/sources";
const PACKAGES: &str = "target/clients/packages";
const INSTALLED_PYTHON: &str = "target/clients/python";
const INSTALLED_TYPESCRIPT: &str = "target/clients/typescript";

/// Folders of generated files, below `GENERATED` and in the repository.
const KEPT: [(&str, &str); 2] =
    [("python", "clients/python/planeconnection/v1"), ("typescript", "clients/typescript/src/generated")];

/// Files of the repository that each package contains.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// The `package.json` of a project that uses the client.
const FRESH_PROJECT: &str = "{ \"name\": \"fresh\", \"private\": true, \"type\": \"module\" }\n";

impl Clients {
    /// Generates and packs both clients; false if a step fails, or if generated files differ from kept ones in a check.
    pub(crate) fn run(&self) -> bool {
        let mut openapi = command("cargo");
        openapi.args(["run", "--quiet", "--", "openapi"]);
        let generated = || generate(openapi).and_then(|is_made| if is_made { self.keep() } else { Ok(false) });
        has_tools() && report(generated()) && prepare()
    }

    /// Puts generated files in place of the kept ones, or compares both.
    fn keep(&self) -> io::Result<bool> {
        if self.check {
            return are_kept();
        }
        for (language, kept) in KEPT {
            replace(&Path::new(GENERATED).join(language), Path::new(kept))?;
        }
        Ok(true)
    }
}

/// Checks that the files in the repository are those that the document of the product gives, which the tests have built; false,
/// and why on stderr, if not.
pub(crate) fn check() -> bool {
    let mut openapi = Command::new("target/debug/planeconnection");
    openapi.arg("openapi");
    report(generate(openapi).and_then(|is_made| if is_made { are_kept() } else { Ok(false) }))
}

/// Returns whether all kept files are as they were generated.
fn are_kept() -> io::Result<bool> {
    let mut is_kept = true;
    for (language, kept) in KEPT {
        is_kept &= is_same(&Path::new(GENERATED).join(language), Path::new(kept))?;
    }
    Ok(is_kept)
}

/// Packs, installs and type-checks both clients; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    has_tools() && report(pack())
}

fn pack() -> io::Result<bool> {
    for folder in [SOURCES, PACKAGES, INSTALLED_PYTHON, INSTALLED_TYPESCRIPT] {
        // Nothing of an earlier version is in a package.
        let _none = fs::remove_dir_all(folder);
    }
    fs::create_dir_all(PACKAGES)?;
    Ok(wheel()? && has_python_types()? && tarball()? && has_typescript_types()?)
}

fn report(outcome: io::Result<bool>) -> bool {
    outcome.unwrap_or_else(|error| {
        eprintln!("== the clients cannot be made: {error}");
        false
    })
}

fn has_tools() -> bool {
    has_python_tools() && npm::install("clients/typescript", NODE, WHY)
}

fn has_python_tools() -> bool {
    let (locked, installed) = (Path::new(GENERATOR).join(REQUIREMENTS), Path::new(PYTHON).join(REQUIREMENTS));
    if fs::read(&locked).is_ok_and(|text| fs::read(&installed).ok() == Some(text)) {
        return true;
    }
    // Of an earlier list, or of an attempt that failed.
    let _none = fs::remove_dir_all(PYTHON);
    let has_venv = || Command::new("python3").args(["-c", "import ensurepip"]).output().is_ok_and(|out| out.status.success());
    let wheels = Path::new(PYTHON).join("wheels");
    let fetch =
        ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--timeout", "30", "--retries", "3"];
    let is_here = (has_venv() || install(&["python3-venv"], WHY))
        && venv(PYTHON)
        && run_aloud(pip(PYTHON, &fetch).arg("--requirement").arg(&locked).arg("--dest").arg(&wheels))
        && run_aloud(pip_offline(PYTHON).arg("--no-deps").arg("--requirement").arg(&locked))
        && fs::copy(&locked, &installed).is_ok();
    if !is_here {
        eprintln!("{WHY}: pip did not install its ones into {PYTHON}");
    }
    is_here
}

fn venv(folder: &str) -> bool {
    run_aloud(Command::new("python3").args(["-m", "venv", folder]))
}

/// A program of a virtual environment.
fn in_venv(folder: &str, program: &str) -> Command {
    Command::new(std::path::absolute(folder).unwrap_or_default().join("bin").join(program))
}

fn pip(folder: &str, arguments: &[&str]) -> Command {
    let mut pip = in_venv(folder, "python");
    pip.args(["-m", "pip", "--disable-pip-version-check"]).args(arguments);
    pip
}

/// An installation from the packages that were fetched.
fn pip_offline(folder: &str) -> Command {
    let mut pip = pip(folder, &["install", "--quiet", "--no-index", "--find-links"]);
    pip.arg(Path::new(PYTHON).join("wheels"));
    pip
}

/// Runs a program of the generator with these arguments.
fn generator(program: &str, arguments: &[&Path]) -> bool {
    run_aloud(in_venv(PYTHON, "python").arg(Path::new(GENERATOR).join(program)).args(arguments))
}

/// Makes all generated files from the document that a command prints.
fn generate(mut openapi: Command) -> io::Result<bool> {
    let folder = Path::new(GENERATED);
    let _none = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let (full, reduced) = (folder.join("full.json"), folder.join("reduced.json"));
    let is_written = run_aloud(openapi.stdout(File::create(&full)?));
    Ok(is_written
        && generator("document.py", &[&full, &reduced])
        && generate_python(&reduced, &folder.join("python"))?
        && generate_typescript(&reduced, &folder.join("typescript"))?)
}

fn generate_python(document: &Path, to: &Path) -> io::Result<bool> {
    // The generator looks for ruff, which formats its code, on the PATH.
    let programs = std::path::absolute(PYTHON)?.join("bin");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&others))).map_err(io::Error::other)?;
    let mut generate = in_venv(PYTHON, "openapi-python-client");
    generate.args(["generate", "--meta", "none", "--fail-on-warning", "--path"]).arg(document);
    generate.arg("--config").arg(Path::new(GENERATOR).join("python.yml"));
    generate.arg("--custom-template-path").arg(Path::new(GENERATOR).join("templates"));
    let is_generated = run_aloud(generate.arg("--output-path").arg(to).env("PATH", path));
    Ok(is_generated && generator("idempotent.py", &[document, &to.join("idempotent.py")]))
}

fn generate_typescript(document: &Path, to: &Path) -> io::Result<bool> {
    fs::create_dir_all(to)?;
    let program = Path::new(NODE).join("node_modules/openapi-typescript/bin/cli.js");
    let settings = ["--root-types", "--root-types-no-schema-prefix", "--root-types-keep-casing", "--empty-objects-unknown"];
    let mut generate = Command::new("node");
    generate.arg(program).arg(document).args(settings).arg("--output").arg(to.join("schema.ts"));
    Ok(run_aloud(&mut generate) && generator("idempotent.py", &[document, &to.join("idempotent.ts")]))
}

/// Returns whether two folders have the same files. Says which ones differ.
fn is_same(fresh: &Path, kept: &Path) -> io::Result<bool> {
    let (fresh, files) = (contents(fresh)?, contents(kept)?);
    let names = fresh.keys().chain(files.keys().filter(|name| !fresh.contains_key(*name)));
    let differing: Vec<&PathBuf> = names.filter(|name| fresh.get(*name) != files.get(*name)).collect();
    for name in &differing {
        eprintln!("{} is not that of the document: run cargo xtask clients", kept.join(name).display());
    }
    Ok(differing.is_empty())
}

/// Puts the files of one folder in place of all those of another.
fn replace(fresh: &Path, kept: &Path) -> io::Result<()> {
    if kept.exists() {
        fs::remove_dir_all(kept)?;
    }
    copy(fresh, kept)
}

/// Copies a file, or all files below a folder.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() {
        return write(to, &fs::read(from)?);
    }
    contents(from)?.into_iter().try_for_each(|(name, content)| write(&to.join(name), &content))
}

fn write(to: &Path, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(Path::new("")))?;
    fs::write(to, content)
}

/// Returns the files below a folder with what is in them, by their paths within it.
fn contents(folder: &Path) -> io::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if !path.is_dir() {
            found.insert(PathBuf::from(name), fs::read(&path)?);
        } else if name != "__pycache__" {
            found.extend(contents(&path)?.into_iter().map(|(below, content)| (Path::new(&name).join(below), content)));
        }
    }
    Ok(found)
}

/// Copies what a package is made of to a folder of its own, and returns that.
fn sources(language: &str, files: &[&str]) -> io::Result<PathBuf> {
    let to = std::path::absolute(SOURCES)?.join(language);
    for file in files {
        copy(&Path::new("clients").join(language).join(file), &to.join(file))?;
    }
    for licence in LICENCES {
        copy(Path::new(licence), &to.join(licence))?;
    }
    Ok(to)
}

/// Builds the wheel, and installs it into a new virtual environment.
fn wheel() -> io::Result<bool> {
    let source = sources("python", &["planeconnection", "pyproject.toml", "README.md"])?;
    let build = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", PACKAGES];
    Ok(run_aloud(pip(PYTHON, &build).arg(source))
        && venv(INSTALLED_PYTHON)
        && run_aloud(pip_offline(INSTALLED_PYTHON).args(["--find-links", PACKAGES, "planeconnection"])))
}

/// Checks the types of the client, and those of its tests and README against the installed wheel.
fn has_python_types() -> io::Result<bool> {
    let cache = std::path::absolute("target/clients/mypy")?;
    let installed = std::path::absolute(INSTALLED_PYTHON)?.join("bin/python");
    let mypy = || {
        let mut mypy = in_venv(PYTHON, "mypy");
        mypy.args(["--strict", "--no-error-summary", "--cache-dir"]).arg(&cache).arg("--python-executable").arg(&installed);
        mypy
    };
    let readme = Path::new(SOURCES).join("readme.py");
    write_examples("clients/python/README.md", "python", &readme)?;
    Ok(run_aloud(mypy().arg("planeconnection").current_dir(Path::new(SOURCES).join("python")))
        && run_aloud(mypy().arg("clients/python/tests").arg(&readme)))
}

/// Compiles and packs the client, and installs the tarball into a new project.
fn tarball() -> io::Result<bool> {
    let source = sources("typescript", &["src", "package.json", "tsconfig.json", "README.md"])?;
    let tools = std::path::absolute(NODE)?.join("node_modules");
    let packages = std::path::absolute(PACKAGES)?;
    std::os::unix::fs::symlink(&tools, source.join("node_modules"))?;
    let is_packed = run_aloud(Command::new("node").arg(tools.join("typescript/bin/tsc")).current_dir(&source))
        && npm().is_some_and(|mut npm| {
            let pack = npm.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(&packages);
            run_aloud(pack.current_dir(&source))
        });
    let is_tarball = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "tgz");
    let Some(tarball) = entries(&packages).into_iter().find(is_tarball).filter(|_| is_packed) else { return Ok(false) };
    let project = Path::new(INSTALLED_TYPESCRIPT);
    write(&project.join("package.json"), FRESH_PROJECT.as_bytes())?;
    Ok(npm().is_some_and(|mut npm| {
        let install = npm.args(["install", "--offline", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]).arg(tarball);
        run_aloud(install.current_dir(project))
    }))
}

/// Compiles the tests and the README of the client against the types of the installed tarball.
fn has_typescript_types() -> io::Result<bool> {
    let tests = Path::new(INSTALLED_TYPESCRIPT).join("tests");
    let tools = Path::new(NODE).join("node_modules");
    copy(Path::new("clients/typescript/tests"), &tests)?;
    write_examples("clients/typescript/README.md", "ts", &tests.join("readme.ts"))?;
    let mut compile = Command::new("node");
    compile.arg(tools.join("typescript/bin/tsc")).arg("--project").arg(&tests).arg("--typeRoots").arg(tools.join("@types"));
    Ok(run_aloud(&mut compile))
}

/// Writes the examples of a README in a language into one program.
fn write_examples(readme: &str, language: &str, to: &Path) -> io::Result<()> {
    let text = fs::read_to_string(readme)?;
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1).filter_map(|block| block.split("```").next());
    write(to, blocks.collect::<Vec<_>>().join("\n").as_bytes())
}
