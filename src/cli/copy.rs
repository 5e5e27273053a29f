//! `copy --from URL --to URL`

use std::io::{IsTerminal, Write};

use super::{Database, Failure, output};
use crate::app::App;
use crate::config::Config;
use crate::workspaces::Workspace;
use crate::{audit, cluster, fleet, invoices, keys, members, safety, sessions, trips, workspaces};
use kit::db::{Location, Table, Tx};

#[derive(clap::Args)]
pub(super) struct Copy {
    /// The database to copy; no node may be running on it
    #[arg(long, env = "PLANECONNECTION_FROM", value_name = "URL", hide_env_values = true)]
    from: Location,
    /// The database to copy to, which must be empty; a file is made if there is none
    #[arg(long, env = "PLANECONNECTION_TO", value_name = "URL", hide_env_values = true)]
    to: Location,
}

/// Every table with something in it to keep, those that others refer to first. Nodes are not: they write their own rows.
pub fn tables() -> Vec<Box<dyn Table>> {
    let slices = [
        cluster::tables(),
        workspaces::tables(),
        members::tables(),
        sessions::tables(),
        keys::tables(),
        audit::tables(),
        fleet::tables(),
        trips::tables(),
        safety::tables(),
        invoices::tables(),
    ];
    slices.into_iter().flatten().collect()
}

impl Copy {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.from == self.to {
            return Err(Failure::usage("--from and --to are the same database"));
        }
        let from = Database::from(self.from.clone()).open().await?;
        let to = Database::from(self.to.clone()).open_or_make(Config::default()).await?;
        // Nobody writes from here on: what a node or a command does meanwhile waits for the copy, or fails.
        let (view, copy) = (from.db.begin_view().await?, to.db.begin_copy().await?);
        self.require_quiet(&from).await?;
        self.require_empty(&copy).await?;
        for table in tables() {
            copy_table(&*table, &view, &copy).await?;
        }
        copy.commit().await?;
        drop(view);
        for workspace in workspaces::all(to.db.read()).await? {
            verify(&to, &workspace).await?;
        }
        output::line(format!("Copied to {}. Point --database at it, and keep the old database until you are sure.", self.to))?;
        Ok(())
    }

    /// What a running node writes while it is copied would be lost.
    async fn require_quiet(&self, from: &App) -> Result<(), Failure> {
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
            // Whether it is seen makes no difference to the copy.
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

/// The chain of the copy has to fit as the original's does.
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
