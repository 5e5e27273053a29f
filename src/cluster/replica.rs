//! [`Replica`]: the data that a node holds in memory and keeps up to date with the database.

use std::fmt;

use futures_util::future::BoxFuture;

use kit::db::DbResult;

/// A change that this process has committed: its revision, and the digest that identifies the object it changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalChange {
    pub revision: i64,
    pub object: [u8; 32],
}

/// A copy of objects of the database in the memory of a node, such as its API keys.
///
/// [`Cluster`](super::Cluster) decides when the copy is loaded and updated, and when it may be trusted.
pub trait Replica: fmt::Debug + Send + Sync {
    /// Replaces the copy by all objects of the database; objects that the database does not have are removed.
    ///
    /// `revision` is the current revision. Changes after it may be missing, or may be overwritten by older values: they are
    /// applied again afterwards.
    fn reload(&self, revision: i64) -> BoxFuture<'_, DbResult<()>>;

    /// Applies the next batch of changes after `revision`, in the order of their revisions. Returns the revision of the last
    /// change in the batch, or `None` if there are no more.
    fn apply_after(&self, revision: i64) -> BoxFuture<'_, DbResult<Option<i64>>>;

    /// Returns true if the database has each of these changes, or a later one of the same object.
    fn are_stored<'a>(&'a self, changes: &'a [LocalChange]) -> BoxFuture<'a, DbResult<bool>>;
}
