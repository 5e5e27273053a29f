//! Events and what they are made of.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::credential::CredentialCheck;
use key_format::scrub;
use kit::clock::Time;

kit::ids! {
    /// An audit event.
    EventId = "evt";
}

kit::string_enum! {
    /// What was done; the closed list of the log's vocabulary.
    Action as Action {
        /// A key was made.
        KeyCreated = "api_key.created",
        /// Name, description, allow-list or limit of a key was changed.
        KeyUpdated = "api_key.updated",
        /// A key got a successor.
        KeyRotated = "api_key.rotated",
        /// A key was revoked.
        KeyRevoked = "api_key.revoked",
        /// Every node refuses a revoked key; `details` says which confirmed it, and whose lease had to run out.
        KeyRefusedEverywhere = "api_key.refused_everywhere",
        /// A key passed its expiry.
        KeyExpired = "api_key.expired",
        /// First use of a key, or first use from a new address.
        KeyUsed = "api_key.used",
        /// Requests with a key were refused; `details` says why and how many.
        KeyDenied = "api_key.denied",
        /// A key was sent in a query string, where proxies and histories keep it.
        KeyLeakedInUrl = "api_key.leaked_in_url",
        /// API key management was switched on or off.
        KeySettingsUpdated = "settings.api_keys.updated",
        /// A person signed in.
        SignedIn = "member.signed_in",
        /// A sign-in with a member's email failed.
        SignInFailed = "member.sign_in_failed",
        /// A person signed out.
        SignedOut = "member.signed_out",
        /// A person was added to the workspace.
        MemberAdded = "member.added",
        /// A person who has not joined got a new invitation; the one before it ended.
        MemberInvitedAgain = "member.invited_again",
        /// An invited person set a password.
        MemberJoined = "member.joined",
        /// A person's role was changed.
        MemberRoleChanged = "member.role_changed",
        /// A person was removed from the workspace.
        MemberRemoved = "member.removed",
        /// The workspace was made.
        WorkspaceCreated = "workspace.created",
        /// An aircraft was added.
        AircraftCreated = "aircraft.created",
        /// An aircraft was changed.
        AircraftUpdated = "aircraft.updated",
        /// A trip was made.
        TripCreated = "trip.created",
        /// A trip was changed.
        TripUpdated = "trip.updated",
        /// A safety report was filed.
        ReportCreated = "report.created",
        /// A safety report was changed.
        ReportUpdated = "report.updated",
        /// An invoice was drafted.
        InvoiceCreated = "invoice.created",
        /// A draft was changed.
        InvoiceUpdated = "invoice.updated",
        /// An invoice was sent.
        InvoiceSent = "invoice.sent",
        /// A payment was recorded.
        InvoicePaymentRecorded = "invoice.payment_recorded",
        /// An invoice was voided.
        InvoiceVoided = "invoice.voided",
    }
}

kit::string_enum! {
    /// Whether it was done or refused.
    Outcome as Outcome {
        /// Done.
        Success = "success",
        /// Refused.
        Denied = "denied",
    }
}

/// Who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct Actor {
    /// `member`, `api_key`, `operator` (the command line) or `anonymous`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Their id, if they have one.
    pub id: Option<String>,
    /// Their name at the time.
    pub name: Option<String>,
}

impl Actor {
    /// A person of the workspace.
    pub fn member(id: impl ToString, name: &str) -> Self {
        Self { kind: "member", id: Some(id.to_string()), name: Some(name.to_owned()) }
    }

    /// An API key.
    pub fn api_key(id: impl ToString, name: &str) -> Self {
        Self { kind: "api_key", id: Some(id.to_string()), name: Some(name.to_owned()) }
    }

    /// What an operator is called who opened the link with which a new server is set up.
    pub const SET_UP_LINK: &str = "set-up link";

    /// Whoever runs the command line.
    pub fn operator(name: &str) -> Self {
        Self { kind: "operator", id: None, name: Some(scrub(name).into_owned()) }
    }

    /// Whether it is the command line.
    pub fn is_operator(&self) -> bool {
        self.kind == "operator"
    }

    /// Their id and name, for a row that says who: whoever has no id goes by their kind, and by that for a name.
    pub fn into_id_and_name(self) -> (String, String) {
        let id = self.id.unwrap_or_else(|| self.kind.to_owned());
        (id.clone(), self.name.unwrap_or(id))
    }

    /// Somebody unknown, or somebody whose name is kept secret.
    pub const ANONYMOUS: Self = Self { kind: "anonymous", id: None, name: None };

    /// The product itself.
    pub const SYSTEM: Self = Self { kind: "system", id: None, name: None };
}

/// What it was done to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct Target {
    /// `api_key`, `member`, `trip`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: Option<String>,
    /// Its name at the time.
    pub name: Option<String>,
}

impl Target {
    /// A thing of this kind.
    pub fn new(kind: &str, id: impl ToString, name: &str) -> Self {
        Self { kind: kind.to_owned(), id: Some(id.to_string()), name: Some(name.to_owned()) }
    }
}

/// On whose behalf and over which request something is done.
#[derive(Clone, Debug)]
pub struct AuditContext {
    /// Who.
    pub actor: Actor,
    /// From which address.
    pub ip: Option<IpAddr>,
    /// With which program, as it calls itself.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// The credential of the request, checked again when a write begins. It is not stored.
    pub credential: Option<Arc<dyn CredentialCheck>>,
}

impl AuditContext {
    /// Returns a context without a request.
    pub fn of(actor: Actor) -> Self {
        Self { actor, ip: None, user_agent: None, request_id: None, credential: None }
    }

    /// Returns the context of the command line.
    pub fn operator(name: &str) -> Self {
        Self::of(Actor::operator(name))
    }

    /// Returns the context of background work.
    pub fn system() -> Self {
        Self::of(Actor::SYSTEM)
    }
}

/// One line of the log, as it is sent, exported and (without `hash`) hashed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub struct Event {
    /// The event's id.
    pub id: EventId,
    /// Its number in the workspace's log, from 1, without gaps.
    pub sequence: i64,
    /// When.
    pub occurred_at: Time,
    /// What was done.
    #[schema(value_type = Action)]
    pub action: String,
    /// Done or refused.
    #[schema(value_type = Outcome)]
    pub outcome: String,
    /// Who did it.
    pub actor: EventActor,
    /// To what.
    pub target: Option<Target>,
    /// From which address.
    pub ip: Option<String>,
    /// With which program, as it called itself.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// More, by action.
    #[schema(value_type = Object)]
    pub details: Value,
    /// SHA-256, in hexadecimal, over the previous event's 32 bytes (zeros before the first) and this event's RFC 8785 JSON without `hash`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

/// Who did it, as stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct EventActor {
    /// `member`, `api_key`, `operator` or `anonymous`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Their id, if they have one.
    pub id: Option<String>,
    /// Their name at the time.
    pub name: Option<String>,
}

/// What differs between two descriptions of a thing, as `{field: {from, to}}`; `None` if nothing does.
pub fn differences(old: &Value, new: &Value) -> Option<Value> {
    let (old, new) = (old.as_object()?, new.as_object()?);
    let differing = new.iter().filter(|(field, to)| old.get(*field) != Some(*to));
    let changes: serde_json::Map<_, _> =
        differing.map(|(field, to)| (field.clone(), serde_json::json!({ "from": old.get(field), "to": to }))).collect();
    (!changes.is_empty()).then_some(Value::Object(changes))
}

/// The same for texts that the log is not to repeat: which of them were rewritten is added to what differs.
pub fn and_rewritten<const N: usize>(changes: Option<Value>, texts: [(&str, bool); N]) -> Option<Value> {
    let rewritten: Vec<_> = texts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    if rewritten.is_empty() {
        return changes;
    }
    let mut changes = changes.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    changes["rewritten"] = serde_json::json!(rewritten);
    Some(changes)
}

/// Which events to list.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Only this action.
    #[param(inline)]
    pub action: Option<Action>,
    /// Only what this member or key did; `operator` for the command line, `anonymous` for nobody known.
    pub actor_id: Option<String>,
    /// Only what this key did, or was done to it.
    pub api_key_id: Option<String>,
    /// Only done, or only refused.
    #[param(inline)]
    pub outcome: Option<Outcome>,
    /// Only from this time or day on (UTC).
    #[param(inline)]
    pub date_from: Option<kit::clock::Since>,
    /// Only up to this time, or to the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<kit::clock::Until>,
    /// All, or what deserves a second look; asked for on the page only.
    #[serde(skip)]
    #[param(ignore)]
    pub which: Which,
}

/// Whether ordinary events are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Which {
    /// They are.
    #[default]
    All,
    /// Only those that [`super::unusual`] has a reason for.
    Unusual,
}
