//! Keys, webhooks and findings that an email lists.

use super::model::{DigestFinding, DisabledWebhook, ExpiringKey, FailingWebhook, LeakedKey, UnusualKey};
use kit::page::Moments;
use kit::page::number::plural;

/// A key or a webhook that an email lists.
pub(super) struct Item<'a> {
    pub(super) name: &'a str,
    /// Labels and values.
    pub(super) facts: Vec<(&'static str, String)>,
    /// The address of its page.
    pub(super) url: String,
}

pub(super) fn key<'a>(key: &'a ExpiringKey, at: &Moments, public_url: &str) -> Item<'a> {
    let facts = vec![("Key", key.hint.clone()), ("Expires", at.exact_text(key.at))];
    Item { name: &key.name, facts, url: format!("{public_url}/settings/api-keys/{}", key.key) }
}

pub(super) fn leaked<'a>(key: &'a LeakedKey, public_url: &str) -> Item<'a> {
    let place = if key.url.is_empty() { "an address that was not named".to_owned() } else { key.url.clone() };
    let facts = vec![("Key", key.hint.clone()), ("Found at", place)];
    Item { name: &key.name, facts, url: format!("{public_url}/settings/api-keys/{}", key.key) }
}

pub(super) fn unusual<'a>(key: &'a UnusualKey, public_url: &str) -> Item<'a> {
    let facts = vec![("Key", key.hint.clone()), ("Activity", format!("It {}.", key.activity))];
    Item { name: &key.name, facts, url: format!("{public_url}/settings/api-keys/{}#unusual", key.key) }
}

/// Returns the subject of an email about unusual activity, of one key or of several.
pub(super) fn unusual_subject(keys: &[UnusualKey], more: u64, workspace: &str) -> String {
    match keys {
        [first, others @ ..] if more == 0 && others.iter().all(|other| other.key == first.key) => {
            format!("Unusual activity of the API key “{}” of {workspace}", first.name)
        }
        _ => format!("Unusual activity of API keys of {workspace}"),
    }
}

/// The findings of one severity.
pub(super) struct Group<'a> {
    /// The title of the severity.
    pub(super) severity: &'a str,
    pub(super) findings: Vec<&'a DigestFinding>,
}

/// Groups findings that are sorted by severity.
pub(super) fn groups(findings: &[DigestFinding]) -> Vec<Group<'_>> {
    let of_severity = findings.chunk_by(|one, next| one.severity == next.severity);
    of_severity.filter_map(|group| Some(Group { severity: &group.first()?.severity, findings: group.iter().collect() })).collect()
}

/// “3 findings need attention in Skyline Aviation”
pub(super) fn digest_subject(count: u64, workspace: &str) -> String {
    let verb = if count == 1 { "needs" } else { "need" };
    format!("{} {verb} attention in {workspace}", plural(count, "finding"))
}

pub(super) fn failing<'a>(webhook: &'a FailingWebhook, at: &Moments, public_url: &str) -> Item<'a> {
    let from = at.exact_text(webhook.disabled_from);
    let disabled = match webhook.still_to_fail {
        0 => from,
        1 => format!("{from} or later, once one more delivery has failed"),
        count => format!("{from} or later, once {count} more deliveries have failed"),
    };
    let since = at.exact_text(webhook.failing_since);
    let facts = vec![("URL", webhook.url.clone()), ("Failing since", since), ("Will be disabled", disabled)];
    Item { name: &webhook.name, facts, url: page_of(&webhook.id, public_url) }
}

pub(super) fn disabled<'a>(webhook: &'a DisabledWebhook, public_url: &str) -> Item<'a> {
    let facts = vec![("URL", webhook.url.clone()), ("Reason", webhook.reason.clone())];
    Item { name: &webhook.name, facts, url: page_of(&webhook.id, public_url) }
}

fn page_of(webhook: &str, public_url: &str) -> String {
    format!("{public_url}/settings/webhooks/{webhook}")
}

/// Returns the subject of an email about webhooks: what one of them does, or several.
pub(super) fn subject(items: &[Item<'_>], more: u64, workspace: &str, [one, several]: [&str; 2]) -> String {
    match items {
        [item] if more == 0 => format!("The webhook “{}” of {workspace} {one}", item.name),
        _ => format!("{} webhooks of {workspace} {several}", items.len() as u64 + more),
    }
}

/// “in 7 days”; the last day has begun if one is left. Of several keys, it is the time until the last expires.
pub(super) fn within(days: u64, count: u64) -> String {
    match (days, count) {
        (1, _) => "within a day".to_owned(),
        (_, 1) => format!("in {days} days"),
        _ => format!("within {days} days"),
    }
}
