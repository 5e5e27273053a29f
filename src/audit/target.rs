//! Targets: what something is done to.

use serde::Serialize;

kit::string_enum! {
    /// The kind of a target.
    TargetKind as TargetKind {
        ApiKey = "api_key",
        Member = "member",
        Workspace = "workspace",
        Aircraft = "aircraft",
        Trip = "trip",
        Report = "report",
        Invoice = "invoice",
        Webhook = "webhook",
    }
}

/// The target of an event that is to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    pub kind: TargetKind,
    pub id: String,
    /// The name at the time.
    pub name: String,
}

impl Target {
    pub fn new(kind: TargetKind, id: impl ToString, name: &str) -> Self {
        Self { kind, id: id.to_string(), name: name.to_owned() }
    }
}

/// The target of an event, as stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Target)]
pub struct EventTarget {
    /// `api_key`, `member`, `trip`, …
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Option<String>,
    /// The name at the time of the event.
    pub name: Option<String>,
}

impl EventTarget {
    /// Returns the kind, unless this version does not know it.
    pub fn known_kind(&self) -> Option<TargetKind> {
        self.kind.parse().ok()
    }
}
