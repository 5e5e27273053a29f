//! `serve`

use std::net::SocketAddr;

use clap::ValueEnum;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::{Database, Failure, output};
use crate::app::App;
use crate::config::Config;
use crate::keys::Flush;
use crate::kit::http::serve::serve;
use crate::{router, workspaces};

#[derive(clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    pub(super) listening: Listening,
}

/// Where and how a node listens.
#[derive(clap::Args)]
pub(super) struct Listening {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "PLANECONNECTION_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(super) listen: SocketAddr,
    /// Serve /metrics there instead of on the main address
    #[arg(long, env = "PLANECONNECTION_METRICS_LISTEN", value_name = "ADDRESS")]
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Where people and applications reach this product; left out: the address it listens on
    #[arg(long, env = "PLANECONNECTION_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, as CIDR blocks
    #[arg(long, env = "PLANECONNECTION_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR")]
    pub(super) trusted_proxies: Vec<IpNet>,
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
        self.listening.start_log()?;
        let (listener, metrics, config) = self.listening.bind().await?;
        let app = App::open(config, &self.database.database).await?;
        if workspaces::all(app.db.read()).await?.is_empty() {
            output::line("There is no workspace yet. Make the first one with: planeconnection workspace create --help")?;
        }
        run_node(app, listener, metrics).await
    }
}

impl Listening {
    pub(super) fn start_log(&self) -> Result<(), Failure> {
        let filter = EnvFilter::try_new(&self.log).map_err(|error| Failure::refused(format!("--log: {error}")))?;
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
        let started = if self.log_format == LogFormat::Json {
            log.json().flatten_event(true).with_current_span(false).try_init()
        } else {
            log.try_init()
        };
        started.map_err(|error| Failure::refused(format!("the log cannot be started: {error}")))
    }

    /// Takes the addresses, so that the port is known before anything else is said.
    pub(super) async fn bind(&self) -> Result<(TcpListener, Option<TcpListener>, Config), Failure> {
        let listener = listen(self.listen).await?;
        let metrics = match self.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let usual = || listener.local_addr().map(|address| format!("http://{address}"));
        let public_url = match &self.public_url {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => url.trim_end_matches('/').to_owned(),
            Some(url) => return Err(Failure::refused(format!("--public-url: expected http:// or https://, not “{url}”"))),
            None => usual()?,
        };
        let config =
            Config { public_url, trusted_proxies: self.trusted_proxies.clone(), has_metrics_listener: metrics.is_some() };
        Ok((listener, metrics, config))
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::refused(format!("cannot listen on {address}: {error}")))
}

/// Serves until SIGTERM or SIGINT, finishes what is in flight, and writes what was counted.
pub(super) async fn run_node(app: App, listener: TcpListener, metrics: Option<TcpListener>) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    app.cluster.join(&app, &address.to_string()).await?;
    let (stop, stopped) = watch::channel(false);
    let until_stop = || {
        let mut stopped = stopped.clone();
        // An error means that the sender is gone, which is a stop as well.
        async move { drop(stopped.wait_for(|stop| *stop).await) }
    };
    let keeper = tokio::spawn({
        let (app, stop) = (app.clone(), until_stop());
        async move { app.cluster.run(&app, stop).await }
    });
    let chores = tokio::spawn({
        let (app, stop) = (app.clone(), until_stop());
        async move { app.run(stop).await }
    });
    let scrapes = metrics.map(|listener| tokio::spawn(serve(listener, router::metrics(app.clone()), until_stop())));
    output::line(format!("Listening on http://{address}"))?;
    serve(listener, router::router(app.clone()), asked_to_stop()).await;
    // The lease is kept while requests finish; only then does the node leave.
    stop.send_replace(true);
    for task in [Some(keeper), Some(chores), scrapes].into_iter().flatten() {
        if let Err(error) = task.await {
            tracing::error!(%error, "a background task failed");
        }
    }
    app.flush(Flush::Last).await;
    app.cluster.leave(&app).await?;
    app.db.clone().close().await;
    Ok(())
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
