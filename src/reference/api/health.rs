//! Liveness, readiness and metrics, for load balancers and monitoring.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use tokio::time::timeout;

use crate::app::App;
use crate::cluster::ProbeResult;
use crate::metrics::Gauges;

pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// The time limit of a probe write.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Responds 200 while keys are loaded, changes are applied in time, and a write that was just made can be read back, and until the
/// node is asked to stop.
pub(super) async fn readiness(State(app): State<App>) -> (StatusCode, String) {
    let not_ready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n"));
    if app.is_stopping.load(Ordering::Acquire) {
        return not_ready("the node is stopping");
    }
    let probe = timeout(PROBE_TIMEOUT, app.cluster.probe()).await;
    let loading = app.index.reload_percent().map(|percent| format!("keys are being loaded: {percent} %"));
    let not_ready_while_loading = |otherwise: &str| not_ready(loading.as_deref().unwrap_or(otherwise));
    match (app.db.storage().health().fault(), probe) {
        (Some(fault), _) => not_ready(fault.message()),
        (None, Err(_)) => not_ready("the database does not answer"),
        (None, Ok(ProbeResult::Failed)) => not_ready("the database does not answer or does not store"),
        (None, Ok(ProbeResult::NotJoined)) => not_ready_while_loading("keys are not loaded"),
        (None, Ok(ProbeResult::Stored)) if app.cluster.has_lease(app.clock.ticks()) => (StatusCode::OK, "ready\n".to_owned()),
        (None, Ok(ProbeResult::Stored)) => not_ready_while_loading("changes of keys cannot be followed"),
    }
}

pub(super) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.metrics.text(&gauges(&app)))
}

fn gauges(app: &App) -> Gauges<'_> {
    let heads = app.heads.totals();
    Gauges {
        keys: app.index.len(),
        applied_revision: app.cluster.applied(),
        revision_lag: app.cluster.lag(),
        lease_left: app.cluster.lease_left(&app.clock),
        nodes: app.limits.nodes(),
        notifications_live: app.cluster.notifications_live(),
        clock_ahead_seconds: app.clock.machine_ahead().as_secs_f64(),
        connections: app.connections.open(),
        refused_connections: app.connections.refused(),
        body_bytes: app.bodies.held() + app.report_limits.held_bytes(),
        usage_queue_keys: app.recorder.pending(),
        limit_refusals: app.limits.refusals().map(|(limit, refused)| (limit.as_str(), refused)).collect(),
        sign_ins: app.sign_ins.outcomes(),
        mails: app.outbox.outcomes(),
        mails_waiting: app.outbox.waiting(),
        webhooks: &app.webhooks,
        storage: app.db.storage(),
        group_commits: app.db.group_commits(),
        audit_logs: heads.workspaces,
        audit_events: heads.events,
        audit_heads_digest: heads.digest,
    }
}
