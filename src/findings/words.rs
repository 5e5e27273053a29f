//! Findings as sentences, and their remedies.

use super::model::{Facts, Finding, Found, Remedy};
use kit::page::{Fields, Moments};

/// Adds its words to a finding; `name` is that of its key, if it is about one.
pub(super) fn worded(found: Found, name: Option<String>, at: &Moments) -> Finding {
    let name = name.or_else(|| match &found.facts {
        Facts::WebhookDisabled { name } | Facts::WebhookFailing { name } | Facts::MemberNoSecondFactor { name, .. } => {
            Some(name.clone())
        }
        Facts::ChainBroken(_)
        | Facts::Unusual(_)
        | Facts::KeyExpiring { .. }
        | Facts::KeyRevokedCalls { .. }
        | Facts::OwnerAlone
        | Facts::RotationBlocked
        | Facts::KeyOrphaned
        | Facts::KeyEverywhere(_)
        | Facts::KeyExcess(_)
        | Facts::KeyNoExpiry
        | Facts::KeyOld { .. }
        | Facts::KeyUnused { .. } => None,
    });
    let under_way = if found.is_rotating { " Its rotation is under way." } else { "" };
    Finding {
        id: found.id,
        code: found.code(),
        severity: found.severity,
        message: sentence(&found.facts, name.as_deref().unwrap_or("A key"), at) + under_way,
        api_key_id: found.subject.key(),
        member_id: found.subject.member(),
        webhook_id: found.subject.webhook(),
        since: found.since,
        remedy: remedy(&found),
        name,
    }
}

fn sentence(facts: &Facts, name: &str, at: &Moments) -> String {
    match facts {
        Facts::ChainBroken(fault) => format!("The audit log was changed outside the product: {fault}."),
        Facts::WebhookDisabled { .. } => format!("The server switched the webhook {name} off: nothing is delivered to it."),
        Facts::Unusual(what) => format!("{name} {what}."),
        Facts::KeyExpiring { at: expiry } => {
            format!("{name} expires on {}, {}.", at.day_text(*expiry), at.ago_text(*expiry))
        }
        Facts::KeyRevokedCalls { last, from } => {
            let from = if from.is_empty() { "several networks".to_owned() } else { from.clone() };
            format!(
                "{name} can no longer be used but was called {}, from {from}: tell the owner of the application.",
                at.ago_text(*last)
            )
        }
        Facts::RotationBlocked => {
            format!("{name} was not revoked at the end of its rotation: it is still in use, or no active key replaces it.")
        }
        Facts::WebhookFailing { .. } => format!("The last requests to the webhook {name} failed."),
        Facts::OwnerAlone => {
            "Only one member is an account owner: no one else can manage owners if that person is away.".to_owned()
        }
        Facts::MemberNoSecondFactor { is_required: true, .. } => {
            format!("{name} has no second factor, which this workspace requires.")
        }
        Facts::MemberNoSecondFactor { is_required: false, .. } => {
            format!("{name} has no second factor, which this workspace recommends.")
        }
        Facts::KeyOrphaned => format!("{name} has no custodian: no member is responsible for it."),
        Facts::KeyEverywhere(networks) => {
            format!("{name} can write from any address, but was only used from {networks} in the last 14 days.")
        }
        Facts::KeyExcess(unused) => {
            let scopes: Vec<String> = unused.iter().map(|scope| scope.to_string()).collect();
            format!("{name} did not use {} in the last 30 days.", listed(&scopes))
        }
        Facts::KeyNoExpiry => format!("{name} does not expire."),
        Facts::KeyOld { created } => format!("{name} was created {} and is due for rotation.", at.ago_text(*created)),
        Facts::KeyUnused { last: Some(last), .. } => format!("{name} was last used {}.", at.ago_text(*last)),
        Facts::KeyUnused { created, last: None } => {
            format!("{name} was created {} and has never been used.", at.ago_text(*created))
        }
    }
}

/// “a, b and c”
fn listed(words: &[String]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn remedy(found: &Found) -> Remedy {
    let subject = found.subject;
    let of_key =
        |label: &str, page: &str| Remedy { label: label.to_owned(), href: format!("/settings/api-keys/{subject}{page}") };
    let look = |path: &str| Remedy { label: "Look".to_owned(), href: path.to_owned() };
    match &found.facts {
        Facts::ChainBroken(_) => look("/settings/audit-log"),
        Facts::WebhookDisabled { .. } | Facts::WebhookFailing { .. } => look(&format!("/settings/webhooks/{subject}")),
        Facts::RotationBlocked => of_key("Look", "/rotate#end"),
        // The successor takes over: its page shows how far.
        _ if found.is_rotating => of_key("Look", "/rotate"),
        Facts::KeyExpiring { .. } | Facts::KeyOld { .. } => of_key("Rotate", "/rotate"),
        Facts::KeyNoExpiry => of_key("Rotate with a date", "/rotate"),
        Facts::KeyExcess(_) => of_key("Rotate with fewer", "/rotate?scopes=used"),
        Facts::KeyRevokedCalls { .. } => of_key("Look", ""),
        Facts::Unusual(_) => of_key("Look", "#unusual"),
        Facts::KeyEverywhere(networks) => {
            let proposed = Fields::default().with("addresses", networks.lines()).to_query();
            of_key("Allow only these", &format!("/edit{proposed}"))
        }
        Facts::KeyOrphaned => of_key("Name a custodian", "/edit"),
        // A pause shows whether the key is missed, before it is revoked.
        Facts::KeyUnused { .. } => of_key("Pause", "/pause"),
        Facts::MemberNoSecondFactor { .. } => look(&format!("/settings/members/{subject}")),
        Facts::OwnerAlone => look("/settings/members"),
    }
}

impl Finding {
    /// Returns the address of the page of the key, person or webhook that it is about.
    pub fn page(&self) -> Option<String> {
        let key = self.api_key_id.map(|id| format!("/settings/api-keys/{id}"));
        let member = || self.member_id.map(|id| format!("/settings/members/{id}"));
        let webhook = || self.webhook_id.map(|id| format!("/settings/webhooks/{id}"));
        key.or_else(member).or_else(webhook)
    }
}
