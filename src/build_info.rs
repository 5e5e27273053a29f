//! The version of this program.

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from; `unknown` in a development build.
pub const COMMIT: &str = env!("PLANECONNECTION_COMMIT");

/// The date of that commit.
pub const BUILD_DATE: &str = env!("PLANECONNECTION_COMMIT_DATE");

/// The text of `--version`.
pub const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("PLANECONNECTION_SOURCE"), ")");
