//! Email addresses.

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::character::{is_blank, is_hostile, is_ignorable, is_isolate};
use super::refuse_secret;

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, without the brackets of a path).
const MAX_BYTES: usize = 254;

const MALFORMED: &str = "must be an email address such as ana@skyline.example";

/// An email address (RFC 5322, RFC 6532) in NFC and in lower case: a local part without quotes, `@`, and a domain of two labels
/// or more. Only a message can show that it exists.
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

    /// Parses the address of a member who may be known by one that is no longer accepted: earlier versions refused less.
    pub fn parse_known(text: &str) -> Result<Self, String> {
        let text = cleaned(text)?;
        let is_known = text.split_once('@').is_some_and(|(local, domain)| {
            let has_labels = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
            !local.is_empty() && has_labels && !domain.contains('@')
        });
        if is_known { Ok(Self(text)) } else { Err(MALFORMED.to_owned()) }
    }

    /// Deserializes with [`parse_known`](Self::parse_known).
    pub fn deserialize_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse_known(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }

    /// Returns the ways in which the address may be stored: before addresses were put in NFC, they were stored as typed.
    pub fn spellings(email: &str) -> [String; 2] {
        [email.to_owned(), email.nfd().collect()]
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
        let text = cleaned(text)?;
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        let fits = !text.contains('"') && EmailAddress::parse_with_options(&text, options).is_ok();
        if fits { Ok(Self(text)) } else { Err(MALFORMED.to_owned()) }
    }
}

/// Returns the text in the form of an address, in NFC and in lower case, or the fault of one that cannot be an address.
fn cleaned(text: &str) -> Result<String, String> {
    // Before the change to lower case, which would hide a secret and still reveal most of it.
    refuse_secret(text).map_err(|error| error.to_string())?;
    let text: String = text.trim().to_lowercase().nfc().collect();
    let is_clean = text.chars().all(|c| !is_hostile(c) && !is_isolate(c) && !is_ignorable(c) && !is_blank(c));
    if is_clean && text.len() <= MAX_BYTES { Ok(text) } else { Err(MALFORMED.to_owned()) }
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
        ObjectBuilder::new().schema_type(Type::String).format(format).max_length(Some(MAX_BYTES)).into()
    }
}

impl utoipa::ToSchema for Email {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        text.parse().map(Email::into_string).ok()
    }

    #[test]
    fn address_is_stored_in_one_spelling() {
        for (text, stored) in [
            (" Ana@Skyline.Example ", "ana@skyline.example"),
            ("mu\u{308}ller@skyline.example", "müller@skyline.example"),
            ("ÉRIC@SKYLINE.EXAMPLE", "éric@skyline.example"),
            ("ana+ops@mail.skyline.example", "ana+ops@mail.skyline.example"),
            ("o'neil@skyline.example", "o'neil@skyline.example"),
            ("飛行@例え.テスト", "飛行@例え.テスト"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(stored), "{text}");
        }
    }

    #[test]
    fn address_that_an_earlier_version_accepted_is_still_known() {
        for text in ["ana..b@Docomo.example", "\"ana\"@skyline.example", ".ana@skyline.example", "ana@-skyline.example"] {
            assert_eq!(parsed(text), None, "{text}");
            assert_eq!(Email::parse_known(text).map(Email::into_string), Ok(text.to_lowercase()));
        }
        for text in ["", "ana", "ana@skyline", "a na@skyline.example", "ana\u{202e}@skyline.example", "ana@b@skyline.example"] {
            assert!(Email::parse_known(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn malformed_address_is_refused() {
        for text in [
            "",
            "ana",
            "ana@",
            "@skyline.example",
            "ana@skyline",
            "ana@skyline..example",
            "ana@.skyline.example",
            "ana@skyline.example.",
            "ana@-skyline.example",
            "ana@skyline-.example",
            "ana..b@skyline.example",
            ".ana@skyline.example",
            "ana.@skyline.example",
            "ana@b@skyline.example",
            "a na@skyline.example",
            "ana\u{200b}@skyline.example",
            "ana\u{202e}@skyline.example",
            "ana\u{2800}@skyline.example",
            "\"ana\"@skyline.example",
            "Ana <ana@skyline.example>",
            "ana@[127.0.0.1]",
            "ana,b@skyline.example",
            "ana@skyline.example,bob@skyline.example",
            "ana@sky_line.example\0",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
        assert_eq!(parsed(&format!("{}@skyline.example", "a".repeat(65))), None);
        assert_eq!(parsed(&format!("a@{}example", "skyline.".repeat(32))), None);
    }
}
