//! [`LastSeen`]: uses of sessions in memory, on their way to the database.
//!
//! A request does not wait for the write, and does not fail with it. A use that is lost is followed by another one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::model::Session;
use super::store;
use crate::core::Core;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::client_ip;
use kit::lock::lock;
use kit::secret::TokenDigest;

/// The shortest time between two writes of one session, on all nodes together.
pub(super) const WRITE_INTERVAL: Duration = Duration::from_mins(1);

/// Uses in memory. Further ones are ignored until some of them are written.
const MAX_PENDING: usize = 10_000;

/// Sessions that are written by one run of the job.
const BATCH: usize = 100;

/// Uses of sessions that are to be written.
#[derive(Debug, Default)]
pub struct LastSeen(Mutex<HashMap<TokenDigest, Use>>);

/// The time of a use, and the caller.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) at: Time,
    pub(super) ip: Option<String>,
    pub(super) user_agent: Option<String>,
}

impl Use {
    pub(super) fn new(at: Time, address: Option<IpAddr>, user_agent: Option<String>) -> Self {
        Self { at, ip: address.filter(|address| *address != client_ip::UNKNOWN).map(|address| address.to_string()), user_agent }
    }
}

impl LastSeen {
    /// Notes that a session was used, unless its last use was written within a minute.
    pub fn note(&self, session: &Session, now: Time, address: IpAddr, user_agent: impl FnOnce() -> Option<String>) {
        if session.last_seen_at.is_some_and(|at| now.since(at) < WRITE_INTERVAL) {
            return;
        }
        let mut pending = lock(&self.0);
        if pending.len() < MAX_PENDING {
            pending.entry(session.digest).or_insert_with(|| Use::new(now, Some(address), user_agent()));
        }
    }

    fn take(&self) -> Vec<(TokenDigest, Use)> {
        let mut pending = lock(&self.0);
        let first: Vec<TokenDigest> = pending.keys().take(BATCH).copied().collect();
        first.into_iter().filter_map(|digest| pending.remove_entry(&digest)).collect()
    }

    /// Writes the uses that were noted. What cannot be written is dropped.
    pub async fn write(&self, core: &Core) -> DbResult<()> {
        for (digest, used) in self.take() {
            // A transaction each: one of many rows could wait in a circle with the end of several sessions.
            let tx = core.db.begin_essential().await?;
            store::set_last_seen(&tx, digest, used).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
