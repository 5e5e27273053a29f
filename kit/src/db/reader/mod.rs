//! Reading rows from SQLite without the asynchronous driver, which hands over each row between threads and copies each value.
//!
//! A read of a request runs in place, on the thread that serves the request: another thread would take longer to wake than the
//! rows to read. Reads run on all but one of these threads at a time, so that a disk that hangs never holds all threads that verify
//! keys. Other reads, and those of jobs, take a connection to a thread that may block. Rows are decoded where they are read, by
//! their places.
//!
//! - here connections with a bound; `statement` the rows of a statement on a connection
//! - `row` rows as values, `decode` their cells, `bind` parameters, `error` errors as the asynchronous driver has them

mod bind;
mod decode;
mod error;
mod row;
mod statement;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle, OpenFlags};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, Statement};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

pub(super) use row::Pair;
pub use row::{Cells, EntityRow, Row};
pub(in crate::db) use statement::rows;

use super::DbResult;
use super::storage::Storage;
use crate::lock::lock;
use error::as_db_error;

thread_local! {
    /// True while the thread polls a request.
    static IN_PLACE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a request, whose reads may run in place: then they have no time limit, and end before anything else of the request.
pub fn reading_in_place<T>(mut request: impl Future<Output = T> + Unpin) -> impl Future<Output = T> {
    poll_fn(move |context| {
        let _while_polled = InPlace::begin();
        Pin::new(&mut request).poll(context)
    })
}

/// The time in which a request is polled. Requests are not polled within each other.
struct InPlace;

impl InPlace {
    fn begin() -> Self {
        IN_PLACE.set(true);
        Self
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        IN_PLACE.set(false);
    }
}

/// The statements that a connection keeps prepared.
const STATEMENTS: usize = 100;

/// The connections of one process that only read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    storage: Storage,
    settings: Settings,
    /// The number of threads of the runtime on which a read may run in place, at a time.
    in_place: u32,
    /// One for each of these.
    in_place_permits: Semaphore,
    /// One for each connection that may be in use on a thread that may block.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// The settings of a reader.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The most connections.
    pub(super) connections: u32,
    /// The longest wait for a connection.
    pub(super) wait: Duration,
    /// The time that a statement waits for another process that has locked the file.
    pub(super) busy: Duration,
}

impl Reader {
    /// Opens connections to this file as they are needed. Another connection must have opened it before. To be called in the runtime
    /// that reads.
    pub(super) fn new(path: &Path, storage: &Storage, settings: Settings) -> Self {
        let in_place = u32::try_from(Handle::current().metrics().num_workers()).unwrap_or(1).saturating_sub(1);
        let in_place_permits = Semaphore::new(in_place as usize);
        let permits = Arc::new(Semaphore::new(settings.connections as usize));
        let (path, storage) = (path.to_owned(), storage.clone());
        Self(Arc::new(Shared { path, storage, settings, in_place, in_place_permits, permits, idle: Mutex::default() }))
    }

    /// Runs `read` with a connection, in place or on a thread that may block. A connection with an error is closed.
    ///
    /// If the caller of a thread that may block is dropped, the statement that runs is interrupted. Its connection stays taken until
    /// it has ended.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        self.0.storage.require_same_file()?;
        if IN_PLACE.get()
            && let Ok(_permit) = self.0.in_place_permits.try_acquire()
        {
            return self.0.read(None, read).inspect_err(|error| self.0.storage.health().observe(error));
        }
        let permit = self.permit().await?;
        let (shared, running) = (Arc::clone(&self.0), Arc::<Running>::default());
        let interrupt = InterruptOnDrop(Arc::clone(&running));
        let result = spawn_blocking(move || {
            let _until_it_has_ended = permit;
            shared.read(Some(&running), read)
        });
        let result = result.await;
        drop(interrupt);
        let result = result.unwrap_or_else(|error| Err(DbErr::Conn(RuntimeErr::Internal(error.to_string()))));
        result.inspect_err(|error| self.0.storage.health().observe(error))
    }

    /// Reads the rows of a statement.
    pub(super) async fn rows<R: Row>(&self, statement: Statement) -> DbResult<Vec<R>> {
        self.run(move |connection| rows(connection, statement)).await
    }

    async fn permit(&self) -> DbResult<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.0.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let permit = tokio::time::timeout(self.0.settings.wait, Arc::clone(&self.0.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
    }

    /// Closes every connection, after what is running on them.
    pub(super) async fn close(&self) {
        let Shared { in_place, in_place_permits, settings, permits, idle, .. } = &*self.0;
        for (permits, all) in [(in_place_permits, *in_place), (&**permits, settings.connections)] {
            if let Ok(_all) = permits.acquire_many(all).await {
                permits.close();
            }
        }
        lock(idle).clear();
    }
}

impl Shared {
    fn read<T>(&self, running: Option<&Running>, read: impl FnOnce(&Connection) -> DbResult<T>) -> DbResult<T> {
        let idle = lock(&self.idle).pop();
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        if let Some(running) = running {
            *lock(&running.0) = Some(connection.get_interrupt_handle());
        }
        let rows = read(&connection)?;
        if let Some(running) = running {
            // From here on the connection cannot be interrupted: it may run the statement of another caller soon.
            *lock(&running.0) = None;
        }
        lock(&self.idle).push(connection);
        Ok(rows)
    }

    fn connect(&self) -> DbResult<Connection> {
        // Used by one thread at a time, so that SQLite needs no mutex of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let opening = |error| as_db_error(error, DbErr::Conn);
        let connection = Connection::open_with_flags(&self.path, flags).map_err(opening)?;
        connection.busy_timeout(self.settings.busy).map_err(opening)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // The file at the path may be another by now.
        self.storage.require_same_file()?;
        Ok(connection)
    }
}

/// The handle to interrupt what a connection runs, while it runs.
#[derive(Default)]
struct Running(Mutex<Option<InterruptHandle>>);

/// Interrupts what runs when the caller is dropped. A read that has not begun runs.
struct InterruptOnDrop(Arc<Running>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = lock(&self.0.0).take() {
            handle.interrupt();
        }
    }
}
