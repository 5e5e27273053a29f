//! The form of a replacement: name, permissions, expiration, and when the old key is revoked.

use super::end::{self, EndChoice};
use crate::keys::error::Error;
use crate::keys::model::{Key, RotateKey};
use crate::keys::pages::expiration::{self, Choices};
use crate::keys::pages::fields::{faults_of, name_taken, parse_name, value_or_fault};
use crate::keys::pages::permissions::{self, ModuleRow, Tile};
use crate::keys::policy::{KeyPolicy, PolicyBreach};
use crate::scopes::{Permissions, Scopes};
use kit::http::Check;
use kit::page::{Fields, FormErrors, Moments};
use kit::text::sentence;

/// The order of the fields on the page.
const ORDER: [&str; 6] = ["name", "permissions", "modules", "expiration", "date", "revoke_old_after"];

const ADDRESSES_NEEDED: &str = "The policy of this workspace requires allowed addresses for a key that can write. Edit the old key and \
                                name its addresses: the new key takes them over.";

/// The form of step 1 as it is shown.
pub(super) struct Replacement {
    pub(super) fields: Fields,
    /// The idempotency key of the form: sending it twice creates one key.
    pub(super) idempotency_key: String,
    pub(super) choices: Choices,
    pub(super) tiles: Vec<Tile>,
    pub(super) rows: Vec<ModuleRow>,
    pub(super) ends: Vec<EndChoice>,
    /// True if fewer permissions were chosen, or have a fault.
    pub(super) is_narrowing: bool,
}

impl Replacement {
    fn new(fields: Fields, idempotency_key: String, choices: Choices, old: &Key) -> Self {
        Self {
            tiles: permissions::narrower_tiles(&fields, old),
            rows: permissions::rows(&fields, Some(old.scopes)),
            ends: end::choices(&fields),
            is_narrowing: !fields.is("permissions", permissions::SAME),
            fields,
            idempotency_key,
            choices,
        }
    }

    /// Fills the form with the defaults of the service, and with a smaller set of scopes if there is one.
    pub(super) fn proposed(
        name: &str,
        idempotency_key: String,
        (old, smaller): (&Key, Option<Scopes>),
        policy: &KeyPolicy,
        at: &Moments,
    ) -> Self {
        let choices = Choices::replacing(old, policy, at);
        // The replacement of a key without an expiration gets one, unless a person chooses otherwise.
        let expiration = if choices.same.is_some() { "same".to_owned() } else { choices.proposed() };
        let chosen = if smaller.is_some() { Permissions::Custom.as_str() } else { permissions::SAME };
        let fields = Fields::default().with("name", name).with("expiration", expiration).with("permissions", chosen);
        Self::new(permissions::of(&fields, smaller.unwrap_or(old.scopes)), idempotency_key, choices, old)
    }

    /// Fills the form with submitted fields.
    pub(super) fn typed(fields: &Fields, old: &Key, policy: &KeyPolicy, at: &Moments) -> Self {
        let idempotency_key = fields.text("idempotency_key").to_owned();
        Self::new(fields.clone(), idempotency_key, Choices::replacing(old, policy, at), old)
    }
}

/// Parses the submitted fields, or returns their faults.
pub(super) fn read(fields: &Fields, at: &Moments) -> Result<RotateKey, FormErrors> {
    let mut faults = FormErrors::default();
    let name = value_or_fault(parse_name(fields), "name", &mut faults);
    // Without an expiry, the service gives the lifetime of the old key.
    let expires_at = if fields.is("expiration", "same") { None } else { expiration::read(fields, at, &mut faults) };
    // Without permissions, the service gives those of the old key.
    let is_same = fields.text("permissions").is_empty() || fields.is("permissions", permissions::SAME);
    let narrowed = if is_same { None } else { permissions::read(fields, &mut faults) };
    let (permissions, scopes) = narrowed.map_or((None, None), |(permissions, scopes)| (Some(permissions), scopes));
    let after = end::read(fields, &mut faults);
    let input = RotateKey {
        expires_at,
        name,
        permissions,
        scopes,
        // An end that was set for an earlier replacement is changed only on purpose.
        revoke_old_after: after.map(Some),
        force: after.is_some() && end::is_forced(fields),
    };
    for fault in faults_of(|faults| input.check(faults)).into_iter().filter(|fault| fault.field == "name") {
        faults.add(&fault.field, fault.message);
    }
    faults.sort_as(&ORDER);
    if faults.is_empty() { Ok(input) } else { Err(faults) }
}

/// Converts an error of the service to a fault of the form.
pub(super) fn refused(error: &Error, fields: &Fields) -> FormErrors {
    match error {
        // The form has no field for addresses: those of the old key count.
        Error::Policy(breaches) if breaches.contains(&PolicyBreach::AllowlistNeeded) => FormErrors::of_whole(ADDRESSES_NEEDED),
        Error::Policy(breaches) => expiration::refused_by_policy(breaches, fields, "addresses"),
        Error::NameTaken(_) | Error::NameAlike { .. } => name_taken(error),
        Error::Quota(_) => FormErrors::of_whole(sentence(error)),
        Error::Widened { scope, .. } => FormErrors::of_field("permissions", format!("The old key does not have {scope}.")),
        _ => FormErrors::default(),
    }
}
