//! Whom a request comes from: the socket's peer, or, if that is a trusted proxy, the address it vouches for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;

use crate::cidr::Cidr;

/// The placeholder for an unknown client address: the unspecified address, which no client has.
pub const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The caller's address. `X-Forwarded-For` is read from the right, past trusted proxies only: what stands further
/// left was written by the caller, and need not even be text. A trusted proxy that names no client calls for
/// itself; if what it wrote is no address, the caller is [`UNKNOWN`], so that it is not taken for the proxy.
pub fn of_request(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|block| block.contains(address));
    let mut client = canonical(peer);
    if !is_trusted(&client) {
        return client;
    }
    let values = headers.get_all("x-forwarded-for").iter();
    let hops: Vec<&[u8]> =
        values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    if hops.iter().all(|hop| hop.is_empty()) {
        return client;
    }
    for hop in hops.into_iter().rev() {
        let Some(address) = read(hop) else { return UNKNOWN };
        client = canonical(address);
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// An address, with the port that some proxies add, or the brackets.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?;
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse().ok().or_else(bracketed).or_else(with_port)
}

/// An IPv4-mapped IPv6 address is the IPv4 address (RFC 4291, 2.5.5.2).
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Returns the network that counts as one client: the address itself for IPv4, its /64 for IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            // Latin-1, so that a test can write every byte.
            let bytes: Vec<u8> = value.chars().map(|letter| u8::try_from(letter).expect("a byte")).collect();
            headers.append("x-forwarded-for", HeaderValue::from_bytes(&bytes).expect("a header value"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a block")];
        of_request(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn an_outsider_cannot_choose_its_address() {
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
    fn an_address_may_stand_in_brackets_and_with_a_port() {
        for hop in ["2001:db8::9", "[2001:db8::9]", "[2001:db8::9]:443", " 2001:db8::9\t"] {
            assert_eq!(seen("10.0.0.1", &[hop]), "2001:db8::9", "{hop}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_hide_what_the_proxy_wrote() {
        assert_eq!(seen("10.0.0.1", &["\u{e9}, 198.51.100.9"]), "198.51.100.9");
        assert_eq!(seen("10.0.0.1", &["\u{e9}", "198.51.100.9, 10.0.0.2"]), "198.51.100.9");
    }

    #[test]
    fn who_is_forwarded_for_under_no_address_is_unknown() {
        for hop in ["unknown", "\u{e9}", "203.0.113.7, ", "\"203.0.113.7\"", "[203.0.113.7]", "203.0.113.7, x, 10.0.0.2", "::"] {
            assert!(seen("10.0.0.1", &[hop]).parse::<IpAddr>().expect("an address").is_unspecified(), "{hop}");
        }
    }

    #[test]
    fn proxy_that_names_no_client_counts_as_the_client() {
        for empty in [&[][..], &[""], &["", " , "]] {
            assert_eq!(seen("10.0.0.1", empty), "10.0.0.1");
        }
    }
}
