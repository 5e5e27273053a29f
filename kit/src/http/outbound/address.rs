//! Globally reachable addresses, by IANA's special-purpose registries for IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// IPv4 blocks that are not globally reachable.
const FORBIDDEN_V4: &[Ipv4Net] = &[
    Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8),           // this network
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10),   // shared by carriers
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local: metadata of cloud machines, too
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    Ipv4Net::new_assert(Ipv4Addr::new(192, 88, 99, 0), 24),  // relays of 6to4, deprecated
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarking
    Ipv4Net::new_assert(Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    Ipv4Net::new_assert(Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and the limited broadcast
];

/// The block of IPv6 that is assigned to global unicast; everything outside it is refused.
const GLOBAL_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks within [`GLOBAL_V6`] that are not globally reachable.
const FORBIDDEN_V6: &[Ipv6Net] = &[
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, benchmarking, ORCHID
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// The well-known prefix of NAT64: the last 32 bits are the IPv4 address that is reached.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Returns whether an address can be reached over the internet. Addresses that embed an IPv4 address are refused, but for
/// those of NAT64, which are judged by that address.
pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !FORBIDDEN_V4.iter().any(|block| block.contains(&v4)),
        IpAddr::V6(v6) if NAT64.contains(&v6) => {
            let [.., a, b, c, d] = v6.octets();
            is_global(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(v6) => GLOBAL_V6.contains(&v6) && !FORBIDDEN_V6.iter().any(|block| block.contains(&v6)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn are_global(addresses: &[&str]) -> Vec<bool> {
        addresses.iter().map(|text| is_global(text.parse().expect("an address"))).collect()
    }

    #[test]
    fn addresses_of_the_internet_are_global() {
        let addresses = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1", "64:ff9b::808:808"];
        assert_eq!(are_global(&addresses), [true; 6]);
    }

    #[test]
    fn first_and_last_addresses_of_special_ipv4_blocks_are_not_global() {
        for block in FORBIDDEN_V4 {
            assert_eq!(block.network(), block.addr(), "without host bits");
            assert!(!is_global(block.network().into()) && !is_global(block.broadcast().into()), "{block}");
        }
    }

    #[test]
    fn special_ipv6_addresses_are_not_global() {
        let addresses = [
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        assert_eq!(are_global(&addresses), [false; 25]);
    }

    proptest! {
        #[test]
        fn nat64_address_is_judged_by_its_ipv4_address(address: Ipv4Addr) {
            let [a, b, c, d] = address.octets();
            let words = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            let translated = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, words[0], words[1]);
            prop_assert_eq!(is_global(translated.into()), is_global(address.into()));
        }
    }
}
