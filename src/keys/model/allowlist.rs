//! Allow-list of client IPs.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

/// CIDR blocks from which a key may be used; an empty list allows any address.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Allowlist(Vec<IpNet>);

impl Allowlist {
    pub const MAX_BLOCKS: usize = 50;

    /// Returns whether the key may be used from `address`, in canonical form. The unspecified address means that the client IP is
    /// unknown: only an empty list admits it, not even `0.0.0.0/0` does.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.0.is_empty() || !address.is_unspecified() && self.0.iter().any(|block| block.contains(&address))
    }

    pub fn blocks(&self) -> &[IpNet] {
        &self.0
    }

    /// Parses CIDR blocks or single addresses, and clears the host bits of blocks. Fails with the position and text of the first
    /// invalid one.
    pub fn parse(texts: &[String]) -> Result<Self, (usize, String)> {
        let blocks = texts.iter().enumerate().map(|(at, text)| block(text.trim()).ok_or_else(|| (at, text.clone())));
        let mut blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        blocks.sort_unstable();
        blocks.dedup();
        Ok(Self(blocks))
    }
}

/// Parses a block or a single address. An IPv4-mapped IPv6 block becomes the IPv4 block.
fn block(text: &str) -> Option<IpNet> {
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    let mapped = match parsed {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => v6.addr().to_ipv4_mapped().map(|v4| (v4, v6.prefix_len() - 96)),
        _ => None,
    };
    match mapped {
        Some((v4, length)) => ipnet::Ipv4Net::new(v4, length).ok().map(|block| IpNet::V4(block).trunc()),
        None => Some(parsed.trunc()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(texts: &[&str]) -> Allowlist {
        Allowlist::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).expect("blocks")
    }

    proptest! {
        #[test]
        fn parsed_text_round_trips(text in "[0-9a-f.:/ xA-F%-]{0,60}|\\PC{0,40}") {
            if let Ok(list) = Allowlist::parse(&[text]) {
                let again: Vec<String> = list.blocks().iter().map(ToString::to_string).collect();
                prop_assert_eq!(Allowlist::parse(&again), Ok(list));
            }
        }

        #[test]
        fn block_admits_exactly_the_addresses_with_its_prefix(address: std::net::Ipv4Addr, other: std::net::Ipv4Addr, length in 0..=32_u32) {
            let list = list(&[&format!("{address}/{length}")]);
            let shares = (u32::from(address) ^ u32::from(other)).leading_zeros() >= length;
            prop_assert_eq!(list.admits(other.into()), shares && !other.is_unspecified());
        }
    }

    #[test]
    fn allowlist_admits_only_its_blocks() {
        let blocks = list(&["203.0.113.7/24", "2001:db8::1"]);
        assert!(blocks.admits([203, 0, 113, 250].into()));
        assert!(blocks.admits("2001:db8::1".parse().expect("an address")));
        assert!(!blocks.admits([203, 0, 114, 1].into()));
        assert!(Allowlist::default().admits([198, 51, 100, 1].into()));
    }

    #[test]
    fn no_block_admits_an_unknown_address() {
        let everywhere = list(&["0.0.0.0/0", "::/0", "0.0.0.0", "::"]);
        for unknown in ["0.0.0.0", "::"] {
            let unknown = unknown.parse().expect("an address");
            assert!(!everywhere.admits(unknown));
            assert!(Allowlist::default().admits(unknown));
        }
        assert!(everywhere.admits([0, 0, 0, 1].into()));
    }

    #[test]
    fn ipv4_mapped_block_becomes_the_ipv4_block() {
        assert_eq!(list(&["::ffff:203.0.113.0/120"]), list(&["203.0.113.0/24"]));
        assert!(list(&["::ffff:203.0.113.0/120"]).admits([203, 0, 113, 9].into()));
    }

    #[test]
    fn invalid_block_is_named_by_position_and_text() {
        let texts = ["10.0.0.0/8".to_owned(), "10.0.0.0/33".to_owned()];
        assert_eq!(Allowlist::parse(&texts), Err((1, "10.0.0.0/33".to_owned())));
    }
}
