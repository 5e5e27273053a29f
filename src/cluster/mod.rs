//! Nodes: how a change of a key reaches every process that verifies keys, and how a call knows that it has.
//!
//! Each node holds a lease that it renews only after applying all earlier changes. A change commits a revision, then waits
//! until every other node has applied it or every lease that was earned before the commit has expired, by this process's
//! monotonic clock. A request that arrives after the lease is not verified from memory: the node looks the key up in the
//! database, and responds 503 if that fails. So a change holds on every node when its call returns, whatever wall clocks say.
//!
//! - `node`    the lease of this process and the conditions for renewing it; `heartbeat` the loop; `peers` the other nodes
//! - `replica` the trait of what is kept in memory; `follow` applies changes to it; `confirm` waits for the other nodes
//! - `model`   a node and its runs; `store` every query, `tables` its tables; `summary`, `api`, `pages` the state of the nodes, for account owners

mod api;
mod confirm;
mod follow;
mod heartbeat;
mod model;
mod node;
mod pages;
mod peers;
mod replica;
mod store;
mod summary;
mod tables;

pub use api::routes;
pub use confirm::Confirmation;
pub use model::{LEASE, Node, NodeId, NodeRun, NodeState};
pub use node::{Cluster, ProbeResult};
pub use pages::routes as pages;
pub use peers::running;
pub use replica::{LocalChange, Replica};
pub use store::{
    all as nodes, current_revision, has_node_of_older_key_rules, last_lease_of_older_log_format, next_revision, next_revisions,
    runs,
};
pub(crate) use tables::all as tables;
