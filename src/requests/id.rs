//! [`RequestId`]: the id of a request as a caller or this server chose it.

use std::fmt;
use std::str::FromStr;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// The longest id that a caller may choose.
pub const MAX_LENGTH: usize = 128;

/// The id of a request: 1 to 128 visible ASCII characters without a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestId(String);

/// The text is not the id of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("enter the id of a request as the header X-Request-Id has it: 1 to {MAX_LENGTH} characters, without spaces")]
pub struct NotARequestId;

impl RequestId {
    /// Returns whether a text may be the id of a request.
    pub fn is_valid(text: &str) -> bool {
        (1..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !key_format::may_contain_secret(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = NotARequestId;
    fn from_str(text: &str) -> Result<Self, NotARequestId> {
        if Self::is_valid(text) { Ok(Self(text.to_owned())) } else { Err(NotARequestId) }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl utoipa::PartialSchema for RequestId {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX_LENGTH));
        text.examples(["req_019abc1c2d3e7f4a8b5c6d7e8f901234"]).into()
    }
}

impl utoipa::ToSchema for RequestId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_visible_ascii_of_a_bounded_length_without_a_secret() {
        let secret = format!("pck_{}", "aB3".repeat(13).split_at(38).0);
        for text in ["a", "req_0123", "trace/4;b=\"x\"<script>", &"x".repeat(128)] {
            assert_eq!(text.parse::<RequestId>().as_ref().map(RequestId::as_str), Ok(text));
        }
        for text in ["", "a b", "ä", "a\n", &"x".repeat(129), &secret] {
            assert_eq!(text.parse::<RequestId>(), Err(NotARequestId), "{text}");
        }
    }
}
