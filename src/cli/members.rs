//! `members list|add|set-role|remove`

use clap::Subcommand;
use serde_json::json;

use super::{Failure, InWorkspace, operator, output};
use crate::app::App;
use crate::members::{self, AddMember, Email, Member, MemberName, Role, Standing};
use crate::workspaces::WorkspaceId;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the members
    List {
        #[command(flatten)]
        at: InWorkspace,
        /// Answer as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Add a member with a password
    Add {
        #[command(flatten)]
        at: InWorkspace,
        /// What they sign in with
        #[arg(long, env = "PLANECONNECTION_EMAIL")]
        email: Email,
        /// Their name
        #[arg(long, env = "PLANECONNECTION_NAME")]
        name: MemberName,
        /// Their role
        #[arg(long, env = "PLANECONNECTION_ROLE")]
        role: Role,
        /// Read their password, 12 to 200 characters, from standard input
        #[arg(long, env = "PLANECONNECTION_PASSWORD_STDIN", value_parser = output::switch)]
        password_stdin: bool,
        /// Answer as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Give a member another role
    SetRole {
        #[command(flatten)]
        at: InWorkspace,
        /// Whom
        #[arg(long, env = "PLANECONNECTION_EMAIL")]
        email: Email,
        /// Their new role
        #[arg(long, env = "PLANECONNECTION_ROLE")]
        role: Role,
        /// Answer as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Remove a member and sign them out; the workspace's keys stay
    Remove {
        #[command(flatten)]
        at: InWorkspace,
        /// Whom
        #[arg(long, env = "PLANECONNECTION_EMAIL")]
        email: Email,
        /// Answer as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
}

/// The operator may do what an account owner may.
const OPERATOR: Standing = Standing(Role::AccountOwner);

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { at, json } => list(&at, json).await,
            Self::Add { at, email, name, role, password_stdin, json } => {
                let password = output::password_from_stdin(password_stdin, "--password-stdin")?;
                let (app, workspace) = at.open().await?;
                let member = members::add(&app, workspace.id, operator(), AddMember { name, email, role }, password).await?;
                answer(&member, json, "Added")
            }
            Self::SetRole { at, email, role, json } => {
                let (app, workspace) = at.open().await?;
                let member = find(&app, workspace.id, &email).await?;
                let member = members::set_role(&app, workspace.id, operator(), OPERATOR, member.id, role).await?;
                answer(&member, json, "Changed")
            }
            Self::Remove { at, email, json } => {
                let (app, workspace) = at.open().await?;
                let member = find(&app, workspace.id, &email).await?;
                let member = members::remove(&app, workspace.id, operator(), OPERATOR, member.id).await?;
                answer(&member, json, "Removed")
            }
        }
    }
}

async fn find(app: &App, workspace: WorkspaceId, email: &Email) -> Result<Member, Failure> {
    let member = members::find_by_email(app.db.read(), workspace, email.as_str()).await?;
    member
        .ok_or_else(|| Failure::refused(format!("{email} is not a member of this workspace: see `planeconnection members list`")))
}

fn shown(member: &Member) -> serde_json::Value {
    json!({ "id": member.id, "name": member.name, "email": member.email, "role": member.role, "hasJoined": member.has_joined, "createdAt": member.created_at })
}

fn answer(member: &Member, as_json: bool, done: &str) -> Result<(), Failure> {
    if as_json {
        output::json(&shown(member))
    } else {
        output::line(format!("{done} {} <{}>, {}.", member.name, member.email, member.role))
    }
}

async fn list(at: &InWorkspace, as_json: bool) -> Result<(), Failure> {
    let (app, workspace) = at.open().await?;
    let all = output::every(async |paging| members::list(app.db.read(), workspace.id, paging).await).await?;
    if as_json {
        return output::json(&all.iter().map(shown).collect::<Vec<_>>());
    }
    let rows: Vec<_> =
        all.into_iter().map(|member| [member.id.to_string(), member.name, member.email, member.role.to_string()]).collect();
    output::table(["ID", "NAME", "EMAIL", "ROLE"], &rows)
}
