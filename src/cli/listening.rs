//! The addresses and settings that `serve` and `demo` share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::ValueEnum;
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::bounds::Bounds;
use super::output::Failure;
use crate::config::Config;
use crate::limits;
use kit::cidr::Cidr;
use kit::log::{EventLimit, Lines, Log};

/// Targets that are left out of the log: this library logs what callers sent, and returns it as an error as well.
const MUTED: [&str; 2] = ["webauthn_rs=off", "webauthn_rs_core=off"];

#[derive(clap::Args)]
pub(super) struct Listening {
    /// Address and port to listen on; port 0 selects a free port
    #[arg(long, env = "PLANECONNECTION_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: SocketAddr,
    /// Address and port for /metrics; default: the main address, for clients on this machine only
    #[arg(long, env = "PLANECONNECTION_METRICS_LISTEN", value_name = "ADDRESS", value_parser = address)]
    pub(super) metrics_listen: Option<SocketAddr>,
    /// Public URL of the pages and the API; default: the address to listen on
    #[arg(long, env = "PLANECONNECTION_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Host names that serve pages, besides that of the public URL
    #[arg(long, env = "PLANECONNECTION_ALLOWED_HOSTS", value_delimiter = ',', value_name = "HOST")]
    pub(super) allowed_hosts: Vec<String>,
    /// Proxies whose X-Forwarded-For is trusted: addresses or CIDR blocks
    #[arg(long, env = "PLANECONNECTION_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR")]
    pub(super) trusted_proxies: Vec<Cidr>,
    #[command(flatten)]
    bounds: Bounds,
    /// Limits and quotas, such as member-writes=240,active-keys=none; docs/OPERATIONS.md lists all of them
    #[arg(long, env = "PLANECONNECTION_LIMITS", value_delimiter = ',', value_name = "NAME=FIGURE")]
    pub(super) limits: Vec<limits::Setting>,
    /// Format of the log on stderr
    #[arg(long, env = "PLANECONNECTION_LOG_FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// Log filter: error, warn, info, debug, or a filter such as `info,access_log=warn`
    #[arg(long, env = "PLANECONNECTION_LOG", default_value = "info,sea_orm_migration=warn", value_name = "FILTER")]
    pub(super) log: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines of text for people
    Text,
    /// One JSON object per line
    Json,
}

impl Listening {
    pub(super) fn start_log(&self) -> Result<Log, Failure> {
        let filter = EnvFilter::try_new(&self.log).map_err(|error| Failure::usage(format!("--log: {error}")))?;
        let muted = MUTED.iter().try_fold(filter, |filter, target| target.parse().map(|muted| filter.add_directive(muted)));
        let filter = muted.map_err(|error| Failure::refused(format!("the log cannot be started: {error}")))?;
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
        // A panic is logged in the chosen format as well.
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
        if is_tracing {
            tracing::warn!(
                "at the level trace the log contains SQL with its values, such as names and email addresses: for tests only"
            );
        }
        Ok(Log::Written { lines, is_json, events })
    }

    /// Binds the addresses first, so that the port is known for all output.
    pub(super) async fn bind(&self, database_connections: u32) -> Result<(TcpListener, Option<TcpListener>, Config), Failure> {
        let timeouts = self.bounds.timeouts()?;
        let max_connections = self.bounds.connections(usize::try_from(database_connections).unwrap_or(usize::MAX))?;
        let listener = listen(self.listen).await?;
        let metrics = match self.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let default_url = || listener.local_addr().map(|address| format!("http://{}", own_address(address)));
        let public_url = match &self.public_url {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => url.trim_end_matches('/').to_owned(),
            Some(url) => return Err(Failure::usage(format!("--public-url: expected http:// or https://, not “{url}”"))),
            None => default_url()?,
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

/// Returns an address that leads to the listener, from this machine at least: `0.0.0.0` is none.
fn own_address(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
        tracing::warn!(
            "links lead to http://{address}, which only this machine can open: set --public-url to the address that people type"
        );
    }
    address
}

/// Parses an address to listen on. Names are not resolved: they may lead to several addresses, or to another one tomorrow.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().filter(|port| port.parse::<u16>().is_ok()).unwrap_or("8080");
        format!(
            "expected an IP address and a port: 127.0.0.1:{port} for this machine only, 0.0.0.0:{port} or [::]:{port} for all \
             of its addresses"
        )
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::refused(format!("cannot listen on {address}: {error}")))
}
