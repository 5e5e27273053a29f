//! A look-up of the host name in a URL, when the URL is entered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::error::OutboundError;
use super::guard::{AllowedRanges, Guard, check_url};
use super::resolver::Resolver;

/// The outcome of a look-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// The URL has an address, or its host name leads to addresses, that may be connected to.
    Found,
    /// The host name leads to no address now, or DNS did not answer in time.
    Nothing,
}

/// Checks a URL, and the addresses that its host name leads to now, by `server` or the DNS servers of this machine. A connection
/// checks both again. Nothing is remembered, so that an entry in DNS that was just corrected is seen.
pub async fn look_up(
    url: &str,
    allowed: &AllowedRanges,
    server: Option<SocketAddr>,
    limit: Duration,
) -> Result<Lookup, OutboundError> {
    let (url, scheme) = check_url(url, allowed)?;
    // An address in the URL was checked with it.
    let Some(name) = url.domain() else { return Ok(Lookup::Found) };
    match Guard::new(Arc::new(allowed.clone()), scheme, Resolver::new(server, limit)).resolve(name).await {
        Ok(_) => Ok(Lookup::Found),
        Err(OutboundError::Dns(_)) => Ok(Lookup::Nothing),
        Err(refused) => Err(refused),
    }
}

#[cfg(test)]
mod tests {
    use testkit::{DnsReply, DnsServer};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn names_of_this_machine_are_refused_and_unknown_ones_are_not() {
        let (internet, dns) = (AllowedRanges::default(), DnsServer::start(DnsReply::Code(3)));
        let look_up = async |url, allowed: &AllowedRanges| look_up(url, allowed, Some(dns.address()), LIMIT).await;
        let refused = look_up("https://localhost/", &internet).await.expect_err("refused");
        assert!(matches!(refused, OutboundError::Address(_)), "{refused:?}");
        let loopback = ["127.0.0.0/8", "::1/128"].map(|block| block.parse().expect("a block"));
        let allowed = AllowedRanges { ranges: loopback.to_vec(), allows_http: false };
        assert_eq!(look_up("https://localhost/", &allowed).await.expect("taken"), Lookup::Found);
        assert_eq!(look_up("https://receiver.invalid/", &internet).await.expect("taken"), Lookup::Nothing);
        assert_eq!(look_up("https://8.8.8.8/", &internet).await.expect("taken"), Lookup::Found);
        assert!(matches!(look_up("https://10.0.0.1/", &internet).await, Err(OutboundError::Url(_))));
        assert!(dns.questions().is_empty(), "{:?}", dns.questions());
    }
}
