//! Members and their emails.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::role::Role;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::http::Check;
use kit::text::{Line, is_invisible, refuse_secret};

kit::ids! {
    /// The id of a member.
    MemberId = "user";
}

pub type MemberName = Line<1, 100>;

#[derive(Clone, Debug)]
pub struct Member {
    pub id: MemberId,
    pub workspace: WorkspaceId,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// True once they have set a password.
    pub has_joined: bool,
    pub created_at: Time,
}

/// An email address, in lower case: something, `@`, something with a dot in it.
///
/// Nothing more is checked: only a message can show that an address exists.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Email {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // Before the change to lower case, which would hide a secret and still reveal most of it.
        refuse_secret(text).map_err(|error| error.to_string())?;
        let text = text.trim().to_lowercase();
        let fits = text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains('@')
        });
        let clean = text.len() <= 254 && text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !is_invisible(c));
        if fits && clean { Ok(Self(text)) } else { Err("must be an email address such as ana@skyline.example".to_owned()) }
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Email {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::Email));
        ObjectBuilder::new().schema_type(Type::String).format(format).max_length(Some(254)).into()
    }
}

impl ToSchema for Email {}

/// A new member, to be invited.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    pub name: MemberName,
    /// Unique in the workspace.
    pub email: Email,
    pub role: Role,
}

impl Check for AddMember {}
