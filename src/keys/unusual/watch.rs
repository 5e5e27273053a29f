//! [`UnusualWatch`]: one run of the rules over the keys in use, and what a node remembers between two runs.
//!
//! Of each workspace a run reads the sums of the current hour, and compares those that have changed. For most keys a sample of
//! earlier hours shows that there is nothing unusual. For the others it reads the hours of 28 days, a bounded number of keys
//! in a run; the rest waits for the next one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::Mutex;

use super::kinds::Unusual;
use super::networks::unusual_networks;
use super::pasts::{KeyHour, pasts};
use super::record::{Found, Kinds, record_all};
use super::rules::{HourOfUse, Past, Sample, sample_hours, unusual_in};
use super::store;
use crate::core::Core;
use crate::keys::index::Index;
use crate::keys::model::KeyId;
use crate::workspaces::{Tenant, WorkspaceId};
use kit::clock::{self, Time};
use kit::db::DbResult;

const HOUR: Duration = Duration::from_hours(1);

/// Workspaces that one statement reads.
const TOGETHER: usize = 100;

/// Keys whose past, or whose addresses, one statement reads.
const KEYS_AT_ONCE: usize = 50;

/// Keys whose past, and keys whose addresses, one run reads: about a second of a processor.
const KEYS_PER_RUN: usize = 200;

/// Keys whose age one statement reads.
const AGES_AT_ONCE: usize = 500;

/// The age up to which an address is new.
const NEW_FOR: Duration = Duration::from_hours(1);

/// The time for which records are kept. The audit log keeps their events.
const KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// Failures in one step of a run after which workspaces are not judged one by one: it is the database that fails.
const MAX_FAILURES: usize = 5;

/// Compares the use of keys with their past, and records what is unusual.
#[derive(Debug, Default)]
pub struct UnusualWatch(Mutex<Hours>);

#[derive(Debug, Default)]
struct Hours {
    current: Seen,
    /// The end of the hour before, until it is judged: it is flushed after the last run of that hour.
    before: Option<Box<Seen>>,
}

impl Hours {
    /// Returns whether the hour is another than that of the last run.
    fn turn_to(&mut self, hour: Time) -> bool {
        if self.current.hour == Some(hour) {
            return false;
        }
        let last = std::mem::replace(&mut self.current, Seen::of(hour));
        let before = hour.before(HOUR);
        self.before = Some(Box::new(if last.hour == Some(before) { last } else { Seen::of(before) }));
        true
    }
}

/// A part of a run.
#[derive(Clone, Copy, Debug)]
enum Step {
    Hour(Time),
    Networks(Time),
}

impl Step {
    /// Judges workspaces that one statement reads. After an error as many keys are left as before, so that others get their turn.
    async fn judge_within(self, core: &Core, seen: &mut Seen, tenants: &[Arc<Tenant>], left: &mut usize) -> DbResult<()> {
        let before = *left;
        let outcome = match self {
            Self::Hour(hour) => judge_hour(core, seen, tenants, hour, left).await,
            Self::Networks(now) => judge_networks(core, seen, tenants, now, left).await,
        };
        if outcome.is_err() {
            *left = before;
        }
        outcome
    }

    /// Judges all workspaces. A workspace that cannot be read does not hold up the others: after an error each is judged by itself.
    async fn judge_all(self, core: &Core, seen: &mut Seen, tenants: &[Arc<Tenant>]) -> DbResult<()> {
        let (mut outcome, mut failures, mut left) = (Ok(()), 0, KEYS_PER_RUN);
        for together in tenants.chunks(TOGETHER) {
            let all = self.judge_within(core, seen, together, &mut left).await;
            if all.is_ok() || together.len() == 1 {
                outcome = outcome.and(all);
                continue;
            }
            for tenant in together {
                if failures == MAX_FAILURES {
                    break;
                }
                let one = self.judge_within(core, seen, std::slice::from_ref(tenant), &mut left).await;
                failures += usize::from(one.is_err());
                outcome = outcome.and(one);
            }
        }
        outcome
    }
}

/// The findings of one step of a run, by workspace.
type FoundIn = HashMap<WorkspaceId, Vec<Found>>;

/// What a node remembers of an hour: as much as there are keys in use.
#[derive(Debug, Default)]
struct Seen {
    hour: Option<Time>,
    /// The workspaces of whose keys there are samples.
    sampled: HashSet<WorkspaceId>,
    keys: HashMap<KeyId, Known>,
    /// The number of new addresses of the keys whose networks are all known.
    settled: HashMap<KeyId, usize>,
}

#[derive(Debug, Default)]
struct Known {
    sample: Sample,
    created_at: Option<Time>,
    past: Option<Box<Past>>,
    /// The requests that were compared last.
    judged: Option<HourOfUse>,
    recorded: Kinds,
}

impl Known {
    /// Returns whether the past has to be read before the hour can be judged.
    fn needs_past(&self, hour: &HourOfUse) -> bool {
        let lacks = self.past.as_ref().is_none_or(|past| past.needs_earlier_write(hour));
        lacks && self.sample.leaves_open(hour, self.created_at.map_or(Duration::MAX, |created| hour.start.since(created)))
    }
}

impl UnusualWatch {
    /// Runs once. A workspace whose log cannot be written does not hold up the others.
    pub async fn run(&self, core: &Core, index: &Index) -> DbResult<()> {
        let mut hours = self.0.lock().await;
        let (tenants, now) = (index.tenants(), core.clock.now());
        let mut outcome = Ok(());
        let is_new_hour = hours.turn_to(now.hour());
        if let Some(before) = &mut hours.before {
            let judged = Step::Hour(now.hour().before(HOUR)).judge_all(core, before, &tenants).await;
            if judged.is_ok() {
                hours.before = None;
            }
            outcome = judged;
        }
        for step in [Step::Hour(now.hour()), Step::Networks(now)] {
            outcome = outcome.and(step.judge_all(core, &mut hours.current, &tenants).await);
        }
        if is_new_hour {
            for tenants in tenants.chunks(TOGETHER) {
                outcome = outcome.and(delete_old(core, tenants, now).await);
            }
        }
        outcome
    }
}

impl Seen {
    fn of(hour: Time) -> Self {
        Self { hour: Some(hour), ..Self::default() }
    }
}

async fn judge_hour(core: &Core, seen: &mut Seen, tenants: &[Arc<Tenant>], hour: Time, left: &mut usize) -> DbResult<()> {
    let ids: Vec<WorkspaceId> = tenants.iter().map(|tenant| tenant.id).collect();
    let mut uses = store::hours(core.db.read(), &ids, hour).await?;
    uses.retain(|(_, key, used)| seen.keys.get(key).is_none_or(|known| known.judged != Some(*used)));
    if uses.is_empty() {
        return Ok(());
    }
    let active: HashSet<WorkspaceId> = uses.iter().map(|(workspace, ..)| *workspace).collect();
    let zones: HashMap<WorkspaceId, TimeZone> = tenants
        .iter()
        .filter(|tenant| active.contains(&tenant.id))
        .map(|tenant| (tenant.id, clock::zone(&tenant.timezone)))
        .collect();
    sample(core, seen, &zones, hour).await?;
    read_pasts(core, seen, (&uses, &zones), hour, left).await?;
    let mut found = FoundIn::new();
    for (workspace, key, used) in uses {
        let (Some(zone), known) = (zones.get(&workspace), seen.keys.entry(key).or_default()) else { continue };
        if !known.needs_past(&used) {
            known.judged = Some(used);
        }
        for unusual in unusual_in(&used, known.past.as_deref(), zone) {
            if !known.recorded.contains(unusual.kind()) {
                found.entry(workspace).or_default().push(Found { key, at: hour, unusual });
            }
        }
    }
    record(core, seen, tenants, found).await
}

/// Records what was found. What could not be recorded is compared again by the next run.
async fn record(core: &Core, seen: &mut Seen, tenants: &[Arc<Tenant>], mut found: FoundIn) -> DbResult<()> {
    let mut outcome = Ok(());
    for tenant in tenants {
        let Some(found) = found.remove(&tenant.id) else { continue };
        let recorded = record_all(core, tenant, found.clone()).await;
        for Found { key, unusual, .. } in &found {
            let known = seen.keys.entry(*key).or_default();
            match recorded {
                Ok(()) => known.recorded.insert(unusual.kind()),
                Err(_) => known.judged = None,
            }
        }
        outcome = outcome.and(recorded);
    }
    outcome
}

/// Reads the sample hours of workspaces that have none yet.
async fn sample(core: &Core, seen: &mut Seen, zones: &HashMap<WorkspaceId, TimeZone>, hour: Time) -> DbResult<()> {
    let new: Vec<WorkspaceId> = zones.keys().filter(|workspace| !seen.sampled.contains(*workspace)).copied().collect();
    if new.is_empty() {
        return Ok(());
    }
    // Where the clocks were changed in between, the same hour of an earlier week depends on the zone.
    let hours: HashSet<Time> = new.iter().filter_map(|id| zones.get(id)).flat_map(|zone| sample_hours(hour, zone)).collect();
    let mut samples: HashMap<KeyId, Sample> = HashMap::new();
    for past in hours {
        for (workspace, key, used) in store::hours(core.db.read(), &new, past).await? {
            if let Some(zone) = zones.get(&workspace) {
                samples.entry(key).or_default().add(&used, hour, zone);
            }
        }
    }
    // Only when all hours are read: after an error they are read again.
    for (key, sample) in samples {
        seen.keys.entry(key).or_default().sample = sample;
    }
    seen.sampled.extend(new);
    Ok(())
}

/// Reads the pasts that are needed, up to `left` of them.
async fn read_pasts(
    core: &Core,
    seen: &mut Seen,
    (uses, zones): (&[KeyHour], &HashMap<WorkspaceId, TimeZone>),
    hour: Time,
    left: &mut usize,
) -> DbResult<()> {
    read_ages(core, seen, uses).await?;
    let needs = |(_, key, used): &&(_, KeyId, HourOfUse)| seen.keys.get(key).is_none_or(|known| known.needs_past(used));
    let mut needed: Vec<_> = uses.iter().filter(needs).copied().collect();
    // If there are more than a run can read, each hour begins with others; what is pressing comes first.
    let hours = usize::try_from(hour.since(Time::FIRST).as_secs() / HOUR.as_secs()).unwrap_or_default();
    let begin = hours.saturating_mul(KEYS_PER_RUN).checked_rem(needed.len()).unwrap_or_default();
    needed.rotate_left(begin);
    needed.sort_by_key(|(_, key, used)| !seen.keys.get(key).is_some_and(|known| known.sample.is_pressing(used)));
    needed.truncate(*left);
    *left -= needed.len();
    for needed in needed.chunks(KEYS_AT_ONCE) {
        for (key, past) in pasts(core, needed, zones, hour).await? {
            seen.keys.entry(key).or_default().past = Some(Box::new(past));
        }
    }
    Ok(())
}

/// Reads the ages of keys that may have something unusual: most keys in their first weeks need no past.
async fn read_ages(core: &Core, seen: &mut Seen, uses: &[KeyHour]) -> DbResult<()> {
    let lacks = |known: &Known, used: &HourOfUse| known.created_at.is_none() && known.needs_past(used);
    let keys = uses.iter().filter(|(_, key, used)| seen.keys.get(key).is_none_or(|known| lacks(known, used)));
    let keys: Vec<KeyId> = keys.map(|(_, key, _)| *key).collect();
    for keys in keys.chunks(AGES_AT_ONCE) {
        for (key, created_at) in store::created_at(core.db.read(), keys).await? {
            seen.keys.entry(key).or_default().created_at = Some(created_at);
        }
    }
    Ok(())
}

async fn judge_networks(core: &Core, seen: &mut Seen, tenants: &[Arc<Tenant>], now: Time, left: &mut usize) -> DbResult<()> {
    let (ids, since): (Vec<WorkspaceId>, _) = (tenants.iter().map(|tenant| tenant.id).collect(), now.before(NEW_FOR));
    let new = store::with_new_addresses(core.db.read(), &ids, since).await?;
    let open = new.into_iter().filter(|((_, key), count)| seen.settled.get(key) != Some(count));
    let open: Vec<_> = open.take(*left).collect();
    *left -= open.len();
    let mut found = FoundIn::new();
    for open in open.chunks(KEYS_AT_ONCE) {
        let keys: Vec<KeyId> = open.iter().map(|((_, key), _)| *key).collect();
        let addresses = store::addresses(core.db.read(), &keys).await?;
        for ((workspace, key), count) in open {
            let Some(unusual) = addresses.get(key).and_then(|uses| unusual_networks(uses, since)) else {
                seen.settled.insert(*key, *count);
                continue;
            };
            let known = seen.keys.get(key).map(|known| known.recorded).unwrap_or_default();
            let news = unusual.into_iter().filter(|(_, unusual)| !known.contains(unusual.kind()));
            let news = news.map(|(at, unusual): (Time, Unusual)| Found { key: *key, at, unusual });
            found.entry(*workspace).or_default().extend(news);
        }
    }
    found.retain(|_, found| !found.is_empty());
    record(core, seen, tenants, found).await
}

async fn delete_old(core: &Core, tenants: &[Arc<Tenant>], now: Time) -> DbResult<()> {
    let ids: Vec<WorkspaceId> = tenants.iter().map(|tenant| tenant.id).collect();
    store::delete_before(&core.db, &ids, now.before(KEPT_FOR)).await
}
