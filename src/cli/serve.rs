//! The command `serve`: runs a node until it is asked to stop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinError;
use tower::ServiceExt;

use super::audit::AuditKeyFile;
use super::bounds::METRICS_CONNECTIONS;
use super::database::Database;
use super::hardening;
use super::listening::Listening;
use super::mail::Mail;
use super::output::{self, Failure};
use super::secret_key::SecretKeyFile;
use super::webhook_settings::Webhooks;
use crate::app::App;
use crate::auth::passkeys;
use crate::keys::Flush;
use crate::leaks::{KeySource, PublicKeys};
use crate::webhooks::delivery;
use crate::{background, router, workspaces};
use kit::db::{DbOptions, DbResult, Location, MinFreeSpace, USUAL_CONNECTIONS, is_unavailable};
use kit::http::serve::{Caller, Connections, serve};
use kit::text::Line;

#[derive(clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    database: Database,
    /// Connections to a Postgres server for requests; the node opens three more for its own use
    #[arg(long, env = "PLANECONNECTION_DATABASE_CONNECTIONS", default_value_t = USUAL_CONNECTIONS, value_name = "N",
          value_parser = clap::value_parser!(u32).range(2..=1_000))]
    database_connections: u32,
    /// Postgres URL for change notifications, if --database is a pooler that shares connections
    #[arg(long, env = "PLANECONNECTION_DATABASE_NOTIFICATIONS", value_name = "URL", hide_env_values = true)]
    database_notifications: Option<Location>,
    /// Name of this node; default: the name of the machine
    #[arg(long, env = "PLANECONNECTION_NODE_NAME", value_name = "NAME")]
    node_name: Option<Line<1, 200>>,
    /// Minimum free space on the file system of a SQLite database: 256MiB, 5%, or 0 for none. Below it, only revocations and
    /// sign-outs are written. auto: 256 MiB, or 5 % if that is less
    #[arg(long, env = "PLANECONNECTION_MIN_FREE_SPACE", default_value_t = MinFreeSpace::Auto, value_name = "SPACE")]
    min_free_space: MinFreeSpace,
    /// Time for which the node goes on serving after SIGTERM with /readiness at 503, so that load balancers notice before it
    /// stops: 15s. A second SIGTERM ends it
    #[arg(long, env = "PLANECONNECTION_SHUTDOWN_DELAY", default_value = "0s", value_name = "TIME",
          value_parser = output::duration)]
    shutdown_delay: Duration,
    #[command(flatten)]
    audit_key: AuditKeyFile,
    #[command(flatten)]
    secret_key: SecretKeyFile,
    #[command(flatten)]
    mail: Mail,
    #[command(flatten)]
    webhooks: Webhooks,
    /// Accept reports of GitHub's secret scanning, signed by the public keys at this URL or in this file. GitHub's are at
    /// <https://api.github.com/meta/public_keys/secret_scanning>. Default: reports are refused
    #[arg(long, env = "PLANECONNECTION_GITHUB_KEYS", value_name = "URL|FILE", value_parser = key_source)]
    github_keys: Option<KeySource>,
    #[command(flatten)]
    pub(super) listening: Listening,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let log = self.listening.start_log()?;
        let _last = log.rest();
        hardening::forbid_core_dumps();
        if !matches!(&self.database_notifications, None | Some(Location::Postgres(_))) {
            return Err(Failure::usage("--database-notifications: expected the URL of a Postgres server"));
        }
        let (listener, metrics, mut config) = self.listening.bind(self.database_connections).await?;
        config.database = DbOptions {
            connections: self.database_connections,
            notifications: self.database_notifications,
            min_free_space: self.min_free_space,
            write_threads: true,
            ..config.database
        };
        config.log = log;
        config.shutdown_delay = self.shutdown_delay;
        config.node_name = self.node_name.map_or_else(machine_name, Line::into_string);
        self.database.require_access()?;
        config.audit_key = self.audit_key.open_or_make(&self.database)?.map(Arc::new);
        config.secret_keys = self.secret_key.open_or_make(&self.database).await?.map(Arc::new);
        self.mail.apply(&mut config)?;
        config.webhooks = self.webhooks.settings()?;
        if let Some(source) = &self.github_keys {
            PublicKeys::check(source, &config).map_err(|error| Failure::refused(format!("--github-keys: {error}")))?;
        }
        config.github_keys = self.github_keys;
        let app = self.database.open_with_retry(config).await?;
        self.secret_key.require_known(&app, &self.database).await?;
        warn_of_unusable_passkeys(&app).await?;
        if let Some(token) = workspaces::offer(&app).await? {
            // Printed for the person who started the node. The log may have other readers.
            output::line(format!(
                "There is no workspace yet. Create the first one within 24 hours at:\n  \
                   {}/setup#{}\n\
                 or in a shell: planeconnection workspace create --help",
                app.config.public_url,
                token.expose(),
            ))?;
        }
        run_node(app, listener, metrics).await
    }
}

/// Parses the source of public keys: a URL, or else the path of a file.
fn key_source(text: &str) -> Result<KeySource, String> {
    match text.trim() {
        "" => Err("expected a URL or the path of a file".to_owned()),
        url if url.contains("://") => Ok(KeySource::Url(url.to_owned())),
        path => Ok(KeySource::File(path.into())),
    }
}

/// Logs that passkeys are bound to another host than that of the public URL.
async fn warn_of_unusable_passkeys(app: &App) -> DbResult<()> {
    let party = passkeys::RelyingParty::of(&app.config).ok();
    let rp_id = party.as_ref().map(passkeys::RelyingParty::id);
    let unusable = passkeys::count_of_other_relying_parties(app.db.read(), rp_id).await?;
    if unusable > 0 {
        let public_url = &app.config.public_url;
        tracing::warn!(unusable, %public_url, "passkeys were made for another host than that of --public-url, so they cannot be used");
    }
    Ok(())
}

fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Serves until SIGTERM or SIGINT and the delay after it, finishes requests in progress, and writes usage counters.
pub(super) async fn run_node(app: App, listener: TcpListener, metrics: Option<TcpListener>) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let until_stop = || {
        let mut stopped = stopped.clone();
        // An error means that the sender was dropped, which is a stop as well.
        async move { drop(stopped.wait_for(|stop| *stop).await) }
    };
    if cfg!(feature = "uncounted") {
        tracing::warn!("this build is for benchmarks: it records no usage of keys");
    }
    // Requests are served at once: until all keys are loaded, /readiness is 503 and each key is looked up in the database.
    let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let node = app.cluster.id();
    tracing::info!(%address, %node, metrics = metrics_address.map(tracing::field::display), "loading keys");
    if let Some(key) = &app.config.audit_key {
        tracing::info!(key = %key.public(), "heads of audit logs are signed; note this public key elsewhere");
    }
    if let Some(keys) = &app.config.secret_keys {
        tracing::info!(key = %keys.current(), "secrets in the database are sealed with this key");
    } else {
        tracing::warn!(
            "without a secret key, two-factor authentication and webhooks are off: make one with `planeconnection secret-key new \
             --output FILE`, and start every node with --secret-key-file FILE"
        );
    }
    let timeouts = app.config.timeouts;
    let stack = router::router(app.clone());
    let answer = move |caller: Caller, request| stack.clone().serve(caller.peer.ip(), caller.service, request);
    let stopping = app.clone();
    let until_asked = async move {
        asked_to_stop(&stopping).await;
        // Calls that wait for changes are answered with none.
        stopping.commits.close();
    };
    let mut serving = tokio::spawn(serve(listener, answer, app.connections.clone(), timeouts, until_asked));
    let metrics_router = router::metrics(app.clone());
    let answer = move |_, request| {
        let answered = metrics_router.clone().oneshot(request);
        answered.map(|response| response.unwrap_or_else(|never| match never {}))
    };
    let scrapes = metrics
        .map(|listener| tokio::spawn(serve(listener, answer, Connections::few(METRICS_CONNECTIONS), timeouts, until_stop())));
    let address = address.to_string();
    let is_loaded = tokio::select! {
        joined = join(&app, &address) => joined.map(|()| true)?,
        ended = &mut serving => { report(ended); false }
    };
    let mut tasks = Vec::from_iter(scrapes);
    if is_loaded {
        let (cluster, stopping) = (Arc::clone(&app.cluster), until_stop());
        tasks.push(tokio::spawn(async move { cluster.run(stopping).await }));
        let (core, cluster, engine) = (app.core.clone(), Arc::clone(&app.cluster), Arc::clone(&app.webhooks));
        tasks.push(tokio::spawn(delivery::run(core, cluster, engine, stopped.clone())));
        tasks.extend(background::start(app.clone(), stopped.clone()));
        output::line(format!("Listening on http://{address}"))?;
        report(serving.await);
    }
    // The lease is kept until all requests have finished.
    stop.send_replace(true);
    for task in tasks {
        report(task.await);
    }
    finish(&app).await
}

/// Joins the other nodes, and tries again while the database is unavailable.
async fn join(app: &App, address: &str) -> DbResult<()> {
    loop {
        match app.cluster.join(address).await {
            Err(error) if is_unavailable(&error) => {
                tracing::warn!(%error, "keys cannot be loaded yet");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            joined => return joined,
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a background task failed");
    }
}

/// The time limit of the last flush.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(35);

/// The pause between attempts of the last flush.
const FLUSH_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Writes usage counters, then ends the lease.
async fn finish(app: &App) -> Result<(), Failure> {
    // Each attempt waits for another writer of a SQLite file as long as any statement.
    let flushing = async {
        background::flush(app, Flush::Last).await;
        for _retry in 0..3 {
            if app.recorder.is_empty() {
                break;
            }
            tokio::time::sleep(FLUSH_RETRY_PAUSE).await;
            if app.db.storage().health().fault().is_some() {
                // The task that would notice that a fault is over has stopped. A heartbeat that is read back ends the fault.
                let _reported_by_the_flush = app.cluster.heartbeat().await;
            }
            background::flush(app, Flush::Last).await;
        }
    };
    if tokio::time::timeout(FLUSH_TIMEOUT, flushing).await.is_err() {
        tracing::warn!("the last usage counters could not be written in time");
    }
    let is_written = app.recorder.is_empty();
    if let Err(error) = app.cluster.leave().await {
        tracing::warn!(%error, "this node's row could not be deleted; its lease expires by itself");
    }
    app.db.clone().close().await;
    if is_written {
        Ok(())
    } else {
        Err(Failure::refused("stopped, but the usage of the last requests could not be written: see the log"))
    }
}

/// Waits for SIGTERM or SIGINT, and then until the delay has passed or another signal has come.
async fn asked_to_stop(app: &App) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        // Without signal handlers the process serves until it is killed.
        return std::future::pending().await;
    };
    either(&mut terminate, &mut interrupt).await;
    app.is_stopping.store(true, Ordering::Release);
    let delay = app.config.shutdown_delay;
    if !delay.is_zero() {
        tracing::info!(seconds = delay.as_secs(), "stopping: not ready, and serving until load balancers have noticed");
        let _cut_short = tokio::time::timeout(delay, either(&mut terminate, &mut interrupt)).await;
    }
    tracing::info!("stopping: finishing requests in progress");
}

/// Waits for one of two signals.
async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
