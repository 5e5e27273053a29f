//! Background jobs: work that a node does at intervals, besides serving requests.
//!
//! A [`Job`] is a type with a name, an interval, and a rule for which nodes run it. [`start`] runs each job in a task of its
//! own, so that a slow job delays no other. A failed run is retried with a growing pause. Each run is counted in the metrics
//! `background_job_*` by the name of its job.
//!
//! [`Runs::OnOneNode`] takes the node that has run longest among those whose lease has not expired, read from the database
//! before each run. This normally selects one node, but is no lock: a node that loses its lease during a run finishes the run
//! while the next node begins one. A job on one node must therefore tolerate that two runs overlap. It also must tolerate
//! that none runs for up to a lease after the selected node has ended.
//!
//! - `job` the trait; `runner` one attempt and the loop of attempts; `schedule` the time of the next one
//! - `jobs` the jobs of the product

mod job;
mod jobs;
mod runner;
mod schedule;

pub use job::{Job, JobError, Runs};
pub use jobs::{AuditHeads, SendMail, flush, start};
pub use runner::{Runner, attempt};
pub use schedule::Schedule;
