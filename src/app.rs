//! What every handler is given.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::{ChainVerifier, Comparisons, HeadReport};
use crate::cluster::{self, Cluster, NodeId};
use crate::config::Config;
use crate::core::Core;
use crate::keys::{Flush, Index, KeyCountCache, KeyLoader, Recorder};
use crate::members::Passwords;
use crate::metrics::Metrics;
use crate::migrations::Migrations;
use crate::reference::Documents;
use crate::sessions::SignIns;
use crate::{audit, keys, sessions};
use kit::clock::Clock;
use kit::db::{DbResult, Location, is_reported};
use kit::http::intake::BodyBudget;
use kit::http::serve::Connections;
use kit::log::Sampler;
use kit::random::Random;

/// How often usage is written and expiries are looked for.
const FLUSH: Duration = Duration::from_secs(1);

/// How often what is past its time is deleted.
const SWEEP: Duration = Duration::from_mins(10);

/// How often it is asked whether heads of audit chains are due to be reported.
const HEADS: Duration = Duration::from_mins(1);

/// A handle on everything, cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// The parts.
#[derive(Debug)]
pub struct Parts {
    /// Configuration, database, clock and randomness.
    pub core: Core,
    /// Every key, in memory.
    pub index: Arc<Index>,
    /// How many keys each workspace has, as they were last counted.
    pub key_counts: Arc<KeyCountCache>,
    /// Usage, on its way to the database.
    pub recorder: Recorder,
    /// This process among the nodes.
    pub cluster: Arc<Cluster>,
    /// The budget for password hashes.
    pub passwords: Passwords,
    /// The budget for sign-ins, and those that failed.
    pub sign_ins: SignIns,
    /// How far the audit chains were verified here.
    pub chains: ChainVerifier,
    /// The API reference, made once.
    pub documents: Documents,
    /// The latest comparisons of tables with their logs.
    pub comparisons: Comparisons,
    /// Heads of the audit chains, as they were reported last.
    pub heads: HeadReport,
    /// What is counted for the operator.
    pub metrics: Metrics,
    /// Requests without a credential, of which only so many are logged.
    pub log_sampler: Sampler,
    /// Connections to the main address.
    pub connections: Connections,
    /// Bytes of request bodies.
    pub bodies: BodyBudget,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Deref for Parts {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.core
    }
}

impl AsRef<BodyBudget> for App {
    fn as_ref(&self) -> &BodyBudget {
        &self.bodies
    }
}

impl App {
    /// Opens the database and brings its schema up to date.
    pub async fn open(config: Config, location: &Location) -> DbResult<Self> {
        Self::open_with(config, location, Clock::System, Random::System).await
    }

    /// The same with a clock and randomness of the caller's choice.
    pub async fn open_with(config: Config, location: &Location, clock: Clock, random: Random) -> DbResult<Self> {
        let core = Core::open(config, location, clock, random).await?;
        core.db.migrate::<Migrations>().await?;
        let (index, key_counts) = (Arc::<Index>::default(), Arc::<KeyCountCache>::default());
        let loader = KeyLoader::new(core.clone(), Arc::clone(&index), Arc::clone(&key_counts));
        let cluster = Cluster::new(core.clone(), Arc::new(loader), NodeId::new(core.clock.now(), &core.random));
        let connections = Connections::new(core.config.max_connections, core.config.trusted_proxies.clone());
        let bodies = BodyBudget::new(core.config.body_bytes);
        Ok(Self(Arc::new(Parts {
            core,
            index,
            key_counts,
            recorder: Recorder::default(),
            cluster: Arc::new(cluster),
            passwords: Passwords::default(),
            sign_ins: SignIns::default(),
            chains: ChainVerifier::default(),
            documents: Documents::default(),
            comparisons: Comparisons::default(),
            heads: HeadReport::default(),
            metrics: Metrics::default(),
            log_sampler: Sampler::default(),
            connections,
            bodies,
        })))
    }

    /// Does what has to be done in the background until `stop`.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let (mut flush, mut sweep) = (tokio::time::interval(FLUSH), tokio::time::interval(SWEEP));
        let mut heads = tokio::time::interval(HEADS);
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = flush.tick() => self.flush(Flush::Regular).await,
                _ = sweep.tick() => self.sweep().await,
                _ = heads.tick() => self.report_heads().await,
                () = &mut stop => return,
            }
        }
    }

    /// Writes usage, failed sign-ins and expiries.
    pub async fn flush(&self, which: Flush) {
        self.log_sampler.sum_up();
        self.connections.sum_up();
        self.config.log.sum_up();
        self.recorder.flush(self, which).await;
        if let Err(error) = sessions::record_failures(self, which).await
            && !is_reported(&error)
        {
            tracing::warn!(%error, "failed sign-ins could not be recorded; they will be");
        }
        if let Err(error) = keys::record_expiries(self).await
            && !is_reported(&error)
        {
            tracing::warn!(%error, "expiries could not be recorded; they will be");
        }
    }

    /// Reports heads of audit chains if they are due. Of several nodes the one that has run longest logs them.
    pub async fn report_heads(&self) {
        let reported = async {
            let nodes = cluster::running(self).await?;
            let logs = nodes.first().is_none_or(|node| node.id == self.cluster.id());
            self.heads.run(self, logs).await
        };
        if let Err(error) = reported.await {
            tracing::warn!(%error, "heads of audit logs could not be reported; they will be");
        }
    }

    async fn sweep(&self) {
        let now = self.clock.now();
        let swept = async {
            sessions::forget_expired(&self.db, now).await?;
            audit::forget_old_answers(&self.db, now).await
        };
        if let Err(error) = swept.await
            && !is_reported(&error)
        {
            tracing::warn!(%error, "what is past its time could not be deleted; it will be");
        }
    }
}
