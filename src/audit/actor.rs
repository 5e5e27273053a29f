//! Actors: who does something.

use serde::Serialize;

use key_format::scrub;

kit::string_enum! {
    /// The kind of an actor.
    ActorKind as ActorKind {
        Member = "member",
        ApiKey = "api_key",
        /// The command line, or the holder of the link that sets up a new server.
        Operator = "operator",
        /// Somebody unknown, or somebody to whom secrecy was promised.
        Anonymous = "anonymous",
        /// This product itself: expiries, and confirmations that every node refuses a key.
        System = "system",
    }
}

/// The actor of an event that is to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<String>,
    /// The name at the time.
    pub name: Option<String>,
}

/// The name under which logs have the holder of the set-up link. Its kind is that of the command line, whose names are
/// those of accounts of the operating system.
const SET_UP_LINK: &str = "set-up link";

impl Actor {
    pub const ANONYMOUS: Self = Self { kind: ActorKind::Anonymous, id: None, name: None };

    pub const SYSTEM: Self = Self { kind: ActorKind::System, id: None, name: None };

    pub fn member(id: impl ToString, name: &str) -> Self {
        Self { kind: ActorKind::Member, id: Some(id.to_string()), name: Some(name.to_owned()) }
    }

    pub fn api_key(id: impl ToString, name: &str) -> Self {
        Self { kind: ActorKind::ApiKey, id: Some(id.to_string()), name: Some(name.to_owned()) }
    }

    /// Returns the actor of the command line, named like the account that runs it.
    pub fn operator(name: &str) -> Self {
        Self { kind: ActorKind::Operator, id: None, name: Some(scrub(name).into_owned()) }
    }

    /// Returns the holder of the link that sets up a new server.
    pub fn set_up_link() -> Self {
        Self { kind: ActorKind::Operator, id: None, name: Some(SET_UP_LINK.to_owned()) }
    }

    /// Returns whether the actor is the command line or the holder of the set-up link.
    pub fn is_operator(&self) -> bool {
        self.kind == ActorKind::Operator
    }

    /// Returns id and name for a column that refers to the actor. The kind stands in for a missing id, the id for a missing
    /// name.
    pub fn into_id_and_name(self) -> (String, String) {
        let id = self.id.unwrap_or_else(|| self.kind.as_str().to_owned());
        (id.clone(), self.name.unwrap_or(id))
    }
}

/// The actor of an event, as stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct EventActor {
    /// `member`, `api_key`, `operator` (the command line), `system` (the product itself) or `anonymous`.
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Option<String>,
    /// The name at the time of the event.
    pub name: Option<String>,
}

impl EventActor {
    /// Returns the kind, unless this version does not know it.
    pub fn known_kind(&self) -> Option<ActorKind> {
        self.kind.parse().ok()
    }

    /// Returns whether the actor is the holder of the set-up link. Stored events tell it from the command line by its name
    /// alone.
    pub(super) fn is_set_up_link(&self) -> bool {
        self.known_kind() == Some(ActorKind::Operator) && self.name.as_deref() == Some(SET_UP_LINK)
    }
}
