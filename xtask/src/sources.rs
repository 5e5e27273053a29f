//! The crates of the product and their source files, for the chores that read them.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command;

/// Members of the workspace that are tools of development.
const TOOLS: [&str; 2] = ["xtask", "testkit"];

/// A crate of the product.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its `src`, relative to the workspace.
    pub(crate) folder: PathBuf,
    /// The file that starts the library's module tree.
    pub(crate) library: Option<PathBuf>,
    /// The library's name in paths.
    pub(crate) library_name: String,
    /// Files that start the module trees of programs.
    pub(crate) programs: Vec<PathBuf>,
    /// Names in this crate's paths for other packages of the workspace, and those packages.
    pub(crate) dependencies: Vec<(String, String)>,
}

/// Asks cargo for the members of the workspace.
pub(crate) fn packages() -> io::Result<Vec<Package>> {
    let output = command("cargo").args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let workspace = PathBuf::from(text(&metadata["workspace_root"]));
    let packages = list(&metadata["packages"]).iter();
    Ok(packages
        .filter(|package| !TOOLS.contains(&text(&package["name"])))
        .map(|package| Package::new(package, &workspace))
        .collect())
}

impl Package {
    fn new(package: &Value, workspace: &Path) -> Self {
        let relative = |path: &Value| {
            let path = Path::new(text(path));
            path.strip_prefix(workspace).unwrap_or(path).to_owned()
        };
        let of_kind = |kind: &'static str| list(&package["targets"]).iter().filter(move |target| target["kind"][0] == kind);
        let dependencies = list(&package["dependencies"]).iter().filter(|dependency| dependency["path"].is_string());
        let dependencies = dependencies.map(|dependency| {
            let name = text(&dependency["name"]);
            (dependency["rename"].as_str().unwrap_or(name).replace('-', "_"), name.to_owned())
        });
        Self {
            name: text(&package["name"]).to_owned(),
            folder: relative(&package["manifest_path"]).with_file_name("src"),
            library: of_kind("lib").map(|target| relative(&target["src_path"])).next(),
            library_name: of_kind("lib").map(|target| text(&target["name"]).replace('-', "_")).next().unwrap_or_default(),
            programs: of_kind("bin").map(|target| relative(&target["src_path"])).collect(),
            dependencies: dependencies.collect(),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns all Rust files under a folder, in order of their paths.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
