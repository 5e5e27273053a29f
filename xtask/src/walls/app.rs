//! The files that may know the application's container.

use std::path::Path;

/// Folders and files of `src` that sit on top of the parts, or belong to the container.
const TOPS: [&str; 8] = ["app", "app.rs", "background", "background.rs", "cli", "middleware", "lib.rs", "main.rs"];

/// Other files that may, each with its reason.
const EXCEPTIONS: [(&str, &str); 12] = [
    ("access/admit.rs", "admits a caller on behalf of the extractors"),
    ("access/allowed.rs", "an extractor: its router state is the container"),
    ("access/caller.rs", "the callers that extractors return"),
    ("access/confirm.rs", "a part of that middleware"),
    ("access/csrf.rs", "a middleware: its state is the container"),
    ("access/hosts.rs", "two middlewares: their state is the container"),
    ("access/open_page.rs", "an extractor: its router state is the container"),
    ("access/own_session.rs", "an extractor: its router state is the container"),
    ("access/page_session.rs", "an extractor: its router state is the container"),
    ("access/reader.rs", "checks the caller of an export again while it streams"),
    ("frame/files.rs", "handlers of the embedded files, as a router with the container as its state"),
    ("router.rs", "hands the container to all handlers as their state"),
];

/// Returns whether a file defines the container.
pub(super) fn is_app(file: &Path) -> bool {
    file.starts_with("src/app") || file == Path::new("src/app.rs")
}

/// Returns whether a file may import it: handlers, and what sits on top.
pub(super) fn may_import_app(file: &Path) -> bool {
    let Ok(inside) = file.strip_prefix("src") else { return false };
    let is_handler = inside.with_extension("").iter().any(|part| part == "api" || part == "pages");
    let is_exception = EXCEPTIONS.iter().any(|(exception, _)| inside == Path::new(exception));
    is_handler || is_exception || TOPS.iter().any(|top| inside.starts_with(top))
}
