//! Addresses of host names, by DNS and the hosts file.
//!
//! The system's resolver is not asked: it holds a thread for each look-up, for as long as DNS is silent. Names are always taken
//! as complete, so that `https://intranet/` never becomes a name in the search domain of this machine.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::future::join;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::parse_resolv_conf;
use tokio::time::{Instant, timeout};

use super::hosts::{Hosts, complete};
use crate::lock::lock;

/// The time for a look-up.
pub const DNS_TIMEOUT: Duration = Duration::from_secs(5);

/// Queries of one look-up for each type of record. As many servers are asked, like glibc does, or fewer servers repeatedly.
const MAX_ATTEMPTS: usize = 3;

/// The share of a look-up's time after which the next server is asked: there is time for all attempts.
const QUERY_SHARE: f64 = 0.3;

/// Addresses of one name that are taken, and those of each family that are dialled: each gets its share of the time.
const MAX_ADDRESSES: usize = 64;
const MAX_DIALLED: usize = 4;

/// Names in the cache, and the longest time for which one stays, whatever its TTL.
const MAX_CACHED: usize = 4_096;
const MAX_TTL: Duration = Duration::from_mins(5);

/// Queries in flight to one DNS server over one TCP connection.
const MAX_QUERIES: usize = 1_000;

/// The time between two checks of whether the system's files have changed.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

/// The reason why a host name has no address now, in one sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("DNS: {0}")]
pub struct DnsFailure(pub(super) String);

/// The files with the system's DNS servers and with names of its own.
#[derive(Clone, Debug)]
pub(super) struct SystemFiles {
    pub(super) resolv_conf: PathBuf,
    pub(super) hosts: PathBuf,
}

impl SystemFiles {
    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.resolv_conf, &self.hosts].map(|file| std::fs::metadata(file).and_then(|found| found.modified()).ok())
    }
}

/// Looks names up. Clones share a cache.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    servers: Vec<SocketAddr>,
    files: SystemFiles,
    limit: Duration,
    cached: Arc<Mutex<Option<Cached>>>,
}

/// The contents of the system's files, and addresses from DNS.
#[derive(Debug)]
struct Cached {
    /// A client of each DNS server, in the order in which they are asked.
    clients: Arc<[TokioResolver]>,
    /// The reason why there is no DNS server.
    fault: Option<DnsFailure>,
    hosts: Hosts,
    addresses: HashMap<Name, (Instant, Vec<IpAddr>)>,
    checked_at: Instant,
    changed_at: [Option<SystemTime>; 2],
}

impl Resolver {
    /// Creates a resolver that asks `servers` in their order, or those of `/etc/resolv.conf` if there are none. The files are read
    /// at the first look-up, and again when they change.
    pub(super) fn new(servers: impl IntoIterator<Item = SocketAddr>, limit: Duration) -> Self {
        let files = SystemFiles { resolv_conf: "/etc/resolv.conf".into(), hosts: "/etc/hosts".into() };
        Self { servers: servers.into_iter().collect(), files, limit, cached: Arc::default() }
    }

    #[cfg(test)]
    pub(super) fn with_files(self, files: SystemFiles) -> Self {
        Self { files, ..self }
    }

    /// Returns all addresses of a name. Those of a name in the hosts file are from this file only.
    pub(super) async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, DnsFailure> {
        let name = complete(host).ok_or_else(|| DnsFailure("the host name is too long, or a part of it is".into()))?;
        let (clients, fault) = {
            let mut cached = lock(&self.cached);
            let cached = self.load(&mut cached, Instant::now())?;
            if let Some(addresses) = cached.hosts.get(&name) {
                return Ok(addresses.to_vec());
            }
            match cached.addresses.get(&name) {
                Some((until, addresses)) if *until > Instant::now() => return Ok(addresses.clone()),
                _ => (Arc::clone(&cached.clients), cached.fault.clone()),
            }
        };
        let silent = || DnsFailure(format!("no answer about {host} within {}", seconds(self.limit)));
        let answers = timeout(self.limit, self.ask_both(&clients, &name)).await.map_err(|_| silent())?;
        let answers = answers.map_err(|error| match (error, fault) {
            (NetError::NoConnections, Some(fault)) => fault,
            (NetError::Timeout, _) => silent(),
            (error, _) => failure(host, &error),
        })?;
        let records = answers.iter().flat_map(Lookup::answers);
        let addresses: Vec<IpAddr> = records.filter_map(|record| record.data.ip_addr()).take(MAX_ADDRESSES + 1).collect();
        match addresses.len() {
            0 => return Err(DnsFailure(format!("{host} has no address"))),
            1..=MAX_ADDRESSES => {}
            _ => return Err(DnsFailure(format!("{host} has more than {MAX_ADDRESSES} addresses"))),
        }
        if let Some(cached) = &mut *lock(&self.cached) {
            cached.insert(name, &answers, &addresses);
        }
        Ok(addresses)
    }

    /// Asks for IPv4 and IPv6 addresses at the same time. Returns the answers, of which one is enough.
    async fn ask_both(&self, clients: &[TokioResolver], name: &Name) -> Result<Vec<Lookup>, NetError> {
        match join(self.ask(clients, name, RecordType::A), self.ask(clients, name, RecordType::AAAA)).await {
            (Ok(v4), Ok(v6)) => Ok(vec![v4, v6]),
            (Ok(answer), Err(_)) | (Err(_), Ok(answer)) => Ok(vec![answer]),
            (Err(v4), Err(v6)) => Err(if is_final(&v4) { v6 } else { v4 }),
        }
    }

    /// Asks one server after the other, until one says which records there are, or that there are none.
    async fn ask(&self, clients: &[TokioResolver], name: &Name, records: RecordType) -> Result<Lookup, NetError> {
        let mut failed = NetError::NoConnections;
        for client in clients.iter().cycle().take(MAX_ATTEMPTS.max(clients.len())) {
            let answer = timeout(self.query_limit(), client.lookup(name.clone(), records)).await;
            match answer.unwrap_or(Err(NetError::Timeout)) {
                Err(error) if !is_final(&error) => {
                    // An answer says more than silence.
                    if matches!(failed, NetError::NoConnections | NetError::Timeout) {
                        failed = error;
                    }
                }
                answer => return answer,
            }
        }
        Err(failed)
    }

    fn query_limit(&self) -> Duration {
        self.limit.mul_f64(QUERY_SHARE)
    }

    fn load<'a>(&self, cached: &'a mut Option<Cached>, now: Instant) -> Result<&'a mut Cached, DnsFailure> {
        let current = match cached.take() {
            Some(old) if now.duration_since(old.checked_at) < RELOAD_INTERVAL => old,
            Some(old) if old.changed_at == self.files.changed_at() => Cached { checked_at: now, ..old },
            old => match (self.read(now)?, old) {
                // The file may be half written: the servers from before are asked until it can be read.
                (Cached { fault: Some(fault), hosts, .. }, Some(old)) if old.fault.is_none() => {
                    tracing::warn!(%fault, "DNS servers not reloaded, keeping the previous ones");
                    Cached { checked_at: now, hosts, ..old }
                }
                (new, _) => new,
            },
        };
        Ok(cached.insert(current))
    }

    /// Reads the files. Without a DNS server, the hosts file still counts.
    fn read(&self, now: Instant) -> Result<Cached, DnsFailure> {
        let changed_at = self.files.changed_at();
        let (servers, options, fault) = if self.servers.is_empty() {
            match configured(&self.files.resolv_conf) {
                Ok((servers, options)) => (servers, options, None),
                Err(fault) => (Vec::new(), ResolverOpts::default(), Some(fault)),
            }
        } else {
            (self.servers.iter().copied().map(at).collect(), ResolverOpts::default(), None)
        };
        let client = |servers| client(servers, options.clone(), self.query_limit());
        let clients = if servers.is_empty() {
            // It still knows `localhost`.
            vec![client(Vec::new())?]
        } else {
            servers.into_iter().take(MAX_ATTEMPTS).map(|server| client(vec![server])).collect::<Result<_, _>>()?
        };
        let hosts = Hosts::read(&self.files.hosts);
        Ok(Cached { clients: clients.into(), fault, hosts, addresses: HashMap::new(), checked_at: now, changed_at })
    }
}

/// Reads the DNS servers from `resolv.conf`.
fn configured(file: &Path) -> Result<(Vec<NameServerConfig>, ResolverOpts), DnsFailure> {
    let fault =
        |reason: &dyn std::fmt::Display| DnsFailure(format!("{} names no server that can be asked: {reason}", file.display()));
    let text = std::fs::read(file).map_err(|error| fault(&error))?;
    let (config, options) = parse_resolv_conf(text).map_err(|error| fault(&error))?;
    let mut servers = config.into_parts().2;
    servers.retain(|server| {
        let is_usable = !matches!(server.ip, IpAddr::V6(address) if address.is_unicast_link_local());
        if !is_usable {
            tracing::warn!(server = %server.ip, "DNS server skipped: link-local addresses are not supported");
        }
        is_usable
    });
    if servers.is_empty() { Err(fault(&"link-local addresses are not supported")) } else { Ok((servers, options)) }
}

/// Returns a client of these servers that sends each query to one of them once, and again only if the packet seems lost.
fn client(servers: Vec<NameServerConfig>, mut options: ResolverOpts, query_limit: Duration) -> Result<TokioResolver, DnsFailure> {
    options.timeout = options.timeout.max(Duration::from_secs(1)).min(query_limit);
    options.attempts = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.max_active_requests = MAX_QUERIES;
    options.preserve_intermediates = false;
    // Only addresses are kept, by `Cached`: a whole answer may have 64 KiB.
    options.cache_size = 0;
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
    builder.build().map_err(|error| DnsFailure(error.to_string()))
}

/// Returns whether no other server is asked: the name does not exist, or has no such records.
const fn is_final(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(_)))
}

impl Cached {
    fn insert(&mut self, name: Name, answers: &[Lookup], addresses: &[IpAddr]) {
        let now = Instant::now();
        let ends = answers.iter().map(|answer| Instant::from_std(answer.valid_until()));
        let until = ends.fold(now + MAX_TTL, Instant::min);
        if self.addresses.len() >= MAX_CACHED {
            self.addresses.retain(|_, (until, _)| *until > now);
        }
        if self.addresses.len() < MAX_CACHED {
            self.addresses.insert(name, (until, addresses.to_vec()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn failed_reload_is_repeated_after_the_interval_only() {
        let directory = tempfile::tempdir().expect("a directory");
        let [resolv_conf, hosts] = ["resolv.conf", "hosts"].map(|name| directory.path().join(name));
        std::fs::write(&resolv_conf, "nameserver fe80::1%eth0\nnameserver 192.0.2.1\n").expect("written");
        let resolver = Resolver::new([], DNS_TIMEOUT).with_files(SystemFiles { resolv_conf: resolv_conf.clone(), hosts });
        let mut cached = None;
        let now = Instant::now();
        let loaded = resolver.load(&mut cached, now).expect("loaded");
        assert_eq!((loaded.clients.len(), &loaded.fault), (1, &None), "a link-local server is skipped");
        std::fs::remove_file(&resolv_conf).expect("removed");
        let later = now + RELOAD_INTERVAL;
        let kept = resolver.load(&mut cached, later).expect("loaded");
        assert_eq!((kept.clients.len(), &kept.fault, kept.checked_at), (1, &None, later));
    }
}
