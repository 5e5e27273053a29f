//! Changes, and the query of the call that lists them.

use std::collections::HashSet;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::audit::Action;
use crate::fleet::AircraftView;
use crate::invoices::InvoiceView;
use crate::safety::ReportView;
use crate::scopes::Module;
use crate::trips::TripView;
use kit::clock::Time;
use kit::http::{Check, FieldErrors};

/// The largest number of changes in a response, and the number if the call does not say how many.
pub(super) const MOST: u16 = 100;

/// The longest time in seconds that a call waits for a change.
pub(super) const LONGEST_WAIT: u8 = 30;

/// The part of the feed that a call asks for.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangesQuery {
    /// The `next` of your last response: only later changes are listed. If left out, the feed starts at its beginning.
    #[serde(default)]
    #[param(minimum = 0, required = false)]
    pub after: i64,
    /// Only changes of these modules, separated by commas: `trips`, `fleet`, `safety`, `invoices`. Of all that you may read if left
    /// out.
    #[param(value_type = Option<String>, pattern = "^(trips|fleet|safety|invoices)(,(trips|fleet|safety|invoices))*$")]
    pub module: Option<Modules>,
    /// `full` with the object of each change as it is now, `ids` without; `full` if left out.
    #[param(inline)]
    pub view: Option<View>,
    /// The largest number of changes in the response; 100 if left out.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The longest time in seconds to wait if there is no change yet; 0 if left out.
    #[param(minimum = 0, maximum = 30)]
    pub wait: Option<u8>,
}

impl Check for ChangesQuery {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require(self.after >= 0, "after", "must be a whole number of at least 0");
        let limit = self.limit.unwrap_or(MOST);
        faults.require((1..=MOST).contains(&limit), "limit", &format!("must be a whole number from 1 to {MOST}"));
        let wait = self.wait.unwrap_or_default();
        faults.require(wait <= LONGEST_WAIT, "wait", &format!("must be a whole number from 0 to {LONGEST_WAIT}"));
    }
}

kit::string_enum! {
    /// The part of a change that a response has.
    View as ChangesView {
        Full = "full",
        Ids = "ids",
    }
}

/// Modules with data, each once, separated by commas.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Modules(pub Vec<Module>);

impl FromStr for Modules {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = |name: &str| Module::DATA.into_iter().find(|module| module.as_str() == name);
        let modules: Option<Vec<Module>> = text.split(',').map(known).collect();
        let is_single = |modules: &Vec<Module>| modules.iter().collect::<HashSet<_>>().len() == modules.len();
        let names = Module::DATA.map(Module::as_str).join(", ");
        let refusal = || format!("must be names of modules, each once, separated by commas: {names}");
        modules.filter(is_single).map(Self).ok_or_else(refusal)
    }
}

impl<'de> Deserialize<'de> for Modules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

kit::string_enum! {
    /// The module of a change; `sandbox` for a change of all data of the sandbox.
    ChangedModule as ChangedModule {
        Trips = "trips",
        Fleet = "fleet",
        Safety = "safety",
        Invoices = "invoices",
        Sandbox = "sandbox",
    }
}

kit::string_enum! {
    /// The kind of a change.
    Kind as ChangeKind {
        Created = "created",
        Updated = "updated",
        /// Data of the sandbox was deleted, all of it once no further reset follows. Only in the feed of test keys.
        Reset = "reset",
    }
}

impl ChangedModule {
    /// Returns `None` for a module without data.
    fn of(module: Module) -> Option<Self> {
        Self::ALL.iter().copied().find(|changed| changed.as_str() == module.as_str())
    }

    /// Returns the actions that are changes of its data, each with its kind.
    const fn actions(self) -> &'static [(Action, Kind)] {
        match self {
            Self::Trips => &[(Action::TripCreated, Kind::Created), (Action::TripUpdated, Kind::Updated)],
            Self::Fleet => &[(Action::AircraftCreated, Kind::Created), (Action::AircraftUpdated, Kind::Updated)],
            Self::Safety => &[(Action::ReportCreated, Kind::Created), (Action::ReportUpdated, Kind::Updated)],
            Self::Invoices => &[
                (Action::InvoiceCreated, Kind::Created),
                (Action::InvoiceUpdated, Kind::Updated),
                (Action::InvoiceSent, Kind::Updated),
                (Action::InvoicePaymentRecorded, Kind::Updated),
                (Action::InvoiceVoided, Kind::Updated),
                (Action::InvoiceOverdue, Kind::Updated),
            ],
            Self::Sandbox => &[(Action::SandboxReset, Kind::Reset)],
        }
    }
}

/// Lists the actions that are changes of the data of these modules. The reset of a sandbox is one in the sandbox alone.
pub(super) fn actions_of(modules: &[Module], is_sandbox: bool) -> Vec<Action> {
    let of_modules = modules.iter().filter_map(|module| ChangedModule::of(*module));
    let changed = of_modules.chain(is_sandbox.then_some(ChangedModule::Sandbox));
    changed.flat_map(ChangedModule::actions).map(|(action, _)| *action).collect()
}

/// Returns module and kind of the change that an action is.
pub(super) fn change_of(action: &str) -> Option<(ChangedModule, Kind)> {
    let kind = |module: &ChangedModule| module.actions().iter().find(|(known, _)| known.as_str() == action);
    ChangedModule::ALL.iter().find_map(|module| kind(module).map(|(_, kind)| (*module, *kind)))
}

/// A part of the changes feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Changes)]
pub(super) struct ChangesView {
    /// The changes, the oldest first.
    pub items: Vec<Change>,
    /// The number to store and to send as `after` next time. It also moves past changes of other modules.
    pub next: i64,
    /// The number of the latest change of any kind in the workspace, at the time of the response.
    pub latest: i64,
    /// True if there may be further changes already: read on at once.
    pub has_more: bool,
}

/// A change of the data of the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DataChange)]
pub(super) struct Change {
    /// The position in the feed. It rises from change to change, with gaps.
    pub sequence: i64,
    pub occurred_at: Time,
    pub module: ChangedModule,
    #[serde(rename = "change")]
    pub kind: Kind,
    /// The id of the object that was changed.
    pub id: String,
    /// The object as it is at the time of the response, which may be later than the change; `null` with `view=ids`, and if the
    /// object is gone.
    pub object: Option<Object>,
}

/// An object of the module of the change.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChangedObject)]
pub(super) enum Object {
    Trip(TripView),
    Aircraft(AircraftView),
    Report(ReportView),
    Invoice(InvoiceView),
}

#[cfg(test)]
mod tests {
    use utoipa::IntoParams;

    use super::*;

    #[test]
    fn every_event_type_of_a_data_module_is_a_change_of_that_module() {
        for action in Action::ALL {
            for event_type in action.event_types().iter().filter(|event_type| Module::DATA.contains(&event_type.module())) {
                let module = change_of(action.as_str()).map(|(module, _)| module);
                assert_eq!(module, ChangedModule::of(event_type.module()), "{action}");
            }
        }
    }

    #[test]
    fn description_of_the_query_names_every_module() {
        let parameters = ChangesQuery::into_params(|| None);
        let module = parameters.iter().find(|parameter| parameter.name == "module").expect("a parameter");
        let description = module.description.as_deref().unwrap_or_default();
        for name in Module::DATA.map(Module::as_str) {
            assert!(description.contains(&format!("`{name}`")), "{name} is missing: {description}");
        }
    }

    #[test]
    fn modules_are_named_in_a_list() {
        assert_eq!("trips,fleet".parse(), Ok(Modules(vec![Module::Trips, Module::Fleet])));
        for text in ["", "trips,", "trips, fleet", "audit", "Trips", "trips,trips"] {
            assert!(text.parse::<Modules>().is_err(), "{text}");
        }
    }
}
