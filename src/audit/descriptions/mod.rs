//! Events as sentences.
//!
//! Names are those of the event, as they were at the time. An action that is unknown to this version appears as its code.
//!
//! - here the sentences; `changes` changed fields and denial reasons; `sessions` sign-ins and invitations; `factors`
//!   second factors
//! - `titles` actions without an event
//! - `unusual` events that deserve attention

mod changes;
mod factors;
mod sessions;
#[cfg(test)]
mod tests;
mod titles;
mod unusual;

use serde_json::Value;

use super::action::Action;
use super::actor::{ActorKind, EventActor};
use super::event::Event;
use super::target::{EventTarget, TargetKind};
use crate::keys::Unusual;
use crate::members::Role;
use changes::changed;
pub(super) use changes::denied_because;
use kit::page::number::{grouped, plural};
pub(super) use titles::{heading, title};
pub use unusual::unusual;
pub(super) use unusual::{is_unusual, reason as unusual_reason, unusual_kinds};

/// A part of a sentence: words, or a name that a page may link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    pub text: String,
    /// The kind and the id that the name belongs to.
    pub names: Option<(TargetKind, String)>,
}

impl<T: Into<String>> From<T> for Phrase {
    fn from(text: T) -> Self {
        Self { text: text.into(), names: None }
    }
}

/// Returns an event as a sentence: “Ana Keller created the key Fleet Dashboard”.
pub fn describe(event: &Event) -> String {
    phrases(event).into_iter().map(|phrase| phrase.text).collect()
}

/// Returns the sentence in parts.
pub fn phrases(event: &Event) -> Vec<Phrase> {
    if let Ok(action) = event.action.parse() {
        return sentence(event, action);
    }
    let mut words = vec![subject(event), ": ".into(), event.action.clone().into()];
    if let Some(target) = event.target.as_ref() {
        words.extend([" (".into(), named(target.known_kind(), target.id.as_ref(), target.name.as_ref()), ")".into()]);
    }
    words
}

fn sentence(event: &Event, action: Action) -> Vec<Phrase> {
    let details = &event.details;
    let did = |verb: &str| did(event, verb, String::new());
    match action {
        Action::KeyCreated if details.get("rotatedFrom").is_some() => self::did(event, "created", " to replace another".into()),
        Action::KeyCreated | Action::TripCreated | Action::WorkspaceCreated | Action::WebhookCreated => did("created"),
        Action::KeyUpdated | Action::AircraftUpdated | Action::TripUpdated | Action::ReportUpdated | Action::WebhookUpdated => {
            self::did(event, "changed", changed(details))
        }
        Action::InvoiceUpdated => self::did(event, "changed the draft of", changed(details)),
        Action::KeyRotated => self::did(event, "created a replacement for", replaced(details)),
        Action::KeyRotationBlocked if text(details, "/cause") == Some("no_successor") => {
            is(event, " was not revoked at the end of its rotation: no active key replaces it")
        }
        Action::KeyRotationBlocked => is(event, " was not revoked at the end of its rotation: it is still in use"),
        Action::KeyPaused => self::did(event, "paused", paused(details)),
        Action::KeyResumed if details.get("automatic") == Some(&Value::Bool(true)) => is(event, " works again: its pause ended"),
        Action::KeyResumed => did("resumed"),
        Action::KeyShadowStarted => self::did(event, "started shadow mode for", tried(details)),
        Action::KeyShadowEnded if details.get("early") == Some(&Value::Bool(false)) => {
            did("removed the result of shadow mode for")
        }
        Action::KeyShadowEnded => did("ended shadow mode for"),
        Action::KeyRevoked => self::did(event, "revoked", quoted(details)),
        Action::KeyRefusedEverywhere | Action::KeyPausedEverywhere => is(event, refused_everywhere(details)),
        Action::KeyExpiring => is(event, expires(details)),
        Action::KeyExpired => is(event, " expired"),
        Action::KeyUsed => is(event, used(details)),
        Action::KeyDenied => denial(event),
        Action::KeyLeakedInUrl => is(event, leaked(details)),
        Action::KeyLeaked => is(event, found(details)),
        Action::KeysHandedOver => handed_over(event),
        Action::KeyUnusual => is(event, unusual_activity(details)),
        Action::KeySettingsUpdated => {
            let switched = if details.pointer("/enabled/to") == Some(&Value::Bool(true)) { "on" } else { "off" };
            vec![subject(event), format!(" switched API key management {switched}").into()]
        }
        Action::KeyPolicyUpdated => vec![subject(event), " changed the policy for API keys".into(), changed(details).into()],
        Action::SecuritySettingsUpdated => vec![subject(event), " changed the security settings".into(), changed(details).into()],
        Action::SignedIn => vec![subject(event), " signed in".into(), sessions::oldest_ended(details).into()],
        Action::SignInFailed => sessions::failed(event),
        Action::SignedOut => vec![subject(event), " signed out".into()],
        Action::Reauthenticated => vec![subject(event), sessions::proved(details).into()],
        Action::SessionRevoked => vec![subject(event), sessions::revoked(details).into()],
        Action::PasswordChanged => vec![subject(event), sessions::changed_password(details).into()],
        Action::PasswordReset => self::did(event, "reset the password of", sessions::reset_password(details)),
        Action::TwoFactorEnabled => vec![subject(event), factors::enabled(details).into()],
        Action::TwoFactorDisabled => vec![subject(event), " disabled two-factor authentication".into()],
        Action::TwoFactorReset => self::did(event, "reset the two-factor authentication of", sessions::ended(details, "session")),
        Action::TwoFactorFailed => factors::failed(event),
        Action::BackupCodeUsed => vec![subject(event), factors::used_backup_code(details).into()],
        Action::BackupCodesReplaced => vec![subject(event), " created new backup codes".into()],
        Action::PasswordResetRequested => self::did(event, "asked for a link by email to reset the password of", String::new()),
        Action::PasskeyAdded => vec![subject(event), sessions::passkey(details, "added").into()],
        Action::PasskeyRemoved => vec![subject(event), sessions::passkey(details, "removed").into()],
        Action::PasskeyRefused => sessions::refused_passkey(event),
        Action::MemberAdded => self::did(event, "added", format!(" with the role {}", role(details, "/role"))),
        Action::MemberInvitedAgain => self::did(event, "invited", " again".into()),
        Action::MemberJoined => is(event, " set a password and joined"),
        Action::NoticesUpdated => vec![subject(event), " changed which notices they get by email".into()],
        Action::MemberUpdated => vec![subject(event), " changed their name to ".into(), target(event)],
        Action::MemberRoleChanged => {
            let ended = sessions::ended_invitations(details);
            let roles = format!(" from {} to {}{ended}", role(details, "/role/from"), role(details, "/role/to"));
            self::did(event, "changed the role of", roles)
        }
        Action::MemberRemoved => {
            self::did(event, "removed", format!(" from the workspace{}", sessions::ended_invitations(details)))
        }
        Action::EveryoneSignedOut => vec![subject(event), sessions::signed_everyone_out(details).into()],
        Action::SandboxReset => vec![subject(event), reset(details).into()],
        Action::AircraftCreated => did("added"),
        Action::ReportCreated if event.actor.known_kind() == Some(ActorKind::Anonymous) => {
            let promised = if text(details, "/confidentiality") == Some("anonymous") { "anonymously" } else { "in confidence" };
            is(event, format!(" was filed {promised}"))
        }
        Action::ReportCreated => did("filed"),
        Action::InvoiceCreated => did("drafted"),
        Action::InvoiceSent => did("sent"),
        Action::InvoicePaymentRecorded => did("recorded a payment for"),
        Action::InvoiceVoided => self::did(event, "voided", quoted(details)),
        Action::InvoiceOverdue => is(event, format!(" was not paid by {}", text(details, "/dueDate").unwrap_or("its due date"))),
        Action::WebhookDeleted => did("deleted"),
        Action::WebhookSecretRotated => did("replaced the secret of"),
        Action::WebhookDisabled => is(event, format!(" was disabled{}", quoted(details))),
        Action::WebhookEnabled => did("enabled"),
        Action::FindingDismissed => self::did(event, "dismissed a finding about", quoted(details)),
        Action::FindingRestored => did("took back the dismissal of a finding about"),
    }
}

/// “ for 5 minutes”, “ for 1 hour”, “ for 7 days”, or “ until it is resumed”.
fn paused(details: &Value) -> String {
    match details.get("minutes").and_then(Value::as_u64) {
        Some(minutes) if minutes % 1_440 == 0 => format!(" for {}", plural(minutes / 1_440, "day")),
        Some(minutes) if minutes % 60 == 0 => format!(" for {}", plural(minutes / 60, "hour")),
        Some(minutes) => format!(" for {}", plural(minutes, "minute")),
        None => " until it is resumed".to_owned(),
    }
}

/// “ with only trips:read, fleet:read”.
fn tried(details: &Value) -> String {
    let scopes = details.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let scopes = scopes.collect::<Vec<_>>().join(", ");
    if scopes.is_empty() { String::new() } else { format!(" with only {scopes}") }
}

/// “ reset the sandbox: 2 trips, 1 aircraft, 3 invoices and 0 safety reports were deleted”.
fn reset(details: &Value) -> String {
    let count = |field: &str| details.get(field).and_then(Value::as_u64).unwrap_or(0);
    let [trips, invoices] = [("trips", "trip"), ("invoices", "invoice")].map(|(field, name)| plural(count(field), name));
    let (aircraft, reports) = (grouped(count("aircraft")), plural(count("reports"), "safety report"));
    format!(" reset the sandbox: {trips}, {aircraft} aircraft, {invoices} and {reports} were deleted")
}

/// “ expires in 7 days”.
fn expires(details: &Value) -> String {
    match details.get("daysLeft").and_then(Value::as_u64) {
        Some(1) => " expires within a day".to_owned(),
        Some(days) => format!(" expires in {days} days"),
        None => " expires soon".to_owned(),
    }
}

/// “Ana Keller created the key Fleet Dashboard”, with a continuation.
fn did(event: &Event, verb: &str, rest: String) -> Vec<Phrase> {
    vec![subject(event), format!(" {verb} {}", kind(event)).into(), target(event), rest.into()]
}

/// “The key Fleet Dashboard”, with a continuation.
fn is(event: &Event, rest: impl Into<String>) -> Vec<Phrase> {
    vec![begin(kind(event)).into(), target(event), rest.into().into()]
}

/// “12 requests with the key Old website were refused: it is revoked”
fn denial(event: &Event) -> Vec<Phrase> {
    let (requests, were) = match event.details.get("count").and_then(Value::as_u64).unwrap_or(1) {
        1 => ("A request".to_owned(), "was"),
        count => (format!("{} requests", grouped(count)), "were"),
    };
    let because = denied_because(&event.details);
    vec![format!("{requests} with {}", kind(event)).into(), target(event), format!(" {were} refused: {because}").into()]
}

/// “Ana Keller handed over 12 keys of Dee Patch to Ben Moser”
fn handed_over(event: &Event) -> Vec<Phrase> {
    let details = &event.details;
    let keys = plural(details.get("count").and_then(Value::as_u64).unwrap_or(0), "key");
    let id = text(details, "/custodian/id").map(str::to_owned);
    let custodian = named(Some(TargetKind::Member), id.as_ref(), text(details, "/custodian/name").map(str::to_owned).as_ref());
    vec![subject(event), format!(" handed over {keys} of ").into(), target(event), " to ".into(), custodian]
}

fn used(details: &Value) -> String {
    if let Some(listed) = details.get("listFull").and_then(Value::as_u64) {
        let listed = grouped(listed);
        return format!(
            " was used from more than {listed} addresses: the least recently used one was dropped from the list and counts as new if it is used again"
        );
    }
    if let Some(count) = details.get("newAddresses").and_then(Value::as_u64) {
        let addresses = if count == 1 { "1 new address".to_owned() } else { format!("{} new addresses", grouped(count)) };
        return format!(" was used from {addresses} without an event of their own: there were too many");
    }
    let address = text(details, "/address").unwrap_or("an unknown address");
    if details.get("firstUse") == Some(&Value::Bool(false)) {
        format!(" was used from a new address, {address}")
    } else {
        format!(" was used for the first time, from {address}")
    }
}

/// “ was used again after 43 days without a use”.
fn unusual_activity(details: &Value) -> String {
    let unusual = Unusual::of_details(details);
    unusual.map_or_else(|| " was used in an unusual way".to_owned(), |unusual| format!(" {}", unusual.predicate()))
}

fn refused_everywhere(details: &Value) -> String {
    let count = |which: &str| details.get(which).and_then(Value::as_array).map_or(0, Vec::len);
    let silent = match count("leaseRanOut") {
        0 => String::new(),
        1 => "; the lease of 1 node expired".to_owned(),
        gone => format!("; the leases of {gone} nodes expired"),
    };
    let gone = match count("gone") {
        0 => String::new(),
        gone => format!("; {} left in the meantime", plural(gone as u64, "node")),
    };
    format!(" is refused everywhere: confirmed by {}{silent}{gone}", plural(count("confirmedBy") as u64, "node"))
}

fn leaked(details: &Value) -> String {
    let times = match details.get("count").and_then(Value::as_u64) {
        Some(count) if count > 1 => format!(" {} times", grouped(count)),
        _ => String::new(),
    };
    format!(" was sent in a URL{times}")
}

/// “ was found in public by GitHub: https://…”
fn found(details: &Value) -> String {
    let by = match text(details, "/foundBy") {
        Some("github") => " by GitHub",
        _ => "",
    };
    let place = text(details, "/url").filter(|url| !url.is_empty()).map(|url| format!(": {url}")).unwrap_or_default();
    format!(" was found in public{by}{place}")
}

/// The actor, at the beginning of a sentence.
fn subject(event: &Event) -> Phrase {
    let actor = &event.actor;
    match actor.known_kind() {
        Some(ActorKind::Operator) if actor.is_set_up_link() => "Somebody with the set-up link".into(),
        Some(ActorKind::Operator) => "The operator (command line)".into(),
        Some(ActorKind::ApiKey) => {
            Phrase { text: format!("The key {}", actor.name.as_deref().unwrap_or("without a name")), ..name_of(actor) }
        }
        Some(ActorKind::Anonymous) => "Somebody".into(),
        Some(ActorKind::System) => "PlaneConnection".into(),
        Some(ActorKind::Member) | None => name_of(actor),
    }
}

fn name_of(actor: &EventActor) -> Phrase {
    let kind = match actor.known_kind() {
        Some(ActorKind::Member) => Some(TargetKind::Member),
        Some(ActorKind::ApiKey) => Some(TargetKind::ApiKey),
        Some(ActorKind::Operator | ActorKind::Anonymous | ActorKind::System) | None => None,
    };
    named(kind, actor.id.as_ref(), actor.name.as_ref())
}

fn target(event: &Event) -> Phrase {
    let Some(target) = event.target.as_ref() else { return "".into() };
    named(target.known_kind(), target.id.as_ref(), target.name.as_ref())
}

fn named(kind: Option<TargetKind>, id: Option<&String>, name: Option<&String>) -> Phrase {
    let text = name.or(id).cloned().unwrap_or_else(|| "an unnamed actor or object".to_owned());
    Phrase { text, names: kind.zip(id.cloned()) }
}

/// The words before the target's name. A person has none.
fn kind(event: &Event) -> &'static str {
    match event.target.as_ref().and_then(EventTarget::known_kind) {
        Some(TargetKind::ApiKey) => "the key ",
        Some(TargetKind::Workspace) => "the workspace ",
        Some(TargetKind::Aircraft) => "the aircraft ",
        Some(TargetKind::Trip) => "the trip ",
        Some(TargetKind::Report) => "the report ",
        Some(TargetKind::Invoice) => "the invoice ",
        Some(TargetKind::Webhook) => "the webhook ",
        Some(TargetKind::Member) | None => "",
    }
}

fn begin(words: &str) -> String {
    words.replacen("the ", "The ", 1)
}

fn listed(name: Option<&str>) -> String {
    name.map(|name| format!(": {name}")).unwrap_or_default()
}

/// “: Fleet Dashboard 2; the old key ends at 2026-11-30T09:30:00Z”
fn replaced(details: &Value) -> String {
    let end = text(details, "/revokeOldAt").map(|at| format!("; the old key ends at {at}")).unwrap_or_default();
    listed(text(details, "/replacement/name")) + &end
}

/// The reason, if one was given.
fn quoted(details: &Value) -> String {
    text(details, "/reason").map(|reason| format!(": “{reason}”")).unwrap_or_default()
}

fn role(details: &Value, pointer: &str) -> String {
    let word = text(details, pointer).unwrap_or("none");
    Role::parse(word).map_or_else(|| word.to_owned(), |role| role.title().to_owned())
}

fn text<'a>(details: &'a Value, pointer: &str) -> Option<&'a str> {
    details.pointer(pointer).and_then(Value::as_str)
}
