//! CIDR blocks of client addresses: the only parser of them, for allow-lists and for trusted proxies.
//!
//! A request's address is compared in canonical form, where an IPv4-mapped IPv6 address is the IPv4 address. So a block is
//! canonical as well, and one that no client address can be in is refused with the block that was probably meant.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Serialize;

/// A block of addresses, without host bits, that a client can be in. A single address is a block of one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Cidr(IpNet);

/// The reason why a text is not a block, with the block to write instead if the text suggests one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotACidr {
    #[error("expected an address or a CIDR block such as 203.0.113.0/24 or 2001:db8::/32")]
    Malformed,
    #[error("{reason}; write {instead}")]
    Misleading { reason: &'static str, instead: String },
    #[error("{0}")]
    Unreachable(&'static str),
}

const ANY_V4: &str = "0.0.0.0/0 for every IPv4 address";

impl Cidr {
    /// Returns whether `address`, in canonical form, is in the block.
    pub fn contains(&self, address: &IpAddr) -> bool {
        self.0.contains(address)
    }

    /// Returns true for the block of all addresses of a family.
    pub fn is_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }

    /// Reads a block that was stored by any version. Earlier versions stored blocks that are refused now: they still match no
    /// address.
    pub fn from_stored(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse::<IpNet>().ok().map(|net| Self(net.trunc())))
    }
}

impl From<Cidr> for IpNet {
    fn from(block: Cidr) -> Self {
        block.0
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cidr {
    type Err = NotACidr;
    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let text = text.trim();
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address = address_of(address, length)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(bits), |length| length_of(length, address, bits))?;
        match address {
            IpAddr::V4(address) => v4_block(address, length),
            IpAddr::V6(address) => v6_block(address, length, text.contains('.')),
        }
    }
}

fn misleading(reason: &'static str, instead: impl fmt::Display) -> NotACidr {
    NotACidr::Misleading { reason, instead: instead.to_string() }
}

/// Parses the address of a block of this length.
fn address_of(text: &str, length: Option<&str>) -> Result<IpAddr, NotACidr> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let with_length = |address: &str| length.map_or_else(|| address.to_owned(), |length| format!("{address}/{length}"));
    let without_zone = text.split_once('%').map(|(address, _zone)| address);
    if let Some(address) = without_zone.filter(|address| address.parse::<Ipv6Addr>().is_ok()) {
        return Err(misleading("a zone is local to one machine", with_length(address)));
    }
    let in_brackets = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(address) = in_brackets.filter(|address| address.parse::<Ipv6Addr>().is_ok()) {
        return Err(misleading("brackets belong to URLs", with_length(address)));
    }
    // Some programs read a number with a leading zero as octal.
    let decimal = text.split('.').map(|part| part.parse::<u8>().ok().map(|number| number.to_string()));
    let decimal = decimal.collect::<Option<Vec<_>>>().filter(|parts| parts.len() == 4 && !text.contains('+'));
    Err(decimal.map_or(NotACidr::Malformed, |parts| {
        misleading("numbers with leading zeros are ambiguous", with_length(&parts.join(".")))
    }))
}

/// Parses the length of a block whose addresses have `bits` bits.
fn length_of(text: &str, address: IpAddr, bits: u8) -> Result<u8, NotACidr> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && text.len() > 1 && text.starts_with('0') {
        let length = text.trim_start_matches('0');
        let length = if length.is_empty() { "0" } else { length };
        return Err(misleading("numbers with leading zeros are ambiguous", format_args!("{address}/{length}")));
    }
    match text.parse::<u8>() {
        Ok(length) if is_number && length <= bits => Ok(length),
        _ if is_number && bits == 32 => Err(NotACidr::Unreachable("the length of an IPv4 block is 0 to 32")),
        _ if is_number => Err(NotACidr::Unreachable("the length of an IPv6 block is 0 to 128")),
        _ => Err(text
            .parse::<IpAddr>()
            .ok()
            .and_then(|mask| ipnet::ip_mask_to_prefix(mask).ok())
            .filter(|_| bits == 32)
            .map_or(NotACidr::Malformed, |length| {
                misleading("a block ends with its length in bits", format_args!("{address}/{length}"))
            })),
    }
}

/// Returns the IPv4 block with host bits cleared.
fn v4_block(address: Ipv4Addr, length: u8) -> Result<Cidr, NotACidr> {
    let block = Ipv4Net::new(address, length).map_err(|_| NotACidr::Malformed)?.trunc();
    if length == 0 && !address.is_unspecified() {
        let instead = format!("{address}, or {ANY_V4}");
        return Err(misleading("length 0 leaves nothing of the address", instead));
    }
    if block.addr().is_unspecified() && length == 32 {
        return Err(misleading("no client has the address 0.0.0.0", ANY_V4));
    }
    if block.addr().is_multicast() && length >= 4 || block.addr().is_broadcast() {
        return Err(NotACidr::Unreachable("no client has a multicast or broadcast address"));
    }
    Ok(Cidr(block.into()))
}

/// Returns the IPv6 block with host bits cleared, or the IPv4 block of an IPv4-mapped one. `is_dotted` is true for an address
/// that ends as an IPv4 address does.
fn v6_block(address: Ipv6Addr, length: u8, is_dotted: bool) -> Result<Cidr, NotACidr> {
    let block = Ipv6Net::new(address, length).map_err(|_| NotACidr::Malformed)?.trunc();
    match (address.to_ipv4_mapped(), length.checked_sub(96)) {
        (Some(v4), Some(length)) => return v4_block(v4, length),
        (Some(v4), None) => return Err(short_of_v4("the length of an IPv4-mapped block is 96 to 128", v4, length)),
        (None, _) => {}
    }
    let [.., a, b, c, d] = address.octets();
    let v4 = Ipv4Addr::new(a, b, c, d);
    let is_compatible = address.to_bits() >> 32 == 0 && v4.octets()[0] != 0;
    if is_compatible {
        // IPv4-compatible addresses (RFC 4291, 2.5.5.1) were given up: no client has one.
        let length = length.checked_sub(96).unwrap_or(length);
        return Err(short_of_v4("no client has an IPv4-compatible IPv6 address", v4, length));
    }
    if is_dotted && length <= 32 {
        let instead = format_args!("{address}/{}", length + 96);
        return Err(misleading("the length of an IPv6 block counts all 128 bits", instead));
    }
    if block.addr().is_unspecified() && length == 128 {
        return Err(misleading("no client has the address ::", "::/0 for every IPv6 address"));
    }
    if length == 0 && !address.is_unspecified() {
        let instead = format!("{address}, or ::/0 for every IPv6 address");
        return Err(misleading("length 0 leaves nothing of the address", instead));
    }
    if block.addr().is_multicast() && length >= 8 {
        return Err(NotACidr::Unreachable("no client has a multicast address"));
    }
    // Around the IPv4-mapped addresses nothing is assigned but ::1 and, far away, 64:ff9b::/96 (RFC 6052).
    let covers_mapped = block.contains(&Ipv4Addr::UNSPECIFIED.to_ipv6_mapped());
    if covers_mapped && !block.contains(&Ipv6Addr::LOCALHOST) {
        return Err(misleading("the block is around the IPv4-mapped addresses", ANY_V4));
    }
    Ok(Cidr(block.into()))
}

/// Returns the fault of an IPv4 address written as IPv6 with a length that may have been meant for IPv4.
fn short_of_v4(reason: &'static str, v4: Ipv4Addr, length: u8) -> NotACidr {
    match Ipv4Net::new(v4, length) {
        Ok(block) => misleading(reason, block.trunc()),
        Err(_) if v4.is_unspecified() => misleading(reason, ANY_V4),
        Err(_) => misleading(reason, v4),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        text.parse::<Cidr>().map(|block| block.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_spelling_of_a_block_has_one_canonical_form() {
        for (text, canonical) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            (" 203.0.113.7\t", "203.0.113.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:0db8:0000::0001", "2001:db8::1/128"),
            ("2001:db8::ffff/32", "2001:db8::/32"),
            ("::ffff:127.0.0.0/104", "127.0.0.0/8"),
            ("::FFFF:127.0.0.1", "127.0.0.1/32"),
            ("::ffff:7f00:1/128", "127.0.0.1/32"),
            ("0:0:0:0:0:ffff:203.0.113.0/120", "203.0.113.0/24"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
            ("::1", "::1/128"),
            ("::/64", "::/64"),
            ("::1/10", "::/10"),
            ("64:ff9b::203.0.113.0/120", "64:ff9b::cb00:7100/120"),
            ("2001:db8::203.0.113.1/64", "2001:db8::/64"),
            ("fe80::/10", "fe80::/10"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn misleading_block_is_refused_with_the_block_to_write() {
        for (text, instead) in [
            ("::ffff:203.0.113.0/24", "203.0.113.0/24"),
            ("::ffff:cb00:7100/24", "203.0.113.0/24"),
            ("::ffff:203.0.113.7/95", "203.0.113.7"),
            ("::ffff:203.0.113.7/0", "0.0.0.0/0"),
            ("::ffff:0:0/95", "0.0.0.0/0 for every IPv4 address"),
            ("::fffe:0:0/95", "0.0.0.0/0 for every IPv4 address"),
            ("::ffff:203.0.113.7/96", "203.0.113.7, or 0.0.0.0/0 for every IPv4 address"),
            ("::203.0.113.0/120", "203.0.113.0/24"),
            ("::203.0.113.0/24", "203.0.113.0/24"),
            ("::203.0.113.7", "203.0.113.7/32"),
            ("64:ff9b::203.0.113.0/24", "64:ff9b::cb00:7100/120"),
            ("203.0.113.7/0", "203.0.113.7, or 0.0.0.0/0 for every IPv4 address"),
            ("2001:db8::1/0", "2001:db8::1, or ::/0 for every IPv6 address"),
            ("0.0.0.0", "0.0.0.0/0 for every IPv4 address"),
            ("::", "::/0 for every IPv6 address"),
            ("fe80::1%eth0", "fe80::1"),
            ("fe80::%2/64", "fe80::/64"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("010.0.0.1", "10.0.0.1"),
            ("203.0.113.007/24", "203.0.113.7/24"),
            ("10.0.0.0/08", "10.0.0.0/8"),
            ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.ends_with(&format!("; write {instead}")), "{text}: {said}");
        }
    }

    #[test]
    fn block_that_no_client_can_be_in_is_refused() {
        for text in ["10.0.0.0/33", "2001:db8::/129", "224.0.0.0/4", "239.1.1.1", "255.255.255.255", "ff00::/8", "ff02::1"] {
            assert!(matches!(text.parse::<Cidr>(), Err(NotACidr::Unreachable(_))), "{text}");
        }
        for text in [
            "",
            "/",
            "/24",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "10.1",
            "167772160",
            "0x0a.0.0.0",
            "+10.0.0.1",
            "10.0.0.0 /8",
            "10.0.0.0/ 8",
            "10.0.0.0-10.0.0.9",
            "10.0.0.*",
            "203.0.113.7:80",
            "localhost",
            "１０.0.0.0/8",
            "2001:db8::g/32",
            "2001:db8:::/32",
            "10.0.0.0/0.255.0.255",
            "::ffff:203.0.113.999",
            "fe80::1%",
            "256.0.0.1",
        ] {
            let read = text.parse::<Cidr>();
            let is_refused = read == Err(NotACidr::Malformed) || text == "fe80::1%" && read.is_err();
            assert!(is_refused, "{text}: {read:?}");
        }
    }

    #[test]
    fn stored_block_of_an_earlier_version_is_still_read() {
        for stored in ["::fffe:0:0/95", "::/24", "203.0.113.0/24", "224.0.0.0/4"] {
            assert_eq!(Cidr::from_stored(stored).map(|block| block.to_string()).as_deref(), Some(stored));
        }
        assert_eq!(Cidr::from_stored("nowhere"), None);
    }

    proptest! {
        #[test]
        fn accepted_block_round_trips_and_contains_an_address(text in "[0-9a-f.:/ xA-F%-]{0,60}|\\PC{0,40}") {
            if let Ok(block) = text.parse::<Cidr>() {
                prop_assert_eq!(block.to_string().parse::<Cidr>(), Ok(block));
                prop_assert!(block.contains(&block.0.addr()));
            }
        }

        #[test]
        fn mapped_block_is_the_ipv4_block(address: Ipv4Addr, length in 1..=32_u8) {
            let mapped = format!("{}/{}", address.to_ipv6_mapped(), length + 96);
            prop_assert_eq!(mapped.parse::<Cidr>(), format!("{address}/{length}").parse::<Cidr>());
        }
    }
}
