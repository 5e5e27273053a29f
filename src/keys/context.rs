//! [`Keys`]: the parts that the services on keys use.

use std::ops::Deref;
use std::sync::Arc;

use prometheus_client::metrics::histogram::Histogram;

use super::count_cache::KeyCountCache;
use super::index::Index;
use super::name_cache::KeyNameCache;
use super::usage::Recorder;
use crate::cluster::Cluster;
use crate::core::Core;

/// The context of every service on keys. Cheap to clone, for tasks that outlive a request.
#[derive(Clone, Debug)]
pub struct Keys {
    pub core: Core,
    pub index: Arc<Index>,
    pub counts: Arc<KeyCountCache>,
    pub names: Arc<KeyNameCache>,
    pub recorder: Arc<Recorder>,
    pub cluster: Arc<Cluster>,
    /// Seconds from the call to revoke a key to the moment from which every node refused it.
    pub revocation_seconds: Histogram,
    /// Seconds from the call to pause a key to the moment from which every node refused it.
    pub pause_seconds: Histogram,
}

impl Deref for Keys {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.core
    }
}
