//! The rules on networks: pure functions of the addresses of a key.
//!
//! A network is a /24 of IPv4 or a /48 of IPv6. Of each address the first and the last use are known, not those between: two
//! networks that both are known for long cannot be known to have been seen in the same hour, and are taken to have been.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::kinds::Unusual;
use super::rules::{SETTLED, days};
use kit::clock::Time;

/// The time between two uses that are at once.
const AT_ONCE: Duration = Duration::from_mins(1);

/// The time of use before which a key may spread over networks.
const FIRST_DAY: Duration = Duration::from_hours(24);

/// New networks that one look compares with the others.
const MAX_COMPARED: usize = 16;

/// The first and the last use from an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct AddressUse {
    pub(super) address: IpAddr,
    pub(super) first: Time,
    pub(super) last: Time,
}

/// The uses from one network that are known.
struct Network {
    first: AddressUse,
    times: Vec<Time>,
}

/// Returns the network of an address.
pub(super) fn network_of(address: IpAddr) -> IpNet {
    let (address, bits) = match address.to_canonical() {
        IpAddr::V4(v4) => (IpAddr::V4(v4), 24),
        IpAddr::V6(v6) => (IpAddr::V6(v6), 48),
    };
    IpNet::new(address, bits).map_or_else(|_| IpNet::from(address), |network| network.trunc())
}

/// Returns what is unusual about networks that are new since `since`, with the time of the first use; `None` if no network is new.
pub(super) fn unusual_networks(uses: &[AddressUse], since: Time) -> Option<Vec<(Time, Unusual)>> {
    let mut networks: BTreeMap<IpNet, Network> = BTreeMap::new();
    for used in uses {
        let network = networks.entry(network_of(used.address)).or_insert_with(|| Network { first: *used, times: Vec::new() });
        network.times.extend([used.first, used.last]);
        if used.first < network.first.first {
            network.first = *used;
        }
    }
    let first_use = networks.values().map(|network| network.first.first).min()?;
    let mut new: Vec<(IpNet, AddressUse)> = networks
        .iter()
        .map(|(network, used)| (*network, used.first))
        .filter(|(_, used)| used.first >= since && used.first > first_use)
        .collect();
    if new.is_empty() {
        return None;
    }
    new.sort_by_key(|(network, used)| (used.first, *network));
    let settled = new.iter().find(|(_, used)| used.first.since(first_use) >= SETTLED);
    let new_network = settled.map(|(network, used)| {
        let known = networks.values().filter(|other| other.first.first < used.first).count();
        let unusual = Unusual::NewNetwork {
            network: network.to_string(),
            address: used.address.to_string(),
            known_networks: known as u64,
            days_in_use: days(used.first.since(first_use)),
        };
        (used.first, unusual)
    });
    let mut compared = new.iter().filter(|(_, used)| used.first.since(first_use) >= FIRST_DAY).take(MAX_COMPARED);
    let two_places = compared.find_map(|(network, used)| Some((used.first, two_places(*network, &networks)?)));
    Some(new_network.into_iter().chain(two_places).collect())
}

/// Returns the other network that was used within a minute of a use from `network`.
fn two_places(network: IpNet, networks: &BTreeMap<IpNet, Network>) -> Option<Unusual> {
    let of = |other: &Network| other.times.clone();
    let here = networks.get(&network).map(of)?;
    let others = networks.iter().filter(|(other, _)| **other != network);
    let (gap, other) = others.filter_map(|(other, used)| Some((shortest(&here, &used.times)?, *other))).min()?;
    (gap <= AT_ONCE)
        .then(|| Unusual::TwoPlaces { networks: [other.to_string(), network.to_string()], seconds: gap.as_secs().max(1) })
}

/// Returns the shortest time between any of `one` and any of `others`.
fn shortest(one: &[Time], others: &[Time]) -> Option<Duration> {
    let gaps = one.iter().flat_map(|one| others.iter().map(move |other| one.since(*other).max(other.since(*one))));
    gaps.min()
}
