//! The command `openapi`: the OpenAPI document, and collections of its calls for API clients.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::output::{self, Failure};
use crate::{reference, router};

#[derive(clap::Args)]
pub(super) struct Openapi {
    /// Public URL of the API
    #[arg(long, env = "PLANECONNECTION_PUBLIC_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    public_url: String,
    /// Format of the calls
    #[arg(long, env = "PLANECONNECTION_OPENAPI_FORMAT", default_value = "openapi")]
    format: Format,
    /// Folder for the files of a Bruno collection: a new one, or an empty one
    #[arg(long, env = "PLANECONNECTION_OPENAPI_TO", value_name = "FOLDER")]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The OpenAPI 3.1 document
    Openapi,
    /// A collection in the format 2.1 of Postman
    Postman,
    /// A collection as a folder of Bruno
    Bruno,
}

impl Openapi {
    pub(super) fn run(self) -> Result<(), Failure> {
        let document = reference::document(self.public_url.trim_end_matches('/'), &router::table());
        match (self.format, &self.to) {
            (Format::Openapi, None) => output::json(&document),
            (Format::Postman, None) => output::json(&reference::postman_collection(&document)),
            (Format::Bruno, Some(folder)) => write(folder, &reference::bruno_files(&document)),
            (Format::Bruno, None) => Err(Failure::usage("--format bruno writes many files: name a folder for them with --to")),
            (Format::Openapi | Format::Postman, Some(_)) => {
                Err(Failure::usage("--to is for --format bruno: other formats are printed"))
            }
        }
    }
}

/// Writes files into a folder that has none: those of an earlier version would stay between them.
fn write(folder: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    let shown = folder.display();
    let failed = |error: io::Error| Failure::refused(format!("cannot write to {shown}: {error}"));
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Failure::refused(format!("{shown} is not empty: name a new folder, or remove this one first")));
    }
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
    }
    output::line(format!("Wrote {} files to {shown}.", files.len()))
}
