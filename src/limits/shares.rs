//! Connections by workspace: none may hold more than half of a pool, so that the others need not wait behind it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::workspaces::WorkspaceId;
use kit::lock::lock;

/// Requests of one workspace that wait at once; more are refused.
const MOST_WAITING: usize = 200;

/// Workspaces from which on those that use no connection are forgotten.
const MANY: usize = 10_000;

#[derive(Debug)]
pub(super) struct Shares {
    each: usize,
    patience: Duration,
    by_workspace: Mutex<HashMap<WorkspaceId, Arc<Share>>>,
}

#[derive(Debug)]
struct Share {
    /// Fair: whoever waits longest is next.
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The right to use one connection at a time; it ends when this is dropped.
#[derive(Debug)]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// More requests of one workspace wait than may.
#[derive(Clone, Copy, Debug)]
pub struct Crowded;

impl Shares {
    /// Shares of a pool with so many connections, for which a request waits so long.
    pub(super) fn of(connections: u32, patience: Duration) -> Self {
        let each = usize::try_from(connections / 2).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        Self { each, patience, by_workspace: Mutex::default() }
    }

    pub(super) fn try_acquire(&self, workspace: WorkspaceId) -> Option<Permit> {
        let share = self.share(workspace);
        Arc::clone(&share.permits).try_acquire_owned().ok().map(|permit| Permit { _permit: permit })
    }

    pub(super) async fn acquire(&self, workspace: WorkspaceId) -> Result<Permit, Crowded> {
        let share = self.share(workspace);
        let waiting = Waiting::new(&share)?;
        let acquired = tokio::time::timeout(self.patience, Arc::clone(&share.permits).acquire_owned()).await;
        drop(waiting);
        match acquired {
            Ok(Ok(permit)) => Ok(Permit { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(Crowded),
        }
    }

    pub(super) async fn acquire_in_background(&self, workspace: WorkspaceId) -> Permit {
        let permits = Arc::clone(&self.share(workspace).permits);
        // A semaphore that is never closed always gives a permit in the end.
        loop {
            if let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                return Permit { _permit: permit };
            }
        }
    }

    fn share(&self, workspace: WorkspaceId) -> Arc<Share> {
        let mut shares = lock(&self.by_workspace);
        if shares.len() >= MANY && !shares.contains_key(&workspace) {
            // A permit holds the semaphore, a waiting request the share.
            shares.retain(|_, share| Arc::strong_count(share) > 1 || Arc::strong_count(&share.permits) > 1);
        }
        let fresh = || Arc::new(Share { permits: Arc::new(Semaphore::new(self.each)), waiting: AtomicUsize::new(0) });
        Arc::clone(shares.entry(workspace).or_insert_with(fresh))
    }
}

/// A place among those who wait, free again when it is dropped.
struct Waiting<'a>(&'a Share);

impl<'a> Waiting<'a> {
    fn new(share: &'a Share) -> Result<Self, Crowded> {
        let waiting = share.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(share);
        if waiting < MOST_WAITING { Ok(place) } else { Err(Crowded) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::Time;
    use kit::random::Random;

    #[tokio::test]
    async fn a_workspace_gets_half_of_the_pool_and_leaves_the_other_half_to_others() {
        let (shares, random) = (Shares::of(8, Duration::from_secs(5)), Random::seeded(7));
        let [one, other] = [(); 2].map(|()| WorkspaceId::new(Time::FIRST, &random));
        let held: Vec<_> = (0..4).filter_map(|_| shares.try_acquire(one)).collect();
        assert_eq!(held.len(), 4);
        assert!(shares.try_acquire(one).is_none() && shares.try_acquire(other).is_some());
        drop(held);
        assert!(shares.acquire(one).await.is_ok());
    }

    #[tokio::test]
    async fn the_number_of_waiting_requests_has_a_bound() {
        let (shares, workspace) =
            (Arc::new(Shares::of(2, Duration::from_mins(1))), WorkspaceId::new(Time::FIRST, &Random::seeded(7)));
        let held = shares.try_acquire(workspace).expect("a permit");
        let waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                let shares = Arc::clone(&shares);
                tokio::spawn(async move { shares.acquire(workspace).await.is_ok() })
            })
            .collect();
        while shares.share(workspace).waiting.load(Ordering::Relaxed) < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        assert!(shares.acquire(workspace).await.is_err(), "too many wait");
        drop(held);
        for waited in waiting {
            assert!(waited.await.expect("a task"), "each in turn");
        }
    }

    #[tokio::test]
    async fn a_request_waits_no_longer_than_it_may() {
        let shares = Shares::of(2, Duration::ZERO);
        let workspace = WorkspaceId::new(Time::FIRST, &Random::seeded(7));
        let _held = shares.try_acquire(workspace).expect("a permit");
        assert!(shares.acquire(workspace).await.is_err());
        assert!(shares.acquire(workspace).await.is_err(), "and leaves its place to others");
    }

    #[test]
    fn the_smallest_pool_still_serves_everybody() {
        let shares = Shares::of(1, Duration::from_secs(5));
        assert!(shares.try_acquire(WorkspaceId::new(Time::FIRST, &Random::seeded(7))).is_some());
    }
}
