//! [`VerifyRequest`]: input of a verification.

use std::net::IpAddr;
use std::time::Duration;

use kit::clock::Time;

use crate::scopes::Scope;

/// The properties of a request that a key is verified against.
#[derive(Clone, Copy, Debug)]
pub struct VerifyRequest {
    /// The scope that the request needs, if any.
    pub scope: Option<Scope>,
    /// The client IP in canonical form.
    pub address: IpAddr,
    /// Arrival by the wall clock, for the expiry.
    pub now: Time,
    /// Arrival by the monotonic clock, for the rate limit.
    pub ticks: Duration,
    /// Live nodes, this one included, that share the rate limit.
    pub nodes: u32,
}
