//! The command `copy`: from one database to another.

use std::io::{IsTerminal, Write};

use super::database::Database;
use super::output::{self, Failure};
use super::secret_key;
use crate::app::App;
use crate::config::Config;
use crate::workspaces::Workspace;
use crate::{
    audit, auth, cluster, findings, fleet, invoices, keys, leaks, mail, members, requests, safety, security, sessions, trips,
    webhooks, workspaces,
};
use kit::db::{Location, Table, Tx};

#[derive(clap::Args)]
pub(super) struct Copy {
    /// Source database; no node may run on it
    #[arg(long, env = "PLANECONNECTION_FROM", value_name = "URL", hide_env_values = true)]
    from: Location,
    /// Target database, which must be empty; a SQLite file is created if it does not exist
    #[arg(long, env = "PLANECONNECTION_TO", value_name = "URL", hide_env_values = true)]
    to: Location,
}

/// All tables to copy, in the order of their references. `nodes` is left out: nodes write their own rows.
pub fn tables() -> Vec<Box<dyn Table>> {
    let slices = [
        cluster::tables(),
        workspaces::tables(),
        security::tables(),
        members::tables(),
        sessions::tables(),
        auth::tables(),
        mail::tables(),
        keys::tables(),
        leaks::tables(),
        audit::tables(),
        findings::tables(),
        requests::tables(),
        fleet::tables(),
        trips::tables(),
        safety::tables(),
        invoices::tables(),
        webhooks::tables(),
    ];
    slices.into_iter().flatten().collect()
}

impl Copy {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.from == self.to {
            return Err(Failure::usage("--from and --to are the same database"));
        }
        let from = Database::from(self.from.clone()).open().await?;
        let to = Database::from(self.to.clone()).open_or_create(Config::default()).await?;
        // From here on, writes of nodes and commands wait for the copy, or fail.
        let (view, copy) = (from.db.begin_view().await?, to.db.begin_copy().await?);
        self.require_no_nodes(&from).await?;
        self.require_empty(&copy).await?;
        for table in tables() {
            copy_table(&*table, &view, &copy).await?;
        }
        copy.commit().await?;
        drop(view);
        secret_key::print_keys_of_copy(&to).await?;
        for workspace in workspaces::all(to.db.read()).await? {
            verify(&to, &workspace).await?;
        }
        output::line(format!("Copied to {}. Point --database at it, and keep the old database until you are sure.", self.to))?;
        Ok(())
    }

    /// Fails if a node runs: its writes during the copy would be lost.
    async fn require_no_nodes(&self, from: &App) -> Result<(), Failure> {
        match cluster::running(from).await?.first() {
            None => Ok(()),
            Some(node) => {
                let what =
                    format!("a node is running on {} ({}): stop it first, so that nothing is lost", self.from, node.address);
                Err(Failure::refused(what))
            }
        }
    }

    async fn require_empty(&self, to: &Tx) -> Result<(), Failure> {
        let beginning = cluster::tables().iter().map(|table| table.name().to_owned()).collect::<Vec<_>>();
        for table in tables() {
            if !beginning.iter().any(|name| name == table.name()) && table.count(to).await? > 0 {
                return Err(Failure::refused(format!("{} is not empty: there is something in {}", self.to, table.name())));
            }
        }
        Ok(())
    }
}

async fn copy_table(table: &dyn Table, from: &Tx, to: &Tx) -> Result<(), Failure> {
    let (of, is_watched) = (table.count(from).await?, std::io::stderr().is_terminal());
    let mut progress = |copied: u64| {
        if is_watched {
            // A closed stderr does not stop the copy.
            let _unseen = write!(std::io::stderr(), "\r{:<22}{copied:>12} of {of}", table.name());
        }
    };
    progress(0);
    let copied = table.copy(from, to, &mut progress).await?;
    if is_watched {
        let _unseen = write!(std::io::stderr(), "\r");
    }
    output::line(format!("{:<22}{copied:>12} rows{}", table.name(), if is_watched { "      " } else { "" }))?;
    Ok(())
}

/// Verifies the audit chain of the copy.
async fn verify(to: &App, workspace: &Workspace) -> Result<(), Failure> {
    let verdict = audit::verify(&to.db, workspace.id).await?;
    match verdict.fault {
        None => Ok(output::line(format!("The audit log of {} fits: {} events", workspace.slug, verdict.events))?),
        Some(fault) => {
            let what = format!("everything was copied, but the audit log of {} does not fit: {fault}", workspace.slug);
            Err(Failure::refused(what))
        }
    }
}
