//! Usage of one key, summed up by hour or day and by scope.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counts::hours;
use crate::keys::model::KeyId;
use crate::scopes::Scope;
use kit::clock::Time;
use kit::db::{DbResult, Source};

/// Interval of a usage report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UsageBucketSize)]
pub(in crate::keys) enum BucketSize {
    Hour,
    /// Days begin at midnight UTC.
    Day,
}

impl BucketSize {
    pub(in crate::keys) const fn length(self) -> Duration {
        match self {
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// Returns the start of the bucket that contains `time`.
    pub(in crate::keys) fn start(self, time: Time) -> Time {
        match self {
            Self::Hour => time.hour(),
            Self::Day => Time::start_of(time.date()).unwrap_or(time),
        }
    }
}

/// Numbers of requests in a bucket or with a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::keys) struct Sum {
    pub(in crate::keys) allowed: i64,
    pub(in crate::keys) denied: i64,
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.allowed += other.allowed;
        self.denied += other.denied;
    }
}

/// Usage of a key.
#[derive(Clone, Debug, Default)]
pub(in crate::keys) struct Report {
    /// By the start of the bucket; buckets without requests are left out.
    pub(in crate::keys) buckets: BTreeMap<Time, Sum>,
    /// By the required scope; `None` for calls that need none.
    pub(in crate::keys) scopes: BTreeMap<Option<Scope>, Sum>,
}

impl Report {
    pub(in crate::keys) fn total(&self) -> Sum {
        let mut total = Sum::default();
        self.buckets.values().for_each(|sum| total += *sum);
        total
    }
}

/// Returns the usage of `key` in the hours that begin at `from` or later and before `to`.
pub(in crate::keys) async fn report(db: &impl Source, key: KeyId, bucket: BucketSize, from: Time, to: Time) -> DbResult<Report> {
    let mut report = Report::default();
    for row in hours(db, key, from, to).await? {
        let sum = Sum { allowed: row.allowed, denied: row.denied };
        let scope = usize::try_from(row.scope).ok().and_then(Scope::from_index);
        *report.buckets.entry(bucket.start(row.hour)).or_default() += sum;
        *report.scopes.entry(scope).or_default() += sum;
    }
    Ok(report)
}
