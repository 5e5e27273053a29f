//! Rows of trips, invoices, reports and audit events, with the fields that responses have.

#![expect(clippy::struct_field_names, reason = "fields are named as in responses")]

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::driver::{FromRow, Row};
use crate::fields::{At, Day, Id, Json};

/// A number in the column with this index.
pub(super) struct Number<const INDEX: usize>(pub(super) i64);

impl<const INDEX: usize> FromRow for Number<INDEX> {
    fn from_row(row: &impl Row) -> Self {
        Self(row.column(INDEX))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trip {
    id: Id,
    external_id: Option<String>,
    trip_type: String,
    status: String,
    origin: String,
    origin_name: Option<String>,
    destination: String,
    destination_name: Option<String>,
    departure_date: At,
    arrival_date: Option<At>,
    aircraft_id: Option<Id>,
    passenger_count: i32,
    notes: Option<String>,
    created_at: At,
    updated_at: At,
}

impl FromRow for Trip {
    fn from_row(row: &impl Row) -> Self {
        Self {
            id: Id("trip_", row.column(0)),
            external_id: row.column(2),
            trip_type: row.column(3),
            status: row.column(4),
            origin: row.column(5),
            origin_name: row.column(6),
            destination: row.column(7),
            destination_name: row.column(8),
            departure_date: row.column(9),
            arrival_date: row.column(10),
            aircraft_id: row.column::<Option<Uuid>>(11).map(|id| Id("ac_", id)),
            passenger_count: row.column(12),
            notes: row.column(13),
            created_at: row.column(14),
            updated_at: row.column(15),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invoice {
    id: Id,
    number: String,
    client: Client,
    trip_id: Option<Id>,
    currency: String,
    line_items: Vec<LineItem>,
    subtotal: i64,
    total: i64,
    amount_paid: i64,
    status: String,
    due_date: Day,
    notes: Option<String>,
    external_id: Option<String>,
    created_at: At,
    updated_at: At,
}

#[derive(Serialize)]
struct Client {
    name: String,
    email: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineItem {
    description: String,
    quantity: String,
    unit_price: i64,
    amount: i64,
}

impl FromRow for Invoice {
    fn from_row(row: &impl Row) -> Self {
        let Json(line_items) = row.column::<Json<Vec<LineItem>>>(7);
        Self {
            id: Id("inv_", row.column(0)),
            number: row.column(2),
            client: Client { name: row.column(3), email: row.column(4) },
            trip_id: row.column::<Option<Uuid>>(5).map(|id| Id("trip_", id)),
            currency: row.column(6),
            subtotal: line_items.iter().map(|line| line.amount).sum(),
            line_items,
            total: row.column(8),
            amount_paid: row.column(9),
            // All are drafts, whose status does not depend on the day.
            status: row.column(10),
            due_date: row.column(11),
            notes: row.column(12),
            external_id: row.column(13),
            created_at: row.column(14),
            updated_at: row.column(15),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    id: Id,
    number: String,
    report_type: String,
    title: String,
    description: String,
    location: Option<String>,
    occurred_at: At,
    severity: Option<String>,
    status: String,
    confidentiality: String,
    reporter: Option<Person>,
    assigned_to: Option<String>,
    created_at: At,
    updated_at: At,
}

/// A person or a key that has done something.
#[derive(Serialize)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
}

impl Person {
    /// Reads id and name, which are two columns.
    pub(super) fn in_columns(row: &impl Row, index: usize) -> Option<Self> {
        let (id, name): (Option<String>, Option<String>) = (row.column(index), row.column(index + 1));
        id.zip(name).map(|(id, name)| Self { id, name })
    }
}

impl FromRow for Report {
    fn from_row(row: &impl Row) -> Self {
        let confidentiality: String = row.column(11);
        Self {
            id: Id("rpt_", row.column(0)),
            number: row.column(2),
            report_type: row.column(3),
            title: row.column(4),
            description: row.column(5),
            location: row.column(6),
            occurred_at: row.column(7),
            severity: row.column(9),
            status: row.column(10),
            reporter: Person::in_columns(row, 13).filter(|_| confidentiality == "standard"),
            confidentiality,
            assigned_to: row.column(15),
            created_at: row.column(16),
            updated_at: row.column(17),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    id: Id,
    sequence: i64,
    occurred_at: At,
    action: String,
    outcome: String,
    actor: Named,
    target: Option<Named>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication>,
    hash: String,
}

/// The actor or the target of an event.
#[derive(Serialize)]
struct Named {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    methods: Vec<String>,
    age_seconds: i64,
}

impl FromRow for Event {
    fn from_row(row: &impl Row) -> Self {
        let target = |kind| Named { kind, id: row.column(10), name: row.column(11) };
        let proof: (Option<String>, Option<i64>) = (row.column(17), row.column(18));
        let authentication = |(methods, age_seconds): (String, i64)| Authentication {
            methods: methods.split(',').map(str::to_owned).collect(),
            age_seconds,
        };
        let Json(details) = row.column(15);
        Self {
            id: Id("evt_", row.column(0)),
            sequence: row.column(2),
            occurred_at: row.column(3),
            action: row.column(4),
            outcome: row.column(5),
            actor: Named { kind: row.column(6), id: row.column(7), name: row.column(8) },
            target: row.column::<Option<String>>(9).map(target),
            ip: row.column(12),
            user_agent: row.column(13),
            request_id: row.column(14),
            details,
            authentication: proof.0.zip(proof.1).map(authentication),
            hash: hex::encode(row.column::<Vec<u8>>(16)),
        }
    }
}
