//! Dismissing findings. Each use case is part of an [`AuditedTx`] that the caller begins and commits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::collect::FindingSources;
use super::error::Error;
use super::list;
use super::model::{Code, Finding, FindingId, Subject};
use super::store;
use super::tables::Model;
use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind};
use crate::keys::Person;
use crate::workspaces::Tenant;
use kit::clock::Time;
use kit::http::Check;
use kit::text::MultilineText;

/// The time for which a finding stays dismissed.
const DISMISSED_FOR: Duration = Duration::from_hours(30 * 24);

/// The reason for a dismissal.
pub type DismissalReason = MultilineText<1, 500>;

/// Dismissal of a finding.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissFinding {
    /// Shown to the other administrators, and kept in the audit log.
    pub reason: DismissalReason,
}

impl Check for DismissFinding {}

/// A dismissed finding.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DismissedFinding)]
pub struct Dismissal {
    pub id: FindingId,
    pub code: Code,
    pub reason: String,
    pub dismissed_by: Person,
    pub dismissed_at: Time,
    /// The finding is listed again from then on, if its cause is still there.
    pub ends_at: Time,
}

/// A finding that is to be dismissed.
#[derive(Debug)]
pub struct Dismissible {
    pub(super) finding: Finding,
    target: Target,
}

/// Finds a finding that is to be dismissed, whether it is dismissed already or not.
pub async fn find(from: FindingSources<'_>, tenant: &Tenant, id: FindingId) -> Result<Dismissible, Error> {
    let (found, finding) = list::find(from, tenant, id).await?.ok_or(Error::NotFound)?;
    let name = finding.name.as_deref().unwrap_or(&tenant.name);
    Ok(Dismissible { target: target(found.subject, name), finding })
}

fn target(subject: Subject, name: &str) -> Target {
    let kind = match subject {
        Subject::Key(_) => TargetKind::ApiKey,
        Subject::Member(_) => TargetKind::Member,
        Subject::Webhook(_) => TargetKind::Webhook,
        Subject::Workspace(_) => TargetKind::Workspace,
    };
    Target::new(kind, subject, name)
}

/// Dismisses a finding for all administrators. One that is dismissed already stays so for another 30 days.
pub async fn dismiss(tx: &mut AuditedTx, of: Dismissible, input: DismissFinding) -> Result<Dismissal, Error> {
    let (workspace, now) = (tx.workspace(), tx.now());
    let Dismissible { finding, target } = of;
    let before = store::find(tx.db(), workspace, finding.id, now).await?;
    if before.is_none() && store::count(tx.db(), workspace, now).await? >= store::MAX_DISMISSALS {
        return Err(Error::TooMany);
    }
    let (id, name) = tx.context().actor.clone().into_id_and_name();
    let dismissal = Dismissal {
        id: finding.id,
        code: finding.code,
        reason: input.reason.into_string(),
        dismissed_by: Person { id, name },
        dismissed_at: now,
        ends_at: now.after(DISMISSED_FOR),
    };
    store::put(tx.db(), row(tx, &dismissal, finding.message, &target)).await?;
    let details = json!({
        "finding": dismissal.id, "code": dismissal.code, "reason": dismissal.reason, "until": dismissal.ends_at,
    });
    let payload = payload(dismissal.id, dismissal.code.as_str(), &target, Some(&dismissal.reason));
    tx.record(Action::FindingDismissed, Some(target), details);
    tx.publish(EventType::FindingDismissed, || payload);
    Ok(dismissal)
}

/// Takes a dismissal back.
pub async fn restore(tx: &mut AuditedTx, id: FindingId) -> Result<(), Error> {
    let (workspace, now) = (tx.workspace(), tx.now());
    let dismissal = store::find(tx.db(), workspace, id, now).await?.ok_or(Error::NotDismissed)?;
    store::delete(tx.db(), workspace, id).await?;
    let kind = dismissal.target_type.parse().unwrap_or(TargetKind::Workspace);
    let target = Target::new(kind, &dismissal.target_id, &dismissal.target_name);
    let payload = payload(id, &dismissal.code, &target, None);
    tx.record(Action::FindingRestored, Some(target), json!({ "finding": id, "code": dismissal.code }));
    tx.publish(EventType::FindingRestored, || payload);
    Ok(())
}

fn payload(id: FindingId, code: &str, target: &Target, reason: Option<&str>) -> Value {
    let target = json!({ "type": target.kind.as_str(), "id": target.id });
    json!({ "finding_id": id, "code": code, "target": target, "reason": reason })
}

fn row(tx: &AuditedTx, dismissal: &Dismissal, message: String, target: &Target) -> Model {
    Model {
        workspace_id: tx.workspace(),
        finding_id: dismissal.id,
        code: dismissal.code.as_str().to_owned(),
        message,
        reason: dismissal.reason.clone(),
        target_type: target.kind.as_str().to_owned(),
        target_id: target.id.clone(),
        target_name: target.name.clone(),
        dismissed_by_id: dismissal.dismissed_by.id.clone(),
        dismissed_by_name: dismissal.dismissed_by.name.clone(),
        dismissed_at: dismissal.dismissed_at,
        ends_at: dismissal.ends_at,
    }
}
