//! A model of how a revocation reaches every node, explored in every order in which its steps can happen.
//!
//! A node's program consists of atomic steps (a statement, a look at the clock), and between any two
//! of them anything else may happen. A node that is paused or cut off is one that takes no step while time goes on. A
//! heartbeat may begin at any time after the last one, or never: a late, repeated or lost notification means no
//! more than that, nor does a timer. A real node loads all keys before it writes its row: that gives no lease, and is
//! left out. So is a database that loses confirmed transactions (see `tests/it/cluster.rs`). Each revision revokes
//! one key. Time is unbounded, as only differences are kept, and all clocks tick alike: the real timeout is a little
//! longer than a lease in case they do not.
//!
//! - `protocol`, `state`  the possible actions, and variants of the protocol that are unsafe
//! - `node`               a node's program, and its effects on memory, lease and row
//! - `properties`         the safety property, and states that must be reachable for it to mean anything

mod node;
mod properties;
mod protocol;
mod state;

use stateright::{Checker, Model};

use crate::properties::{SAFETY, Witnessed};
use crate::protocol::{Protocol, Variant, Waiters};

/// Two nodes revoke two keys, at the same time or one after another, as a command line might as well.
const BOUNDS: Protocol =
    Protocol { variant: Variant::AsBuilt, lease: 2, nodes: 2, revocations: 2, waiters: Waiters::NodesAndOthers };

#[test]
fn no_key_is_accepted_after_its_revocation_returned() {
    assert_safe(BOUNDS, 1_400_000);
}

#[test]
fn third_node_changes_nothing() {
    assert_safe(Protocol { nodes: 3, revocations: 1, waiters: Waiters::Others, ..BOUNDS }, 700_000);
}

#[test]
fn finer_time_steps_change_nothing() {
    assert_safe(Protocol { lease: 3, revocations: 1, ..BOUNDS }, 190_000);
}

#[test]
fn model_reaches_the_guarded_states() {
    let protocol = Protocol { nodes: 1, revocations: 1, waiters: Waiters::Others, ..BOUNDS };
    Witnessed(protocol).checker().threads(2).spawn_bfs().join().assert_properties();
}

#[test]
fn loading_before_writing_the_row_is_unsafe() {
    assert_found_out(Variant::LoadsBeforeRow);
}

#[test]
fn renewing_before_reading_is_unsafe() {
    assert_found_out(Variant::RenewsBeforeReading);
}

#[test]
fn leasing_without_a_row_is_unsafe() {
    assert_found_out(Variant::LeasesWithoutRow);
}

#[test]
fn counting_the_lease_from_the_update_is_unsafe() {
    assert_found_out(Variant::LeasesFromUpdate);
}

#[test]
fn waiting_less_than_a_lease_is_unsafe() {
    assert_found_out(Variant::WaitsTooShort);
}

#[test]
fn removing_a_live_node_is_unsafe() {
    assert_found_out(Variant::RemovesLiveNodes);
}

/// Explores every state within the bounds. Expects many: a model without transitions would be safe, too.
fn assert_safe(protocol: Protocol, at_least: usize) {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    let states = checker.unique_state_count();
    println!("{protocol:?}: {states} states");
    checker.assert_properties();
    assert!(checker.is_done() && states >= at_least, "only {states} states were explored");
}

fn assert_found_out(variant: Variant) {
    let checker = Protocol { variant, ..BOUNDS }.checker().threads(2).spawn_bfs().join();
    println!("{variant:?}: {:?}", checker.assert_any_discovery(SAFETY).into_actions());
}
