//! The guard on destinations: which URLs and which addresses a client may connect to.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use ipnet::IpNet;
use tower_service::Service;
use url::{Host, Url};

use super::address::is_global;
use super::error::OutboundError;
use super::resolver::{Resolver, to_dial};

/// The ranges that an operator admits besides the internet.
#[derive(Clone, Debug, Default)]
pub struct AllowedRanges {
    /// Blocks that may be connected to although they are not globally reachable.
    pub ranges: Vec<IpNet>,
    /// True if `http://` is taken for addresses in these ranges.
    pub allows_http: bool,
}

impl AllowedRanges {
    fn admit(&self, scheme: Scheme, address: IpAddr) -> bool {
        self.contain(address) || scheme == Scheme::Https && is_global(address)
    }

    fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.ranges.iter().any(|range| range.contains(&address))
    }
}

/// The reason why a URL is refused before anything is sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RefusedUrl {
    #[error("expected a URL such as https://example.com/path")]
    Malformed,
    #[error("expected https://")]
    Scheme,
    #[error("a user name or password does not belong in the URL")]
    UserInfo,
    #[error("a fragment (#…) is never sent")]
    Fragment,
    #[error("expected port 443, or one from 1024")]
    Port,
    #[error("the URL leads to {0}, which is not an address of the internet")]
    Address(IpAddr),
}

/// An answer of DNS with an address that may not be connected to. All of its addresses are refused: another look-up could
/// give another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the host name leads to {0}, which is not an address of the internet")]
pub struct ForbiddenAddress(pub IpAddr);

/// The scheme decides which addresses are admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scheme {
    /// To the internet and the allowed ranges.
    Https,
    /// To the allowed ranges only.
    Http,
}

/// Checks URLs, and resolves host names to addresses that it admits.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    allowed: Arc<AllowedRanges>,
    scheme: Scheme,
    resolver: Resolver,
}

impl Guard {
    pub(super) fn new(allowed: Arc<AllowedRanges>, scheme: Scheme, resolver: Resolver) -> Self {
        Self { allowed, scheme, resolver }
    }

    /// Looks a name up. Returns its addresses if all of them may be connected to.
    pub(super) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, OutboundError> {
        Ok(require_all(&self.allowed, self.scheme, self.resolver.look_up(name).await?)?)
    }
}

/// Parses a URL and checks everything that needs no look-up.
pub(super) fn check_url(text: &str, allowed: &AllowedRanges) -> Result<(Url, Scheme), RefusedUrl> {
    let url = Url::parse(text).map_err(|_| RefusedUrl::Malformed)?;
    let scheme = match url.scheme() {
        "https" => Scheme::Https,
        "http" if allowed.allows_http => Scheme::Http,
        _ => return Err(RefusedUrl::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RefusedUrl::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(RefusedUrl::Fragment);
    }
    if url.port().is_some_and(|port| port < 1024 && !(scheme == Scheme::Https && port == 443)) {
        return Err(RefusedUrl::Port);
    }
    // The connector asks no resolver for an address that stands in the URL.
    let literal: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok((url, scheme)),
        None => return Err(RefusedUrl::Malformed),
    };
    if allowed.admit(scheme, literal) { Ok((url, scheme)) } else { Err(RefusedUrl::Address(literal)) }
}

fn require_all(allowed: &AllowedRanges, scheme: Scheme, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, ForbiddenAddress> {
    match addresses.iter().find(|address| !allowed.admit(scheme, **address)) {
        Some(forbidden) => Err(ForbiddenAddress(*forbidden)),
        None => Ok(addresses),
    }
}

/// The resolver of a connector: the addresses that it returns are those that are dialled.
impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.clone();
        Box::pin(async move { Ok(to_dial(guard.resolve(name.as_str()).await?)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Scheme, RefusedUrl> {
        check_with(text, AllowedRanges::default())
    }

    fn check_with(text: &str, allowed: AllowedRanges) -> Result<Scheme, RefusedUrl> {
        check_url(text, &allowed).map(|(_, scheme)| scheme)
    }

    fn loopback() -> AllowedRanges {
        AllowedRanges { ranges: vec!["127.0.0.0/8".parse().expect("a block")], allows_http: true }
    }

    #[test]
    fn urls_of_the_internet_are_taken() {
        for url in ["https://example.com/hook?a=b", "https://example.com:443", "https://example.com:8443/", "https://8.8.8.8/"] {
            assert_eq!(check(url), Ok(Scheme::Https), "{url}");
        }
    }

    #[test]
    fn urls_are_refused_by_scheme_user_fragment_and_port() {
        use RefusedUrl::{Fragment, Malformed, Port, Scheme, UserInfo};
        let refused = [
            ("example.com", Malformed),
            ("https://", Malformed),
            ("http://example.com/", Scheme),
            ("ftp://example.com/", Scheme),
            ("https://me@example.com/", UserInfo),
            ("https://me:secret@example.com/", UserInfo),
            ("https://example.com/#top", Fragment),
            ("https://example.com:22/", Port),
            ("https://example.com:80/", Port),
        ];
        for (url, error) in refused {
            assert_eq!(check(url), Err(error), "{url}");
        }
    }

    #[test]
    fn every_spelling_of_a_forbidden_address_is_refused() {
        let spellings = [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "127。0。0。1",
        ];
        for host in spellings {
            let checked = check(&format!("https://{host}/"));
            assert!(matches!(checked, Err(RefusedUrl::Address(_))), "{host}: {checked:?}");
        }
    }

    #[test]
    fn allowed_range_admits_its_addresses_and_http_to_them_only() {
        assert_eq!(check_with("http://127.0.0.1:8080/", loopback()), Ok(Scheme::Http));
        assert_eq!(check_with("https://127.0.0.1/", loopback()), Ok(Scheme::Https));
        assert!(check_with("http://8.8.8.8:8080/", loopback()).is_err());
        assert!(check_with("https://10.0.0.1/", loopback()).is_err());
        let https_only = AllowedRanges { allows_http: false, ..loopback() };
        assert_eq!(check_with("http://127.0.0.1:8080/", https_only), Err(RefusedUrl::Scheme));
    }

    #[test]
    fn dns_answer_with_one_forbidden_address_is_refused_whole() {
        let answer = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect();
        let require_all = |answer| require_all(&AllowedRanges::default(), Scheme::Https, answer);
        assert!(require_all(answer(&["8.8.8.8", "2606:4700::1111"])).is_ok());
        let forbidden = require_all(answer(&["8.8.8.8", "10.0.0.1"])).expect_err("forbidden");
        assert_eq!(forbidden, ForbiddenAddress([10, 0, 0, 1].into()));
    }
}
