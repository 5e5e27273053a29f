//! Strings that were checked when they were parsed: trimmed, of a known length, without control characters, and without
//! an API key or token, which would be stored.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

/// A single line of `MIN` to `MAX` characters, trimmed, all of them visible: names must not look alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Line<const MIN: usize, const MAX: usize>(String);

/// Like [`Line`], but it may have line breaks, tabs and joiners.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct MultilineText<const MIN: usize, const MAX: usize>(String);

/// The reason why a text was refused, phrased for its writer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadText {
    /// Shorter or longer than allowed; the length counts characters after trimming.
    #[error("must have {min} to {max} characters; this has {found}")]
    Length { min: usize, max: usize, found: usize },
    /// A control character, or one that is invisible, or hides or reverses its neighbours.
    #[error("must not contain control characters or invisible ones (found U+{:04X})", u32::from(*.0))]
    Control(char),
    /// An API key or token.
    #[error("{}", SECRET_IN_TEXT)]
    Secret,
}

/// The fault of a text with an API key or token in it.
pub const SECRET_IN_TEXT: &str =
    "must not contain an API key or token, because it would be stored: remove it, and revoke it, as it may have leaked";

/// Refuses a text with an API key or token in it, also if invisible characters were put between its letters.
pub fn refuse_secret(text: &str) -> Result<(), BadText> {
    // Every secret has an underscore. Capitals in its prefix do not hide it.
    let is_clean = !text.contains('_') || {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        key_format::find_secret(&visible.to_ascii_lowercase()).is_none()
    };
    if is_clean { Ok(()) } else { Err(BadText::Secret) }
}

/// The characters of a text, beyond those that any text may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Line,
    MultilineText,
}

impl Layout {
    fn refuses(self, before: Option<char>, c: char) -> bool {
        match self {
            // A variation selector gives a symbol its colours; behind a letter it is not seen.
            Self::Line if matches!(c, '\u{fe00}'..='\u{fe0f}') => before.is_none_or(char::is_alphanumeric),
            Self::Line => is_hostile(c) || is_invisible(c),
            Self::MultilineText => is_hostile(c) && !matches!(c, '\n' | '\r' | '\t'),
        }
    }
}

fn check(text: &str, min: usize, max: usize, layout: Layout) -> Result<String, BadText> {
    refuse_secret(text)?;
    let text = text.trim();
    let found = text.chars().count();
    if found < min || found > max {
        return Err(BadText::Length { min, max, found });
    }
    let mut before = None;
    match text.chars().find(|c| layout.refuses(before.replace(*c), *c)) {
        Some(c) => Err(BadText::Control(c)),
        None => Ok(text.to_owned()),
    }
}

/// A text that a message about it must not repeat.
pub fn secret_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    SecretString::deserialize(deserializer).map_err(|_| serde::de::Error::custom("must be text"))
}

/// Control characters, and the bidirectional overrides that make a name read as another one (Unicode TR 36, 3.1).
fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Characters that leave no mark (`Default_Ignorable_Code_Point` of Unicode, without variation selectors): two names that
/// differ in them alone look the same.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// An outcome in words as a sentence of its own: a capital letter, a full stop.
pub fn sentence(words: impl fmt::Display) -> String {
    let text = words.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// The first half of a SHA-256, in hexadecimal: enough to tell that something is no longer the same, too little to be it.
pub fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..16])
}

/// A text that may be left out, as it is kept: an empty one is none.
pub fn kept<const MIN: usize, const MAX: usize>(text: Option<MultilineText<MIN, MAX>>) -> Option<String> {
    text.map(MultilineText::into_string).filter(|text| !text.is_empty())
}

macro_rules! text_type {
    ($name:ident) => {
        impl<const MIN: usize, const MAX: usize> $name<MIN, MAX> {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<const MIN: usize, const MAX: usize> std::str::FromStr for $name<MIN, MAX> {
            type Err = BadText;
            fn from_str(text: &str) -> Result<Self, BadText> {
                check(text, MIN, MAX, Layout::$name).map(Self)
            }
        }

        impl<const MIN: usize, const MAX: usize> fmt::Display for $name<MIN, MAX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for $name<MIN, MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                check(&text, MIN, MAX, Layout::$name).map(Self).map_err(serde::de::Error::custom)
            }
        }

        impl<const MIN: usize, const MAX: usize> utoipa::PartialSchema for $name<MIN, MAX> {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX));
                if MIN == 0 { text.into() } else { text.min_length(Some(MIN)).into() }
            }
        }

        impl<const MIN: usize, const MAX: usize> utoipa::ToSchema for $name<MIN, MAX> {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Owned(format!("{}{MIN}To{MAX}", stringify!($name)))
            }
        }
    };
}

text_type!(Line);
text_type!(MultilineText);

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Line<1, 5>, BadText> {
        text.parse()
    }

    #[test]
    fn a_line_is_trimmed_before_it_is_measured() {
        assert_eq!(line("  abc  ").map(Line::into_string), Ok("abc".to_owned()));
        assert_eq!(line("   "), Err(BadText::Length { min: 1, max: 5, found: 0 }));
        assert_eq!(line("äöüßé").map(Line::into_string), Ok("äöüßé".to_owned()));
        assert_eq!(line("abcdef"), Err(BadText::Length { min: 1, max: 5, found: 6 }));
    }

    #[test]
    fn a_line_has_no_control_characters_and_no_direction_overrides() {
        for hostile in ["a\0b", "a\nb", "a\u{7f}b", "a\u{202e}b", "a\u{2028}b"] {
            assert!(matches!(line(hostile), Err(BadText::Control(_))), "{hostile:?}");
        }
        assert!("a\nb".parse::<MultilineText<1, 5>>().is_ok());
        assert!("a\0b".parse::<MultilineText<1, 5>>().is_err());
    }

    #[test]
    fn a_line_has_no_invisible_characters() {
        for hidden in ["a\u{200b}b", "a\u{ad}b", "a\u{200d}b", "a\u{3164}b", "a\u{e0041}", "a\u{fe0f}"] {
            assert!(matches!(line(hidden), Err(BadText::Control(_))), "{hidden:?}");
        }
        assert!(line("\u{2708}\u{fe0f} ok").is_ok());
        assert!("a\u{200d}b".parse::<MultilineText<1, 5>>().is_ok());
    }

    #[test]
    fn no_text_has_a_key_or_token_in_it() {
        for secret in ["pck_".to_owned() + &"aB3".repeat(13)[..38], "pcs_".to_owned() + &"aB3".repeat(15)[..43]] {
            let (start, end) = secret.split_at(20);
            for text in [secret.clone(), format!(" x{secret}x "), secret.to_lowercase(), format!("{start}\u{200b}{end}")] {
                assert_eq!(text.parse::<Line<0, 200>>(), Err(BadText::Secret), "{text}");
                assert_eq!(text.parse::<MultilineText<0, 10>>(), Err(BadText::Secret), "{text}");
            }
        }
    }
}
