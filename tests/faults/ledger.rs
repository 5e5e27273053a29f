//! The reference model: what may be true after the answers so far.
//!
//! An answer of success is a promise; any other end of a call, a cut connection included, leaves open whether it happened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use testkit::Key;

use super::stored::Stored;

/// The values that something in the database may have.
#[derive(Clone, Debug)]
pub struct Fact(BTreeSet<u64>);

impl Default for Fact {
    fn default() -> Self {
        Self::of(0)
    }
}

impl Fact {
    pub fn of(value: u64) -> Self {
        Self(BTreeSet::from([value]))
    }

    /// A call has been sent that makes it `value`.
    pub fn attempt(&mut self, value: u64) {
        self.0.insert(value);
    }

    /// Sets the only possible value.
    pub fn set(&mut self, value: u64) {
        *self = Self::of(value);
    }

    pub fn is(&self, value: u64) -> bool {
        self.0.len() == 1 && self.may_be(value)
    }

    pub fn may_be(&self, value: u64) -> bool {
        self.0.contains(&value)
    }

    /// Records a stored value while no call is under way; returns whether it was possible.
    fn observe(&mut self, value: u64) -> bool {
        let possible = self.may_be(value);
        self.set(value);
        possible
    }
}

/// A key by its name, which is its own.
#[derive(Clone, Debug, Default)]
pub struct KeyRecord {
    pub made: Fact,
    pub revoked: Fact,
    /// Known once its creation returned.
    pub key: Option<Key>,
}

/// A creation with an `Idempotency-Key`, and its response.
#[derive(Clone, Debug)]
pub struct Creation {
    pub made: Fact,
    pub path: &'static str,
    pub body: Value,
    pub answer: Option<Value>,
}

/// A session by its token.
#[derive(Clone, Debug)]
pub struct Session {
    pub token: String,
    pub open: Fact,
}

/// The calls of a trial, by how they ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub calls: u64,
    /// Acknowledged writes.
    pub writes: u64,
    /// Responses with status 503 or 507.
    pub unavailable: u64,
    pub cut: u64,
    pub lost: u64,
}

impl Totals {
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.writes += other.writes;
        self.unavailable += other.unavailable;
        self.cut += other.cut;
        self.lost += other.lost;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, writes, unavailable, cut, lost } = self;
        write!(f, "{calls} calls, {writes} writes answered, {unavailable} refused, {cut} cut off, {lost} lost")
    }
}

/// All responses, and the values that they allow.
#[derive(Debug, Default)]
pub struct Ledger {
    pub keys: BTreeMap<String, KeyRecord>,
    /// By external id; the value is the version in the notes, 0 for none.
    pub trips: BTreeMap<String, Fact>,
    /// Reports, invoices and posted trips, by a text in them that is their own.
    pub creations: BTreeMap<String, Creation>,
    pub sessions: Vec<Session>,
    pub totals: Totals,
    /// Promises that were broken, and how often that was seen.
    pub broken: BTreeMap<String, u64>,
}

/// Sessions whose promise is held: fewer than a member may have.
const SESSIONS: usize = 8;

impl Ledger {
    pub fn breaks(&mut self, what: String) {
        *self.broken.entry(what).or_default() += 1;
        self.totals.lost = self.broken.len() as u64;
    }

    pub fn key(&mut self, name: &str) -> &mut KeyRecord {
        self.keys.entry(name.to_owned()).or_default()
    }

    /// A session was opened; the oldest may be ended by it.
    pub fn opened(&mut self, token: &str) {
        self.sessions.push(Session { token: token.to_owned(), open: Fact::of(1) });
        if self.sessions.len() > SESSIONS {
            self.sessions.remove(0);
        }
    }

    /// Compares the responses with the stored values. No call may be under way.
    pub fn compare(&mut self, stored: &Stored) {
        let mut broken = Vec::new();
        let mut holds = |what: &str, name: &str, fact: &mut Fact, found: u64| {
            let before = fact.clone();
            if !fact.observe(found) {
                broken.push(format!("{what} {name}: answered {before:?}, stored {found}"));
            }
        };
        for (name, record) in &mut self.keys {
            let found = stored.keys.get(name).copied();
            holds("the key", name, &mut record.made, found.is_some().into());
            holds("the revocation of", name, &mut record.revoked, found.unwrap_or(false).into());
        }
        for (external_id, fact) in &mut self.trips {
            holds("the trip", external_id, fact, stored.trips.get(external_id).copied().unwrap_or(0));
        }
        for (text, creation) in &mut self.creations {
            holds("the creation of", text, &mut creation.made, stored.texts.get(text).copied().unwrap_or(0));
        }
        let attempted = |text: &&String| !self.creations.contains_key(*text);
        broken.extend(stored.texts.keys().filter(attempted).map(|text| format!("{text} is stored and was never sent")));
        let unknown = |name: &&String| !self.keys.contains_key(*name);
        broken.extend(stored.keys.keys().filter(unknown).map(|name| format!("the key {name} is stored and was never sent")));
        broken.extend(stored.faults.iter().cloned());
        for what in broken {
            self.breaks(what);
        }
    }

    /// Takes over what is stored, where it is known that answers were lost.
    pub fn adopt(&mut self, stored: &Stored) {
        let (totals, before) = (self.totals, std::mem::take(&mut self.broken));
        self.compare(stored);
        (self.totals, self.broken) = (totals, before);
        self.keys.retain(|name, _| stored.keys.contains_key(name));
        self.sessions.clear();
    }
}
