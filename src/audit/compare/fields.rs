//! The fields of a row as text, in which events and tables are compared.

use compact_str::{CompactString, ToCompactString, format_compact};
use serde_json::Value;

/// The fields that are compared, by the names that events give them; a row has those of its kind.
pub(super) const FIELDS: [&str; 48] = [
    "name",
    "hint",
    "permissions",
    "scopes",
    "expiresAt",
    "ipAllowlist",
    "rateLimit",
    "description",
    "secretFingerprint",
    "rotatedFrom",
    "sandboxId",
    "custodianId",
    "revokeOldAt",
    "revokeOldForced",
    "rotationBlockedAt",
    "createdAt",
    "createdBy",
    "expiryRecordedAt",
    "pausedAt",
    "pausedUntil",
    "pausedBy",
    "pausedEverywhereAt",
    "revokedAt",
    "revokedBy",
    "reason",
    "refusedEverywhereAt",
    "email",
    "role",
    "passwordFingerprint",
    "slug",
    "timezone",
    "apiKeysEnabled",
    "sandboxOf",
    "twoFactorPolicy",
    "graceDays",
    "passkeysAllowed",
    "idleMinutes",
    "absoluteMinutes",
    "minimumPasswordLength",
    "adminsRequiredSince",
    "adminsGraceEndsAt",
    "othersRequiredSince",
    "othersGraceEndsAt",
    "maxLifetimeDays",
    "allowNoExpiration",
    "requireIpAllowlistForWrite",
    "rotateAfterDays",
    "onLeak",
];

/// The pseudo-field of a row that is missing or added.
pub(super) const EXISTS: &str = "row";

/// The value of a field that is empty.
const NONE: &str = "nothing";

/// Fields by their index in [`FIELDS`]. A field without an entry is unknown.
pub(super) type Fields = Vec<(u8, CompactString)>;

/// The state of one row by the events.
#[derive(Clone, Debug, Default)]
pub(super) struct RowState {
    presence: Presence,
    /// True if the table has a row.
    pub(super) has_row: bool,
    fields: Fields,
}

/// The presence of a row by the events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Presence {
    #[default]
    NeverCreated,
    Present,
    Removed,
}

impl RowState {
    pub(super) fn exists(&self) -> bool {
        self.presence == Presence::Present
    }

    pub(super) fn create(&mut self) {
        self.presence = Presence::Present;
    }

    pub(super) fn remove(&mut self) {
        self.presence = Presence::Removed;
        self.fields.retain(|(index, _)| FIELDS[usize::from(*index)] == "name");
        self.fields.shrink_to_fit();
    }

    pub(super) fn set(&mut self, field: &'static str, value: &Value) {
        set(&mut self.fields, field, value);
    }

    /// Sets all fields of a description that are compared.
    pub(super) fn set_all(&mut self, described: &Value) {
        for (field, value) in described.as_object().into_iter().flatten() {
            set(&mut self.fields, field, value);
        }
    }

    /// Makes a field unknown.
    pub(super) fn forget(&mut self, field: &str) {
        if let Some(index) = index(field) {
            self.fields.retain(|(known, _)| *known != index);
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        name(&self.fields)
    }

    /// Returns the text of a field; `None` if it is unknown or empty.
    pub(super) fn get(&self, field: &str) -> Option<&str> {
        let index = index(field)?;
        let (_, text) = self.fields.iter().find(|(known, _)| *known == index)?;
        Some(text.as_str()).filter(|text| *text != NONE)
    }
}

pub(super) fn name(fields: &Fields) -> Option<&str> {
    fields.iter().find(|(index, _)| FIELDS[usize::from(*index)] == "name").map(|(_, text)| text.as_str())
}

/// Sets a field. A field that is not compared is ignored.
pub(super) fn set(fields: &mut Fields, field: &str, value: &Value) {
    let Some(index) = index(field) else { return };
    let text = text(value);
    match fields.iter_mut().find(|(known, _)| *known == index) {
        Some((_, known)) => *known = text,
        None => fields.push((index, text)),
    }
}

fn index(field: &str) -> Option<u8> {
    FIELDS.iter().position(|known| *known == field).and_then(|index| u8::try_from(index).ok())
}

/// Returns the fields in which a row differs from the events, with both values.
pub(super) fn differing<'a>(
    known: Option<&'a RowState>,
    row: Option<&'a Fields>,
) -> impl Iterator<Item = (&'static str, String, String)> + 'a {
    let there = |is_there: bool| if is_there { "there" } else { "not there" };
    let presence = known.map(|known| known.presence).unwrap_or_default();
    let by_log = if presence == Presence::Removed { "removed" } else { there(presence == Presence::Present) };
    let presence =
        ((presence == Presence::Present) != row.is_some()).then(|| (EXISTS, by_log.to_owned(), there(row.is_some()).to_owned()));
    let both = known.filter(|known| known.exists()).zip(row);
    let fields = both.into_iter().flat_map(|(known, row)| {
        known.fields.iter().filter_map(move |(index, log)| {
            let table = row.iter().find(|(other, _)| other == index).map_or(NONE, |(_, text)| text.as_str());
            (log != table).then(|| (FIELDS[usize::from(*index)], log.to_string(), table.to_owned()))
        })
    });
    presence.into_iter().chain(fields)
}

/// Returns a value as text that does not depend on the database engine.
fn text(value: &Value) -> CompactString {
    match value {
        Value::Null => CompactString::const_new(NONE),
        Value::String(text) => text.to_compact_string(),
        Value::Array(items) if items.is_empty() => CompactString::const_new(NONE),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", ").into(),
        Value::Object(members) => {
            // Postgres reorders the members of a JSON object.
            let mut members: Vec<_> = members.iter().map(|(name, value)| format_compact!("{name} {}", text(value))).collect();
            members.sort_unstable();
            members.join(", ").into()
        }
        Value::Bool(_) | Value::Number(_) => value.to_compact_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(fields: &[(&'static str, Value)]) -> RowState {
        let mut known = RowState::default();
        known.create();
        for (field, value) in fields {
            known.set(field, value);
        }
        known
    }

    fn row(of: &Value) -> Fields {
        let mut fields = Fields::new();
        of.as_object().into_iter().flatten().for_each(|(field, value)| set(&mut fields, field, value));
        fields
    }

    #[test]
    fn a_field_that_no_event_tells_is_not_a_difference() {
        let known = known(&[("name", json!("Desk")), ("rateLimit", json!({ "requests": 1, "perSeconds": 2 }))]);
        let stored = row(&json!({ "name": "Desk", "rateLimit": { "perSeconds": 2, "requests": 1 }, "role": "pilot" }));
        assert_eq!(differing(Some(&known), Some(&stored)).count(), 0);
    }

    #[test]
    fn an_empty_list_and_null_are_both_nothing() {
        let known = known(&[("ipAllowlist", json!([]))]);
        assert_eq!(differing(Some(&known), Some(&row(&json!({ "ipAllowlist": null })))).count(), 0);
    }

    #[test]
    fn a_field_that_differs_is_named_with_both_values() {
        let known = known(&[("revokedAt", json!("2026-11-23T09:30:00Z"))]);
        let found: Vec<_> = differing(Some(&known), Some(&row(&json!({ "revokedAt": null })))).collect();
        assert_eq!(found, [("revokedAt", "2026-11-23T09:30:00Z".to_owned(), "nothing".to_owned())]);
    }

    #[test]
    fn a_row_without_an_event_and_an_event_without_a_row_are_differences() {
        let made = known(&[]);
        let mut removed = known(&[("name", json!("Ana"))]);
        removed.remove();
        let says =
            |known: Option<&RowState>, row: Option<&Fields>| differing(known, row).map(|(_, log, table)| [log, table]).next();
        let stored = Fields::new();
        assert_eq!(says(Some(&made), None), Some(["there", "not there"].map(str::to_owned)));
        assert_eq!(says(None, Some(&stored)), Some(["not there", "there"].map(str::to_owned)));
        assert_eq!(says(Some(&removed), Some(&stored)), Some(["removed", "there"].map(str::to_owned)));
        assert_eq!(says(Some(&removed), None), None);
    }
}
