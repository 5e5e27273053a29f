//! [`App`]: the composition of all parts of a node.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::audit::{ChainVerifier, Comparisons, HeadReport};
use crate::auth::password::Passwords;
use crate::auth::{ResetRequests, SignIns};
use crate::cluster::{Cluster, NodeId};
use crate::config::Config;
use crate::core::Core;
use crate::findings::FindingCache;
use crate::keys::{Index, KeyCountCache, KeyLoader, KeyNameCache, Keys, Recorder};
use crate::leaks::{PublicKeys, ReportLimits};
use crate::mail::Outbox;
use crate::metrics::Metrics;
use crate::migrations::Migrations;
use crate::reference::Documents;
use crate::requests::RequestLog;
use crate::sessions::LastSeen;
use crate::webhooks::delivery::Engine;
use crate::workspaces::WorkspaceContext;
use kit::clock::Clock;
use kit::db::{DbResult, Location};
use kit::http::intake::BodyBudget;
use kit::http::serve::Connections;
use kit::log::Sampler;
use kit::random::Random;

/// A handle on all parts of a node, for handlers, the router, background jobs and commands. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// The parts of a node. None of them knows [`App`].
#[derive(Debug)]
pub struct Parts {
    pub core: Core,
    pub index: Arc<Index>,
    pub key_counts: Arc<KeyCountCache>,
    /// Usage counters that are not written yet.
    pub recorder: Arc<Recorder>,
    /// Refused requests, and the latest requests of keys, that are not written yet.
    pub requests: RequestLog,
    pub cluster: Arc<Cluster>,
    /// The context of services on keys.
    pub keys: Keys,
    /// Permits for hashing passwords.
    pub passwords: Passwords,
    /// Limits of sign-ins, and failed sign-ins that are not written yet.
    pub sign_ins: SignIns,
    /// Limits of requests for links that reset passwords.
    pub reset_requests: ResetRequests,
    /// Sending of emails.
    pub outbox: Outbox,
    /// Delivery of events to webhooks.
    pub webhooks: Arc<Engine>,
    /// The public keys of GitHub's secret scanning, if its reports are accepted.
    pub github_keys: Option<PublicKeys>,
    /// Limits of reports without a right signature.
    pub report_limits: ReportLimits,
    /// Uses of sessions that are not written yet.
    pub last_seen: LastSeen,
    pub chains: ChainVerifier,
    /// Numbers of findings that were computed lately.
    pub findings: FindingCache,
    /// The rendered API reference.
    pub documents: Documents,
    /// The latest comparisons of tables with audit logs.
    pub comparisons: Comparisons,
    /// The heads of audit logs as they were last reported.
    pub heads: HeadReport,
    pub metrics: Metrics,
    /// Limits the log lines of requests without a credential.
    pub log_sampler: Sampler,
    /// Connections to the main address.
    pub connections: Connections,
    /// Bytes of request bodies in memory.
    pub bodies: BodyBudget,
    /// True once the node was asked to stop: it is not ready, and closes connections after a response.
    pub is_stopping: AtomicBool,
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

impl<'a> From<&'a App> for WorkspaceContext<'a> {
    fn from(app: &'a App) -> Self {
        Self { core: app, passwords: &app.passwords, index: &app.index, cluster: &app.cluster }
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

    /// Opens the database with another clock and another source of randomness, for tests and the demo.
    pub async fn open_with(config: Config, location: &Location, clock: Clock, random: Random) -> DbResult<Self> {
        let core = Core::open(config, location, clock, random).await?;
        core.db.migrate::<Migrations>().await?;
        let (index, key_counts) = (Arc::<Index>::default(), Arc::<KeyCountCache>::default());
        let key_names = Arc::<KeyNameCache>::default();
        let loader = KeyLoader::new(core.clone(), Arc::clone(&index), Arc::clone(&key_counts), Arc::clone(&key_names));
        let id = NodeId::new(core.clock.now(), &core.random);
        let cluster = Arc::new(Cluster::new(core.clone(), Arc::new(loader), id));
        let (metrics, recorder) = (Metrics::default(), Arc::<Recorder>::default());
        let keys = Keys {
            core: core.clone(),
            index: Arc::clone(&index),
            counts: Arc::clone(&key_counts),
            names: key_names,
            recorder: Arc::clone(&recorder),
            cluster: Arc::clone(&cluster),
            revocation_seconds: metrics.revocation_seconds(),
            pause_seconds: metrics.pause_seconds(),
        };
        let connections = Connections::new(core.config.max_connections, core.config.trusted_proxies.clone());
        let github_keys = core.config.github_keys.clone().map(PublicKeys::new);
        let bodies = BodyBudget::new(core.config.body_bytes);
        Ok(Self(Arc::new(Parts {
            core,
            index,
            key_counts,
            recorder,
            requests: RequestLog::default(),
            cluster,
            keys,
            passwords: Passwords::default(),
            sign_ins: SignIns::default(),
            reset_requests: ResetRequests::default(),
            outbox: Outbox::default(),
            webhooks: Arc::default(),
            github_keys,
            report_limits: ReportLimits::default(),
            last_seen: LastSeen::default(),
            chains: ChainVerifier::default(),
            findings: FindingCache::default(),
            documents: Documents::default(),
            comparisons: Comparisons::default(),
            heads: HeadReport::default(),
            metrics,
            log_sampler: Sampler::default(),
            connections,
            bodies,
            is_stopping: AtomicBool::default(),
        })))
    }
}
