//! Names of event types in parameters and bodies.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::examples::TEST_TYPE;
use crate::audit::EventType;

/// A type that a delivery can have: that of an event, or of a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliveredType(pub &'static str);

impl DeliveredType {
    pub(super) fn all() -> impl Iterator<Item = &'static str> {
        EventType::ALL.iter().map(|event_type| event_type.as_str()).chain([TEST_TYPE])
    }
}

/// The text is no type of events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be an event type such as trip.created; GET /api/v1/webhook-event-types lists them")]
pub struct NotAType;

impl std::str::FromStr for DeliveredType {
    type Err = NotAType;
    fn from_str(text: &str) -> Result<Self, NotAType> {
        Self::all().find(|known| *known == text).map(Self).ok_or(NotAType)
    }
}

impl<'de> Deserialize<'de> for DeliveredType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for DeliveredType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::all())).into()
    }
}

impl ToSchema for DeliveredType {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("WebhookDeliveredType")
    }
}

/// The schema of a pattern of event types; patterns are parsed as [`TypePattern`].
#[derive(Clone, Copy, Debug)]
pub enum EventPattern {}

impl EventPattern {
    /// Lists the patterns of this version: all types, all of each resource, each type.
    fn all() -> impl Iterator<Item = String> {
        let types = || EventType::ALL.iter().map(|event_type| event_type.as_str());
        let resources: BTreeSet<&str> = types().filter_map(|name| Some(name.split_once('.')?.0)).collect();
        let of_resources = resources.into_iter().map(|resource| format!("{resource}.*"));
        ["*".to_owned()].into_iter().chain(of_resources).chain(types().map(str::to_owned))
    }
}

impl utoipa::PartialSchema for EventPattern {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::all())).into()
    }
}

impl ToSchema for EventPattern {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("WebhookEventPattern")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::TypePattern;

    #[test]
    fn documented_patterns_are_those_that_are_parsed() {
        assert!(EventPattern::all().all(|pattern| pattern.parse::<TypePattern>().is_ok()));
        assert!(EventPattern::all().any(|pattern| pattern == "safety_report.*"));
    }
}
