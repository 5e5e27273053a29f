//! Filters of the list of events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::action::{Action, Outcome};
use super::actor::ActorKind;
use crate::keys::KeyId;
use crate::members::MemberId;
use kit::clock::{Since, Until};
use kit::http::{Check, FieldErrors};

/// The filters of the list.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Lists events with this action only.
    #[param(inline)]
    pub action: Option<Action>,
    /// Lists events by this member or key only; `operator` is the command line, `system` the product itself, `anonymous`
    /// somebody unknown.
    #[param(inline)]
    pub actor_id: Option<ActorFilter>,
    /// Lists events with this key as actor or target only.
    #[param(inline)]
    pub api_key_id: Option<KeyId>,
    /// Lists events with this outcome only.
    #[param(inline)]
    pub outcome: Option<Outcome>,
    /// Lists events from this time or day (UTC) on.
    #[param(inline)]
    pub date_from: Option<Since>,
    /// Lists events up to this time, or to the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<Until>,
    /// A filter of the page only: lists events with this target only.
    #[serde(skip)]
    #[param(ignore)]
    pub target_id: Option<String>,
    /// A filter of the page only.
    #[serde(skip)]
    #[param(ignore)]
    pub which: Which,
    /// A filter of the page only.
    #[serde(skip)]
    #[param(ignore)]
    pub topic: Option<Topic>,
    /// A filter of the page only.
    #[serde(skip)]
    #[param(ignore)]
    pub search: Option<Search>,
}

kit::string_enum! {
    /// Actions that belong together.
    Topic as AuditTopic {
        Keys = "keys",
        People = "people",
        /// Changes of the workspace's data.
        Data = "data",
    }
}

impl Topic {
    /// Returns the topic of an action.
    pub fn of(action: Action) -> Self {
        match action.as_str().split('.').next() {
            _ if action == Action::SecuritySettingsUpdated => Self::People,
            Some("api_key" | "settings" | "webhook" | "finding" | "sandbox") => Self::Keys,
            Some("member" | "workspace") => Self::People,
            _ => Self::Data,
        }
    }

    /// Returns the actions of this topic.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| Self::of(*action) == self)
    }
}

/// A text to find in events: a part of the name of an actor or target in whatever case, or the whole of an id, a request id or an
/// address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    pub text: String,
    /// The sequence after which events are searched. Names have no index: without a bound, a search would read the whole log.
    pub after: i64,
}

/// The scope of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Which {
    #[default]
    All,
    /// Only events that [`unusual`](super::unusual) has a reason for.
    Unusual,
}

impl Check for EventFilter {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["date_from", "date_to"], self.date_from.map(|from| from.0), self.date_to.map(|to| to.0));
    }
}

/// The actor of the listed events: an id, or a kind whose actors have none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActorFilter {
    Member(MemberId),
    ApiKey(KeyId),
    Operator,
    Anonymous,
    System,
}

/// The text is not an actor.
#[derive(Debug, thiserror::Error)]
#[error("must be the id of a member (user_…) or of an API key (key_…), or operator, system or anonymous")]
pub struct NotAnActor;

impl FromStr for ActorFilter {
    type Err = NotAnActor;
    fn from_str(text: &str) -> Result<Self, NotAnActor> {
        match text.parse() {
            Ok(ActorKind::Operator) => Ok(Self::Operator),
            Ok(ActorKind::Anonymous) => Ok(Self::Anonymous),
            Ok(ActorKind::System) => Ok(Self::System),
            // Actors of these kinds have ids.
            Ok(ActorKind::Member | ActorKind::ApiKey) => Err(NotAnActor),
            Err(_) => text.parse().map(Self::Member).or_else(|_| text.parse().map(Self::ApiKey)).map_err(|_| NotAnActor),
        }
    }
}

impl fmt::Display for ActorFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => id.fmt(f),
            Self::ApiKey(id) => id.fmt(f),
            Self::Operator => ActorKind::Operator.fmt(f),
            Self::Anonymous => ActorKind::Anonymous.fmt(f),
            Self::System => ActorKind::System.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for ActorFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for ActorFilter {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let text = ObjectBuilder::new().schema_type(Type::String).examples([serde_json::json!("operator")]);
        text.pattern(Some("^((user|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|operator|system|anonymous)$")).into()
    }
}

impl utoipa::ToSchema for ActorFilter {}
