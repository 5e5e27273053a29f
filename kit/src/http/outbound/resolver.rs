//! Addresses of host names, by DNS and the hosts file.
//!
//! The system's resolver is not asked: it holds a thread for each look-up, for as long as DNS is silent. Names are always taken
//! as complete, so that `https://intranet/` never becomes a name in the search domain of this machine.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup_ip::LookupIp;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::read_system_conf;
use tokio::time::{Instant, timeout};

use crate::lock::lock;

/// The time for a look-up.
pub const DNS_TIMEOUT: Duration = Duration::from_secs(5);

/// The time for one query, and how often it is repeated.
const QUERY: Duration = Duration::from_millis(1500);
const REPEATS: usize = 2;

/// Addresses of one name that are taken, and those of each family that are dialled: each gets its share of the time.
const MAX_ADDRESSES: usize = 64;
const MAX_DIALLED: usize = 4;

/// Names that are kept, and the longest time for which one is, whatever its TTL.
const MAX_KEPT: usize = 4_096;
const KEPT: Duration = Duration::from_mins(5);

/// Queries in flight to one DNS server over one TCP connection.
const MAX_QUERIES: usize = 1_000;

/// The system's settings, and the time between two looks at their times of change.
const SETTINGS: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];
const LOOK: Duration = Duration::from_secs(10);

/// The reason why a host name has no address now, in one sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("DNS: {0}")]
pub struct DnsFailure(pub(super) String);

/// Looks names up. Clones share what is kept.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    server: Option<SocketAddr>,
    limit: Duration,
    loaded: Arc<Mutex<Option<Loaded>>>,
}

/// A client of the DNS servers in the system's settings, and the addresses that it found.
#[derive(Debug)]
struct Loaded {
    client: TokioResolver,
    /// The reason why there is no DNS server.
    fault: Option<DnsFailure>,
    kept: HashMap<Name, (Instant, Vec<IpAddr>)>,
    looked_at: Instant,
    changed_at: [Option<SystemTime>; 2],
}

impl Resolver {
    /// Creates a resolver that asks `server`, or those of `/etc/resolv.conf`. The files are read at the first look-up, and again
    /// when they change.
    pub(super) fn new(server: Option<SocketAddr>, limit: Duration) -> Self {
        Self { server, limit, loaded: Arc::default() }
    }

    /// Returns all addresses of a name.
    pub(super) async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, DnsFailure> {
        let mut name = Name::from_ascii(host).map_err(|_| DnsFailure("the host name is too long, or a part of it is".into()))?;
        name.set_fqdn(true);
        let (client, fault) = {
            let mut loaded = lock(&self.loaded);
            let loaded = self.load(&mut loaded)?;
            match loaded.kept.get(&name) {
                Some((until, addresses)) if *until > Instant::now() => return Ok(addresses.clone()),
                _ => (loaded.client.clone(), loaded.fault.clone()),
            }
        };
        let silent = || DnsFailure(format!("no answer about {host} within {}", seconds(self.limit)));
        let answer = timeout(self.limit, client.lookup_ip(name.clone())).await.map_err(|_| silent())?;
        let answer = answer.map_err(|error| match (error, fault) {
            (NetError::NoConnections, Some(fault)) => fault,
            (NetError::Timeout, _) => silent(),
            (error, _) => failure(host, &error),
        })?;
        let addresses: Vec<IpAddr> = answer.iter().take(MAX_ADDRESSES + 1).collect();
        match addresses.len() {
            0 => return Err(DnsFailure(format!("{host} has no address"))),
            1..=MAX_ADDRESSES => {}
            _ => return Err(DnsFailure(format!("{host} has more than {MAX_ADDRESSES} addresses"))),
        }
        if let Some(loaded) = &mut *lock(&self.loaded) {
            loaded.keep(name, &answer, &addresses);
        }
        Ok(addresses)
    }

    fn load<'a>(&self, loaded: &'a mut Option<Loaded>) -> Result<&'a mut Loaded, DnsFailure> {
        let now = Instant::now();
        let current = match loaded.take() {
            Some(old) if now.duration_since(old.looked_at) < LOOK => old,
            Some(old) if old.changed_at == SETTINGS.map(changed_at) => Loaded { looked_at: now, ..old },
            old => match (self.read(now)?, old) {
                // The file may be half written: the settings before stay.
                (Loaded { fault: Some(_), .. }, Some(old)) if old.fault.is_none() => old,
                (new, _) => new,
            },
        };
        Ok(loaded.insert(current))
    }

    /// Reads the settings. Without a DNS server, the hosts file still counts.
    fn read(&self, now: Instant) -> Result<Loaded, DnsFailure> {
        let changed_at = SETTINGS.map(changed_at);
        let (servers, options, fault) = match (self.server, read_system_conf()) {
            (Some(server), _) => (vec![at(server)], ResolverOpts::default(), None),
            (None, Ok((config, options))) => (config.into_parts().2, options, None),
            (None, Err(error)) => {
                let fault = DnsFailure(format!("{} names no server that can be asked: {error}", SETTINGS[0]));
                (Vec::new(), ResolverOpts::default(), Some(fault))
            }
        };
        Ok(Loaded { client: client(servers, options)?, fault, kept: HashMap::new(), looked_at: now, changed_at })
    }
}

fn client(servers: Vec<NameServerConfig>, mut options: ResolverOpts) -> Result<TokioResolver, DnsFailure> {
    options.timeout = options.timeout.min(QUERY);
    options.attempts = REPEATS;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.max_active_requests = MAX_QUERIES;
    options.preserve_intermediates = false;
    // Only addresses are kept, by `Loaded`: a whole answer may have 64 KiB.
    options.cache_size = 0;
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
    builder.build().map_err(|error| DnsFailure(error.to_string()))
}

impl Loaded {
    fn keep(&mut self, name: Name, answer: &LookupIp, addresses: &[IpAddr]) {
        let now = Instant::now();
        let until = Instant::from_std(answer.as_lookup().valid_until()).min(now + KEPT);
        if self.kept.len() >= MAX_KEPT {
            self.kept.retain(|_, (until, _)| *until > now);
        }
        if self.kept.len() < MAX_KEPT {
            self.kept.insert(name, (until, addresses.to_vec()));
        }
    }
}

/// Returns the addresses to dial, of each family at most four.
pub(super) fn to_dial(addresses: Vec<IpAddr>) -> std::vec::IntoIter<SocketAddr> {
    let (v4, v6): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv4);
    let dialled = v4.into_iter().take(MAX_DIALLED).chain(v6.into_iter().take(MAX_DIALLED));
    dialled.map(|address| SocketAddr::new(address, 0)).collect::<Vec<_>>().into_iter()
}

fn at(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

fn changed_at(file: impl AsRef<Path>) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|found| found.modified()).ok()
}

fn failure(host: &str, error: &NetError) -> DnsFailure {
    DnsFailure(match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code: ResponseCode::NXDomain, .. })) => {
            format!("there is no {host}")
        }
        NetError::Dns(DnsError::NoRecordsFound(_)) => format!("{host} has no address"),
        NetError::Dns(DnsError::ResponseCode(code)) => format!("the DNS server answered \"{code}\" for {host}"),
        NetError::NoConnections | NetError::Busy => format!("no DNS server could be asked for {host}"),
        other => format!("{host} was not found: {other}"),
    })
}

/// Writes a time as people do: `5 s`, or `0.2 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
