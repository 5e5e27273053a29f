//! `serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use futures_util::FutureExt;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinError;
use tower::ServiceExt;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::audit::AuditKeyFile;
use super::bounds::{Bounds, METRICS_CONNECTIONS};
use super::{Database, Failure, hardening, output};
use crate::app::App;
use crate::config::Config;
use crate::keys::Flush;
use crate::{background, limits, router, workspaces};
use kit::db::{DbOptions, DbResult, Location, MinFreeSpace, USUAL_CONNECTIONS, is_unavailable};
use kit::http::serve::{Caller, Connections, serve};
use kit::log::{EventLimit, Lines, Log};
use kit::text::Line;

#[derive(clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    database: Database,
    /// Connections to a Postgres server that this node uses for requests; it takes three more for itself
    #[arg(long, env = "PLANECONNECTION_DATABASE_CONNECTIONS", default_value_t = USUAL_CONNECTIONS, value_name = "N",
          value_parser = clap::value_parser!(u32).range(2..=1_000))]
    database_connections: u32,
    /// Where to listen for notifications of a Postgres server, if --database leads to a pooler that shares connections
    #[arg(long, env = "PLANECONNECTION_DATABASE_NOTIFICATIONS", value_name = "URL", hide_env_values = true)]
    database_notifications: Option<Location>,
    /// What this node is called among the others; left out: the machine's name
    #[arg(long, env = "PLANECONNECTION_NODE_NAME", value_name = "NAME")]
    node_name: Option<Line<1, 200>>,
    /// The least free space on the file system of a SQLite file for data to be written: 256MiB, 5%, 0 for none. Revocations
    /// and sign-outs are written all the same. auto: 256 MiB, or 5 % if that is less
    #[arg(long, env = "PLANECONNECTION_MIN_FREE_SPACE", default_value_t = MinFreeSpace::Auto, value_name = "SPACE")]
    min_free_space: MinFreeSpace,
    #[command(flatten)]
    audit_key: AuditKeyFile,
    #[command(flatten)]
    pub(super) listening: Listening,
}

/// Where and how a node listens.
#[derive(clap::Args)]
pub(super) struct Listening {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "PLANECONNECTION_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(super) listen: SocketAddr,
    /// Serve /metrics there; left out: on the main address, to programs on this machine alone
    #[arg(long, env = "PLANECONNECTION_METRICS_LISTEN", value_name = "ADDRESS")]
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Where people and applications reach this product; left out: the address it listens on
    #[arg(long, env = "PLANECONNECTION_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// More host names by which people may reach the pages, besides that of the public URL
    #[arg(long, env = "PLANECONNECTION_ALLOWED_HOSTS", value_delimiter = ',', value_name = "HOST")]
    pub(super) allowed_hosts: Vec<String>,
    /// Proxies whose X-Forwarded-For is believed, as CIDR blocks
    #[arg(long, env = "PLANECONNECTION_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR")]
    pub(super) trusted_proxies: Vec<IpNet>,
    #[command(flatten)]
    bounds: Bounds,
    /// Figures of limits and quotas, such as member-writes=240,active-keys=none; docs/OPERATIONS.md names them all
    #[arg(long, env = "PLANECONNECTION_LIMITS", value_delimiter = ',', value_name = "NAME=FIGURE")]
    pub(super) limits: Vec<limits::Setting>,
    /// How the log is written to stderr
    #[arg(long, env = "PLANECONNECTION_LOG_FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, or a filter such as `info,planeconnection::request=warn`
    #[arg(long, env = "PLANECONNECTION_LOG", default_value = "info,sea_orm_migration=warn", value_name = "FILTER")]
    pub(super) log: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
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
        };
        config.log = log;
        config.node_name = self.node_name.map_or_else(machine_name, Line::into_string);
        config.audit_key = self.audit_key.open_or_make(&self.database)?.map(Arc::new);
        let app = self.database.open_when_it_can(config).await?;
        if let Some(token) = workspaces::offer(&app).await? {
            // To whoever started it, and not to the log, which others read.
            output::line(format!(
                "There is no workspace yet. Set up the first one, within 24 hours, at:\n  \
                   {}/setup#{}\n\
                 or in a shell: planeconnection workspace create --help",
                app.config.public_url,
                token.expose(),
            ))?;
        }
        run_node(app, listener, metrics).await
    }
}

impl Listening {
    pub(super) fn start_log(&self) -> Result<Log, Failure> {
        let filter = EnvFilter::try_new(&self.log).map_err(|error| Failure::usage(format!("--log: {error}")))?;
        let is_tracing = filter.max_level_hint().is_some_and(|level| level == LevelFilter::TRACE);
        let (is_json, lines) = (self.log_format == LogFormat::Json, Lines::to_stderr());
        let (log, events) = (tracing_subscriber::fmt().with_env_filter(filter), EventLimit::default());
        let log = log.with_writer(lines.clone()).with_ansi(false);
        let started = if is_json {
            log.json().flatten_event(true).with_current_span(false).finish().with(events.clone()).try_init()
        } else {
            log.finish().with(events.clone()).try_init()
        };
        started.map_err(|error| Failure::refused(format!("the log cannot be started: {error}")))?;
        // A panic is a line of the log like any other: whoever reads JSON gets JSON.
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
        if is_tracing {
            tracing::warn!("at the level trace the log holds SQL with its values, names and emails among them: for tests only");
        }
        Ok(Log::Written { lines, is_json, events })
    }

    /// Takes the addresses, so that the port is known before anything else is said.
    pub(super) async fn bind(&self, database_connections: u32) -> Result<(TcpListener, Option<TcpListener>, Config), Failure> {
        let timeouts = self.bounds.timeouts()?;
        let max_connections = self.bounds.connections(usize::try_from(database_connections).unwrap_or(usize::MAX))?;
        let listener = listen(self.listen).await?;
        let metrics = match self.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let usual = || listener.local_addr().map(|address| format!("http://{address}"));
        let public_url = match &self.public_url {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => url.trim_end_matches('/').to_owned(),
            Some(url) => return Err(Failure::usage(format!("--public-url: expected http:// or https://, not “{url}”"))),
            None => usual()?,
        };
        let config = Config {
            public_url,
            allowed_hosts: self.allowed_hosts.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            has_metrics_listener: metrics.is_some(),
            max_connections,
            timeouts,
            limits: self.limits.iter().copied().collect(),
            ..Config::default()
        };
        Ok((listener, metrics, config))
    }
}

/// As the system knows it.
fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::refused(format!("cannot listen on {address}: {error}")))
}

/// Serves until SIGTERM or SIGINT, finishes what is in flight, and writes what was counted.
pub(super) async fn run_node(app: App, listener: TcpListener, metrics: Option<TcpListener>) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let until_stop = || {
        let mut stopped = stopped.clone();
        // An error means that the sender is gone, which is a stop as well.
        async move { drop(stopped.wait_for(|stop| *stop).await) }
    };
    if cfg!(feature = "uncounted") {
        tracing::warn!("this build is for a bench: it records no use of keys");
    }
    // Served from the first moment: /readiness says 503 until keys are loaded, and a key is looked up one by one.
    let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let node = app.cluster.id();
    tracing::info!(%address, %node, metrics = metrics_address.map(tracing::field::display), "loading keys");
    if let Some(key) = &app.config.audit_key {
        tracing::info!(key = %key.public(), "heads of audit logs are signed; note this public key elsewhere");
    }
    let timeouts = app.config.timeouts;
    let front = router::router(app.clone());
    let answer = move |caller: Caller, request| front.clone().answer(caller.peer.ip(), caller.service, request);
    let mut serving = tokio::spawn(serve(listener, answer, app.connections.clone(), timeouts, asked_to_stop()));
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
        tasks.extend(background::start(app.clone(), stopped.clone()));
        output::line(format!("Listening on http://{address}"))?;
        report(serving.await);
    }
    // The lease was kept while requests finished; only now does the node leave.
    stop.send_replace(true);
    for task in tasks {
        report(task.await);
    }
    finish(&app).await
}

/// Becomes a node, as soon as the database lets it.
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

/// How long the last counts may take.
const FLUSHING: Duration = Duration::from_secs(35);

/// The pause between attempts to write the last counts.
const FLUSH_PAUSE: Duration = Duration::from_secs(1);

/// Writes the usage counters, and gives the lease back.
async fn finish(app: &App) -> Result<(), Failure> {
    // Each attempt waits as long as any other statement for a process that is writing to the file.
    let flushing = async {
        for _attempt in 0..4 {
            background::flush(app, Flush::Last).await;
            if app.recorder.is_empty() {
                break;
            }
            tokio::time::sleep(FLUSH_PAUSE).await;
            if app.db.storage().health().fault().is_some() {
                // The background task that would notice that a fault is over has stopped; a renewal read back ends it.
                let _reported_by_the_flush = app.cluster.heartbeat().await;
            }
        }
    };
    if tokio::time::timeout(FLUSHING, flushing).await.is_err() {
        tracing::warn!("the database does not take the last counts");
    }
    let is_written = app.recorder.is_empty();
    if let Err(error) = app.cluster.leave().await {
        tracing::warn!(%error, "this node could not say that it leaves; its lease runs out by itself");
    }
    app.db.clone().close().await;
    if is_written { Ok(()) } else { Err(Failure::refused("stopped, but the last requests could not be counted: see the log")) }
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without signals the process can only be killed; it goes on serving.
        _ => std::future::pending().await,
    }
    tracing::info!("stopping: finishing what is in flight");
}
