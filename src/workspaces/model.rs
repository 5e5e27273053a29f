//! What a workspace is.

use std::str::FromStr;

use secrecy::SecretString;

use crate::kit::clock::Time;
use crate::kit::text::Line;
use crate::members::Email;

crate::ids! {
    /// A workspace.
    WorkspaceId = "ws";
}

/// A workspace as it is kept.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name in commands and URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its time zone, by IANA name.
    pub timezone: String,
    /// Whether keys can be created and rotated.
    pub api_keys_enabled: bool,
    /// When it was made.
    pub created_at: Time,
}

/// A name in commands and URLs: 2 to 40 lower-case letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slug(String);

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (2..=40).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected 2 to 40 lower-case letters, digits and hyphens, such as skyline".to_owned())
        }
    }
}

/// A time zone by IANA name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timezone(String);

impl Timezone {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Timezone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let zone =
            jiff::tz::TimeZone::get(text).map_err(|_| "expected an IANA time zone such as Europe/Zurich or UTC".to_owned())?;
        Ok(Self(zone.iana_name().unwrap_or("UTC").to_owned()))
    }
}

/// The first account owner of a new workspace.
pub struct Owner {
    /// Signs in with it.
    pub email: Email,
    /// Their name.
    pub name: Line<1, 100>,
    /// At least 12 characters.
    pub password: SecretString,
}

/// A new workspace.
pub struct CreateWorkspace {
    /// Its name.
    pub name: Line<1, 100>,
    /// Unique among all workspaces.
    pub slug: Slug,
    /// Its time zone.
    pub timezone: Timezone,
    /// Its first account owner.
    pub owner: Owner,
}
