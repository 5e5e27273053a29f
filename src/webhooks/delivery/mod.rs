//! Delivery of events to endpoints: at least once, first attempts in the order of the log, no endpoint delaying another.
//!
//! An endpoint has an owner, a node with a lease, and a cursor in the log. The owner turns the payloads after the cursor into
//! deliveries, in the transaction that moves the cursor, and attempts those that are due. No transaction is open during a
//! request. The end of an attempt is stored only while its node owns the endpoint and the delivery is as it was, so that a node
//! that was frozen changes nothing when it wakes; its request may have been repeated meanwhile.
//!
//! - `dispatcher` ownership, and the task that starts the deliveries of endpoints; `worker` the deliveries of one endpoint
//! - `attempt` one request; `engine` the client and permits that all share; `planner` turns events into deliveries, and `recorder`
//!   stores the ends of attempts, each for many endpoints together; `queue` deliveries that a worker has read, `flight` its requests
//! - `schedule` the times of attempts; `health` the state of an endpoint after attempts; `disable` endpoints that fail for days
//! - `notices` emails about these
//! - `retention` deletes old deliveries and payloads; `store` queries; `history` deliveries of the past, for the demo

mod attempt;
mod disable;
mod dispatcher;
mod engine;
mod flight;
mod health;
mod history;
mod notices;
mod planner;
mod queue;
mod recorder;
mod retention;
mod schedule;
mod store;
mod worker;

pub use dispatcher::{deliver_due, run};
pub use engine::Engine;
pub(super) use engine::open_secrets;
pub use history::{PastAnswer, import_history};
pub use retention::tidy;
pub use store::DeliveryMetrics;
