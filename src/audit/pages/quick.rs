//! Filters by one click: tabs for topics, and times up to now.

use std::time::Duration;

use crate::audit::filter::Topic;
use kit::clock::Time;
use kit::page::Fields;

kit::string_enum! {
    /// A time up to now.
    Recent as AuditRecent {
        Day = "24h",
        Week = "7d",
        Month = "30d",
    }
}

impl Recent {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
        }
    }

    /// Returns the time at which it begins.
    pub(super) fn begins(self, now: Time) -> Time {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        now.before(days * Duration::from_hours(24))
    }
}

/// A link to the list with one filter replaced.
pub(super) struct QuickLink {
    pub(super) text: &'static str,
    pub(super) link: String,
    pub(super) is_current: bool,
}

/// The fields of the list's address without `names`, and without the page.
fn without(fields: &Fields, names: &[&str]) -> Fields {
    names.iter().fold(fields.with("page", ""), |fields, name| fields.with(name, ""))
}

/// Returns the tabs: everything, a topic, or what is unusual.
pub(super) fn tabs(path: &str, fields: &Fields, topic: Option<Topic>, is_unusual: bool) -> Vec<QuickLink> {
    let others = without(fields, &["topic", "unusual", "action"]);
    let link = |fields: &Fields| format!("{path}{}", fields.to_query());
    let topics = [(None, "All"), (Some(Topic::Keys), "API keys"), (Some(Topic::People), "People"), (Some(Topic::Data), "Data")];
    let tab = |(tab, text): (Option<Topic>, &'static str)| QuickLink {
        text,
        link: link(&others.with("topic", tab.map_or("", Topic::as_str))),
        is_current: !is_unusual && tab == topic,
    };
    let unusual = QuickLink { text: "Unusual", link: link(&others.with("unusual", "1")), is_current: is_unusual };
    topics.map(tab).into_iter().chain([unusual]).collect()
}

/// Returns the times to choose from. None is current if the filter has days.
pub(super) fn times(path: &str, fields: &Fields, recent: Option<Recent>) -> Vec<QuickLink> {
    let others = without(fields, &["recent", "date_from", "date_to"]);
    let has_days = fields.given("date_from").or(fields.given("date_to")).is_some();
    let choices = Recent::ALL.iter().map(|recent| (Some(*recent), recent.title())).chain([(None, "All time")]);
    let link = |(choice, text): (Option<Recent>, &'static str)| QuickLink {
        text,
        link: format!("{path}{}", others.with("recent", choice.map_or("", Recent::as_str)).to_query()),
        is_current: !has_days && choice == recent,
    };
    choices.map(link).collect()
}
