//! What can be done with workspaces.

use serde_json::json;

use super::error::Error;
use super::model::{CreateWorkspace, Owner, Workspace, WorkspaceId};
use super::setup;
use super::store;
use super::tenant::Tenant;
use crate::app::App;
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, Target, TargetKind};
use crate::cluster;
use crate::members::{self, Claimant, Member, NewPassword, Role};
use kit::db::is_duplicate;
use kit::secret::TokenDigest;

/// Makes a workspace with its first account owner.
pub async fn create(app: &App, by: AuditContext, input: CreateWorkspace) -> Result<(Workspace, Member), Error> {
    make(app, by, input, None).await
}

/// The same, by the link that sets up the first workspace.
pub(super) async fn make(
    app: &App,
    by: AuditContext,
    input: CreateWorkspace,
    link: Option<TokenDigest>,
) -> Result<(Workspace, Member), Error> {
    let Owner { email, name: owner_name, password } = input.owner;
    let names = [email.as_str(), owner_name.as_str(), input.name.as_str(), input.slug.as_str()];
    let password = NewPassword::choose(&password, &names).map_err(members::Error::from)?;
    let place = app.passwords.place(Claimant::of(by.ip, email.as_str()))?;
    let password = members::hash(app, place, password).await?;
    let now = app.clock.now();
    let workspace = Workspace {
        id: WorkspaceId::new(now, &app.random),
        slug: input.slug.as_str().to_owned(),
        name: input.name.into_string(),
        timezone: input.timezone.as_str().to_owned(),
        api_keys_enabled: true,
        created_at: now,
    };
    // One transaction: no workspace is ever without an owner, or without the event that begins its log.
    let tx = app.db.begin().await?;
    // First, for the lock it takes: of two who set up the first workspace at once, the second sees what the first has done.
    let revision = cluster::next_revision(&tx).await?;
    if let Some(link) = link {
        setup::use_up(&tx, link, now).await?;
    }
    store::delete_setup_links(&tx, None).await?;
    match store::insert(&tx, &workspace).await {
        Err(error) if is_duplicate(&error) => return Err(Error::SlugTaken(workspace.slug)),
        done => done?,
    }
    let mut tx = AuditedTx::begin_log(app, tx, workspace.id, by).await?;
    let target = Target::new(TargetKind::Workspace, workspace.id, &workspace.name);
    tx.record(Action::WorkspaceCreated, Some(target), json!({ "slug": workspace.slug, "timezone": workspace.timezone }));
    let owner = members::insert(&mut tx, email, owner_name, Role::AccountOwner, Some(password)).await?;
    tx.commit().await?;
    app.index.apply_tenant(Tenant::from(&workspace));
    app.cluster.wait_for_others(revision).await;
    Ok((workspace, owner))
}

/// Switches API key management on or off.
pub async fn set_api_keys_enabled(app: &App, workspace: WorkspaceId, by: AuditContext, enabled: bool) -> Result<(), BeginError> {
    let mut tx = AuditedTx::begin(app, workspace, by).await?;
    let before = store::find(tx.db(), workspace).await?.is_some_and(|workspace| workspace.api_keys_enabled);
    if before == enabled {
        return Ok(());
    }
    store::set_api_keys_enabled(tx.db(), workspace, enabled).await?;
    tx.record(Action::KeySettingsUpdated, None, json!({ "enabled": { "from": before, "to": enabled } }));
    tx.commit().await?;
    Ok(())
}
