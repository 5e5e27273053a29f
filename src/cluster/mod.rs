//! Nodes: how a change of a key reaches every process that verifies keys, and how a call knows that it has.
//!
//! Each node holds a lease that it renews only after applying all changes before it. A change commits a revision,
//! then waits until every other node has applied it or every lease that was earned before the commit has run out,
//! which it knows by its own clock. A node past its lease does not trust its memory: it asks the database for each
//! key, and if that fails answers 503. So a change holds everywhere when its call returns, without clocks that agree.
//!
//! - `node`   this process's lease and its loop; `silent` forgets nodes that ended without leaving
//! - `store`  every query on the tables `nodes` and `revisions`

mod node;
mod silent;
mod store;
mod tables;

pub use node::{Cluster, LEASE};
pub use store::next_revision;
