//! Webhooks: endpoints of a workspace that receive its events.
//!
//! Invariants
//! - An event is delivered or ends as failed after its last attempt: its payload is stored in the transaction of the change.
//! - First attempts leave in the order of the log; one endpoint never delays another.
//! - Signing secrets are sealed, and shown once.
//!
//! - `model` types and rules; `tables` entities, `rows` as values of the model; `secret` signing secrets and signatures; `settings`
//!   those of a node
//! - `delivery` sends events

pub mod delivery;
mod model;
mod rows;
mod secret;
mod settings;
mod tables;

pub use model::{
    Attempt, AttemptResponse, Creator, Delivery, DeliveryId, DeliveryStatus, Endpoint, EndpointId, EndpointStatus, FAILING_AFTER,
    Health, Progress, Schedule, SecretId, Subscription,
};
pub use secret::{NotASecret, SigningSecret};
pub use settings::WebhookSettings;
pub(crate) use tables::{all as tables, sealed};
