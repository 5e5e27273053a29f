//! Whom a request comes from: the socket's peer, or, if that is a trusted proxy, the address it vouches for.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The caller's address. `X-Forwarded-For` is read from the right, past trusted proxies only: what stands further
/// left was written by the caller.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|block| block.contains(address));
    let mut client = canonical(peer);
    if !is_trusted(&client) {
        return client;
    }
    let hops =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let hops: Vec<&str> = hops.map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        // Some proxies add the port.
        let with_port = || hop.parse::<SocketAddr>().map(|socket| socket.ip());
        let Ok(address) = hop.parse::<IpAddr>().or_else(|_| with_port()) else { break };
        client = canonical(address);
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// An IPv4-mapped IPv6 address is the IPv4 address (RFC 4291, 2.5.5.2).
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whoever has one IPv6 address has the 64 bits below it as well: where callers are counted, they are one.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header value"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a block")];
        address(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    }

    #[test]
    fn a_trusted_proxy_vouches_for_the_last_address_only() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1", "203.0.113.7, 10.0.0.2"]), "203.0.113.7");
        assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:203.0.113.7"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.7:51234, [::ffff:10.0.0.2]:80"]), "203.0.113.7");
    }

    #[test]
    fn a_header_that_is_no_address_stops_at_the_proxy() {
        assert_eq!(seen("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }
}
