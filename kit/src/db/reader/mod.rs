//! Reading rows from SQLite without the asynchronous driver, which hands over each row between threads and copies each value.
//!
//! A read runs on a thread that may block, so that a disk that hangs does not hold the threads that verify keys. Its rows are
//! decoded there, by their places.
//!
//! - here connections; `threads` the threads that have them; `statement` statements on a connection, of the write connection as well
//! - `row` rows as values, `decode` their cells, `bind` parameters, `error` errors as the asynchronous driver has them

mod bind;
mod decode;
mod error;
mod row;
mod statement;
#[cfg(test)]
mod tests;
mod threads;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle, OpenFlags};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use tokio::sync::oneshot;

pub(in crate::db) use error::as_db_error;
pub(super) use row::Pair;
pub use row::{Cells, EntityRow, Row};
pub(in crate::db) use statement::{execute, execute_script, execute_statement, rows};

use super::DbResult;
use super::storage::Storage;
use crate::lock::lock;
use threads::{Closed, Expired, Slot, Threads};

/// The statements that a connection keeps prepared.
const STATEMENTS: usize = 100;

/// The age from which on a read does not keep others from running.
const LONG: Duration = Duration::from_millis(2);

/// The connections of one process that only read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    threads: Threads,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    storage: Storage,
    /// The time that a statement waits for another process that has locked the file.
    busy: Duration,
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
    /// Opens connections to this file as they are needed. Another connection must have opened it before.
    pub(super) fn new(path: &Path, storage: &Storage, settings: Settings) -> Self {
        let Settings { connections, wait, busy } = settings;
        let file = Arc::new(File { path: path.to_owned(), storage: storage.clone(), busy });
        // The other half serve requests.
        let parallel = available_parallelism().map_or(1, NonZero::get).div_ceil(2);
        Self(Arc::new(Shared {
            file,
            threads: Threads::new(threads::Settings { threads: connections, parallel, wait, long: LONG }),
        }))
    }

    /// Runs `read` with a connection, on a thread that may block. A connection with an error is closed.
    ///
    /// If the caller is dropped, the statement that runs is interrupted. Its connection stays taken until it has ended.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let (answer, answered) = oneshot::channel();
        let (file, running) = (Arc::clone(&self.0.file), Arc::<Running>::default());
        let interrupt = InterruptOnDrop(Arc::clone(&running));
        let job = move |slot: Result<&mut Slot, Expired>| {
            if answer.is_closed() {
                return;
            }
            let expired = |Expired| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
            let result = slot.map_err(expired).and_then(|slot| file.read(slot, &running, read));
            // A caller that has gone away needs no answer.
            let _unsent = answer.send(result);
        };
        let closed = |Closed| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        self.0.threads.run(Box::new(job)).map_err(closed)?;
        let result = answered.await;
        drop(interrupt);
        let result = result.unwrap_or_else(|_| Err(DbErr::Conn(RuntimeErr::Internal("a read has panicked".to_owned()))));
        result.inspect_err(|error| self.0.file.storage.health().observe(error))
    }

    /// Closes every connection, after what is running on them.
    pub(super) async fn close(&self) {
        self.0.threads.close().await;
    }
}

impl File {
    fn read<T>(&self, slot: &mut Slot, running: &Running, read: impl FnOnce(&Connection) -> DbResult<T>) -> DbResult<T> {
        self.storage.require_same_file()?;
        let connection = match slot.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        *lock(&running.0) = Some(connection.get_interrupt_handle());
        let rows = read(&connection)?;
        // From here on the connection cannot be interrupted: it may run the statement of another caller soon.
        *lock(&running.0) = None;
        *slot = Some(connection);
        Ok(rows)
    }

    fn connect(&self) -> DbResult<Connection> {
        // Used by one thread at a time, so that SQLite needs no mutex of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let opening = |error| as_db_error(error, DbErr::Conn);
        let connection = Connection::open_with_flags(&self.path, flags).map_err(opening)?;
        connection.busy_timeout(self.busy).map_err(opening)?;
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
