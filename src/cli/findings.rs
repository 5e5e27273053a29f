//! The command `findings list`.

use clap::Subcommand;

use super::database::InWorkspace;
use super::output::{self, Failure};
use crate::findings::{self, Finding, FindingFilter};
use crate::workspaces::Tenant;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List what needs the attention of an administrator, the most urgent first
    List {
        #[command(flatten)]
        at: InWorkspace,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Self::List { at, json } = self;
        let (app, workspace) = at.open().await?;
        let (tenant, filter) = (Tenant::from(&workspace), FindingFilter::default());
        let part = async |paging| findings::all((&app).into(), &tenant, &filter, paging).await;
        let all = output::all_pages(part).await?;
        if json {
            return output::json(&all);
        }
        let row = |finding: Finding| [finding.severity.to_string(), finding.code.to_string(), finding.message];
        output::table(["SEVERITY", "CODE", "FINDING"], &all.into_iter().map(row).collect::<Vec<_>>())
    }
}
