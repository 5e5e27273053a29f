//! The safety property, and states that must be reachable for it to mean anything.

use std::collections::BTreeSet;

use stateright::{Model, Property};

use crate::node::Node;
use crate::protocol::{Action, Protocol};
use crate::state::State;

pub const SAFETY: &str = "no key is accepted after its revocation was answered";

pub fn safety() -> Property<Protocol> {
    Property::always(SAFETY, |_, state: &State| {
        state.answered().all(|revision| !state.nodes.iter().any(|node| node.accepts(revision)))
    })
}

/// The protocol with a memory of what has happened, which a state alone does not tell. For a single node: it multiplies
/// the states. What can happen to one can happen to one of many, if the others never start.
pub struct Witnessed(pub Protocol);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Witness {
    state: State,
    past: BTreeSet<Event>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Event {
    /// A node without a lease took one.
    Leased,
    /// The process of a node ended.
    Ended,
    /// A node lost its row while it was running.
    Forgotten,
    /// A revocation returned because no row was behind, although there were rows.
    Confirmed,
}

impl Event {
    fn of(action: Action, before: &State, after: &State) -> Option<Self> {
        let rowless = |state: &State| state.nodes.iter().filter(|node| node.is_running() && !node.has_row()).count();
        match action {
            Action::Step(_) if has_lease(after) && !has_lease(before) => Some(Self::Leased),
            Action::End(_) => Some(Self::Ended),
            Action::Forget(_) | Action::ForgetBehind(_) if rowless(after) > rowless(before) => Some(Self::Forgotten),
            Action::Confirm(_) if before.nodes.iter().any(Node::has_row) => Some(Self::Confirmed),
            _ => None,
        }
    }
}

fn has_lease(state: &State) -> bool {
    state.nodes.iter().any(Node::has_lease)
}

impl Witness {
    fn has_lease_after(&self, event: Event) -> bool {
        has_lease(&self.state) && self.past.contains(&event)
    }

    fn outwaits_a_beat(&self, protocol: &Protocol) -> bool {
        let is_amid = |revision| self.state.nodes.iter().any(|node| node.is_behind(revision) && node.is_amid_heartbeat(protocol));
        self.state.outwaited().any(is_amid)
    }
}

impl Model for Witnessed {
    type State = Witness;
    type Action = Action;

    fn init_states(&self) -> Vec<Witness> {
        self.0.init_states().into_iter().map(|state| Witness { state, past: BTreeSet::new() }).collect()
    }

    fn actions(&self, witness: &Witness, actions: &mut Vec<Action>) {
        self.0.actions(&witness.state, actions);
    }

    fn next_state(&self, before: &Witness, action: Action) -> Option<Witness> {
        let state = self.0.next_state(&before.state, action)?;
        let past = before.past.iter().copied().chain(Event::of(action, &before.state, &state)).collect();
        Some(Witness { state, past })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::sometimes("a node verifies from memory after an answer", |_, it: &Witness| {
                has_lease(&it.state) && it.state.answered().count() > 0
            }),
            Property::sometimes("an answer comes as every row confirms it", |_, it: &Witness| {
                it.has_lease_after(Event::Confirmed)
            }),
            Property::sometimes("a node that had a lease and stops amid a beat is outwaited", |model: &Self, it: &Witness| {
                it.outwaits_a_beat(&model.0) && it.past.contains(&Event::Leased) && !it.past.contains(&Event::Ended)
            }),
            Property::sometimes("a forgotten node has a lease again", |_, it: &Witness| {
                it.has_lease_after(Event::Forgotten) && !it.past.contains(&Event::Ended)
            }),
            Property::sometimes("a node that crashed, or was stopped, has a lease again", |_, it: &Witness| {
                it.has_lease_after(Event::Ended)
            }),
        ]
    }
}
