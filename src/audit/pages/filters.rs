//! The form above the list. Its field names are those of the API's parameters. Days are days in the workspace's time zone.

use super::quick::Recent;
use crate::app::App;
use crate::audit::action::{Action, Outcome};
use crate::audit::actor::ActorKind;
use crate::audit::descriptions::{heading, title};
use crate::audit::filter::{ActorFilter, EventFilter, Search, Topic, Which};
use crate::audit::store;
use crate::keys::{self, Include, Key, KeyDetails, KeyId, KeyQuery, Named, Status};
use crate::members;
use crate::workspaces::WorkspaceId;
use kit::clock::{Since, Time, Until};
use kit::day::Day;
use kit::db::DbResult;
use kit::http::Paging;
use kit::page::{Fields, FormErrors, Moments};
use kit::text::{BadText, Line, sentence};

/// Keys that the field suggests, the newest.
const SUGGESTED: u32 = 50;

/// Members that can be chosen. The API filters by any id.
const MEMBERS: u32 = 1_000;

/// Events that a search reads, from the latest of the chosen days backwards.
const SEARCHED: u64 = 10_000;

/// Characters of a search.
const LONGEST: usize = 100;

/// An option of a list.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) is_chosen: bool,
}

pub(super) struct Group {
    pub(super) heading: &'static str,
    pub(super) choices: Vec<Choice>,
}

pub(super) struct Filters {
    pub(super) people: Vec<Group>,
    pub(super) actions: Vec<Group>,
    pub(super) outcomes: Vec<Choice>,
    /// Suggestions for the field of the key, with the status of each key.
    pub(super) proposed: Vec<(String, &'static str)>,
    pub(super) key: String,
    /// The key that the field refers to.
    pub(super) found: Option<Key>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) is_unusual: bool,
    pub(super) topic: Option<Topic>,
    pub(super) recent: Option<Recent>,
    pub(super) search: String,
    /// The id of what all events are about, or empty.
    pub(super) target: String,
    /// The time before which events were not searched, because there are too many.
    pub(super) searched_from: Option<Time>,
    pub(super) faults: FormErrors,
}

impl Filters {
    /// Reads the form, and returns it with its filter.
    pub(super) async fn read(app: &App, workspace: WorkspaceId, fields: &Fields, at: &Moments) -> DbResult<(Self, EventFilter)> {
        let mut faults = FormErrors::default();
        let found = match fields.given("api_key_id") {
            None => None,
            Some(text) => key(app, workspace, text).await?.map_err(|fault| faults.add("api_key_id", fault)).ok(),
        };
        let person = fields.given("actor_id");
        let actor: Option<ActorFilter> = fields.read("actor_id");
        let people = people(app, workspace, person).await?;
        let is_listed = people.iter().flat_map(|group| &group.choices).any(|choice| choice.is_chosen);
        if person.is_some() && !(is_listed && actor.is_some()) {
            faults.add("actor_id", "No events by a person with this id. Choose a person.");
        }
        let action = word::<Action>(fields, "action", "Choose one of the actions.", &mut faults);
        let outcome = word::<Outcome>(fields, "outcome", "Choose one of the outcomes.", &mut faults);
        let [from, to] =
            ["date_from", "date_to"].map(|name| word::<Day>(fields, name, "Enter a date, such as 2026-11-23.", &mut faults));
        if from > to && to.is_some() {
            faults.add("date_to", "The last day must not be before the first.");
        }
        let recent = word::<Recent>(fields, "recent", "Choose 24 hours, 7 days or 30 days.", &mut faults);
        let topic = word::<Topic>(fields, "topic", "Choose API keys, people or data.", &mut faults);
        let which = if fields.given("unusual").is_some() { Which::Unusual } else { Which::All };
        let from = from.map(|day| Since(at.start_of(day))).or(recent.map(|recent| Since(recent.begins(at.now()))));
        let to = to.map(|day| Until(day.ends_in(at.zone())));
        let (search, searched_from) = search(app, workspace, fields, (from, to), &mut faults).await?;
        // A text of nothing that can be seen is no search.
        let is_searched = search.is_some() || faults.of("search").is_some();
        let target =
            fields.given("target_id").map(|id| id.chars().filter(char::is_ascii_graphic).take(LONGEST).collect::<String>());
        let filter = EventFilter {
            target_id: target.clone(),
            action,
            actor_id: actor,
            api_key_id: found.as_ref().map(|key| key.id),
            outcome,
            date_from: from,
            date_to: to,
            which,
            topic,
            search,
        };
        let filters = Self {
            people,
            actions: actions(action),
            outcomes: outcomes(outcome),
            proposed: proposed(app, workspace).await?,
            key: typed(found.as_ref(), fields, at),
            found,
            from: fields.text("date_from").to_owned(),
            to: fields.text("date_to").to_owned(),
            is_unusual: which == Which::Unusual,
            topic,
            recent,
            search: if is_searched { fields.text("search").to_owned() } else { String::new() },
            target: target.unwrap_or_default(),
            searched_from,
            faults,
        };
        Ok((filters, filter))
    }

    /// Returns the query without empty fields, with the key's id, and without a tab or a time that a field replaces; `None` if it
    /// has that form already.
    pub(super) fn tidy(&self, fields: &Fields) -> Option<Fields> {
        let mut tidy = fields.clone();
        if let Some(id) = self.found.as_ref().map(|key| key.id.to_string()).filter(|id| !fields.is("api_key_id", id)) {
            tidy = tidy.with("api_key_id", id);
        }
        for (replaced, by) in [("topic", &["action"][..]), ("recent", &["date_from", "date_to"])] {
            if by.iter().any(|field| fields.given(field).is_some()) {
                tidy = tidy.with(replaced, "");
            }
        }
        let is_untidy = fields.pairs().any(|(_, text)| text.trim().is_empty()) || fields.to_query() != tidy.to_query();
        is_untidy.then_some(tidy)
    }

    /// Returns the name of the key, if the field contains an id.
    pub(super) fn note(&self) -> Option<String> {
        let key = self.found.as_ref().filter(|key| key.name != self.key)?;
        Some(format!("This is {}.", key.name))
    }

    /// Returns the active filters in words, for the printed list.
    pub(super) fn summary(&self) -> Vec<(&'static str, String)> {
        let chosen = |groups: &[Group]| {
            let mut choices = groups.iter().flat_map(|group| &group.choices);
            choices.find(|choice| choice.is_chosen).map(|choice| choice.text.clone())
        };
        let outcome = self.outcomes.iter().find(|choice| choice.is_chosen).map(|choice| choice.text.clone());
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let filters = [
            ("Person", chosen(&self.people)),
            ("API key", self.found.as_ref().map(|key| format!("{} ({})", key.name, key.id))),
            ("Action", chosen(&self.actions)),
            ("Outcome", outcome),
            ("From", given(&self.from)),
            ("To", given(&self.to)),
            ("Unusual only", self.is_unusual.then(|| "yes".to_owned())),
            ("Topic", self.topic.map(|topic| topic.to_string())),
            ("Time", self.recent.map(|recent| format!("the last {}", recent.title()))),
            ("Search", given(&self.search)),
            ("Target", given(&self.target)),
        ];
        filters.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }
}

/// Parses a field. Reports `otherwise` for an unknown value.
fn word<T: std::str::FromStr>(fields: &Fields, name: &str, otherwise: &str, faults: &mut FormErrors) -> Option<T> {
    let text = fields.given(name)?;
    text.parse().map_err(|_| faults.add(name, otherwise)).ok()
}

/// Reads the search, and returns it with the time before which events are not searched, if there are any.
async fn search(
    app: &App,
    workspace: WorkspaceId,
    fields: &Fields,
    (from, to): (Option<Since>, Option<Until>),
    faults: &mut FormErrors,
) -> DbResult<(Option<Search>, Option<Time>)> {
    let Some(text) = fields.given("search") else { return Ok((None, None)) };
    let text = match text.parse::<Line<0, LONGEST>>() {
        Ok(text) => text.into_string(),
        Err(error) => {
            let is_long = matches!(error, BadText::Length { .. });
            faults.add("search", if is_long { "Enter at most 100 characters.".to_owned() } else { sentence(error) });
            return Ok((None, None));
        }
    };
    if text.is_empty() {
        return Ok((None, None));
    }
    let end = store::reach(app.db.read(), workspace, to.map(|until| until.0), SEARCHED).await?;
    let search = Search { text, after: end.map_or(0, |(sequence, _)| sequence) };
    let is_cut = |time: &Time| from.is_none_or(|from| *time >= from.0);
    Ok((Some(search), end.map(|(_, time)| time).filter(is_cut)))
}

/// Finds the key with this id or name. Several keys may have had a name, of which one at most is active.
async fn key(app: &App, workspace: WorkspaceId, text: &str) -> DbResult<Result<Key, String>> {
    let now = app.clock.now();
    if let Named::One(key) = keys::find_by_id_or_name(app.db.read(), workspace, text, now).await? {
        return Ok(Ok(*key));
    }
    if text.parse::<KeyId>().is_ok() {
        return Ok(Err("There is no key with this id.".to_owned()));
    }
    let mut named = keys::find_by_name(app.db.read(), workspace, text).await?;
    match (named.pop(), named.len()) {
        (None, _) => Ok(Err("No key has this name. Choose a suggestion, or enter the id of a key.".to_owned())),
        (Some(only), 0) => Ok(Ok(only)),
        (Some(last), _) => {
            let ids: Vec<_> = named.iter().chain([&last]).map(|key| key.id.to_string()).collect();
            Ok(Err(format!("Several keys have had this name. Enter the id of one of them: {}.", ids.join(", "))))
        }
    }
}

/// Returns the text of the field: a name if it finds the same key again, else the id or the text that was typed.
fn typed(found: Option<&Key>, fields: &Fields, at: &Moments) -> String {
    match found {
        Some(key) if key.status(at.now()).is_live() => key.name.clone(),
        Some(key) => key.id.to_string(),
        None => fields.text("api_key_id").to_owned(),
    }
}

async fn proposed(app: &App, workspace: WorkspaceId) -> DbResult<Vec<(String, &'static str)>> {
    let (now, paging) = (app.clock.now(), Paging::page(1, SUGGESTED));
    let newest = keys::list(&app.keys, workspace, &KeyQuery::default(), |_| paging, Include::Nothing, now).await?.page.items;
    let count = |name: &str| newest.iter().filter(|listed| listed.key.name == name).count();
    let proposed = newest.iter().map(|KeyDetails { key, .. }| match key.status(now) {
        Status::Active => (key.name.clone(), "Active"),
        Status::Paused => (key.name.clone(), "Paused"),
        ended @ (Status::Revoked | Status::Expired) => {
            let value = if count(&key.name) > 1 { key.id.to_string() } else { key.name.clone() };
            (value, if ended == Status::Revoked { "Revoked" } else { "Expired" })
        }
    });
    Ok(proposed.collect())
}

/// Lists members, removed members and other actors; and the actor `asked` for, if they are in the log.
async fn people(app: &App, workspace: WorkspaceId, asked: Option<&str>) -> DbResult<Vec<Group>> {
    let choice = |value: String, text: String| Choice { is_chosen: asked == Some(value.as_str()), value, text };
    let members = members::list_by_name(app.db.read(), workspace, Paging::page(1, MEMBERS)).await?.items;
    let namesakes = |name: &str| members.iter().filter(|member| member.name == name).count();
    let current = members.iter().map(|member| {
        let text = if namesakes(&member.name) > 1 { format!("{} ({})", member.name, member.email) } else { member.name.clone() };
        choice(member.id.to_string(), text)
    });
    let removed = store::removed_members(app.db.read(), workspace).await?.into_iter().map(|(id, name)| choice(id, name));
    let others = [
        (ActorKind::Operator, "Operator (command line)"),
        (ActorKind::System, "PlaneConnection (automatic)"),
        (ActorKind::Anonymous, "Nobody known"),
    ];
    let mut groups = vec![
        Group { heading: "Members", choices: current.collect() },
        Group { heading: "Removed members", choices: removed.collect() },
        Group {
            heading: "Others",
            choices: others.map(|(value, text)| choice(value.as_str().to_owned(), text.to_owned())).into(),
        },
    ];
    let is_listed = groups.iter().flat_map(|group| &group.choices).any(|choice| choice.is_chosen);
    if let (Some(id), false) = (asked, is_listed)
        && let Some(name) = store::last_name_of(app.db.read(), workspace, id).await?
        && let Some(others) = groups.last_mut()
    {
        let text = if id.parse::<KeyId>().is_ok() { format!("The key {name}") } else { name };
        others.choices.push(choice(id.to_owned(), text));
    }
    groups.retain(|group| !group.choices.is_empty());
    Ok(groups)
}

fn actions(chosen: Option<Action>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for action in Action::ALL.iter().copied() {
        let choice =
            Choice { value: action.as_str().to_owned(), text: title(action).to_owned(), is_chosen: chosen == Some(action) };
        match groups.iter_mut().find(|group| group.heading == heading(action)) {
            Some(group) => group.choices.push(choice),
            None => groups.push(Group { heading: heading(action), choices: vec![choice] }),
        }
    }
    groups
}

fn outcomes(chosen: Option<Outcome>) -> Vec<Choice> {
    let choice = |(outcome, text): (Outcome, &str)| Choice {
        value: outcome.as_str().to_owned(),
        text: text.to_owned(),
        is_chosen: chosen == Some(outcome),
    };
    [(Outcome::Success, "Done"), (Outcome::Denied, "Denied")].map(choice).into()
}
