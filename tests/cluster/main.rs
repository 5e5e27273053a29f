//! Many nodes on a Postgres server: real processes, a server of each test's own, and everything that can go wrong between
//! them. One promise throughout: no request that starts after a revocation was answered is accepted on any node.
//!
//! - `field` a server, a workspace and nodes; `load` requests without end, and which of them came too late
//! - `promise` under load and at random; `outage` cut off, restarted, in the way; `change` what else takes access away
//! - `clocks` that disagree; `limits` across nodes; `proof` what is told of nodes; `tls` to the database; `figures` for people

mod change;
mod clocks;
mod field;
mod figures;
mod limits;
mod load;
mod outage;
mod promise;
mod proof;
mod tls;

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");
