//! The possible actions, and variants of the protocol that are unsafe.

use stateright::{Model, Property};

use crate::node::Node;
use crate::properties::safety;
use crate::state::{State, Wait};

/// A variant of the protocol. All but the first are unsafe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    AsBuilt,
    /// A node that starts loads the keys first, and then writes its row and takes its first lease from that.
    LoadsBeforeRow,
    /// From the second heartbeat on, the row and the lease are renewed before changes are read.
    RenewsBeforeReading,
    /// A node whose row was deleted writes it again and takes the lease anyway.
    LeasesWithoutRow,
    /// The lease lasts from the update on, not from before the changes were read.
    LeasesFromUpdate,
    /// A revocation waits for a tick less than a lease lasts.
    WaitsTooShort,
    /// Rows of others are deleted however lately they were renewed.
    RemovesLiveNodes,
}

/// The processes that revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiters {
    /// Processes without a row, such as the command line.
    Others,
    NodesAndOthers,
}

/// A variant, and how much of it is explored.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    pub variant: Variant,
    /// Ticks that a lease lasts.
    pub lease: u8,
    pub nodes: usize,
    pub revocations: usize,
    pub waiters: Waiters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    /// The next statement of the node in this place.
    Step(usize),
    /// Its process ends. A real wait ends with it; here another process may continue it, or never move.
    End(usize),
    /// Another process deletes its row, as it has been silent.
    Forget(usize),
    /// The node in this place revokes the next key.
    RevokeAt(usize),
    /// A process without a row revokes the next key.
    Revoke,
    /// The waiter for this revision finds no row behind, and answers.
    Confirm(usize),
    /// The waiter for this revision times out, and answers.
    Outwait(usize),
    /// After that, it deletes the rows that are behind.
    ForgetBehind(usize),
}

impl Protocol {
    /// Ticks after which a revocation returns whatever the rows say. A wait may end later, so that this covers
    /// every longer timeout as well.
    fn patience(&self) -> u8 {
        if self.variant == Variant::WaitsTooShort { self.lease - 1 } else { self.lease }
    }

    fn actions_of_node(&self, state: &State, place: usize, actions: &mut Vec<Action>) {
        let node = &state.nodes[place];
        actions.push(Action::Step(place));
        if node.is_running() {
            actions.push(Action::End(place));
        }
        if node.is_silent(self) || self.variant == Variant::RemovesLiveNodes && node.has_row() {
            actions.push(Action::Forget(place));
        }
        if node.is_running() && state.revision() < self.revocations && self.waiters == Waiters::NodesAndOthers {
            actions.push(Action::RevokeAt(place));
        }
    }

    fn actions_of_waiter(&self, state: &State, revision: usize, actions: &mut Vec<Action>) {
        match state.waits[revision - 1] {
            Wait::Waiting(ticks) => {
                if !state.nodes.iter().any(|node| node.is_behind(revision)) {
                    actions.push(Action::Confirm(revision));
                }
                if ticks >= self.patience() {
                    actions.push(Action::Outwait(revision));
                }
            }
            Wait::Outwaited => actions.push(Action::ForgetBehind(revision)),
            Wait::Answered => {}
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { nodes: vec![Node::default(); self.nodes], waits: Vec::new() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        (0..self.nodes).for_each(|place| self.actions_of_node(state, place, actions));
        if state.revision() < self.revocations {
            actions.push(Action::Revoke);
        }
        (1..=state.revision()).for_each(|revision| self.actions_of_waiter(state, revision, actions));
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Tick => state.tick(self),
            Action::Step(place) => state.nodes[place].step(self, before.revision()),
            Action::End(place) => state.nodes[place].end(self),
            Action::Forget(place) => state.nodes[place].forget(),
            Action::RevokeAt(place) => {
                state.revoke();
                state.nodes[place].revoke(state.waits.len());
            }
            Action::Revoke => state.revoke(),
            Action::Confirm(revision) => state.stop_waiting(revision),
            Action::Outwait(revision) => state.waits[revision - 1] = Wait::Outwaited,
            Action::ForgetBehind(revision) => {
                state.forget_behind(revision);
                state.stop_waiting(revision);
            }
        }
        state.nodes.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![safety()]
    }
}
