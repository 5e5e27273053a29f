//! Filters of the list of findings.

use serde::Deserialize;

use super::model::{Code, Found, Severity};
use crate::keys::KeyId;
use kit::http::Check;

/// The filters of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingFilter {
    /// Lists findings with this code only.
    #[param(inline)]
    pub code: Option<Code>,
    /// Lists findings of this severity only.
    #[param(inline)]
    pub severity: Option<Severity>,
    /// Lists findings about this key only.
    #[param(inline)]
    pub api_key_id: Option<KeyId>,
}

impl Check for FindingFilter {}

impl FindingFilter {
    /// Returns true if findings with this code can be in the list.
    pub(super) fn wants(&self, code: Code) -> bool {
        self.code.is_none_or(|wanted| wanted == code)
    }

    pub(super) fn matches(&self, found: &Found) -> bool {
        let of_key = self.api_key_id.is_none_or(|key| found.subject.key() == Some(key));
        self.wants(found.code()) && self.severity.is_none_or(|severity| severity == found.severity) && of_key
    }
}
