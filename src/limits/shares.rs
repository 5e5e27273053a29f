//! Shares of database connections: one workspace can hold at most half of a pool, so that others do not wait for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::workspaces::WorkspaceId;
use kit::lock::lock;

/// Waiting requests of one workspace; more are refused.
const MAX_WAITING: usize = 200;

/// Workspaces in memory at a time; those without a connection are removed.
const CAPACITY: usize = 10_000;

#[derive(Debug)]
pub(super) struct Shares {
    each: usize,
    timeout: Duration,
    by_workspace: Mutex<HashMap<WorkspaceId, Arc<Share>>>,
}

#[derive(Debug)]
struct Share {
    /// First come, first served.
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A permit to use one connection, until this is dropped.
#[derive(Debug)]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// Too many requests of one workspace are waiting.
#[derive(Clone, Copy, Debug)]
pub struct ShareExhausted;

impl Shares {
    /// Creates the shares of a pool of `connections`, for which a request waits up to `timeout`.
    pub(super) fn new(connections: u32, timeout: Duration) -> Self {
        let each = usize::try_from(connections / 2).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        Self { each, timeout, by_workspace: Mutex::default() }
    }

    pub(super) fn try_acquire(&self, workspace: WorkspaceId) -> Option<Permit> {
        let share = self.share(workspace);
        Arc::clone(&share.permits).try_acquire_owned().ok().map(|permit| Permit { _permit: permit })
    }

    pub(super) async fn acquire(&self, workspace: WorkspaceId) -> Result<Permit, ShareExhausted> {
        let share = self.share(workspace);
        let waiting = Waiting::new(&share)?;
        let acquired = tokio::time::timeout(self.timeout, Arc::clone(&share.permits).acquire_owned()).await;
        drop(waiting);
        match acquired {
            Ok(Ok(permit)) => Ok(Permit { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(ShareExhausted),
        }
    }

    pub(super) async fn acquire_in_background(&self, workspace: WorkspaceId) -> Permit {
        let permits = Arc::clone(&self.share(workspace).permits);
        // The semaphore is never closed: the loop ends with a permit.
        loop {
            if let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                return Permit { _permit: permit };
            }
        }
    }

    fn share(&self, workspace: WorkspaceId) -> Arc<Share> {
        let mut shares = lock(&self.by_workspace);
        if shares.len() >= CAPACITY && !shares.contains_key(&workspace) {
            // A permit holds the semaphore, and a waiting request holds the share.
            shares.retain(|_, share| Arc::strong_count(share) > 1 || Arc::strong_count(&share.permits) > 1);
        }
        let fresh = || Arc::new(Share { permits: Arc::new(Semaphore::new(self.each)), waiting: AtomicUsize::new(0) });
        Arc::clone(shares.entry(workspace).or_insert_with(fresh))
    }
}

/// A waiting request, counted until this is dropped.
struct Waiting<'a>(&'a Share);

impl<'a> Waiting<'a> {
    fn new(share: &'a Share) -> Result<Self, ShareExhausted> {
        let waiting = share.waiting.fetch_add(1, Ordering::Relaxed);
        let counted = Self(share);
        if waiting < MAX_WAITING { Ok(counted) } else { Err(ShareExhausted) }
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
    async fn workspace_gets_at_most_half_of_the_pool() {
        let (shares, random) = (Shares::new(8, Duration::from_secs(5)), Random::seeded(7));
        let [one, other] = [(); 2].map(|()| WorkspaceId::new(Time::FIRST, &random));
        let held: Vec<_> = (0..4).filter_map(|_| shares.try_acquire(one)).collect();
        assert_eq!(held.len(), 4);
        assert!(shares.try_acquire(one).is_none() && shares.try_acquire(other).is_some());
        drop(held);
        assert!(shares.acquire(one).await.is_ok());
    }

    #[tokio::test]
    async fn waiting_requests_are_bounded() {
        let (shares, workspace) =
            (Arc::new(Shares::new(2, Duration::from_mins(1))), WorkspaceId::new(Time::FIRST, &Random::seeded(7)));
        let held = shares.try_acquire(workspace).expect("a permit");
        let waiting: Vec<_> = (0..MAX_WAITING)
            .map(|_| {
                let shares = Arc::clone(&shares);
                tokio::spawn(async move { shares.acquire(workspace).await.is_ok() })
            })
            .collect();
        while shares.share(workspace).waiting.load(Ordering::Relaxed) < MAX_WAITING {
            tokio::task::yield_now().await;
        }
        assert!(shares.acquire(workspace).await.is_err(), "too many wait");
        drop(held);
        for waited in waiting {
            assert!(waited.await.expect("a task"), "each in turn");
        }
    }

    #[tokio::test]
    async fn request_that_waits_too_long_is_refused() {
        let shares = Shares::new(2, Duration::ZERO);
        let workspace = WorkspaceId::new(Time::FIRST, &Random::seeded(7));
        let _held = shares.try_acquire(workspace).expect("a permit");
        assert!(shares.acquire(workspace).await.is_err());
        assert!(shares.acquire(workspace).await.is_err(), "and is no longer counted");
    }

    #[test]
    fn smallest_pool_serves_a_workspace() {
        let shares = Shares::new(1, Duration::from_secs(5));
        assert!(shares.try_acquire(WorkspaceId::new(Time::FIRST, &Random::seeded(7))).is_some());
    }
}
