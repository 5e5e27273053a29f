//! Nodes: how a change of a key reaches every process that verifies keys, and how a call knows that it has.
//!
//! Each node holds a lease that it renews only after applying all changes before it. A change commits a revision,
//! then waits until every other node has applied it or every lease that was earned before the commit has run out,
//! which it knows by its own clock. For a request that comes in past its lease a node does not trust its memory: it asks the
//! database for each key, and if that fails answers 503. So a change holds everywhere when its call returns, without clocks that agree.
//!
//! - `node`   this process's lease and what earns it; `keeper` the loop that does; `peers` the other nodes
//! - `load`   the index filled from the database; `confirm` waiting until everybody knows
//! - `model`  a node and its runs; `store` every query; `summary`, `api`, `pages` the state of the nodes, for account owners

mod api;
mod confirm;
mod keeper;
mod load;
mod model;
mod node;
mod pages;
mod peers;
mod store;
mod summary;
mod tables;

pub use api::routes;
pub use confirm::Confirmation;
pub use model::{Node, NodeId, NodeRun, NodeState};
pub use node::{Cluster, LEASE, ProbeResult};
pub use pages::routes as pages;
pub use peers::running;
pub use store::{all as nodes, current_revision, next_revision, runs};
pub(crate) use tables::all as tables;
