//! The header fields `RateLimit-Policy` and `RateLimit` (IETF draft): a limit, and the rest of it.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::limit::{LimitState, Rate};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// A limit as `RateLimit-Policy` names it.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub name: &'static str,
    pub quota: u64,
    pub window: Duration,
    /// `None` for a limit on requests.
    pub unit: Option<&'static str>,
}

impl Policy {
    /// The limit of the caller itself, on requests.
    pub(super) fn of_caller(rate: Rate) -> Self {
        Self { name: "default", quota: rate.requests.into(), window: rate.per, unit: None }
    }

    /// Returns the fields of a limit of which `remaining` is left, and more in so many seconds.
    pub(super) fn fields(self, remaining: u32, seconds: u64) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let Self { name, quota, window, unit } = self;
        let unit = unit.map_or(String::new(), |unit| format!(";qu=\"{unit}\""));
        let policy = format!("\"{name}\";q={quota};w={}{unit}", window.as_secs());
        let state = format!("\"{name}\";r={remaining};t={seconds}");
        let field = |(name, text): (HeaderName, String)| HeaderValue::from_str(&text).ok().map(|value| (name, value));
        [(POLICY, policy), (STATE, state)].into_iter().filter_map(field)
    }
}

/// Adds the rest of the caller's limit to a response, unless it tells of another limit that was exceeded.
pub fn tell_rest(headers: &mut HeaderMap, limit: LimitState) {
    if !headers.contains_key(STATE) {
        headers.extend(Policy::of_caller(limit.rate).fields(limit.remaining, limit.seconds()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_of_a_limit_does_not_replace_the_limit_that_was_exceeded() {
        let rate = Rate { requests: 600, per: Duration::from_mins(1) };
        let limit = LimitState { rate, remaining: 598, next_in: Duration::from_millis(1) };
        let mut headers = HeaderMap::new();
        tell_rest(&mut headers, limit);
        assert_eq!(headers[POLICY], "\"default\";q=600;w=60");
        assert_eq!(headers[STATE], "\"default\";r=598;t=1");
        let exceeded = Policy { name: "key-writes", quota: 9, window: rate.per, unit: None };
        let mut headers: HeaderMap = exceeded.fields(0, 7).collect();
        tell_rest(&mut headers, limit);
        assert_eq!(headers[STATE], "\"key-writes\";r=0;t=7");
    }
}
