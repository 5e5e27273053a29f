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
}

/// The scope of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Which {
    #[default]
    All,
    /// Only events that [`unusual`](super::unusual) has a reason for.
    Unusual,
}
