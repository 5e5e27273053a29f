//! How a key was used.

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
use kit::http::{ApiError, JsonOk, Path, Query};

/// Which part of a key's usage, and how fine.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageQuery {
    /// From this time or day on (UTC); left out: 24 hours back by the hour, 14 days back by the day.
    #[param(inline)]
    from: Option<Since>,
    /// Up to this time or day (UTC); left out: now.
    #[param(inline)]
    to: Option<Until>,
    /// `hour` (at most 31 days at once) or `day` (at most 400 days at once); left out: `day`.
    #[param(inline)]
    bucket: Option<BucketSize>,
}

/// How a key was used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKeyUsage)]
pub(super) struct UsageView {
    /// The start of the first bucket.
    from: Time,
    /// The end of the time asked for.
    to: Time,
    bucket: BucketSize,
    /// Only buckets with requests in them, in order.
    buckets: Vec<UsageBucket>,
    /// Requests by the scope they needed.
    scopes: Vec<UsageScope>,
    /// Addresses the key was used from, at any time, the latest first; at most 50.
    addresses: Vec<UsageAddress>,
    last_used_at: Option<Time>,
    last_used_ip: Option<String>,
}

/// Requests in one hour or day.
#[derive(Debug, Serialize, ToSchema)]
struct UsageBucket {
    /// Its beginning.
    start: Time,
    /// Accepted.
    allowed: i64,
    /// Refused.
    denied: i64,
}

/// Requests that needed one scope.
#[derive(Debug, Serialize, ToSchema)]
struct UsageScope {
    /// `null` for calls that need none.
    scope: Option<Scope>,
    /// Accepted.
    allowed: i64,
    /// Refused.
    denied: i64,
}

/// An address the key was used from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsageAddress {
    /// An IPv4 address, or a network of IPv6 such as `2001:db8:0:1::/64`, whose addresses count as one.
    ip: String,
    first_used_at: Time,
    last_used_at: Time,
}

/// How far back to look if nothing is said, and the most days there may be at once.
const fn reach(bucket: BucketSize) -> (Duration, u32) {
    match bucket {
        BucketSize::Hour => (Duration::from_hours(24), 31),
        BucketSize::Day => (Duration::from_hours(14 * 24), 400),
    }
}

impl UsageQuery {
    /// From when to when, by what.
    fn span(&self, now: Time) -> Result<(Time, Time, BucketSize), ApiError> {
        let bucket = self.bucket.unwrap_or(BucketSize::Day);
        let (usual, most) = reach(bucket);
        let to = self.to.map_or(now, |until| until.0);
        let from = bucket.start(self.from.map_or_else(|| to.before(usual), |from| from.0));
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
) -> Result<JsonOk<UsageView>, ApiError> {
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
    Ok(JsonOk(UsageView {
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
