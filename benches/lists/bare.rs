//! The calls without the product: the statements of a call, their rows in structs, and the body of the response.

#![expect(clippy::struct_field_names, reason = "fields are named as in responses")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use planeconnection::members::MemberId;
use planeconnection::scopes::Scope;
use serde::Serialize;
use uuid::Uuid;

use crate::calls::{Call, List, Part};
use crate::driver::{Driver, FromRow, Value};
use crate::fields::{At, Id};
use crate::keys::{Address, Hour, Key, LastUse, Member, Successor};
use crate::rows::{Event, Invoice, Number, Person, Report, Trip};

/// Addresses in a usage report.
const ADDRESSES: i64 = 50;

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    data: &'a T,
}

/// A page; it has no cursor.
#[derive(Serialize)]
struct Page<T> {
    items: Vec<T>,
    total: i64,
    page: i64,
    per_page: i64,
    total_pages: i64,
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    fn new(items: Vec<T>, total: i64, size: u16) -> Self {
        let per_page = i64::from(size);
        let total_pages = total / per_page + i64::from(total % per_page > 0);
        Self { items, total, page: 1, per_page, total_pages, next_cursor: None }
    }
}

/// The usage of a key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    from: At,
    to: At,
    bucket: &'static str,
    buckets: Vec<Bucket>,
    scopes: Vec<ScopeSum>,
    addresses: Vec<Address>,
    last_used_at: Option<At>,
    last_used_ip: Option<String>,
}

#[derive(Serialize)]
struct Bucket {
    start: At,
    allowed: i64,
    denied: i64,
}

#[derive(Serialize)]
struct ScopeSum {
    scope: Option<Scope>,
    allowed: i64,
    denied: i64,
}

fn written(data: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(&Envelope { success: true, data }).expect("JSON")
}

impl Call {
    /// Reads the rows, and returns the body of the response.
    pub(super) async fn body(&self, driver: &impl Driver) -> Vec<u8> {
        match self.list {
            List::Trips => self.plain::<Trip>(driver).await,
            List::Invoices => self.plain::<Invoice>(driver).await,
            List::Reports => self.plain::<Report>(driver).await,
            List::Keys => self.keys(driver).await,
            List::Events => self.events(driver).await,
        }
    }

    /// Reads rows of one table.
    async fn plain<T: FromRow + Serialize>(&self, driver: &impl Driver) -> Vec<u8> {
        match self.part {
            Part::Page(size) => {
                let counted: Vec<Number<0>> = driver.rows(&self.sql.count, &[self.workspace()]).await;
                written(&Page::new(self.page::<T>(driver, size).await, counted[0].0, size))
            }
            Part::One | Part::Usage => written(&self.found::<T>(driver).await),
        }
    }

    async fn keys(&self, driver: &impl Driver) -> Vec<u8> {
        match self.part {
            Part::Page(size) => {
                // The product keeps the number of keys in memory, and reads whether a key has changed.
                let _revision: Vec<Number<1>> = driver.rows(&self.sql.revision, &[Value::Small(1), Value::Number(1)]).await;
                let keys = self.page(driver, size).await;
                written(&Page::new(self.with_details(driver, keys).await, self.rows.total, size))
            }
            Part::One => {
                let key = self.found(driver).await;
                written(&self.with_details(driver, vec![key]).await[0])
            }
            Part::Usage => written(&self.usage(driver).await),
        }
    }

    async fn events(&self, driver: &impl Driver) -> Vec<u8> {
        let Part::Page(size) = self.part else { panic!("no call reads one event") };
        // Events are numbered without gaps.
        let head: Vec<Number<1>> = driver.rows(&self.sql.head, &[self.workspace(), Value::Number(1)]).await;
        let last = head[0].0;
        let range = [self.workspace(), Value::Number(last - i64::from(size) + 1), Value::Number(last)];
        let events: Vec<Event> = driver.rows(&self.sql.events, &range).await;
        written(&Page::new(events, last, size))
    }

    fn workspace(&self) -> Value {
        Value::Id(self.rows.workspace)
    }

    /// Reads the newest rows. One more than the page has would be the first of the next.
    async fn page<T: FromRow>(&self, driver: &impl Driver, size: u16) -> Vec<T> {
        let values = [self.workspace(), Value::Number(i64::from(size) + 1), Value::Number(0)];
        let mut rows = driver.rows(&self.sql.page, &values).await;
        rows.truncate(size.into());
        rows
    }

    async fn found<T: FromRow>(&self, driver: &impl Driver) -> T {
        let values = [Value::Id(self.rows.newest), self.workspace(), Value::Number(1)];
        driver.rows(&self.sql.find, &values).await.pop().expect("a row")
    }

    /// Adds last uses, successors and custodians.
    async fn with_details(&self, driver: &impl Driver, mut keys: Vec<Key>) -> Vec<Key> {
        let of_workspace = |values: &[Value]| [&[self.workspace()], values].concat();
        let ids: Vec<Value> = keys.iter().map(|key| Value::Id(key.id.1)).collect();
        let last_uses: Vec<LastUse> = driver.rows(&self.sql.last_uses, &ids).await;
        let mut last_uses: HashMap<Uuid, LastUse> = last_uses.into_iter().map(|last| (last.key, last)).collect();
        let mut successors: Vec<Successor> = driver.rows(&self.sql.successors, &of_workspace(&ids)).await;
        successors.sort_unstable();
        let successors: HashMap<Uuid, Uuid> = successors.into_iter().filter_map(|key| Some((key.of?, key.id))).collect();
        let custodians: BTreeSet<MemberId> = keys.iter().filter_map(|key| key.custodian_id).collect();
        let custodians: Vec<Value> = custodians.iter().map(|member| Value::Id(member.0)).collect();
        let members: Vec<Member> = driver.rows(&self.sql.members, &of_workspace(&custodians)).await;
        let names: HashMap<MemberId, String> = members.into_iter().map(|member| (MemberId(member.id), member.name)).collect();
        for key in &mut keys {
            if let Some(LastUse { at, ip, .. }) = last_uses.remove(&key.id.1) {
                (key.last_used_at, key.last_used_ip) = (Some(at), Some(ip));
            }
            key.rotated_to = successors.get(&key.id.1).map(|id| Id("key_", *id));
            let custodian = key.custodian_id.and_then(|id| names.get(&id).map(|name| (id, name)));
            key.custodian = custodian.map(|(id, name)| Person { id: id.to_string(), name: name.clone() });
        }
        keys
    }

    /// Reads the usage of a key, and adds it up by day and by scope.
    async fn usage(&self, driver: &impl Driver) -> Usage {
        let _key: Key = self.found(driver).await;
        let (id, [from, to]) = (Value::Id(self.rows.newest), self.rows.span);
        let hours: Vec<Hour> = driver.rows(&self.sql.usage, &[id.clone(), Value::time(from), Value::time(to)]).await;
        let (mut days, mut scopes) = (BTreeMap::<At, [i64; 2]>::new(), BTreeMap::<i16, [i64; 2]>::new());
        for hour in hours {
            let sums = [days.entry(hour.start.midnight()).or_default(), scopes.entry(hour.scope).or_default()];
            for [allowed, denied] in sums {
                *allowed += hour.allowed;
                *denied += hour.denied;
            }
        }
        let scope = |index: i16| usize::try_from(index).ok().and_then(Scope::from_index);
        let addresses = driver.rows(&self.sql.addresses, &[id.clone(), Value::Number(ADDRESSES)]).await;
        let last_use: Option<LastUse> = driver.rows(&self.sql.last_uses, &[id]).await.pop();
        Usage {
            from,
            to,
            bucket: "day",
            buckets: days.into_iter().map(|(start, [allowed, denied])| Bucket { start, allowed, denied }).collect(),
            scopes: scopes
                .into_iter()
                .map(|(index, [allowed, denied])| ScopeSum { scope: scope(index), allowed, denied })
                .collect(),
            addresses,
            last_used_at: last_use.as_ref().map(|last| last.at),
            last_used_ip: last_use.map(|last| last.ip),
        }
    }
}
