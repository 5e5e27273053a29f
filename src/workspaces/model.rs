//! Workspaces, their short names and time zones.

use std::str::FromStr;

use secrecy::SecretString;

use crate::members::Email;
use kit::clock::Time;
use kit::text::Line;

kit::ids! {
    /// The id of a workspace.
    WorkspaceId = "ws";
}

#[derive(Clone, Debug)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// The name in commands and URLs.
    pub slug: String,
    pub name: String,
    pub timezone: String,
    /// True if keys can be created and rotated.
    pub api_keys_enabled: bool,
    pub created_at: Time,
    /// The workspace that this one is the sandbox of; `None` for one that people work in.
    pub sandbox_of: Option<WorkspaceId>,
}

/// A name in commands and URLs: 2 to 40 lower-case letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slug(String);

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Derives a slug from a workspace's name: “Zürich Air & Sons” gives zurich-air-sons. `None` if too little is left of it.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut slug = String::new();
        for c in name.to_lowercase().chars() {
            match c {
                'a'..='z' | '0'..='9' => slug.push(c),
                'à'..='å' => slug.push('a'),
                'ç' => slug.push('c'),
                'è'..='ë' => slug.push('e'),
                'ì'..='ï' => slug.push('i'),
                'ñ' => slug.push('n'),
                'ò'..='ö' | 'ø' => slug.push('o'),
                'ù'..='ü' => slug.push('u'),
                'ß' => slug.push_str("ss"),
                'æ' => slug.push_str("ae"),
                '\'' | '’' | '.' => {}
                _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
                _ => {}
            }
        }
        slug.truncate(40);
        slug.trim_end_matches('-').parse().ok()
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
            Err("must be 2 to 40 lower-case letters, digits and hyphens, such as skyline".to_owned())
        }
    }
}

/// A time zone by IANA name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timezone(String);

impl Timezone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Timezone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let zone =
            jiff::tz::TimeZone::get(text).map_err(|_| "must be an IANA time zone such as Europe/Zurich or UTC".to_owned())?;
        Ok(Self(zone.iana_name().unwrap_or("UTC").to_owned()))
    }
}

/// The regions whose time zones are named after cities. The other names in the database are aliases, or offsets.
const REGIONS: [&str; 10] =
    ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// Lists UTC, then every time zone that this machine knows by a city.
pub(super) fn zones() -> Vec<String> {
    let is_city = |name: &String| name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region));
    let mut cities: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).filter(is_city).collect();
    cities.sort_unstable();
    cities.dedup();
    std::iter::once("UTC".to_owned()).chain(cities).collect()
}

/// The first account owner of a new workspace.
pub struct Owner {
    pub email: Email,
    pub name: Line<1, 100>,
    /// At least 15 characters.
    pub password: SecretString,
}

/// The input to create a workspace.
pub struct CreateWorkspace {
    pub name: Line<1, 100>,
    /// Unique among all workspaces.
    pub slug: Slug,
    pub timezone: Timezone,
    pub owner: Owner,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_is_derived_from_a_name() {
        let slug = |name: &str| Slug::from_name(name).map(|slug| slug.0);
        for (name, expected) in [
            ("Skyline Aviation", "skyline-aviation"),
            ("  Zürich Air & Søns, Inc. ", "zurich-air-sons-inc"),
            ("O’Hare--Jets (2)", "ohare-jets-2"),
            ("Straße", "strasse"),
            ("東京 Air", "air"),
        ] {
            assert_eq!(slug(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(slug(&format!("{} x", "a".repeat(39))).as_deref(), Some("a".repeat(39).as_str()));
        for nothing in ["", "東京", "&", "x"] {
            assert_eq!(slug(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn every_listed_zone_is_accepted() {
        let zones = zones();
        assert_eq!(zones.first().map(String::as_str), Some("UTC"));
        assert!(zones.contains(&"Europe/Zurich".to_owned()), "{zones:?}");
        for zone in zones {
            assert!(zone.parse::<Timezone>().is_ok(), "{zone}");
        }
    }
}
