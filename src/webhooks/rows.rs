//! Rows as values of the model, and back.

use sea_orm::DbErr;

use super::model::{Attempt, AttemptResponse, Creator, Delivery, Endpoint, Health, Progress, Subscription};
use super::tables::{attempt, delivery, endpoint};
use kit::db::DbResult;

pub(super) fn endpoint_row(endpoint: &Endpoint, secret: Vec<u8>) -> endpoint::Model {
    let Endpoint { progress, health, .. } = endpoint;
    endpoint::Model {
        id: endpoint.id,
        workspace_id: endpoint.workspace,
        url: endpoint.url.clone(),
        description: endpoint.description.clone(),
        events: endpoint.events.to_column(),
        is_active: endpoint.is_active,
        schedule: endpoint.schedule,
        secret,
        secret_hint: endpoint.secret_hint.clone(),
        secret_rotated_at: endpoint.secret_rotated_at,
        created_by_id: endpoint.created_by.id.clone(),
        created_by_name: endpoint.created_by.name.clone(),
        created_at: endpoint.created_at,
        updated_at: endpoint.updated_at,
        created_sequence: progress.created,
        planned_sequence: progress.planned,
        last_sequence: progress.last,
        owner: progress.owner,
        last_success_at: health.last_success_at,
        last_failure_at: health.last_failure_at,
        failing_since: health.failing_since,
        failed_attempts: health.failed_attempts,
        failed_deliveries: health.failed_deliveries,
        warned_at: health.warned_at,
        disabled_at: health.disabled_at,
        disabled_reason: health.disabled_reason.clone(),
        deleted_at: None,
    }
}

pub(super) fn endpoint_of(row: endpoint::Model) -> Endpoint {
    Endpoint {
        id: row.id,
        workspace: row.workspace_id,
        url: row.url,
        description: row.description,
        events: Subscription::from_column(&row.events),
        is_active: row.is_active,
        schedule: row.schedule,
        secret_hint: row.secret_hint,
        secret_rotated_at: row.secret_rotated_at,
        created_at: row.created_at,
        created_by: Creator { id: row.created_by_id, name: row.created_by_name },
        updated_at: row.updated_at,
        progress: Progress {
            created: row.created_sequence,
            planned: row.planned_sequence,
            last: row.last_sequence,
            owner: row.owner,
        },
        health: Health {
            last_success_at: row.last_success_at,
            last_failure_at: row.last_failure_at,
            failing_since: row.failing_since,
            failed_attempts: row.failed_attempts,
            failed_deliveries: row.failed_deliveries,
            warned_at: row.warned_at,
            disabled_at: row.disabled_at,
            disabled_reason: row.disabled_reason,
        },
    }
}

pub(super) fn delivery_of(row: delivery::Model) -> Delivery {
    Delivery {
        id: row.id,
        workspace: row.workspace_id,
        endpoint: row.endpoint_id,
        event: row.event_id,
        event_type: row.event_type,
        sequence: row.sequence,
        previous_sequence: row.previous_sequence,
        status: row.status,
        attempts: row.attempts,
        due_at: row.due_at,
        resend_of: row.resend_of,
        created_at: row.created_at,
        ended_at: row.ended_at,
    }
}

pub(super) fn delivery_row(delivery: Delivery, body: Option<String>) -> delivery::Model {
    delivery::Model {
        id: delivery.id,
        workspace_id: delivery.workspace,
        endpoint_id: delivery.endpoint,
        event_id: delivery.event,
        event_type: delivery.event_type,
        sequence: delivery.sequence,
        previous_sequence: delivery.previous_sequence,
        body,
        status: delivery.status,
        attempts: delivery.attempts,
        due_at: delivery.due_at,
        resend_of: delivery.resend_of,
        created_at: delivery.created_at,
        ended_at: delivery.ended_at,
    }
}

pub(super) fn attempt_row(delivery: &Delivery, attempt: &Attempt) -> DbResult<attempt::Model> {
    let (headers, body) = match &attempt.response {
        Some(AttemptResponse { headers, body }) => (Some(json(headers)?), Some(body.clone())),
        None => (None, None),
    };
    Ok(attempt::Model {
        delivery_id: delivery.id,
        number: attempt.number,
        workspace_id: delivery.workspace,
        started_at: attempt.started_at,
        duration_ms: attempt.duration_ms,
        // A status has three digits.
        status_code: attempt.status_code.and_then(|code| i16::try_from(code).ok()),
        error: attempt.error.clone(),
        request_headers: json(&attempt.request_headers)?,
        response_headers: headers,
        response_body: body,
    })
}

pub(super) fn attempt_of(row: attempt::Model) -> DbResult<Attempt> {
    let parse = |text: &str| serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()));
    let response = match (row.response_headers, row.response_body) {
        (Some(headers), Some(body)) => Some(AttemptResponse { headers: parse(&headers)?, body }),
        _ => None,
    };
    Ok(Attempt {
        number: row.number,
        started_at: row.started_at,
        duration_ms: row.duration_ms,
        status_code: row.status_code.and_then(|code| u16::try_from(code).ok()),
        error: row.error,
        request_headers: parse(&row.request_headers)?,
        response,
    })
}

fn json(headers: &[(String, String)]) -> DbResult<String> {
    serde_json::to_string(headers).map_err(|error| DbErr::Json(error.to_string()))
}
