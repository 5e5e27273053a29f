//! The commands of `members`. Those on sessions and passwords are in `member_access`.

use clap::Subcommand;
use serde_json::json;

use super::database::{InWorkspace, operator};
use super::member_access::{ResetPassword, ResetTwoFactor, Sessions};
use super::output::{self, Failure};
use crate::app::App;
use crate::members::{self, ActingRole, AddMember, Email, Member, MemberName, Role};
use crate::workspaces::WorkspaceId;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the members of the workspace
    List {
        #[command(flatten)]
        at: InWorkspace,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Add a member with a password
    Add {
        #[command(flatten)]
        at: InWorkspace,
        /// Email address, used to sign in
        #[arg(long, env = "PLANECONNECTION_EMAIL")]
        email: Email,
        /// Name of the member
        #[arg(long, env = "PLANECONNECTION_MEMBER_NAME")]
        name: MemberName,
        /// Role of the member
        #[arg(long, env = "PLANECONNECTION_ROLE")]
        role: Role,
        /// Read the password, 15 to 256 characters, from standard input
        #[arg(long, env = "PLANECONNECTION_PASSWORD_STDIN", value_parser = output::switch)]
        password_stdin: bool,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Change the role of a member
    SetRole {
        #[command(flatten)]
        at: InWorkspace,
        /// Email address of the member
        #[arg(long, env = "PLANECONNECTION_EMAIL", value_parser = Email::parse_known)]
        email: Email,
        /// New role of the member
        #[arg(long, env = "PLANECONNECTION_ROLE")]
        role: Role,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Remove a member and end their sessions; the keys of the workspace are kept
    Remove {
        #[command(flatten)]
        at: InWorkspace,
        /// Email address of the member
        #[arg(long, env = "PLANECONNECTION_EMAIL", value_parser = Email::parse_known)]
        email: Email,
        /// Email address of the member who becomes the custodian of their keys; default: no one
        #[arg(long, env = "PLANECONNECTION_CUSTODIAN", value_parser = Email::parse_known, value_name = "EMAIL")]
        custodian: Option<Email>,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// List the sessions of a member
    Sessions(Sessions),
    /// Reset the password of a member and end their sessions: by a link that sets a new one, or with a new one
    ResetPassword(ResetPassword),
    /// Reset the second factors of a member and end their sessions: the next sign-in asks for the code that is printed
    #[command(name = "reset-2fa")]
    ResetTwoFactor(ResetTwoFactor),
}

/// The operator has the permissions of an account owner.
const OPERATOR: ActingRole = ActingRole(Role::AccountOwner);

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { at, json } => list(&at, json).await,
            Self::Add { at, email, name, role, password_stdin, json } => {
                let password = output::password_from_stdin(password_stdin, "--password-stdin")?;
                let (app, workspace) = at.open().await?;
                let add = AddMember { name, email, role };
                let member = members::add(&app, &app.passwords, workspace.id, operator(), add, password).await?;
                print(&member, json, "Added")
            }
            Self::SetRole { at, email, role, json } => {
                let (app, workspace) = at.open().await?;
                let member = find(&app, workspace.id, &email).await?;
                let member = members::set_role(&app, workspace.id, operator(), OPERATOR, member.id, role).await?;
                print(&member, json, "Changed")
            }
            Self::Remove { at, email, custodian, json } => {
                let (app, workspace) = at.open().await?;
                let member = find(&app, workspace.id, &email).await?;
                let custodian = match custodian {
                    Some(email) => Some(find(&app, workspace.id, &email).await?.id),
                    None => None,
                };
                let member = members::remove(&app, workspace.id, operator(), OPERATOR, member.id, custodian).await?;
                print(&member, json, "Removed")
            }
            Self::Sessions(command) => command.run().await,
            Self::ResetPassword(command) => command.run().await,
            Self::ResetTwoFactor(command) => command.run().await,
        }
    }
}

pub(super) async fn find(app: &App, workspace: WorkspaceId, email: &Email) -> Result<Member, Failure> {
    let member = members::find_by_email(app.db.read(), workspace, email.as_str()).await?;
    member
        .ok_or_else(|| Failure::refused(format!("{email} is not a member of this workspace: see `planeconnection members list`")))
}

fn view(member: &Member) -> serde_json::Value {
    json!({ "id": member.id, "name": member.name, "email": member.email, "role": member.role, "hasJoined": member.has_joined, "createdAt": member.created_at })
}

fn print(member: &Member, as_json: bool, done: &str) -> Result<(), Failure> {
    if as_json {
        output::json(&view(member))
    } else {
        output::line(format!("{done} {} <{}>, {}.", member.name, member.email, member.role))
    }
}

async fn list(at: &InWorkspace, as_json: bool) -> Result<(), Failure> {
    let (app, workspace) = at.open().await?;
    let mut all = output::all_pages(async |paging| members::list(app.db.read(), workspace.id, paging).await).await?;
    all.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    if as_json {
        return output::json(&all.iter().map(view).collect::<Vec<_>>());
    }
    let rows: Vec<_> =
        all.into_iter().map(|member| [member.id.to_string(), member.name, member.email, member.role.to_string()]).collect();
    output::table(["ID", "NAME", "EMAIL", "ROLE"], &rows)
}
