//! How a key was used.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, ManageKeys};
use crate::app::App;
use crate::keys::error::Error;
use crate::keys::model::KeyId;
use crate::keys::scope::Scope;
use crate::keys::{store, tables, usage};
use crate::kit::clock::{Since, Time, Until};
use crate::kit::http::{Answer, ApiError, Path, Query};

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
    bucket: Option<Bucket>,
}

/// How fine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UsageBucketSize)]
enum Bucket {
    /// By the hour.
    Hour,
    /// By the day (UTC).
    Day,
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
    bucket: Bucket,
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
#[derive(Debug, Default, Serialize, ToSchema)]
struct UsageBucket {
    /// Its beginning.
    #[schema(value_type = Time)]
    start: Option<Time>,
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
    ip: String,
    first_used_at: Time,
    last_used_at: Time,
}

pub(super) async fn show(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Query(query): Query<UsageQuery>,
) -> Result<Answer<UsageView>, ApiError> {
    const DAY: std::time::Duration = std::time::Duration::from_hours(24);
    let key = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    let bucket = query.bucket.unwrap_or(Bucket::Day);
    let (usual, most) = match bucket {
        Bucket::Hour => (DAY, 31),
        Bucket::Day => (14 * DAY, 400),
    };
    let to = query.to.map_or_else(|| app.clock.now(), |until| until.0);
    let from = query.from.map_or_else(|| to.before(usual), |from| from.0);
    let from = if bucket == Bucket::Hour { from.hour() } else { Time::start_of(from.date()).unwrap_or(from) };
    if from > to || to.since(from) > (most + 1) * DAY {
        return Err(ApiError::invalid(format!("Ask for a time that ends after it begins and spans at most {most} days.")));
    }
    let (mut buckets, mut scopes) = (BTreeMap::<Time, UsageBucket>::new(), BTreeMap::<Option<Scope>, UsageScope>::new());
    for row in usage::hours(app.db.read(), key.id, from, to).await? {
        let start = if bucket == Bucket::Hour { row.hour } else { Time::start_of(row.hour.date()).unwrap_or(row.hour) };
        let sum = buckets.entry(start).or_insert_with(|| UsageBucket { start: Some(start), ..Default::default() });
        (sum.allowed, sum.denied) = (sum.allowed + row.allowed, sum.denied + row.denied);
        let scope = usize::try_from(row.scope).ok().and_then(Scope::from_index);
        let sum = scopes.entry(scope).or_insert(UsageScope { scope, allowed: 0, denied: 0 });
        (sum.allowed, sum.denied) = (sum.allowed + row.allowed, sum.denied + row.denied);
    }
    let address = |row: tables::address::Model| UsageAddress {
        ip: row.ip,
        first_used_at: row.first_used_at,
        last_used_at: row.last_used_at,
    };
    let addresses = usage::addresses(app.db.read(), key.id).await?.into_iter().map(address).collect();
    let last_use = usage::last_uses(app.db.read(), vec![key.id]).await?.remove(&key.id);
    Ok(Answer(UsageView {
        from,
        to,
        bucket,
        buckets: buckets.into_values().collect(),
        scopes: scopes.into_values().collect(),
        addresses,
        last_used_at: last_use.as_ref().map(|use_| use_.at),
        last_used_ip: last_use.map(|use_| use_.ip),
    }))
}
