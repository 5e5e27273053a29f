//! Settings > API Keys > Policy: what the workspace demands of new and rotated keys.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::access::{Form, ManageKeyPolicy, ManageKeys, PageSession, Permission};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::pages::fields::faults_of;
use crate::keys::policy::{self, KeyPolicy, OnLeak};
use kit::http::route::{form, page};
use kit::http::{ApiError, Check, Route};
use kit::page::{Asked, Fields, FormErrors, html_with};

const PATH: &str = "/settings/api-keys/policy";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Policy for API keys", show), form(PATH, "Change the policy for API keys", save)]
}

#[derive(Template)]
#[template(path = "keys/policy.html")]
struct PolicyPage {
    frame: Frame,
    /// The values of the form, as they were sent if they are faulty.
    fields: Fields,
    /// The policy when the form was opened.
    opened: String,
    /// True if the policy was changed since the form was opened.
    is_outdated: bool,
    is_saved: bool,
    faults: FormErrors,
}

impl PolicyPage {
    async fn new<P: Permission>(app: &App, who: &PageSession<P>, fields: Option<&Fields>) -> Result<Self, ApiError> {
        let policy = policy::policy_of(app.db.read(), who.session().member.workspace).await?;
        let opened = version(&policy);
        Ok(Self {
            frame: who.frame(app, "API key policy", MenuEntry::ApiKeys),
            is_outdated: fields.and_then(|fields| fields.given("opened")).is_some_and(|before| before != opened),
            fields: fields.cloned().unwrap_or_else(|| of(&policy)),
            opened,
            is_saved: false,
            faults: FormErrors::default(),
        })
    }

    fn choices(&self) -> Vec<LeakChoice> {
        let choice = |on_leak: &OnLeak| {
            let (title, hint) = in_words(*on_leak);
            LeakChoice { value: on_leak.as_str(), title, hint, is_chosen: self.fields.is("on_leak", on_leak.as_str()) }
        };
        OnLeak::ALL.iter().map(choice).collect()
    }
}

/// A choice of what happens to a leaked key.
struct LeakChoice {
    value: &'static str,
    title: &'static str,
    hint: &'static str,
    is_chosen: bool,
}

const fn in_words(on_leak: OnLeak) -> (&'static str, &'static str) {
    match on_leak {
        OnLeak::Notify => ("Notify", "Administrators get a notice. The key goes on working until one of them decides."),
        OnLeak::Pause => ("Pause", "The key is refused at once, until an administrator resumes it."),
        OnLeak::Revoke => ("Revoke", "The key is refused at once and permanently. Applications that use it stop working."),
    }
}

/// Returns a text that differs for policies that differ.
fn version(policy: &KeyPolicy) -> String {
    let KeyPolicy { max_lifetime_days, allow_no_expiration, require_ip_allowlist_for_write, rotate_after_days, on_leak } = policy;
    let longest = max_lifetime_days.map_or_else(|| "none".to_owned(), |days| days.to_string());
    format!("{longest}-{allow_no_expiration}-{require_ip_allowlist_for_write}-{rotate_after_days}-{on_leak}")
}

/// Returns the fields that say this policy. A box that is not ticked is not sent.
fn of(policy: &KeyPolicy) -> Fields {
    let longest = policy.max_lifetime_days.map(|days| days.to_string()).unwrap_or_default();
    let fields = Fields::default()
        .with("max_lifetime_days", longest)
        .with("rotate_after_days", policy.rotate_after_days)
        .with("on_leak", policy.on_leak);
    let ticked = |is_on: bool| if is_on { "true" } else { "" };
    fields
        .with("allow_no_expiration", ticked(policy.allow_no_expiration))
        .with("require_ip_allowlist_for_write", ticked(policy.require_ip_allowlist_for_write))
}

/// Reads the policy, or returns what is wrong with each field.
fn read(fields: &Fields) -> Result<KeyPolicy, FormErrors> {
    let mut faults = FormErrors::default();
    let on_leak = fields.read("on_leak");
    if on_leak.is_none() {
        faults.add("on_leak", "Choose what happens.");
    }
    // A text that is not a number becomes 0, which the check refuses.
    let policy = KeyPolicy {
        max_lifetime_days: fields.given("max_lifetime_days").map(|days| days.parse().unwrap_or(0)),
        allow_no_expiration: fields.has("allow_no_expiration"),
        require_ip_allowlist_for_write: fields.has("require_ip_allowlist_for_write"),
        rotate_after_days: fields.read("rotate_after_days").unwrap_or(0),
        on_leak: on_leak.unwrap_or(OnLeak::Notify),
    };
    for fault in faults_of(|faults| policy.check(faults)) {
        match fault.field.as_str() {
            "maxLifetimeDays" => faults.add("max_lifetime_days", "Enter 1 to 1,825 days, or leave it empty for no limit."),
            _ => faults.add("rotate_after_days", "Enter 30 to 365 days."),
        }
    }
    if faults.is_empty() { Ok(policy) } else { Err(faults) }
}

async fn show(who: PageSession<ManageKeys>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let page = PolicyPage::new(&app, &who, None).await?;
    Ok(html_with(StatusCode::OK, &PolicyPage { is_saved: asked.is("after", "saved"), ..page }))
}

async fn save(
    who: PageSession<ManageKeyPolicy>,
    State(app): State<App>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let page = PolicyPage::new(&app, &who, Some(&fields)).await?;
    let chosen = match read(&fields) {
        Ok(chosen) => chosen,
        Err(faults) => return Ok(html_with(StatusCode::BAD_REQUEST, &PolicyPage { faults, ..page })),
    };
    // Another administrator has saved meanwhile.
    if page.is_outdated {
        return Ok(html_with(StatusCode::CONFLICT, &page));
    }
    policy::update(&app, who.workspace(), who.audit_context(&app), chosen).await?;
    Ok(Redirect::to(&format!("{PATH}?after=saved")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_survives_the_form() {
        let policy = KeyPolicy {
            max_lifetime_days: Some(365),
            allow_no_expiration: false,
            require_ip_allowlist_for_write: true,
            rotate_after_days: 30,
            on_leak: OnLeak::Revoke,
        };
        for policy in [policy, KeyPolicy::default()] {
            assert_eq!(read(&of(&policy)).ok(), Some(policy));
        }
        assert_ne!(version(&policy), version(&KeyPolicy::default()));
    }

    #[test]
    fn text_that_is_no_number_of_days_is_a_fault_of_its_field() {
        for (field, text) in [
            ("max_lifetime_days", "x"),
            ("max_lifetime_days", "0"),
            ("max_lifetime_days", "1826"),
            ("rotate_after_days", "29"),
            ("rotate_after_days", ""),
        ] {
            let faults = read(&of(&KeyPolicy::default()).with(field, text)).expect_err("a fault");
            assert!(faults.of(field).is_some(), "{field}: {text}");
        }
    }
}
