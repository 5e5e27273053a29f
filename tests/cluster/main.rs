//! Many nodes on a Postgres server: real processes, a server of each test's own, and everything that can go wrong between
//! them. The property throughout: no request that starts after a revocation returned is accepted on any node.
//!
//! - `test_cluster` a server, a workspace and nodes; `load` endless requests, and those that were accepted too late
//! - `promise` under load and at random; `rolling` restarts behind a load balancer
//! - `outage` of nodes, network and database; `change`, `everyone` other ways to end access
//! - `clocks` that disagree; `limits` across nodes; `proof` of a confirmed revocation; `sandbox` test keys; `tls` to the database
//! - `figures` printed for people

mod change;
mod clocks;
mod everyone;
mod figures;
mod limits;
mod load;
mod outage;
mod promise;
mod proof;
mod rolling;
mod sandbox;
mod test_cluster;
mod tls;
mod webhooks;

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");
