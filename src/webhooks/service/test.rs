//! A test of an endpoint, sent at once.

use super::deliver::pending;
use super::{Manager, find};
use crate::audit::{AuditedTx, EventId};
use crate::core::Core;
use crate::webhooks::delivery::{Engine, open_secrets};
use crate::webhooks::error::Error;
use crate::webhooks::examples;
use crate::webhooks::input::TestWebhook;
use crate::webhooks::model::{Attempt, Delivery, EndpointId};
use crate::webhooks::store::{self, deliveries};

/// Sends a test by the path of every delivery, also to an endpoint that is off: an example of a type, or a payload that says that it
/// is a test. Returns the attempt, whatever its outcome.
pub async fn test(engine: &Engine, core: &Core, by: Manager, id: EndpointId, input: TestWebhook) -> Result<Attempt, Error> {
    core.config.require_secret_keys()?;
    let tx = AuditedTx::begin(core, by.workspace, by.context).await?;
    let endpoint = find(&tx, by.reach, id).await?;
    let name = input.event_type.map_or(examples::TEST_TYPE, |event_type| event_type.0);
    if let Some(scope) = by.reach.missing_for(name) {
        return Err(Error::Scope(scope));
    }
    let row = store::find_sealed(tx.db(), id).await?.ok_or(Error::NotFound)?;
    let secrets = open_secrets(core, &row).await?;
    let event = EventId::new(tx.now(), tx.random());
    let body = examples::test_payload(event, name.parse().ok(), &endpoint, tx.now()).to_string();
    // It is sent by this call and not by the schedule, so it is never due.
    let delivery = Delivery { due_at: None, ..pending(&tx, &endpoint, event, name.to_owned(), None) };
    deliveries::insert(tx.db(), vec![(delivery.clone(), Some(body.clone()))]).await?;
    tx.commit().await?;
    Ok(engine.send_now(core, &endpoint, &secrets, delivery, body).await)
}
