//! Walks through lists by cursor, while the lists change.

mod cursors;
mod orders;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{AIRCRAFT, INVOICES, KEYS, MEMBERS, REPORTS, TRIPS};

use crate::findings::FINDINGS;
use crate::passkeys;
use crate::support::{Client, TestApp, read_only_key};
use crate::webhooks::WEBHOOKS;

pub(crate) const LOG: &str = "/api/v1/audit-log";
const SESSIONS: &str = "/api/v1/auth/sessions";
pub(crate) const PASSKEYS: &str = "/api/v1/auth/passkeys";

/// A list whose rows a test creates, changes and deletes.
pub(crate) struct Subject {
    pub(crate) list: &'static str,
    /// The path of the new row's id in the response.
    id: &'static str,
    create: fn(u32) -> Value,
    pub(crate) change: fn(u32) -> Value,
    /// The table, and its column with the text of [`name`], for deletion by SQL; none if the API deletes rows.
    column: Option<(&'static str, &'static str)>,
}

/// A text that identifies one row: a registration, and long enough for a title.
fn name(number: u32) -> String {
    format!("N{}", 100 + number)
}

pub(crate) const SUBJECTS: [Subject; 7] = [
    Subject {
        list: KEYS,
        id: "/data/apiKey/id",
        create: |number| read_only_key(&name(number)),
        change: |number| json!({ "description": format!("Version {number}") }),
        column: Some(("api_keys", "name")),
    },
    Subject {
        list: MEMBERS,
        id: "/data/member/id",
        create: |number| {
            json!({ "name": format!("{} Meier", ["Zoe", "Ada", "Max"][number as usize % 3]), "role": "pilot",
                "email": format!("m{number}@skyline.example") })
        },
        change: |number| json!({ "role": if number.is_multiple_of(2) { "dispatcher" } else { "auditor" } }),
        column: None,
    },
    Subject {
        list: AIRCRAFT,
        id: "/data/id",
        create: |number| json!({ "tailNumber": name(number), "typeDesignator": "C25B", "model": "Citation CJ3+" }),
        change: |number| json!({ "model": format!("Model {number}") }),
        column: Some(("aircraft", "tail_number")),
    },
    Subject {
        list: TRIPS,
        id: "/data/id",
        create: |number| {
            json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "externalId": name(number),
                "departureDate": departure(number) })
        },
        change: |number| json!({ "departureDate": departure(97 * number) }),
        column: Some(("trips", "external_id")),
    },
    Subject {
        list: REPORTS,
        id: "/data/id",
        create: |number| {
            json!({ "reportType": "concern", "title": name(number), "occurredAt": "2026-11-22T17:05:00Z",
                "confidentiality": "standard",
                "description": "During the walk-around before the second leg the left fuel cap was found open." })
        },
        change: |number| json!({ "location": format!("LSZH, stand E{number}") }),
        column: Some(("reports", "title")),
    },
    Subject {
        list: INVOICES,
        id: "/data/id",
        create: invoice,
        change: |number| json!({ "dueDate": format!("2027-01-{:02}", number % 28 + 1) }),
        column: Some(("invoices", "external_id")),
    },
    Subject {
        list: WEBHOOKS,
        id: "/data/webhook/id",
        create: |number| json!({ "url": format!("https://8.8.8.8/{}", name(number)), "events": ["*"] }),
        change: |number| json!({ "description": format!("Version {number}") }),
        column: None,
    },
];

fn departure(number: u32) -> String {
    format!("2027-{:02}-{:02}T08:00:00Z", number % 12 + 1, number % 28 + 1)
}

fn invoice(number: u32) -> Value {
    json!({ "client": { "name": "Alpine Charter AG" }, "currency": "CHF", "dueDate": "2099-01-01", "externalId": name(number),
        "lineItems": [{ "description": "Flight hours", "quantity": "1", "unitPrice": 100 }] })
}

impl Subject {
    /// Creates a row and returns its id.
    pub(crate) async fn create(&self, client: &Client, number: u32) -> String {
        client.post(self.list, (self.create)(number)).await.is(201).text_at(self.id)
    }

    async fn change(&self, client: &Client, id: &str, number: u32) {
        client.patch(&format!("{}/{id}", self.list), (self.change)(number)).await.is(200);
    }

    async fn delete(&self, t: &TestApp, client: &Client, id: &str, number: u32) {
        match self.column {
            Some((table, column)) => {
                t.tamper(&format!("DELETE FROM {table} WHERE {column} = '{}'", name(number))).await;
            }
            None => {
                client.delete(&format!("{}/{id}", self.list)).await.is(200);
            }
        }
    }
}

/// The address of a list that continues at a cursor.
fn continued(list: &str, cursor: &str) -> String {
    format!("{list}{}cursor={cursor}", if list.contains('?') { '&' } else { '?' })
}

/// Reads a whole list by cursor and returns its ids; `between` runs after every response, with the ids in it.
async fn walk(client: &Client, list: &str, mut between: impl AsyncFnMut(Vec<String>)) -> Vec<String> {
    let (mut ids, mut page) = (Vec::new(), client.get(list).await.is(200));
    for _ in 0..1_000 {
        let found = page.items("id");
        ids.extend(found.iter().cloned());
        between(found).await;
        let Some(cursor) = page.at("/data/next_cursor").as_str() else { return ids };
        page = client.get(&continued(list, cursor)).await.is(200);
        assert_eq!([page.at("/data/total"), page.at("/data/page"), page.at("/data/total_pages")], [&Value::Null; 3]);
    }
    panic!("the walk does not end");
}

/// Asserts that every row of `throughout` was seen, and none twice.
fn assert_exactly_once(seen: &[String], throughout: &BTreeSet<String>, list: &str) {
    let distinct: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "{list}: a row was seen twice: {seen:?}");
    let missed: Vec<_> = throughout.difference(&distinct).collect();
    assert!(missed.is_empty(), "{list}: {missed:?} were missed, out of {}", throughout.len());
}

#[tokio::test]
async fn walk_sees_every_lasting_row_once_while_rows_come_change_and_go() {
    for subject in &SUBJECTS {
        let t = TestApp::new().await;
        let owner = t.owner().await;
        let mut rows = HashMap::new();
        for number in 0..17 {
            rows.insert(subject.create(&owner, number).await, number);
            // Some rows are created at the same instant, and differ in their ids only.
            if number % 4 == 0 {
                t.advance(Duration::from_mins(3)).await;
                owner.reauthenticate().await;
            }
        }
        for (round, size) in [1, 3, 4, 7].into_iter().enumerate() {
            let list = format!("{}?page_size={size}", subject.list);
            let mut throughout: BTreeSet<String> = rows.keys().cloned().collect();
            let mut next = 100 * (u32::try_from(round).expect("a number") + 1);
            let seen = walk(&owner, &list, async |_| {
                let draw = |below: usize| usize::from(t.app.random.bytes::<1>()[0]) % below;
                let chosen = |rows: &HashMap<String, u32>| {
                    let mut ids: Vec<_> = rows.keys().cloned().collect();
                    ids.sort_unstable();
                    ids.swap_remove(draw(ids.len()))
                };
                match draw(4) {
                    0 => {
                        rows.insert(subject.create(&owner, next).await, next);
                        next += 1;
                    }
                    1 => subject.change(&owner, &chosen(&rows), next).await,
                    2 if rows.len() > 8 => {
                        let id = chosen(&rows);
                        let number = rows.remove(&id).expect("a row");
                        subject.delete(&t, &owner, &id, number).await;
                        throughout.remove(&id);
                    }
                    _ => {
                        t.advance(Duration::from_mins(3)).await;
                        owner.reauthenticate().await;
                    }
                }
            })
            .await;
            assert_exactly_once(&seen, &throughout, &list);
            assert!(throughout.len() > 2, "{list}: too few rows are left");
        }
    }
}

#[tokio::test]
async fn walk_through_the_audit_log_sees_every_event_once_while_it_grows() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..9 {
        SUBJECTS[3].create(&owner, number).await;
    }
    let mut number = 1_000;
    for filter in ["", "action=trip.created&", &format!("actor_id={}&", t.owner.id)] {
        for size in [3, 5] {
            let list = format!("{LOG}?{filter}page_size={size}");
            let whole = owner.get(&format!("{LOG}?{filter}page_size=100")).await.is(200).items("id").into_iter().collect();
            let seen = walk(&owner, &list, async |_| {
                SUBJECTS[3].create(&owner, number).await;
                number += 1;
            })
            .await;
            assert_exactly_once(&seen, &whole, &list);
            assert_eq!(seen.len(), whole.len(), "{list}: events after the first response are before the walk");
        }
    }
}

#[tokio::test]
async fn filtered_list_that_empties_under_a_walk_is_read_to_its_end() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..8 {
        let id = SUBJECTS[5].create(&owner, number).await;
        owner.post(&format!("{INVOICES}/{id}/send"), json!({})).await.is(200);
    }
    let list = format!("{INVOICES}?status=sent&page_size=3");
    let mut paid = 0;
    walk(&owner, &list, async |ids| {
        for id in ids {
            owner.post(&format!("{INVOICES}/{id}/payments"), json!({ "amount": 100 })).await.is(201);
            paid += 1;
        }
    })
    .await;
    assert_eq!(paid, 8);
    assert_eq!(*owner.get(&list).await.is(200).at("/data/total"), 0);
}

#[tokio::test]
async fn walk_through_payments_sees_each_once_while_others_are_made() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let path = format!("{INVOICES}/{}", SUBJECTS[5].create(&owner, 1).await);
    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    let payments = format!("{path}/payments");
    for _ in 0..5 {
        owner.post(&payments, json!({ "amount": 10 })).await.is(201);
    }
    let throughout = owner.get(&payments).await.is(200).items("id").into_iter().collect();
    let seen = walk(&owner, &format!("{payments}?page_size=2"), async |_| {
        owner.post(&payments, json!({ "amount": 1 })).await.is(201);
        t.app.clock.advance(Duration::from_secs(1));
    })
    .await;
    assert_exactly_once(&seen, &throughout, &payments);
}

#[tokio::test]
async fn walk_through_sessions_sees_each_once_while_others_begin() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..6 {
        t.owner().await;
        if number % 2 == 0 {
            t.advance(Duration::from_mins(3)).await;
        }
    }
    let whole = owner.get(SESSIONS).await.is(200).items("id");
    assert_eq!(whole.len(), 7);
    let seen = walk(&owner, &format!("{SESSIONS}?page_size=2"), async |_| {
        t.advance(Duration::from_mins(3)).await;
        t.owner().await;
    })
    .await;
    assert_eq!(seen, whole);
    assert_eq!(owner.get(&format!("{SESSIONS}?page_size=2&page=2")).await.is(200).items("id").len(), 2);
}

#[tokio::test]
async fn walk_through_passkeys_finds_each_once() {
    let t = passkeys::app().await;
    let owner = t.owner().await;
    for _ in 0..5 {
        passkeys::passkey_of(&owner).await;
        passkeys::passkey_of(&t.admin().await).await;
        t.advance(Duration::from_secs(1)).await;
    }
    let whole = owner.get(PASSKEYS).await.is(200).items("id");
    assert_eq!(whole.len(), 5);
    let seen = walk(&owner, &format!("{PASSKEYS}?page_size=2"), async |_| {
        passkeys::passkey_of(&owner).await;
    })
    .await;
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn every_list_of_the_api_takes_a_cursor() {
    let t = TestApp::new().await;
    let document = t.anonymous().get("/openapi.json").await.is(200).json;
    let has = |operation: &Value, name: &str| {
        operation["parameters"].as_array().is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
    };
    let lists = document["paths"].as_object().expect("paths").iter();
    let lists: BTreeSet<&str> =
        lists.filter(|(path, item)| has(&item["get"], "page") && !path.contains('{')).map(|(path, _)| path.as_str()).collect();
    // A new list belongs into the tests above.
    let tested: BTreeSet<&str> = SUBJECTS.iter().map(|subject| subject.list).chain([LOG, SESSIONS, PASSKEYS, FINDINGS]).collect();
    assert_eq!(lists, tested);
    for list in lists {
        let get = &document["paths"][list]["get"];
        assert!(has(get, "cursor") && get["responses"]["400"]["description"].to_string().contains("CURSOR_MISMATCH"), "{list}");
    }
}
