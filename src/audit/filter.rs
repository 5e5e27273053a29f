//! Filters of the list of events.

use serde::Deserialize;

use super::action::{Action, Outcome};

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
    pub actor_id: Option<String>,
    /// Lists events with this key as actor or target only.
    pub api_key_id: Option<String>,
    /// Lists events with this outcome only.
    #[param(inline)]
    pub outcome: Option<Outcome>,
    /// Lists events from this time or day (UTC) on.
    #[param(inline)]
    pub date_from: Option<kit::clock::Since>,
    /// Lists events up to this time, or to the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<kit::clock::Until>,
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
            Some("api_key" | "settings") => Self::Keys,
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
