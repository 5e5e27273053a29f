//! The commands `members sessions`, `members reset-password` and `members reset-2fa`.

use serde_json::json;

use super::database::{InWorkspace, operator};
use super::members::find;
use super::output::{self, Failure};
use crate::auth;
use crate::auth::factors::{self, TwoFactorReset};
use crate::members::{Email, Member};
use crate::sessions::{self, AuthMethod, ListedSession};
use kit::clock::Time;
use kit::http::user_agent;
use kit::page::number::plural;

#[derive(clap::Args)]
pub(super) struct Sessions {
    #[command(flatten)]
    at: InWorkspace,
    /// Email address of the member
    #[arg(long, env = "PLANECONNECTION_EMAIL", value_parser = Email::parse_known)]
    email: Email,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct ResetPassword {
    #[command(flatten)]
    at: InWorkspace,
    /// Email address of the member
    #[arg(long, env = "PLANECONNECTION_EMAIL", value_parser = Email::parse_known)]
    email: Email,
    /// Read a new password, 15 to 256 characters, from standard input; default: print a link that sets one
    #[arg(long, env = "PLANECONNECTION_PASSWORD_STDIN", value_parser = output::switch)]
    password_stdin: bool,
    /// Public URL that the link begins with, as the nodes have it
    #[arg(long, env = "PLANECONNECTION_PUBLIC_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = url)]
    public_url: String,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct ResetTwoFactor {
    #[command(flatten)]
    at: InWorkspace,
    /// Email address of the member
    #[arg(long, env = "PLANECONNECTION_EMAIL", value_parser = Email::parse_known)]
    email: Email,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

fn url(text: &str) -> Result<String, String> {
    let is_url = text.starts_with("http://") || text.starts_with("https://");
    if is_url { Ok(text.trim_end_matches('/').to_owned()) } else { Err("expected http:// or https://".to_owned()) }
}

impl Sessions {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (app, workspace) = self.at.open().await?;
        let member = find(&app, workspace.id, &self.email).await?;
        let listed = sessions::list(app.db.read(), member.id, app.clock.now()).await?;
        if self.json {
            return output::json(&listed.iter().map(view).collect::<Vec<_>>());
        }
        output::table(["ID", "SIGNED IN", "LAST SEEN", "ADDRESS", "PROGRAM", "HOW"], &listed.iter().map(row).collect::<Vec<_>>())
    }
}

fn view(session: &ListedSession) -> serde_json::Value {
    let ListedSession { id, created_at, last_seen_at, ip, user_agent, methods, .. } = session;
    json!({ "id": id, "createdAt": created_at, "lastSeenAt": last_seen_at, "ip": ip, "userAgent": user_agent, "methods": methods })
}

fn row(session: &ListedSession) -> [String; 6] {
    let unknown = || "unknown".to_owned();
    let methods: Vec<&str> = session.methods.iter().copied().map(AuthMethod::as_str).collect();
    [
        session.id.to_string(),
        session.created_at.to_string(),
        session.last_seen_at.as_ref().map_or_else(unknown, Time::to_string),
        session.ip.clone().unwrap_or_else(unknown),
        session.user_agent.as_deref().and_then(user_agent::describe).unwrap_or_else(unknown),
        methods.join(", "),
    ]
}

impl ResetPassword {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let password = self.password_stdin.then(|| output::password_from_stdin(true, "--password-stdin")).transpose()?;
        let (app, workspace) = self.at.open().await?;
        let member = find(&app, workspace.id, &self.email).await?;
        if let Some(password) = password {
            let ended = auth::reset_password(&app, &app.passwords, &member, &password, operator()).await?;
            return self.print_set(&member, ended);
        }
        let link = auth::make_reset_link(&app, &member, operator()).await?;
        self.print_link(&member, &link)
    }

    fn print_set(&self, member: &Member, ended: u64) -> Result<(), Failure> {
        if self.json {
            return output::json(&json!({ "id": member.id, "email": member.email, "sessionsEnded": ended }));
        }
        output::line(format!("Set a new password for {} <{}>; {} ended.", member.name, member.email, plural(ended, "session")))
    }

    fn print_link(&self, member: &Member, link: &auth::ResetLink) -> Result<(), Failure> {
        let url = link.url(&self.public_url);
        if self.json {
            let view = json!({
                "id": member.id, "email": member.email, "resetUrl": url, "expiresAt": link.until, "sessionsEnded": link.ended,
            });
            return output::json(&view);
        }
        output::line(format!(
            "The password of {} <{}> no longer works; {} ended. Give them this link; it works once, until {}:",
            member.name,
            member.email,
            plural(link.ended, "session"),
            link.until
        ))?;
        output::line(url)
    }
}

impl ResetTwoFactor {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (app, workspace) = self.at.open().await?;
        let member = find(&app, workspace.id, &self.email).await?;
        let TwoFactorReset { member, code, until, ended } = factors::reset_two_factor(&app, &member, operator()).await?;
        if self.json {
            let view = json!({
                "id": member.id, "email": member.email, "resetCode": code.expose(), "expiresAt": until, "sessionsEnded": ended,
            });
            return output::json(&view);
        }
        output::line(format!(
            "The second factors of {} <{}> no longer work; {} ended. Give them this code, which their next sign-in asks for \
             beside the password; it works once, until {until}:",
            member.name,
            member.email,
            plural(ended, "session"),
        ))?;
        output::line(code.expose())
    }
}
