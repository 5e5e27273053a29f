//! Usage of keys: collected in memory, written to the database in batches.
//!
//! Accepted requests are counted in the key's entry. Denied requests are aggregated by key, reason and client IP: one audit event
//! per minute each, with up to 16 addresses per key and reason, so that an attacker cannot fill the disk. A graceful stop writes
//! everything; a crash loses usage since the last flush, which is a second ago, or up to a minute if very many keys were in use
//! ([`flush_throttle`]).
//!
//! - `recorder` usage in memory; `denial_aggregator` denied requests among it
//! - `flush` its way to the database; `flush_throttle` the time between two flushes
//! - `counts` requests by hour, and last uses; `addresses` client networks; `denials` audit events of denied requests
//! - `new_address_limit` the limit of audit events for new networks; `report` sums by hour or day and by scope, `workspace` of all
//!   keys together

mod addresses;
mod counts;
mod denial_aggregator;
mod denials;
mod flush;
mod flush_throttle;
mod new_address_limit;
mod recorder;
mod report;
mod workspace;

pub(super) use addresses::{MAX_LISTED, addresses, count_addresses, first_use};
pub use counts::import as import_usage;
pub(super) use counts::{HourCount, ScopeCount, hours_of, last_scope_uses, last_uses, scope_counts};
pub use denial_aggregator::DeniedRequest;
pub use flush_throttle::Flush;
pub use recorder::Recorder;
pub(super) use report::{BucketSize, Report, Sum, report};
pub(super) use workspace::{busiest, reach, report_of_all};

use super::index::{Drained, EntryRef};

/// Usage of keys that one transaction writes.
type Batch = Vec<(EntryRef, Drained)>;

/// The maximum of keys or events in one transaction: other writers, the node's lease among them, get their turn in between.
const MAX_BATCH: usize = 1_024;
