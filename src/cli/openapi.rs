//! The command `openapi`: prints the OpenAPI document.

use super::output::{self, Failure};
use crate::{reference, router};

#[derive(clap::Args)]
pub(super) struct Openapi {
    /// Public URL of the API
    #[arg(long, env = "PLANECONNECTION_PUBLIC_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    public_url: String,
}

impl Openapi {
    pub(super) fn run(self) -> Result<(), Failure> {
        output::json(&reference::document(self.public_url.trim_end_matches('/'), &router::table()))
    }
}
