//! [`Reach`]: the modules of which a caller may receive events.

use super::examples::TEST_TYPE;
use super::model::Subscription;
use crate::audit::EventType;
use crate::scopes::{Module, Scope, Scopes};

/// The modules that a caller may read. Management of webhooks gives access to no others: an endpoint would be a way around the
/// scopes of a key.
#[derive(Clone, Copy, Debug)]
pub struct Reach(Scopes);

impl Reach {
    /// Returns the reach of a caller by what they may do.
    pub fn of(may: impl Fn(Scope) -> bool) -> Self {
        Self(Module::ALL.into_iter().map(Scope::read).filter(|scope| may(*scope)).collect())
    }

    /// Returns the reach of the operator.
    pub fn everything() -> Self {
        Self::of(|_| true)
    }

    /// Returns the first scope that the caller lacks to receive the events of a subscription.
    pub fn missing(self, subscription: &Subscription) -> Option<Scope> {
        let unknown = subscription.0.iter().find(|pattern| !pattern.is_known());
        let missing = subscription.types().map(EventType::scope).find(|scope| !self.0.cover(*scope));
        missing.or_else(|| self.missing_for(unknown?.as_str()))
    }

    /// Returns the scope that the caller lacks to read an event of this type. A type of a later version takes all scopes.
    pub fn missing_for(self, event_type: &str) -> Option<Scope> {
        match event_type.parse() {
            Ok(known) => Some(EventType::scope(known)).filter(|scope| !self.0.cover(*scope)),
            Err(_) if event_type == TEST_TYPE => None,
            Err(_) => EventType::ALL.iter().map(|event_type| event_type.scope()).find(|scope| !self.0.cover(*scope)),
        }
    }

    /// Lists the types that the caller may read, unless these are all.
    pub fn limited_types(self) -> Option<Vec<&'static str>> {
        let readable = EventType::ALL.iter().filter(|event_type| self.0.cover(event_type.scope()));
        let readable: Vec<_> = readable.map(|event_type| event_type.as_str()).chain([TEST_TYPE]).collect();
        (readable.len() <= EventType::ALL.len()).then_some(readable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(modules: &[Module]) -> Reach {
        Reach::of(|scope| modules.contains(&scope.module))
    }

    fn subscription(patterns: &[&str]) -> Subscription {
        Subscription(patterns.iter().map(|pattern| pattern.parse().expect("a pattern")).collect())
    }

    #[test]
    fn subscription_takes_the_scopes_of_all_its_types() {
        let trips = reach(&[Module::Trips, Module::Webhooks]);
        assert_eq!(trips.missing(&subscription(&["trip.*"])), None);
        assert_eq!(trips.missing(&subscription(&["trip.created", "aircraft.created"])), Some(Scope::read(Module::Fleet)));
        assert_eq!(trips.missing(&subscription(&["api_key.revoked"])), Some(Scope::read(Module::Audit)));
        assert!(trips.missing(&subscription(&["*"])).is_some());
        for left_out in [Module::Trips, Module::Fleet, Module::Safety, Module::Invoices, Module::Audit] {
            let others: Vec<_> = Module::ALL.into_iter().filter(|module| *module != left_out).collect();
            assert_eq!(reach(&others).missing(&subscription(&["*"])), Some(Scope::read(left_out)));
        }
        assert_eq!(Reach::everything().missing(&subscription(&["*"])), None);
    }

    #[test]
    fn test_needs_no_scope_and_an_unknown_type_needs_all() {
        let trips = reach(&[Module::Trips]);
        assert_eq!(trips.missing_for(TEST_TYPE), None);
        assert_eq!(trips.missing_for("trip.created"), None);
        assert!(trips.missing_for("invoice.paid").is_some() && trips.missing_for("crew.created").is_some());
        assert!(Reach::everything().missing_for("crew.created").is_none());
        let later = Subscription::from_column("trip.created,crew.*");
        assert!(trips.missing(&later).is_some() && Reach::everything().missing(&later).is_none());
        assert_eq!(trips.limited_types().expect("a limit").len(), 5 + 1);
        assert!(Reach::everything().limited_types().is_none());
    }
}
