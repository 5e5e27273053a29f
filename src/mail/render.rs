//! Emails as text and HTML, from the templates in `templates/mail/`.

use std::iter;
use std::time::{Duration, UNIX_EPOCH};

use askama::Template;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::items::{self, Group, Item};
use super::model::{Content, MAX_UNUSUAL_A_DAY, QueuedMail};
use kit::page::Moments;

/// The content of an email, for its templates.
// No Debug: it carries a secret.
struct Letter<'a> {
    subject: String,
    name: &'a str,
    email: &'a str,
    workspace: &'a str,
    public_url: &'a str,
    link: &'a str,
    inviter: Option<&'a str>,
    role: &'a str,
    /// The time that the email is about, or until which its link works.
    at: String,
    ip: Option<&'a str>,
    program: Option<&'a str>,
    /// Backup codes that are left, or the most emails of the kind in a day.
    left: u64,
    /// “in 7 days”
    within: String,
    /// The measure of the workspace's policy against leaked keys.
    policy: &'a str,
    items: Vec<Item<'a>>,
    /// Findings by severity.
    groups: Vec<Group<'a>>,
    /// The keys, webhooks or findings that are not among these.
    more: u64,
}

impl Letter<'_> {
    /// Returns the number of keys, webhooks or findings that it is about.
    fn count(&self) -> u64 {
        let listed = self.items.len() + self.groups.iter().map(|group| group.findings.len()).sum::<usize>();
        listed as u64 + self.more
    }
}

macro_rules! templates {
    ($($text:ident, $html:ident, $text_path:literal, $html_path:literal;)+) => {$(
        #[derive(Template)]
        #[template(path = $text_path)]
        struct $text<'a> { letter: &'a Letter<'a> }

        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> { letter: &'a Letter<'a> }
    )+};
}

templates! {
    InvitationText, InvitationHtml, "mail/invitation.txt", "mail/invitation.html";
    ResetText, ResetHtml, "mail/password_reset.txt", "mail/password_reset.html";
    ChangedText, ChangedHtml, "mail/password_changed.txt", "mail/password_changed.html";
    DeviceText, DeviceHtml, "mail/new_device.txt", "mail/new_device.html";
    FactorAddedText, FactorAddedHtml, "mail/factor_added.txt", "mail/factor_added.html";
    FactorRemovedText, FactorRemovedHtml, "mail/factor_removed.txt", "mail/factor_removed.html";
    CodeUsedText, CodeUsedHtml, "mail/backup_code_used.txt", "mail/backup_code_used.html";
    KeyText, KeyHtml, "mail/key_expiring.txt", "mail/key_expiring.html";
    LeakedText, LeakedHtml, "mail/key_leaked.txt", "mail/key_leaked.html";
    UnusualText, UnusualHtml, "mail/key_unusual.txt", "mail/key_unusual.html";
    DigestText, DigestHtml, "mail/weekly_digest.txt", "mail/weekly_digest.html";
    FailingText, FailingHtml, "mail/webhook_failing.txt", "mail/webhook_failing.html";
    DisabledText, DisabledHtml, "mail/webhook_disabled.txt", "mail/webhook_disabled.html";
}

/// The reason why an email cannot be written. It will not be possible later either.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("the address of the recipient is not one that SMTP takes")]
    Address,
    #[error(transparent)]
    Template(#[from] askama::Error),
    #[error(transparent)]
    Message(#[from] lettre::error::Error),
}

/// Text and HTML of an email.
pub(super) struct Written {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// Writes an email. `link` is its opened link.
pub(super) fn write(mail: &QueuedMail, link: &str, public_url: &str) -> Result<Written, askama::Error> {
    let letter = letter(mail, link, public_url);
    let (text, html) = match &mail.content {
        Content::Invitation { .. } => {
            (InvitationText { letter: &letter }.render()?, InvitationHtml { letter: &letter }.render()?)
        }
        Content::PasswordReset { .. } => (ResetText { letter: &letter }.render()?, ResetHtml { letter: &letter }.render()?),
        Content::PasswordChanged { .. } => (ChangedText { letter: &letter }.render()?, ChangedHtml { letter: &letter }.render()?),
        Content::NewDevice { .. } => (DeviceText { letter: &letter }.render()?, DeviceHtml { letter: &letter }.render()?),
        Content::FactorAdded { .. } => {
            (FactorAddedText { letter: &letter }.render()?, FactorAddedHtml { letter: &letter }.render()?)
        }
        Content::FactorRemoved { .. } => {
            (FactorRemovedText { letter: &letter }.render()?, FactorRemovedHtml { letter: &letter }.render()?)
        }
        Content::BackupCodeUsed { .. } => {
            (CodeUsedText { letter: &letter }.render()?, CodeUsedHtml { letter: &letter }.render()?)
        }
        Content::KeyExpiring { .. } => (KeyText { letter: &letter }.render()?, KeyHtml { letter: &letter }.render()?),
        Content::KeyLeaked { .. } => (LeakedText { letter: &letter }.render()?, LeakedHtml { letter: &letter }.render()?),
        Content::KeyUnusual { .. } => (UnusualText { letter: &letter }.render()?, UnusualHtml { letter: &letter }.render()?),
        Content::WeeklyDigest { .. } => (DigestText { letter: &letter }.render()?, DigestHtml { letter: &letter }.render()?),
        Content::WebhookFailing { .. } => (FailingText { letter: &letter }.render()?, FailingHtml { letter: &letter }.render()?),
        Content::WebhookDisabled { .. } => {
            (DisabledText { letter: &letter }.render()?, DisabledHtml { letter: &letter }.render()?)
        }
    };
    Ok(Written { subject: letter.subject, text, html })
}

fn letter<'a>(mail: &'a QueuedMail, link: &'a str, public_url: &'a str) -> Letter<'a> {
    let at = Moments::new(mail.created_at, &mail.timezone);
    let workspace = &mail.workspace_name;
    let blank = Letter {
        subject: String::new(),
        name: &mail.to.name,
        email: &mail.to.email,
        workspace,
        public_url,
        link,
        inviter: None,
        role: "",
        at: String::new(),
        ip: None,
        program: None,
        left: 0,
        within: String::new(),
        policy: "",
        items: Vec::new(),
        groups: Vec::new(),
        more: 0,
    };
    match &mail.content {
        Content::Invitation { inviter, role, until } => Letter {
            subject: format!("Join {workspace} on PlaneConnection"),
            inviter: inviter.as_deref(),
            role,
            at: at.exact_text(*until),
            ..blank
        },
        Content::PasswordReset { until } => {
            Letter { subject: format!("Reset your password for {workspace}"), at: at.exact_text(*until), ..blank }
        }
        Content::PasswordChanged { at: when } => {
            Letter { subject: format!("Your password for {workspace} was changed"), at: at.exact_text(*when), ..blank }
        }
        Content::NewDevice { at: when, ip, program } => Letter {
            subject: format!("New sign-in to {workspace}"),
            at: at.exact_text(*when),
            ip: ip.as_deref(),
            program: program.as_deref(),
            ..blank
        },
        Content::FactorAdded { at: when } => {
            Letter { subject: format!("A second factor was added for {workspace}"), at: at.exact_text(*when), ..blank }
        }
        Content::FactorRemoved { at: when } => {
            Letter { subject: format!("A second factor was removed for {workspace}"), at: at.exact_text(*when), ..blank }
        }
        Content::BackupCodeUsed { at: when, left } => {
            Letter { subject: format!("A backup code was used for {workspace}"), at: at.exact_text(*when), left: *left, ..blank }
        }
        Content::KeyExpiring { first, days, others, more } => {
            let items: Vec<_> = iter::once(first).chain(others).map(|key| items::key(key, &at, public_url)).collect();
            let count = items.len() as u64 + more;
            let within = items::within(*days, count);
            let subject = match count {
                1 => format!("The API key “{}” of {workspace} expires {within}", first.name),
                _ => format!("{count} API keys of {workspace} expire {within}"),
            };
            Letter { subject, within, items, more: *more, ..blank }
        }
        Content::KeyLeaked { at: when, keys, more, policy } => {
            let items: Vec<_> = keys.iter().map(|key| items::leaked(key, public_url)).collect();
            let subject = match (items.as_slice(), more) {
                ([item], 0) => format!("The API key “{}” of {workspace} was found in public", item.name),
                _ => format!("API keys of {workspace} were found in public, at {} places", items.len() as u64 + more),
            };
            Letter { subject, at: at.exact_text(*when), items, more: *more, policy, ..blank }
        }
        Content::KeyUnusual { at: when, keys, more } => {
            let items: Vec<_> = keys.iter().map(|key| items::unusual(key, public_url)).collect();
            let subject = items::unusual_subject(keys, *more, workspace);
            Letter { subject, at: at.exact_text(*when), items, more: *more, left: MAX_UNUSUAL_A_DAY, ..blank }
        }
        Content::WeeklyDigest { at: when, findings, more } => {
            let subject = items::digest_subject(findings.len() as u64 + more, workspace);
            Letter { subject, at: at.exact_text(*when), groups: items::groups(findings), more: *more, ..blank }
        }
        Content::WebhookFailing { webhooks, more } => {
            let items: Vec<_> = webhooks.iter().map(|webhook| items::failing(webhook, &at, public_url)).collect();
            let subject = items::subject(&items, *more, workspace, ["fails and may be disabled", "fail and may be disabled"]);
            Letter { subject, items, more: *more, ..blank }
        }
        Content::WebhookDisabled { at: when, webhooks, more } => {
            let items: Vec<_> = webhooks.iter().map(|webhook| items::disabled(webhook, public_url)).collect();
            let subject = items::subject(&items, *more, workspace, ["was disabled", "were disabled"]);
            Letter { subject, at: at.exact_text(*when), items, more: *more, ..blank }
        }
    }
}

/// Writes an email as it is sent: text and HTML. Its id is the same at each attempt.
pub(super) fn message(mail: &QueuedMail, link: &str, public_url: &str, from: &Mailbox) -> Result<Message, Unwritable> {
    let Written { subject, text, html } = write(mail, link, public_url)?;
    let address: Address = mail.to.email.parse().map_err(|_| Unwritable::Address)?;
    let seconds = u64::try_from(mail.created_at.micros() / 1_000_000).unwrap_or(0);
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(mail.to.name.clone()), address))
        .subject(subject)
        .date(UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .raw_header(automatic)
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(message)
}
