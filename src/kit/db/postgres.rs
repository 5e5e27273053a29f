//! Postgres, or what speaks its protocol: many nodes, one server.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use sea_orm::{ConnectOptions, ConnectionTrait, DbErr, IsolationLevel, RuntimeErr, TransactionOptions};
use tokio::time::timeout;

use super::DbResult;
use super::pool::{Pool, Tx};

/// How long a statement may take before the server counts as out of reach. Every answer to a request comes before.
const BOUND: Duration = Duration::from_secs(8);

/// How long a statement waits for a free connection: those who can be served are not kept waiting by those who cannot.
const ACQUIRE: Duration = Duration::from_secs(4);

/// The same for what keeps a node's lease: a second attempt must fit into it.
const PULSE: Duration = Duration::from_millis(900);

/// Said at the beginning of every write, since a pooler may hand each transaction another connection.
///
/// - A node that is frozen in the middle of a write must not keep the others from theirs for ever.
/// - What was answered as done must outlive a crash of the server; an operator may ask for more, not for less.
const MANNERS: &str = "SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL lock_timeout = '6s'; \
    SET LOCAL statement_timeout = '8s'; \
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

/// Two processes that bring the schema up to date at once: the second waits, and finds it done.
///
/// It does not wait for a lock on a table for long either: behind it, every node would wait with its lease.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(8102739745); SET LOCAL lock_timeout = '1s'";

/// The pools for writing, for reading, and for what keeps the lease, which must never queue behind requests. Those for
/// reading and writing are apart, since a write may need to read outside its transaction.
pub(super) async fn open(server: &PgConnectOptions, connections: u32) -> DbResult<(Pool, Pool, Pool)> {
    // First, so that what is wrong with the place or the password is told as the server tells it.
    let mut first = timeout(ACQUIRE, PgConnection::connect_with(server)).await.map_err(|_| sqlx::Error::PoolTimedOut).flatten();
    let checked = match &mut first {
        Ok(connection) => require_primary(connection).await,
        Err(_) => first.map(|_| ()),
    };
    checked.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
    let writers = (connections / 4).max(1);
    let write = Pool::open(options(server, writers), Some(BOUND)).await?;
    let read = Pool::open(options(server, connections.saturating_sub(writers).max(1)), Some(BOUND)).await?;
    let pulse = Pool::open(options(server, 2), Some(PULSE)).await?;
    Ok((write, read, pulse))
}

/// Whatever the server's default is: each statement sees what was committed before it.
pub(super) fn read_committed() -> TransactionOptions {
    TransactionOptions { isolation_level: Some(IsolationLevel::ReadCommitted), ..Default::default() }
}

/// See [`MANNERS`].
pub(super) async fn mind_manners(tx: &Tx) -> DbResult<()> {
    tx.execute_unprepared(MANNERS).await.map(|_| ())
}

/// See [`MIGRATING`].
pub(super) async fn lock_schema(tx: &Tx) -> DbResult<()> {
    tx.execute_unprepared(MIGRATING).await.map(|_| ())
}

fn options(server: &PgConnectOptions, most: u32) -> ConnectOptions {
    let server = server.clone();
    let mut options = ConnectOptions::new("postgres://");
    options
        .max_connections(most)
        .min_connections(0)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_mins(5))
        .max_lifetime(Duration::from_mins(30))
        // A server that was restarted has closed them all.
        .test_before_acquire(true)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |_| named(&server))
        .map_sqlx_postgres_pool_opts(|options| {
            options.after_connect(|connection, _| Box::pin(async move { require_primary(connection).await }))
        });
    options
}

/// As the server's operator sees it.
pub(super) fn named(server: &PgConnectOptions) -> PgConnectOptions {
    server.clone().application_name("planeconnection").disable_statement_logging()
}

/// A standby answers questions with what it has heard so far: by that, a key that was revoked would still be good.
async fn require_primary(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
    let refused = || sqlx::Error::Protocol("this server is a standby: give the address of the primary".to_owned());
    if is_standby { Err(refused()) } else { Ok(()) }
}

/// A text that Postgres cannot hold: one with a NUL, or half a character.
pub(super) fn is_unstorable(state: &str) -> bool {
    matches!(state, "22021" | "22P05")
}

/// The server says that it cannot now, as opposed to having refused the statement (SQLSTATE, appendix A of its manual).
pub(super) fn is_outage(state: &str) -> bool {
    // 08 connection, 53 resources, 57 intervention, 58 its system; a lock or a session that timed out; one of two that
    // were in each other's way; and a server that only takes reads, such as a standby that was taken for the primary.
    matches!(state.get(..2), Some("08" | "53" | "57" | "58")) || matches!(state, "55P03" | "25P03" | "40001" | "40P01" | "25006")
}
