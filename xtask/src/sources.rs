//! The crates of the product and their source files, for the chores that read them.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command;

/// Members of the workspace that are tools of development.
const TOOLS: [&str; 2] = ["xtask", "testkit"];

/// Asks cargo for the members of the workspace; returns the folder of sources of each crate of the product.
pub(crate) fn folders() -> io::Result<Vec<PathBuf>> {
    let output = command("cargo").args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let workspace = Path::new(text(&metadata["workspace_root"]));
    let product = list(&metadata["packages"]).iter().filter(|package| !TOOLS.contains(&text(&package["name"])));
    let manifests = product.map(|package| Path::new(text(&package["manifest_path"])));
    Ok(manifests.map(|manifest| manifest.strip_prefix(workspace).unwrap_or(manifest).with_file_name("src")).collect())
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
