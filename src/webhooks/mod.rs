//! Webhooks: endpoints of a workspace that receive its events.
//!
//! Invariants
//! - An event is delivered or ends as failed after its last attempt: its payload is stored in the transaction of the change.
//! - First attempts leave in the order of the log; one endpoint never delays another.
//! - Signing secrets are sealed, and shown once.
//!
//! - `model` types and rules, `input` bodies and parameters, `type_names` names of types in both, `reach` what a caller may manage
//! - `tables` entities, `rows` as values of the model; `secret` signing secrets and signatures; `settings` those of a node
//! - `delivery` sends events; `examples` descriptions and examples of event types
//! - `store` queries, `service` use cases, `error` outcomes, `api` handlers and `pages` of management

mod api;
pub mod delivery;
mod error;
mod examples;
mod input;
mod model;
mod pages;
mod reach;
mod rows;
mod secret;
mod service;
mod settings;
mod store;
mod tables;
mod type_names;

pub use api::routes;
pub(crate) use api::{AttemptView, DeliveryView, view};
pub use error::Error;
pub use examples::{TEST_TYPE, description, example};
pub use input::{Backlog, CreateEndpoint, DeliveryFilter, Description, EndpointFilter, EndpointUrl, TestWebhook, UpdateEndpoint};
pub use model::{
    Attempt, AttemptResponse, Creator, Delivery, DeliveryId, DeliveryStatus, Endpoint, EndpointId, EndpointStatus, FAILING_AFTER,
    Health, Progress, Schedule, SecretId, Subscription,
};
pub use pages::routes as pages;
pub use reach::Reach;
pub use secret::{NotASecret, SigningSecret};
pub use service::{Manager, WithSecret, create, delete, recover, resend, rotate_secret, test, update};
pub use settings::WebhookSettings;
pub use store::deliveries::{forget_responses, last_attempts, list as deliveries};
pub use store::{failing_or_disabled, find, list, purge_deleted};
pub(crate) use tables::{all as tables, sealed};
pub use type_names::DeliveredType;
