//! The usage of a key.

use std::time::Duration;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, ManageKeys};
use crate::app::App;
use crate::keys::error::Error;
use crate::keys::model::KeyId;
use crate::keys::usage::{self, BucketSize, Report, Sum};
use crate::keys::{store, tables};
use crate::scopes::Scope;
use kit::clock::{Since, Time, Until};
use kit::http::{ApiError, Check, FieldErrors, Known, Path, Query, WithEtag};

/// The time and the resolution of a usage report.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageQuery {
    /// The start, a time or a day (UTC). If left out: 24 hours ago for `hour`, 14 days ago for `day`.
    #[param(inline)]
    from: Option<Since>,
    /// The end, a time or a day (UTC); now if left out.
    #[param(inline)]
    to: Option<Until>,
    /// `hour` (at most 31 days in a request) or `day` (at most 400 days in a request); `day` if left out.
    #[param(inline)]
    bucket: Option<BucketSize>,
}

impl Check for UsageQuery {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["from", "to"], self.from.map(|from| from.0), self.to.map(|to| to.0));
    }
}

/// The usage of a key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKeyUsage)]
pub(super) struct UsageView {
    /// The start of the first bucket.
    from: Time,
    /// The end of the requested time.
    to: Time,
    bucket: BucketSize,
    /// Buckets with at least one request, in order.
    buckets: Vec<UsageBucket>,
    /// The number of requests by required scope.
    scopes: Vec<UsageScope>,
    /// Addresses from which the key was used at any time, the latest first; at most 50.
    addresses: Vec<UsageAddress>,
    last_used_at: Option<Time>,
    last_used_ip: Option<String>,
}

/// The number of requests in one hour or day.
#[derive(Debug, Serialize, ToSchema)]
struct UsageBucket {
    /// The start of the bucket.
    start: Time,
    /// The number of accepted requests.
    allowed: i64,
    /// The number of refused requests.
    denied: i64,
}

/// The number of requests that required one scope.
#[derive(Debug, Serialize, ToSchema)]
struct UsageScope {
    /// The scope; `null` for calls that require none.
    scope: Option<Scope>,
    /// The number of accepted requests.
    allowed: i64,
    /// The number of refused requests.
    denied: i64,
}

/// An address from which the key was used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsageAddress {
    /// An IPv4 address, or an IPv6 network such as `2001:db8:0:1::/64`, whose addresses count as one.
    ip: String,
    first_used_at: Time,
    last_used_at: Time,
}

/// Returns the default length of a report, and the largest number of days.
const fn reach(bucket: BucketSize) -> (Duration, u32) {
    match bucket {
        BucketSize::Hour => (Duration::from_hours(24), 31),
        BucketSize::Day => (Duration::from_hours(14 * 24), 400),
    }
}

impl UsageQuery {
    /// Returns start, end and bucket of the report. Fails if the time is too long or ends before it begins.
    fn span(&self, now: Time) -> Result<(Time, Time, BucketSize), ApiError> {
        let bucket = self.bucket.unwrap_or(BucketSize::Day);
        let (default, most) = reach(bucket);
        let to = self.to.map_or(now, |until| until.0);
        let from = bucket.start(self.from.map_or_else(|| to.before(default), |from| from.0));
        if from > to || to.since(from) > (most + 1) * BucketSize::Day.length() {
            return Err(ApiError::invalid(format!("Ask for a time that ends after it begins and spans at most {most} days.")));
        }
        Ok((from, to, bucket))
    }
}

pub(super) async fn show(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Query(query): Query<UsageQuery>,
    known: Known,
) -> Result<WithEtag<UsageView>, ApiError> {
    let key = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    let (from, to, bucket) = query.span(app.clock.now())?;
    let Report { buckets, scopes } = usage::report(app.db.read(), key.id, bucket, from, to).await?;
    let of_bucket = |(start, Sum { allowed, denied })| UsageBucket { start, allowed, denied };
    let of_scope = |(scope, Sum { allowed, denied })| UsageScope { scope, allowed, denied };
    let address = |row: tables::address::Model| UsageAddress {
        ip: row.ip,
        first_used_at: row.first_used_at,
        last_used_at: row.last_used_at,
    };
    let addresses = usage::addresses(app.db.read(), key.id).await?.into_iter().map(address).collect();
    let last_use = usage::last_uses(app.db.read(), vec![key.id]).await?.remove(&key.id);
    Ok(known.answer(UsageView {
        from,
        to,
        bucket,
        buckets: buckets.into_iter().map(of_bucket).collect(),
        scopes: scopes.into_iter().map(of_scope).collect(),
        addresses,
        last_used_at: last_use.as_ref().map(|use_| use_.at),
        last_used_ip: last_use.map(|use_| use_.ip),
    }))
}
