//! The calls of the API that are measured: path, credential, and the statements that they take.

use serde_json::Value;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use crate::SIZES;
use crate::fields::At;
use crate::node::Node;
use crate::sql::{self, Sql, Table};

/// Microseconds of the 14 days of a usage report.
const FORTNIGHT: i64 = 14 * 86_400_000_000;

/// The credential of a call: keys are managed in a session, everything else is read with a key.
#[derive(Clone, Copy)]
pub(super) enum Credential {
    Key,
    Session,
}

impl Credential {
    pub(super) const ALL: [Self; 2] = [Self::Key, Self::Session];
}

#[derive(Clone, Copy)]
pub(super) enum List {
    Trips,
    Invoices,
    Reports,
    Keys,
    Events,
}

impl List {
    const ALL: [Self; 5] = [Self::Trips, Self::Invoices, Self::Reports, Self::Keys, Self::Events];

    const fn name(self) -> &'static str {
        match self {
            Self::Trips => "trips",
            Self::Invoices => "invoices of three lines",
            Self::Reports => "safety reports",
            Self::Keys => "API keys",
            Self::Events => "audit events",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Trips => testkit::TRIPS,
            Self::Invoices => testkit::INVOICES,
            Self::Reports => testkit::REPORTS,
            Self::Keys => testkit::KEYS,
            Self::Events => "/api/v1/audit-log",
        }
    }

    const fn table(self) -> &'static Table {
        match self {
            Self::Trips => &sql::TRIPS,
            Self::Invoices => &sql::INVOICES,
            Self::Reports => &sql::REPORTS,
            Self::Keys => &sql::KEYS,
            Self::Events => &sql::EVENTS,
        }
    }

    const fn credential(self) -> Credential {
        match self {
            Self::Trips | Self::Invoices | Self::Reports | Self::Events => Credential::Key,
            Self::Keys => Credential::Session,
        }
    }

    /// The parts that are measured: pages of each size, one row, and what else the API has for it.
    fn parts(self) -> Vec<Part> {
        let others: &[Part] = match self {
            Self::Trips | Self::Invoices | Self::Reports => &[Part::One],
            Self::Keys => &[Part::One, Part::Usage],
            // No call reads one event.
            Self::Events => &[],
        };
        SIZES.map(Part::Page).into_iter().chain(others.iter().copied()).collect()
    }
}

/// The part of a list that a call reads.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// The first page, of this size.
    Page(u16),
    /// One row by its id.
    One,
    /// The usage of one key.
    Usage,
}

/// A call, and what it reads.
pub(super) struct Call {
    pub(super) list: List,
    pub(super) part: Part,
    pub(super) path: String,
    pub(super) rows: Rows,
    pub(super) sql: Sql,
}

/// The rows of a list.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) workspace: Uuid,
    /// The number of rows.
    pub(super) total: i64,
    /// The id of the newest row.
    pub(super) newest: Uuid,
    /// Start and end of a usage report.
    pub(super) span: [At; 2],
}

impl Call {
    /// Returns all calls that are measured.
    pub(super) async fn all(node: &Node) -> Vec<Self> {
        let now = At::from_micros(node.app.clock.now().hour().micros());
        let span = [At::from_micros(now.0.as_microsecond() - FORTNIGHT).midnight(), now];
        let mut calls = Vec::new();
        for list in List::ALL {
            let page = node.get(&format!("{}?page_size=1", list.path()), list.credential()).await;
            let page: Value = serde_json::from_slice(&page).expect("JSON");
            let total = page["data"]["total"].as_i64().expect("a number");
            let id = page["data"]["items"][0]["id"].as_str().expect("an id");
            let newest: TypeSafeId<DynamicType> = id.parse().expect("an id");
            let rows = Rows { workspace: node.workspace.0, total, newest: newest.uuid(), span };
            calls.extend(list.parts().into_iter().map(|part| Self::new(list, part, id, rows)));
        }
        calls
    }

    fn new(list: List, part: Part, id: &str, rows: Rows) -> Self {
        let path = list.path();
        let (path, keys) = match part {
            Part::Page(size) => (format!("{path}?page_size={size}"), size),
            Part::One => (format!("{path}/{id}"), 1),
            Part::Usage => (format!("{path}/{id}/usage?from={}&to={}", rows.span[0].0, rows.span[1].0), 1),
        };
        Self { list, part, path, rows, sql: Sql::new(list.table(), keys.into()) }
    }

    pub(super) fn credential(&self) -> Credential {
        self.list.credential()
    }

    /// The first two cells of the row of the table.
    pub(super) fn name(&self) -> String {
        match self.part {
            Part::Page(size) => format!("{} | {size}", self.list.name()),
            Part::One => format!("{} | one by id", self.list.name()),
            Part::Usage => "usage of an API key | 14 days".to_owned(),
        }
    }
}
