//! Creating workspaces, and switching API key management on and off.

use serde_json::json;

use super::error::Error;
use super::model::{CreateWorkspace, Owner, Workspace, WorkspaceId};
use super::setup;
use super::store;
use super::tenant::Tenant;
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, Target, TargetKind};
use crate::auth::password::{Claimant, NewPassword, Passwords};
use crate::cluster::{self, Cluster};
use crate::core::Core;
use crate::keys::Index;
use crate::members::{self, Member, Role};
use kit::db::is_duplicate;
use kit::secret::TokenDigest;

/// The parts that creating a workspace uses.
#[derive(Clone, Copy, Debug)]
pub struct WorkspaceContext<'a> {
    pub core: &'a Core,
    pub passwords: &'a Passwords,
    pub index: &'a Index,
    pub cluster: &'a Cluster,
}

/// Creates a workspace with its first account owner.
pub async fn create<'a>(
    context: impl Into<WorkspaceContext<'a>>,
    audit_context: AuditContext,
    input: CreateWorkspace,
) -> Result<(Workspace, Member), Error> {
    create_with(context.into(), audit_context, input, None).await
}

/// Creates a workspace, by the link that sets up the first one if it is given.
pub(super) async fn create_with(
    context: WorkspaceContext<'_>,
    audit_context: AuditContext,
    input: CreateWorkspace,
    link: Option<TokenDigest>,
) -> Result<(Workspace, Member), Error> {
    let WorkspaceContext { core, passwords, index, cluster } = context;
    let Owner { email, name: owner_name, password } = input.owner;
    let names = [email.as_str(), owner_name.as_str(), input.name.as_str(), input.slug.as_str()];
    let password = NewPassword::choose(&password, &names).map_err(members::Error::from)?;
    let permit = passwords.permit(Claimant::of(audit_context.ip, email.as_str())).map_err(members::Error::from)?;
    let password = passwords.hash(&core.random, permit, password).await.map_err(members::Error::from)?;
    let now = core.clock.now();
    let workspace = Workspace {
        id: WorkspaceId::new(now, &core.random),
        slug: input.slug.as_str().to_owned(),
        name: input.name.into_string(),
        timezone: input.timezone.as_str().to_owned(),
        api_keys_enabled: true,
        created_at: now,
        sandbox_of: None,
    };
    // One transaction: no workspace is ever without an owner, or without the first event of its log.
    let tx = core.db.begin().await?;
    // First, for its lock: of two concurrent set-ups, the second sees the workspace of the first.
    let revision = cluster::next_revision(&tx).await?;
    if let Some(link) = link {
        setup::consume(&tx, link, now).await?;
    }
    store::delete_setup_links(&tx, None).await?;
    match store::insert(&tx, &workspace).await {
        Err(error) if is_duplicate(&error) => return Err(Error::SlugTaken(workspace.slug)),
        done => done?,
    }
    let mut tx = AuditedTx::begin_log(core, tx, workspace.id, audit_context).await?;
    let target = Target::new(TargetKind::Workspace, workspace.id, &workspace.name);
    tx.record(Action::WorkspaceCreated, Some(target), json!({ "slug": workspace.slug, "timezone": workspace.timezone }));
    let owner = members::insert(&mut tx, email, owner_name, Role::AccountOwner, Some(password)).await?;
    tx.commit().await?;
    index.apply_tenant(Tenant::from(&workspace));
    cluster.wait_for_others(revision).await;
    Ok((workspace, owner))
}

/// Switches API key management on or off.
pub async fn set_api_keys_enabled(
    core: &Core,
    workspace: WorkspaceId,
    audit_context: AuditContext,
    enabled: bool,
) -> Result<(), BeginError> {
    let mut tx = AuditedTx::begin(core, workspace, audit_context).await?;
    let before = store::find(tx.db(), workspace).await?.is_some_and(|workspace| workspace.api_keys_enabled);
    if before == enabled {
        return Ok(());
    }
    store::set_api_keys_enabled(tx.db(), workspace, enabled).await?;
    tx.record(Action::KeySettingsUpdated, None, json!({ "enabled": { "from": before, "to": enabled } }));
    tx.commit().await?;
    Ok(())
}
