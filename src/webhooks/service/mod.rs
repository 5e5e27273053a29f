//! Use cases of management. Each is one [`AuditedTx`] with its event; the node that delivers hears of it after the commit.
//!
//! - here create and delete; `update` changes and the switch; `rotate` secrets; `deliver` deliveries that are made by hand;
//!   `test` a test

mod deliver;
mod rotate;
mod test;
mod update;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::error::{Error, MAX_ENDPOINTS};
use super::input::{CreateEndpoint, subscription};
use super::model::{Creator, Endpoint, EndpointId, Health, Progress, Schedule, Subscription};
use super::reach::Reach;
use super::secret::SigningSecret;
use super::store;
use crate::audit::{self, Action, AuditContext, AuditedTx, IdempotencyOutcome, Target, TargetKind};
use crate::core::Core;
use crate::secret_key::associated;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::IdempotencyKey;
use kit::http::outbound::{DNS_TIMEOUT, Lookup, look_up};
use kit::text::kept;

pub use deliver::{received, recover, resend};
pub use rotate::rotate_secret;
pub use test::test;
pub use update::update;

/// The caller of a use case.
#[derive(Clone, Debug)]
pub struct Manager {
    pub workspace: WorkspaceId,
    pub context: AuditContext,
    pub reach: Reach,
    /// False for a person whose last proof of identity is old.
    pub is_recent: bool,
}

/// An endpoint and its secret, in clear text for the last time.
pub struct WithSecret {
    pub endpoint: Endpoint,
    pub secret: SigningSecret,
    /// The outcome of the look-up of a URL that was entered.
    pub lookup: Lookup,
}

pub async fn create(
    core: &Core,
    by: Manager,
    input: CreateEndpoint,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<WithSecret, Error> {
    let keys = core.config.require_secret_keys()?;
    let events = subscription(&input.events);
    require_reach(by.reach, &events)?;
    let lookup = check_url(core, input.url.as_str()).await?;
    let secret = chosen_or_generated(core, input.secret.as_ref());
    let mut tx = begin_idempotent(core, by.workspace, by.context, idempotency_key).await?;
    if store::count(tx.db(), tx.workspace()).await? >= MAX_ENDPOINTS {
        return Err(Error::Quota);
    }
    let (now, head) = (tx.now(), tx.sequence());
    let (id, name) = tx.context().actor.clone().into_id_and_name();
    let endpoint = Endpoint {
        id: EndpointId::new(now, tx.random()),
        workspace: tx.workspace(),
        url: input.url.into_string(),
        description: kept(input.description),
        events,
        is_active: input.active,
        schedule: input.schedule.unwrap_or(Schedule::Standard),
        secret_hint: secret.hint(),
        secret_rotated_at: None,
        created_at: now,
        created_by: Creator { id, name },
        updated_at: now,
        progress: Progress { created: head, planned: head, last: None, owner: None },
        health: Health::default(),
    };
    let sealed = keys.seal(tx.random(), &associated("webhook", endpoint.id), secret.expose().as_bytes());
    store::insert(tx.db(), &endpoint, sealed).await?;
    publish_patterns(&tx).await?;
    let mut details = changeable(&endpoint);
    details["secretHint"] = json!(endpoint.secret_hint);
    tx.record(Action::WebhookCreated, Some(target(&endpoint)), details);
    wake_delivery(core, &mut tx);
    tx.commit_answering(201, &endpoint.id).await?;
    Ok(WithSecret { endpoint, secret, lookup })
}

/// Deletes an endpoint: nothing is delivered from here on. Its rows are deleted afterwards, as there may be many.
pub async fn delete(core: &Core, by: Manager, id: EndpointId) -> Result<(), Error> {
    let mut tx = AuditedTx::begin_essential(core, by.workspace, by.context).await?;
    let endpoint = find(&tx, by.reach, id).await?;
    store::set_deleted(tx.db(), id, tx.now()).await?;
    store::secrets::delete(tx.db(), id, None).await?;
    publish_patterns(&tx).await?;
    tx.record(Action::WebhookDeleted, Some(target(&endpoint)), json!({ "url": endpoint.url }));
    wake_delivery(core, &mut tx);
    Ok(tx.commit().await?)
}

/// Finds an endpoint that the caller may manage.
async fn find(tx: &AuditedTx, reach: Reach, id: EndpointId) -> Result<Endpoint, Error> {
    let endpoint = store::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)?;
    require_reach(reach, &endpoint.events)?;
    Ok(endpoint)
}

pub(super) fn require_reach(reach: Reach, events: &Subscription) -> Result<(), Error> {
    reach.missing(events).map_or(Ok(()), |scope| Err(Error::Scope(scope)))
}

async fn check_url(core: &Core, url: &str) -> Result<Lookup, Error> {
    let settings = &core.config.webhooks;
    look_up(url, &settings.allowed, settings.dns_server, DNS_TIMEOUT).await.map_err(Error::Url)
}

/// Returns the secret of the input, which was checked with it, or a new one.
fn chosen_or_generated(core: &Core, chosen: Option<&SecretString>) -> SigningSecret {
    let chosen = chosen.and_then(|text| SigningSecret::parse(text.expose_secret()).ok());
    chosen.unwrap_or_else(|| SigningSecret::generate(&core.random))
}

/// Tells the writers of the workspace which events its endpoints receive.
async fn publish_patterns(tx: &AuditedTx) -> DbResult<()> {
    audit::set_received(tx, &store::patterns(tx.db(), tx.workspace()).await?).await
}

/// Wakes this node's delivery after the commit.
fn wake_delivery(core: &Core, tx: &mut AuditedTx) {
    let (core, workspace) = (core.clone(), tx.workspace());
    tx.after_commit(move || core.published.mark(workspace));
}

async fn begin_idempotent(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<AuditedTx, Error> {
    match AuditedTx::begin_idempotent(core, workspace, context, idempotency_key).await? {
        (tx, IdempotencyOutcome::Fresh) => Ok(tx),
        (_, IdempotencyOutcome::Replay { data, .. }) => {
            let id = serde_json::from_value(data).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
            Err(Error::AlreadyCreated(id))
        }
        (_, IdempotencyOutcome::Reused) => Err(Error::IdempotencyKeyReused),
    }
}

fn target(endpoint: &Endpoint) -> Target {
    Target::new(TargetKind::Webhook, endpoint.id, &endpoint.name())
}

/// Returns the fields that a change can affect.
fn changeable(endpoint: &Endpoint) -> Value {
    json!({
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "active": endpoint.is_active,
        "schedule": endpoint.schedule,
    })
}
