//! A request context in the terms of the audit log and of the usage counters.

use crate::audit::{Actor, AuditContext};
use crate::keys::{DeniedRequest, Recorder};
use crate::request_context::RequestContext;
use crate::requests::KeyRefusal;
use kit::clock::Time;

impl RequestContext {
    /// The audit context of something that `actor` does in this request.
    pub fn audit_context(&self, actor: Actor) -> AuditContext {
        AuditContext {
            ip: Some(self.client_ip()),
            user_agent: self.user_agent(),
            request_id: Some(self.id().to_owned()),
            ..AuditContext::of(actor)
        }
    }

    /// Counts the request as denied, and notes the refusal for the request log.
    pub fn deny(&self, recorder: &Recorder, refusal: KeyRefusal, now: Time) {
        if recorder.deny(&refusal.entry, refusal.reason, refusal.scope, self.denied_request(now)) {
            self.note_sampled(&refusal.entry, refusal.scope);
        }
        self.note_refusal(refusal);
    }

    /// The origin that the usage counters keep of a denied request.
    pub fn denied_request(&self, now: Time) -> DeniedRequest<'_> {
        DeniedRequest { address: self.client_ip(), now, request_id: self.id(), user_agent: self.user_agent() }
    }
}
