//! The commands `workspace list` and `create`.

use clap::Subcommand;
use serde_json::json;

use super::database::{Database, operator};
use super::output::{self, Failure};
use crate::config::Config;
use crate::members::{self, Email};
use crate::workspaces::{self, CreateWorkspace, Owner, Slug, Timezone, Workspace};
use kit::text::Line;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the workspaces with their slugs, which other commands take as --workspace
    List {
        #[command(flatten)]
        database: Database,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Create a workspace with its first account owner, and the database if it does not exist
    Create(Create),
}

#[derive(clap::Args)]
pub(super) struct Create {
    #[command(flatten)]
    database: Database,
    /// Name of the workspace
    #[arg(long, env = "PLANECONNECTION_WORKSPACE_NAME")]
    name: Line<1, 100>,
    /// Short name for commands: 2 to 40 lower-case letters, digits and hyphens
    #[arg(long, env = "PLANECONNECTION_SLUG")]
    slug: Slug,
    /// IANA name of the time zone
    #[arg(long, env = "PLANECONNECTION_TIMEZONE", default_value = "UTC")]
    timezone: Timezone,
    /// Email address of the account owner
    #[arg(long, env = "PLANECONNECTION_OWNER_EMAIL")]
    owner_email: Email,
    /// Name of the account owner; default: the email address
    #[arg(long, env = "PLANECONNECTION_OWNER_NAME")]
    owner_name: Option<Line<1, 100>>,
    /// Read the password, 15 to 256 characters, from standard input
    #[arg(long, env = "PLANECONNECTION_OWNER_PASSWORD_STDIN", value_parser = output::switch)]
    owner_password_stdin: bool,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { database, json } => list(&database, json).await,
            Self::Create(input) => input.run().await,
        }
    }
}

async fn list(database: &Database, as_json: bool) -> Result<(), Failure> {
    let app = database.open().await?;
    let all = workspaces::list(app.db.read(), None).await?;
    let members = members::count_by_workspace(app.db.read()).await?;
    let count = |workspace: &Workspace| members.get(&workspace.id).copied().unwrap_or_default();
    if as_json {
        let view = |workspace: &Workspace| {
            let Workspace { id, slug, name, timezone, created_at, .. } = workspace;
            json!({ "id": id, "slug": slug, "name": name, "timezone": timezone, "members": count(workspace), "createdAt": created_at })
        };
        return output::json(&all.iter().map(view).collect::<Vec<_>>());
    }
    let row = |workspace: &Workspace| {
        let Workspace { id, slug, name, created_at, .. } = workspace;
        [slug.clone(), name.clone(), id.to_string(), count(workspace).to_string(), created_at.to_string()]
    };
    output::table(["SLUG", "NAME", "ID", "MEMBERS", "CREATED"], &all.iter().map(row).collect::<Vec<_>>())
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let input = self;
        let password = output::password_from_stdin(input.owner_password_stdin, "--owner-password-stdin")?;
        let app = input.database.open_or_create(Config::default()).await?;
        let name = match input.owner_name {
            Some(name) => name,
            None => input
                .owner_email
                .as_str()
                .parse()
                .map_err(|_| Failure::usage("give --owner-name: the email is too long for a name"))?,
        };
        let owner = Owner { email: input.owner_email, name, password };
        let create = CreateWorkspace { name: input.name, slug: input.slug, timezone: input.timezone, owner };
        let (workspace, owner) = workspaces::create(&app, operator(), create).await?;
        if input.json {
            return output::json(&json!({
                "workspace": { "id": workspace.id, "slug": workspace.slug, "name": workspace.name },
                "owner": { "id": owner.id, "email": owner.email, "name": owner.name, "role": owner.role },
            }));
        }
        output::line(format!("Created the workspace “{}” ({}), owned by {}.", workspace.name, workspace.slug, owner.email))
    }
}
