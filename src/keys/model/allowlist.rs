//! Allow-list of client IPs.

use std::net::IpAddr;

use serde::Serialize;

use kit::cidr::{Cidr, NotACidr};

/// CIDR blocks from which a key may be used; an empty list allows any address.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Allowlist(Vec<Cidr>);

impl Allowlist {
    pub const MAX_BLOCKS: usize = 50;

    /// Returns whether the key may be used from `address`, in canonical form. The unspecified address means that the client IP is
    /// unknown: only an empty list admits it, not even `0.0.0.0/0` does.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.0.is_empty() || !address.is_unspecified() && self.0.iter().any(|block| block.contains(&address))
    }

    /// Returns true if the list shuts any address out.
    pub fn is_restrictive(&self) -> bool {
        !self.0.is_empty() && !self.0.iter().any(Cidr::is_everything)
    }

    pub fn blocks(&self) -> &[Cidr] {
        &self.0
    }

    /// Parses CIDR blocks or single addresses. Fails with the first error.
    pub fn parse(texts: &[String]) -> Result<Self, NotACidr> {
        texts.iter().map(|text| text.parse::<Cidr>()).collect::<Result<Vec<_>, _>>().map(Self::new)
    }

    /// Reads the blocks of a row, which an earlier version may have written.
    pub fn from_stored(texts: &[String]) -> Option<Self> {
        texts.iter().map(|text| Cidr::from_stored(text)).collect::<Option<Vec<_>>>().map(Self::new)
    }

    fn new(mut blocks: Vec<Cidr>) -> Self {
        blocks.sort_unstable();
        blocks.dedup();
        Self(blocks)
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
        fn block_admits_exactly_the_addresses_with_its_prefix(address: std::net::Ipv4Addr, other: std::net::Ipv4Addr, length in 0..32_u32) {
            let network = u32::from(address).checked_shr(32 - length).map_or(0, |bits| bits << (32 - length));
            let parsed = Allowlist::parse(&[format!("{}/{length}", std::net::Ipv4Addr::from(network))]);
            prop_assume!(parsed.is_ok(), "a multicast address");
            let list = parsed.expect("blocks");
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
        let everywhere = list(&["0.0.0.0/0", "::/0"]);
        for unknown in ["0.0.0.0", "::"] {
            let unknown = unknown.parse().expect("an address");
            assert!(!everywhere.admits(unknown));
            assert!(Allowlist::default().admits(unknown));
        }
        assert!(everywhere.admits([0, 0, 0, 1].into()));
    }

    #[test]
    fn ipv4_mapped_block_becomes_the_ipv4_block() {
        assert_eq!(list(&["::ffff:203.0.113.0/120", "203.0.113.9/24"]), list(&["203.0.113.0/24"]));
        assert!(list(&["::ffff:203.0.113.0/120"]).admits([203, 0, 113, 9].into()));
    }

    #[test]
    fn stored_block_that_is_refused_now_admits_nobody() {
        let stored = ["::fffe:0:0/95".to_owned()];
        assert!(Allowlist::parse(&stored).is_err());
        let list = Allowlist::from_stored(&stored).expect("a block");
        assert!(!list.admits([203, 0, 113, 9].into()));
        assert!(Allowlist::from_stored(&["nowhere".to_owned()]).is_none());
    }
}
