//! [`Core`]: configuration, database, clock and randomness, for every part of the product.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kit::clock::Clock;
use kit::db::{Db, DbResult, Location};
use kit::dirty_set::DirtySet;
use kit::random::Random;
use kit::wakeups::Wakeups;

use crate::config::Config;
use crate::limits::NodeLimits;
use crate::workspaces::WorkspaceId;

/// A handle on the resources that every part uses. Cheap to clone; of the product it knows the configuration and the limits.
#[derive(Clone, Debug)]
pub struct Core(Arc<Resources>);

/// The resources behind a [`Core`].
#[derive(Debug)]
pub struct Resources {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
    /// Limits and quotas by member and workspace, and their use on this node.
    pub limits: NodeLimits,
    /// The readers that wait for commits of audited transactions of this process.
    pub commits: Wakeups<WorkspaceId>,
    /// The workspaces of which this process has committed payloads of events, for the node's delivery of webhooks.
    pub published: DirtySet<WorkspaceId>,
    /// True once audit events carry the proof of identity of their actor: see `audit::authentication_start`.
    pub events_carry_authentication: AtomicBool,
}

impl Deref for Core {
    type Target = Resources;
    fn deref(&self) -> &Resources {
        &self.0
    }
}

impl Core {
    /// Opens the database; its schema is left as it is. A shared database's clock replaces the machine's.
    pub async fn open(config: Config, location: &Location, clock: Clock, random: Random) -> DbResult<Self> {
        let db = Db::open(location, &config.database).await?;
        let clock = db.clock(clock).await?;
        let connections = Db::request_connections(location, &config.database);
        let limits = NodeLimits::new(config.limits.clone(), connections);
        Ok(Self(Arc::new(Resources {
            config,
            db,
            clock,
            random,
            limits,
            commits: Wakeups::default(),
            published: DirtySet::default(),
            events_carry_authentication: AtomicBool::new(false),
        })))
    }
}
