//! [`Documents`]: the rendered documents of a node.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};

use super::site::Site;
use kit::http::{ApiError, Known, Prepared};

/// The documents, each rendered at its first request: they depend on the public URL alone.
#[derive(Debug, Default)]
pub struct Documents {
    pub(super) openapi: Document,
    pub(super) llms: Document,
    pub(super) postman: Document,
    pub(super) site: OnceLock<Site>,
}

#[derive(Debug, Default)]
pub(super) struct Document(OnceLock<Option<Prepared>>);

impl Document {
    /// Responds with the document, or with 500 if it cannot be rendered.
    pub(super) fn answer(&self, known: &Known, render: impl FnOnce() -> Result<Prepared, askama::Error>) -> Response {
        let rendered = self.0.get_or_init(|| {
            render().inspect_err(|error| tracing::error!(%error, "a document of the reference cannot be rendered")).ok()
        });
        rendered.as_ref().map_or_else(|| ApiError::internal().into_response(), |document| document.answer(known, "no-cache"))
    }
}
