//! [`Sampling`]: the limits of the refusals that are kept, so that an attacker fills neither memory nor disk.

use std::net::IpAddr;
use std::time::Duration;

use crate::keys::KeyId;
use crate::workspaces::WorkspaceId;
use kit::http::client_ip;
use kit::limit::{Gcra, Limits, Rate, WhenFull};

const fn an_hour(requests: u32) -> Rate {
    Rate { requests, per: Duration::from_hours(1) }
}

/// Refusals of one key: 120 at once, then two a minute; about 20,000 rows in seven days.
const KEY: Rate = an_hour(120);

/// Refusals of all keys of a workspace; about 100,000 rows in seven days.
const WORKSPACE: Rate = an_hour(600);

/// Requests without a known key from one client network.
const NETWORK: Rate = an_hour(60);

/// Requests without a known key, of all clients together.
const UNIDENTIFIED: Rate = an_hour(600);

/// Refusals of all workspaces on one node; about a million rows in seven days.
const NODE: Rate = an_hour(6_000);

/// Keys, workspaces and networks with a limit of their own. While all are in use, further keys share the limit of their workspace,
/// further workspaces that of the node, and requests of further networks are not kept.
const MAX_LIMITS: usize = 10_000;

/// Decides which refusals are kept.
#[derive(Debug)]
pub(super) struct Sampling {
    keys: Limits<KeyId>,
    workspaces: Limits<WorkspaceId>,
    networks: Limits<IpAddr>,
    unidentified: Gcra,
    node: Gcra,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            keys: Limits::with_policy(KEY, MAX_LIMITS, WhenFull::Admit),
            workspaces: Limits::with_policy(WORKSPACE, MAX_LIMITS, WhenFull::Admit),
            networks: Limits::new(NETWORK, MAX_LIMITS),
            unidentified: Gcra::default(),
            node: Gcra::default(),
        }
    }
}

impl Sampling {
    /// Returns whether a refusal of this key is kept.
    pub(super) fn admits_key(&self, key: KeyId, workspace: WorkspaceId, ticks: Duration) -> bool {
        self.keys.try_acquire(key, ticks).is_ok()
            && self.workspaces.try_acquire(workspace, ticks).is_ok()
            && self.node.try_acquire(NODE, ticks).is_ok()
    }

    /// Returns whether a refusal of a request without a known key is kept.
    pub(super) fn admits_unidentified(&self, address: IpAddr, ticks: Duration) -> bool {
        self.networks.try_acquire(client_ip::network(address), ticks).is_ok()
            && self.unidentified.try_acquire(UNIDENTIFIED, ticks).is_ok()
            && self.node.try_acquire(NODE, ticks).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use kit::clock::Time;
    use kit::random::Random;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_000_000);

    fn ids() -> (Time, Random) {
        ("2026-11-23T09:30:00Z".parse().expect("a time"), Random::seeded(7))
    }

    #[test]
    fn one_key_under_attack_leaves_room_for_the_others_of_its_workspace() {
        let ((now, random), sampling) = (ids(), Sampling::default());
        let workspace = WorkspaceId::new(now, &random);
        let [attacked, other] = [(); 2].map(|()| KeyId::new(now, &random));
        let kept = |key, ticks| (0..10_000).filter(|_| sampling.admits_key(key, workspace, ticks)).count();
        assert_eq!([kept(attacked, NOW), kept(other, NOW)], [120, 120]);
        assert_eq!(kept(attacked, NOW + Duration::from_mins(1)), 2);
    }

    #[test]
    fn one_workspace_under_attack_leaves_room_for_others() {
        let ((now, random), sampling) = (ids(), Sampling::default());
        let kept = |workspace| {
            let keys = (0..12_000).map(|_| KeyId::new(now, &random));
            keys.filter(|key| sampling.admits_key(*key, workspace, NOW)).count()
        };
        let [attacked, other] = [(); 2].map(|()| WorkspaceId::new(now, &random));
        assert_eq!([kept(attacked), kept(other)], [600, 600]);
    }

    #[test]
    fn unidentified_requests_are_limited_by_network_and_together() {
        let sampling = Sampling::default();
        let kept = |addresses: &mut dyn Iterator<Item = IpAddr>| {
            addresses.filter(|address| sampling.admits_unidentified(*address, NOW)).count()
        };
        assert_eq!(kept(&mut std::iter::repeat_n([203, 0, 113, 7].into(), 1_000)), 60);
        assert_eq!(kept(&mut (0..5_000_u32).map(|number| number.to_be_bytes().into())), 540);
    }
}
