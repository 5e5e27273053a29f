//! Postgres, or what speaks its protocol: many nodes, one server.

use std::time::Duration;

use sea_orm::RuntimeErr::SqlxError;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use sea_orm::{ConnectOptions, ConnectionTrait, DbErr, IsolationLevel, RuntimeErr, Statement, TransactionOptions};
use tokio::time::timeout;

use super::pool::{Discards, Pool};
use super::storage::Storage;
use super::{DbResult, RequestConnections, Tx};

/// The time limit of a statement, after which the server counts as unreachable; shorter than the timeout of any request.
const BOUND: Duration = Duration::from_secs(8);

/// The time limit for waiting for a free connection.
const ACQUIRE: Duration = Duration::from_secs(4);

/// The time limit of a statement for the lease: a second attempt must fit into the lease.
const PULSE: Duration = Duration::from_millis(900);

/// The time without use after which a connection is tried before it is handed out. One that has just been used is about as
/// certain to work as one that has just been tried, which takes a round trip; unless a statement has just failed.
const UNUSED: Duration = Duration::from_millis(100);

/// The settings of every write transaction, made in each since a pooler may hand each another connection; the server's
/// process, by which the connection is known; and whether the server's default is the isolation that writes need.
///
/// - A node that is frozen in the middle of a write must not keep the others from theirs for ever.
/// - What was answered as done must outlive a crash of the server; an operator may ask for more, not for less.
const SETTINGS: &str = "SELECT pg_backend_pid(), set_config('idle_in_transaction_session_timeout', '5s', true), \
    set_config('lock_timeout', '6s', true), set_config('statement_timeout', '8s', true), \
    set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' \
    ELSE current_setting('synchronous_commit') END, true), current_setting('transaction_isolation') = 'read committed'";

/// Two processes that bring the schema up to date at once: the second waits, and finds it done.
///
/// A migration also waits only briefly for a table lock: all nodes would queue behind it, renewals of their leases included.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(8102739745); SET LOCAL lock_timeout = '1s'";

/// The pools of a server.
pub(super) struct Pools {
    pub(super) write: Pool,
    /// Apart from `write`, since a write may need to read outside its transaction.
    pub(super) read: Pool,
    /// For the lease, which must never queue behind requests: one connection to write, another to read back.
    pub(super) lease_write: Pool,
    pub(super) lease_read: Pool,
}

pub(super) async fn open(server: &PgConnectOptions, connections: u32, storage: &Storage) -> DbResult<Pools> {
    // First, so that what is wrong with the place or the password is reported in the words of the server.
    let mut first = timeout(ACQUIRE, PgConnection::connect_with(server)).await.map_err(|_| sqlx::Error::PoolTimedOut).flatten();
    let checked = match &mut first {
        Ok(connection) => require_primary(connection).await,
        Err(_) => first.map(|_| ()),
    };
    checked.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
    let RequestConnections { read, write } = shares(connections);
    let pool = async |most, bound| {
        let discards = Discards::default();
        Pool::open(options(server, most, &discards), Some(bound), storage, &discards).await
    };
    Ok(Pools {
        write: pool(write, BOUND).await?,
        read: pool(read, BOUND).await?,
        lease_write: pool(1, PULSE).await?,
        lease_read: pool(1, PULSE).await?,
    })
}

/// Divides the connections for requests: a quarter for writes.
pub(super) fn shares(connections: u32) -> RequestConnections {
    let write = (connections / 4).max(1);
    RequestConnections { read: connections.saturating_sub(write).max(1), write }
}

/// Whatever the server's default is: each statement sees what was committed before it.
pub(super) fn read_committed() -> TransactionOptions {
    TransactionOptions { isolation_level: Some(IsolationLevel::ReadCommitted), ..Default::default() }
}

/// Begins a write transaction with the settings of [`SETTINGS`].
pub(super) async fn begin(pool: &Pool) -> DbResult<Tx> {
    let open = || Tx::alone(pool.clone(), TransactionOptions::default());
    let lost =
        |error: &DbErr| matches!(error, DbErr::Conn(SqlxError(_)) | DbErr::Exec(SqlxError(_)) | DbErr::Query(SqlxError(_)));
    let mut tx = match open().await {
        // Its connection was not tried; the next one is.
        Err(error) if lost(&error) => open().await?,
        begun => begun?,
    };
    if set_up(&mut tx).await? {
        return Ok(tx);
    }
    // Asking for it takes a round trip, and has to come before the settings.
    tx.rollback().await?;
    let mut tx = Tx::alone(pool.clone(), read_committed()).await?;
    set_up(&mut tx).await?;
    Ok(tx)
}

/// Makes the settings of a write transaction, and returns whether each of its statements sees what was committed before it.
async fn set_up(tx: &mut Tx) -> DbResult<bool> {
    let settings = Statement::from_string(tx.get_database_backend(), SETTINGS);
    let row = tx.query_one_raw(settings).await?.ok_or_else(|| DbErr::RecordNotFound("the transaction's settings".to_owned()))?;
    tx.set_backend(row.try_get_by_index(0)?);
    row.try_get_by_index(5)
}

/// Takes the lock that serialises migrations: see [`MIGRATING`].
pub(super) async fn lock_schema(tx: &Tx) -> DbResult<()> {
    tx.execute_unprepared(MIGRATING).await.map(|_| ())
}

fn options(server: &PgConnectOptions, most: u32, discards: &Discards) -> ConnectOptions {
    let (server, discards) = (server.clone(), discards.clone());
    let mut options = ConnectOptions::new("postgres://");
    options
        .max_connections(most)
        .min_connections(0)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_mins(5))
        .max_lifetime(Duration::from_mins(30))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |_| without_statement_log(&server))
        .map_sqlx_postgres_pool_opts(move |options| {
            let (discards, marks) = (discards.clone(), discards.clone());
            options
                .after_connect(|connection, _| Box::pin(async move { require_primary(connection).await }))
                // A server that was restarted has closed them all.
                .before_acquire(move |connection, use_of_it| {
                    let is_trusted = use_of_it.idle_for < UNUSED && !marks.has_recent_error();
                    Box::pin(async move { if is_trusted { Ok(true) } else { connection.ping().await.map(|()| true) } })
                })
                .after_release(move |connection, _| {
                    let discards = discards.clone();
                    Box::pin(async move { Ok(!connection.is_in_transaction() && !is_discarded(&discards, connection).await?) })
                })
        });
    options
}

/// Statements may contain personal data, so the driver must not log them.
pub(super) fn without_statement_log(server: &PgConnectOptions) -> PgConnectOptions {
    server.clone().disable_statement_logging()
}

/// A standby answers questions with what it has heard so far: by that, a key that was revoked would still be good.
async fn require_primary(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
    let refused = || sqlx::Error::Protocol("this server is a standby: give the address of the primary".to_owned());
    if is_standby { Err(refused()) } else { Ok(()) }
}

/// Returns whether the connection's transaction met an error. The server is asked only while some connection is marked.
async fn is_discarded(discards: &Discards, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    if discards.has_no_backends() {
        return Ok(false);
    }
    let backend = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await?;
    Ok(discards.take_backend(backend))
}

/// A text that Postgres cannot hold: one with a NUL, or half a character.
pub(super) fn is_unstorable(state: &str) -> bool {
    matches!(state, "22021" | "22P05")
}

/// The statement waited too long for a lock, or one of two transactions that were in each other's way had to end. Nothing of its
/// transaction is stored.
pub(super) fn is_blocked(state: &str) -> bool {
    matches!(state, "55P03" | "40001" | "40P01")
}

/// The server says that it cannot now, as opposed to having refused the statement (SQLSTATE, appendix A of its manual).
pub(super) fn is_outage(state: &str) -> bool {
    // 08 connection, 53 resources, 57 intervention, 58 its system; a session that timed out; and a server that only takes
    // reads, such as a standby that was taken for the primary.
    let is_of_server = matches!(state.get(..2), Some("08" | "53" | "57" | "58")) || matches!(state, "25P03" | "25006");
    is_of_server || is_blocked(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_statement_counts_as_an_outage_and_not_the_reverse() {
        for state in ["55P03", "40001", "40P01"] {
            assert!(is_blocked(state) && is_outage(state), "{state}");
        }
        for state in ["08006", "53300", "57P01", "58030", "25P03", "25006"] {
            assert!(!is_blocked(state) && is_outage(state), "{state}");
        }
        assert!(!is_outage("23505"));
    }
}
