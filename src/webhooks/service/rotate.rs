//! Rotation of a signing secret.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;

use super::{Manager, WithSecret, chosen_or_generated, find, target, wake_delivery};
use crate::audit::{Action, AuditedTx};
use crate::core::Core;
use crate::secret_key::{SecretKeys, associated};
use crate::webhooks::error::{Error, MAX_FORMER};
use crate::webhooks::input::RotateSecret;
use crate::webhooks::model::{Endpoint, EndpointId, SecretId};
use crate::webhooks::store;
use crate::webhooks::tables::former_secret;
use kit::http::outbound::Lookup;

/// The time for which the old secret signs as well, unless the caller chooses another.
const USUAL_OVERLAP: u16 = 24;

/// Replaces the signing secret. The old one signs as well for a while; without an overlap all old ones end at once.
pub async fn rotate_secret(core: &Core, by: Manager, id: EndpointId, input: RotateSecret) -> Result<WithSecret, Error> {
    let keys = core.config.require_secret_keys()?;
    let secret = chosen_or_generated(core, input.secret.as_ref());
    let overlap = Duration::from_hours(input.overlap_hours.unwrap_or(USUAL_OVERLAP).into());
    let mut tx = AuditedTx::begin(core, by.workspace, by.context).await?;
    let mut endpoint = find(&tx, by.reach, id).await?;
    let now = tx.now();
    if overlap.is_zero() {
        store::secrets::delete(tx.db(), id, None).await?;
    } else {
        store::secrets::delete(tx.db(), id, Some(now)).await?;
        keep_former(&tx, keys, &endpoint, overlap).await?;
    }
    let old_hint = std::mem::replace(&mut endpoint.secret_hint, secret.hint());
    (endpoint.secret_rotated_at, endpoint.updated_at) = (Some(now), now);
    let sealed = keys.seal(tx.random(), &associated("webhook", id), secret.expose().as_bytes());
    store::set_secret(tx.db(), &endpoint, sealed).await?;
    let until = (!overlap.is_zero()).then(|| now.after(overlap));
    let hints = json!({ "from": old_hint, "to": endpoint.secret_hint });
    tx.record(Action::WebhookSecretRotated, Some(target(&endpoint)), json!({ "secretHint": hints, "oldSignsUntil": until }));
    wake_delivery(core, &mut tx);
    tx.commit().await?;
    Ok(WithSecret { endpoint, secret, lookup: Lookup::Found })
}

/// Keeps the present secret as a former one, sealed for its new row.
async fn keep_former(tx: &AuditedTx, keys: &SecretKeys, endpoint: &Endpoint, overlap: Duration) -> Result<(), Error> {
    if store::secrets::count(tx.db(), endpoint.id, tx.now()).await? >= MAX_FORMER {
        return Err(Error::FormerSecrets);
    }
    let row = store::find_sealed(tx.db(), endpoint.id).await?.ok_or(Error::NotFound)?;
    let opened = keys.open(&associated("webhook", endpoint.id), &row.secret)?;
    let id = SecretId::new(tx.now(), tx.random());
    let row = former_secret::Model {
        id,
        workspace_id: endpoint.workspace,
        endpoint_id: endpoint.id,
        secret: keys.seal(tx.random(), &associated("webhook_former", id), opened.expose_secret()),
        expires_at: tx.now().after(overlap),
    };
    Ok(store::secrets::insert(tx.db(), row).await?)
}
