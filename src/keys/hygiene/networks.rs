//! Networks that keys are used from, as blocks for an allow-list.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::keys::model::KeyId;
use crate::keys::tables::address::{Column, Entity};
use kit::clock::Time;
use kit::db::{DbResult, Source, find_tuples};

/// The time in which the networks of a key are counted. A key without a use in it is dormant.
pub(in crate::keys) const PERIOD: Duration = Duration::from_hours(14 * 24);

/// The largest number of networks that an allow-list is proposed for.
pub(super) const MAX: usize = 4;

/// The networks that a key was used from: /24 of IPv4, /48 of IPv6.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Returns the blocks, one a line.
    pub fn lines(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blocks: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        match blocks.split_last() {
            None => Ok(()),
            Some((only, [])) => f.write_str(only),
            Some((last, others)) => write!(f, "{} and {last}", others.join(", ")),
        }
    }
}

/// Uses of a key by network.
#[derive(Clone, Debug, Default)]
pub(super) struct NetworkUses(BTreeMap<IpNet, Time>);

impl NetworkUses {
    fn add(&mut self, network: IpNet, last: Time) {
        let known = self.0.entry(network).or_insert(last);
        *known = last.max(*known);
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn networks(&self) -> Networks {
        Networks(self.0.keys().copied().collect())
    }

    /// Returns the time at which at most [`MAX`] networks are left, if there is no further use.
    pub(super) fn few_from(&self) -> Option<Time> {
        let mut uses: Vec<Time> = self.0.values().copied().collect();
        uses.sort_unstable_by(|one, other| other.cmp(one));
        uses.get(MAX).map(|last| last.after(PERIOD))
    }
}

/// Returns the networks of each key within [`PERIOD`] before `now`.
pub(super) async fn recent(db: &impl Source, keys: Vec<KeyId>, now: Time) -> DbResult<HashMap<KeyId, NetworkUses>> {
    let rows = Entity::find().select_only().columns([Column::KeyId, Column::Ip, Column::LastUsedAt]);
    let rows = rows.filter(Column::KeyId.is_in(keys)).filter(Column::LastUsedAt.gt(now.before(PERIOD)));
    let mut of_keys: HashMap<KeyId, NetworkUses> = HashMap::new();
    for (key, stored, last) in find_tuples::<_, (KeyId, String, Time)>(db, rows).await? {
        if let Some(network) = block_of(&stored) {
            of_keys.entry(key).or_default().add(network, last);
        }
    }
    Ok(of_keys)
}

/// Returns the block of a stored address or network: its /24 or /48.
fn block_of(stored: &str) -> Option<IpNet> {
    let address = stored.split('/').next()?.parse::<IpAddr>().ok().filter(|address| !address.is_unspecified())?;
    IpNet::new(address, if address.is_ipv4() { 24 } else { 48 }).ok().map(|block| block.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(days_ago: &[u64], now: Time) -> NetworkUses {
        let mut uses = NetworkUses::default();
        for (number, days) in days_ago.iter().enumerate() {
            let block = block_of(&format!("198.51.{number}.7")).expect("a block");
            uses.add(block, now.before(Duration::from_hours(24 * days)));
        }
        uses
    }

    #[test]
    fn addresses_are_counted_by_their_network() {
        let block = |stored| block_of(stored).map(|block| block.to_string());
        assert_eq!(block("203.0.113.7").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(block("2001:db8:1:2::/64").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(block("2001:db8:1:2::7").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!((block("0.0.0.0"), block("nonsense")), (None, None));
    }

    #[test]
    fn fifth_network_defers_the_proposal_until_it_is_forgotten() {
        let now = Time::FIRST.after(Duration::from_hours(500_000));
        assert_eq!(uses(&[1, 2, 3, 4], now).few_from(), None);
        let of_five = uses(&[1, 9, 3, 4, 5], now);
        assert_eq!(of_five.few_from(), Some(now.after(Duration::from_hours(24 * 5))));
        assert_eq!(uses(&[1, 2], now).networks().to_string(), "198.51.0.0/24 and 198.51.1.0/24");
    }
}
