//! The commands `keys create`, `rotate`, `revoke-at`, `set-custodian`, `pause`, `resume` and `revoke`; `keys list` and
//! `policy` are in `key_list` and `key_policy`, `keys scan` is in `scan`, the flags for an expiry are in `key_expiry`.

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::database::{InWorkspace, operator};
use super::key_expiry::Expiry;
use super::key_list::List;
use super::key_policy::Policy;
use super::members;
use super::output::{self, Failure, validated};
use super::scan::Scan;
use crate::app::App;
use crate::keys::{
    self, CreateKey, Description, Key, KeyName, KeyView, Named, NewKey, PauseKey, Reason, RevokeAfter, RevokeAt, RevokeKey,
    RotateKey, UpdateKey,
};
use crate::members::Email;
use crate::scopes::{Permissions, Scope};
use crate::workspaces::WorkspaceId;
use kit::clock::{Clock, Time};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List keys, the newest first
    List(List),
    /// Create a key; its secret is printed once
    Create(Create),
    /// Create a successor with the same permissions or fewer; the old key works until it is revoked
    Rotate(Rotate),
    /// Set, change or cancel the time at which the server revokes a key that was rotated
    RevokeAt(PlannedRevocation),
    /// Make a member responsible for a key
    SetCustodian {
        #[command(flatten)]
        at: InWorkspace,
        /// Id of the key, or the name of an active key
        #[arg(value_name = "ID")]
        key: String,
        /// Email address of the member
        #[arg(long, env = "PLANECONNECTION_CUSTODIAN", value_parser = Email::parse_known, value_name = "EMAIL")]
        custodian: Email,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Pause a key; every node refuses it when this command returns, until it is resumed or the time is up
    Pause {
        #[command(flatten)]
        at: InWorkspace,
        /// Id of the key, or the name of an active or paused key
        #[arg(value_name = "ID")]
        key: String,
        /// Minutes after which the key works again; default: until it is resumed
        #[arg(long, env = "PLANECONNECTION_MINUTES")]
        minutes: Option<u32>,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Resume a paused key; every node accepts it when this command returns
    Resume {
        #[command(flatten)]
        at: InWorkspace,
        /// Id of the key, or the name of an active or paused key
        #[arg(value_name = "ID")]
        key: String,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Revoke a key permanently; every node refuses it when this command returns
    Revoke {
        #[command(flatten)]
        at: InWorkspace,
        /// Id of the key, or the name of an active or paused key
        #[arg(value_name = "ID")]
        key: String,
        /// Reason for the audit log
        #[arg(long, env = "PLANECONNECTION_REASON")]
        reason: Option<Reason>,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Find secrets of keys in files, standard input or git histories, and say whose they are
    #[command(
        after_help = "Exit code 1: a key that works was found; without a database, any key. 2: something could not be read."
    )]
    Scan(Scan),
    /// Show the policy for keys, and change the settings that are given
    Policy(Policy),
}

#[derive(clap::Args)]
pub(super) struct Create {
    #[command(flatten)]
    at: InWorkspace,
    /// Name of the key, unique among the active keys of the workspace
    #[arg(long, env = "PLANECONNECTION_KEY_NAME")]
    name: KeyName,
    /// `read_only`, `read_write`, or custom with --scope
    #[arg(long, env = "PLANECONNECTION_PERMISSIONS")]
    permissions: Permissions,
    /// Scope such as trips:read; repeat the flag for several
    #[arg(long, env = "PLANECONNECTION_SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,
    #[command(flatten)]
    expiry: Expiry,
    /// Address or CIDR block from which the key may be used; repeat the flag for several
    #[arg(long, env = "PLANECONNECTION_IP_ALLOWLIST", value_delimiter = ',', value_name = "CIDR")]
    ip_allowlist: Vec<String>,
    /// Purpose of the key
    #[arg(long, env = "PLANECONNECTION_DESCRIPTION")]
    description: Option<Description>,
    /// Email address of the member who is responsible for the key; default: no one
    #[arg(long, env = "PLANECONNECTION_CUSTODIAN", value_parser = Email::parse_known, value_name = "EMAIL")]
    custodian: Option<Email>,
    /// Create a test key, which reads and writes the workspace's sandbox
    #[arg(long, env = "PLANECONNECTION_TEST", value_parser = output::switch)]
    test: bool,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    at: InWorkspace,
    /// Id of the key, or the name of an active key
    #[arg(value_name = "ID")]
    key: String,
    /// Name of the successor; default: the old name with today's date
    #[arg(long, env = "PLANECONNECTION_KEY_NAME")]
    name: Option<KeyName>,
    /// Fewer permissions than the old key has: `read_only`, or custom with --scopes
    #[arg(long, env = "PLANECONNECTION_PERMISSIONS")]
    permissions: Option<Permissions>,
    /// Scopes of the old key that the successor keeps; repeat the flag for several
    #[arg(long, env = "PLANECONNECTION_SCOPES", value_delimiter = ',')]
    scopes: Vec<Scope>,
    #[command(flatten)]
    expiry: Expiry,
    /// Have the server revoke the old key after this time, 1h to 30d, unless it was used in the 24 hours before
    #[arg(long, env = "PLANECONNECTION_REVOKE_OLD_AFTER", value_name = "TIME")]
    revoke_old_after: Option<RevokeAfter>,
    /// Revoke the old key then even if it was used in the 24 hours before
    #[arg(long, env = "PLANECONNECTION_FORCE", value_parser = output::switch)]
    force: bool,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

/// The planned revocation of a key: one of three flags.
#[derive(clap::Args)]
pub(super) struct PlannedRevocation {
    #[command(flatten)]
    at: InWorkspace,
    /// Id of the key, or the name of an active key
    #[arg(value_name = "ID")]
    key: String,
    /// Revoke the key after this time, 1h to 30d
    #[arg(long, env = "PLANECONNECTION_AFTER", value_name = "TIME")]
    after: Option<RevokeAfter>,
    /// Revoke the key at this time, such as 2027-01-31T00:00:00Z
    #[arg(long = "at", id = "revoke_at", env = "PLANECONNECTION_AT", value_name = "TIME")]
    revoke_at: Option<Time>,
    /// Do not have the server revoke the key
    #[arg(long, env = "PLANECONNECTION_CANCEL", value_parser = output::switch)]
    cancel: bool,
    /// Revoke the key even if it was used in the 24 hours before; if left out, that stays as it was
    #[arg(long, env = "PLANECONNECTION_FORCE", value_parser = output::switch)]
    force: bool,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

impl PlannedRevocation {
    fn chosen(&self, now: Time) -> Result<RevokeAt, Failure> {
        let at = match (self.after.map(|after| now.after(after.duration())), self.revoke_at, self.cancel) {
            (None, None, true) => None,
            (Some(time), None, false) | (None, Some(time), false) => Some(time),
            _ => return Err(Failure::usage("choose one of --after, --at and --cancel")),
        };
        Ok(RevokeAt { at, force: self.force.then_some(true) })
    }
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run().await,
            Self::Policy(policy) => policy.run().await,
            Self::Create(input) => create(input).await,
            Self::Scan(scan) => scan.run().await,
            Self::Rotate(input) => Box::pin(rotate(input)).await,
            Self::RevokeAt(input) => revoke_at(input).await,
            Self::SetCustodian { at, key, custodian, json } => {
                let (app, workspace) = at.open().await?;
                let key = find(&app, workspace.id, &key).await?;
                let custodian = members::find(&app, workspace.id, &custodian).await?;
                let input = UpdateKey { custodian_id: Some(custodian.id), ..UpdateKey::default() };
                let key = keys::update(&app.keys, workspace.id, operator(), key.id, input).await?;
                if json {
                    output::json(&view(&app, key).await?)
                } else {
                    output::line(format!("{} is the custodian of “{}” ({}).", custodian.name, key.name, key.hint))
                }
            }
            Self::Pause { at, key, minutes, json } => {
                let input = validated(PauseKey { minutes })?;
                let (app, workspace) = at.open().await?;
                let key = find(&app, workspace.id, &key).await?;
                let key = keys::pause(&app.keys, workspace.id, operator(), key.id, input).await?;
                if json {
                    return output::json(&view(&app, key).await?);
                }
                let end = match key.pause.as_ref().and_then(|pause| pause.end.time()) {
                    Some(until) => format!("until {until}"),
                    None => "until it is resumed".to_owned(),
                };
                output::line(format!("Paused “{}” ({}) {end}: every node refuses it.", key.name, key.hint))
            }
            Self::Resume { at, key, json } => {
                let (app, workspace) = at.open().await?;
                let key = find(&app, workspace.id, &key).await?;
                let key = keys::resume(&app.keys, workspace.id, operator(), key.id).await?;
                if json {
                    output::json(&view(&app, key).await?)
                } else {
                    output::line(format!("Resumed “{}” ({}): every node accepts it.", key.name, key.hint))
                }
            }
            Self::Revoke { at, key, reason, json } => {
                let (app, workspace) = at.open().await?;
                let key = find(&app, workspace.id, &key).await?;
                let key = keys::revoke(&app.keys, workspace.id, operator(), key.id, RevokeKey { reason }).await?;
                if json {
                    output::json(&view(&app, key).await?)
                } else {
                    output::line(format!("Revoked “{}” ({}): every node refuses it.", key.name, key.hint))
                }
            }
        }
    }
}

async fn find(app: &App, workspace: WorkspaceId, text: &str) -> Result<Key, Failure> {
    let shown = text.trim();
    match keys::find_by_id_or_name(app.db.read(), workspace, text, app.clock.now()).await? {
        Named::One(key) => Ok(*key),
        Named::Nothing => {
            Err(Failure::refused(format!("there is no API key “{shown}” in this workspace: see `planeconnection keys list`")))
        }
        Named::Several(keys) => {
            let ids: Vec<_> = keys.iter().map(|key| format!("{} “{}”", key.id, key.name)).collect();
            Err(Failure::refused(format!("several API keys have the name “{shown}”: name one by its id: {}", ids.join(", "))))
        }
    }
}

async fn create(input: Create) -> Result<(), Failure> {
    let Some(expires_at) = input.expiry.chosen(Clock::System.now())? else {
        return Err(Failure::usage("choose --expires-in, --expires-at or --no-expiration: never expiring is a choice"));
    };
    let create = CreateKey {
        name: input.name,
        permissions: input.permissions,
        scopes: (!input.scope.is_empty()).then_some(input.scope),
        expires_at: Some(expires_at),
        ip_allowlist: Some(input.ip_allowlist),
        rate_limit: None,
        description: input.description,
        custodian_id: None,
        test: input.test,
    };
    let mut create = validated(create)?;
    let (app, workspace) = input.at.open().await?;
    if let Some(email) = &input.custodian {
        create.custodian_id = Some(members::find(&app, workspace.id, email).await?.id);
    }
    let new = keys::create(&app.keys, workspace.id, operator(), create, None).await?;
    print_secret(&app, new, input.json).await
}

async fn rotate(input: Rotate) -> Result<(), Failure> {
    let Rotate { at, key, name, permissions, scopes, expiry, revoke_old_after, force, json } = input;
    let (app, workspace) = at.open().await?;
    let old = find(&app, workspace.id, &key).await?;
    let rotate = RotateKey {
        expires_at: expiry.chosen(app.clock.now())?,
        name,
        permissions,
        scopes: (!scopes.is_empty()).then_some(scopes),
        revoke_old_after: revoke_old_after.map(Some),
        force,
    };
    let new = keys::rotate(&app.keys, workspace.id, operator(), old.id, validated(rotate)?, None).await?;
    print_secret(&app, new, json).await
}

async fn revoke_at(input: PlannedRevocation) -> Result<(), Failure> {
    let (app, workspace) = input.at.open().await?;
    let key = find(&app, workspace.id, &input.key).await?;
    let chosen = input.chosen(app.clock.now())?;
    let key = keys::set_revoke_at(&app.keys, workspace.id, operator(), key.id, chosen).await?;
    if input.json {
        return output::json(&view(&app, key).await?);
    }
    let (name, hint) = (&key.name, &key.hint);
    match key.revoke_old_at {
        None => output::line(format!("“{name}” ({hint}) is not revoked by the server.")),
        Some(at) if key.revoke_old_forced => output::line(format!("“{name}” ({hint}) is revoked at {at}.")),
        Some(at) => output::line(format!("“{name}” ({hint}) is revoked at {at}, unless it is used in the 24 hours before.")),
    }
}

/// Returns a key as in a response of the API.
async fn view(app: &App, key: Key) -> Result<impl Serialize, Failure> {
    Ok(KeyView::new(keys::details_of(app.db.read(), key).await?, app.clock.now()))
}

async fn print_secret(app: &App, new: NewKey, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let secret = new.secret.expose().to_owned();
        return output::json(&json!({ "secret": secret, "apiKey": view(app, new.key).await? }));
    }
    output::line(format!("Created “{}” ({}). Copy the key now; it cannot be shown again:", new.key.name, new.key.id))?;
    output::line(new.secret.expose())
}
