//! Texts as people see them: what a name, a note, an id of another system, an email and a search are.
//!
//! - here the types, which are checked and cleaned when they are parsed: of a known length, visible, without control characters,
//!   and without an API key or token, which would be stored
//! - `clean` cleaning on entry; `character` properties of characters; `forms` forms for comparison and search; `email` addresses

mod character;
mod clean;
mod email;
mod forms;

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use character::is_ignorable;
pub use character::printable;
pub use email::Email;
pub(crate) use forms::{CaseFolds, case_folds};
pub use forms::{NameForms, folded, skeleton};

/// A name, title or search text: a single line of `MIN` to `MAX` characters in NFC. Characters that are not seen are removed,
/// sequences of blanks joined; directional characters are refused.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Line<const MIN: usize, const MAX: usize>(String);

/// The id of a thing in another system: a single line of `MIN` to `MAX` characters that stays as it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Identifier<const MIN: usize, const MAX: usize>(String);

/// A note: like [`Line`], but it may have line breaks, tabs, joiners, and directional isolates that end in their line.
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
    /// Nothing but characters that are not seen on their own.
    #[error("must have a character that can be seen; this has none")]
    Invisible,
    /// A combining mark at the start, the same twice, or more than four in a row.
    #[error("must not begin with a combining mark, repeat one, or have more than four in a row (found U+{:04X})", u32::from(*.0))]
    Mark(char),
    /// A directional isolate that is not closed in its line, or closed without a start.
    #[error("must close every directional isolate (U+2066 to U+2068) with U+2069 in the same line")]
    Isolate,
    /// An API key or token.
    #[error("{}", SECRET_IN_TEXT)]
    Secret,
}

/// The fault of a text with an API key or token in it.
pub const SECRET_IN_TEXT: &str = "must not contain an API key or token, or a signing secret, because it would be stored: remove it, and revoke or rotate it, as it may have leaked";

/// Refuses a text with an API key or token in it, also if invisible characters were put between its letters.
pub fn refuse_secret(text: &str) -> Result<(), BadText> {
    // Every secret has an underscore. Capitals in its prefix do not hide it.
    let is_clean = !text.contains('_') || {
        let visible: String = text.chars().filter(|c| !is_ignorable(*c)).collect();
        key_format::find_secret(&visible.to_ascii_lowercase()).is_none()
    };
    if is_clean { Ok(()) } else { Err(BadText::Secret) }
}

/// Refuses a text that is far too long before it is cleaned, which takes many times longer than reading it.
fn require_cleanable(text: &str, min: usize, max: usize) -> Result<(), BadText> {
    // A character has up to four bytes, and as many again in marks and characters that cleaning composes or removes.
    let is_short = text.len() <= 16 * max.max(64);
    if is_short { Ok(()) } else { Err(BadText::Length { min, max, found: text.chars().count() }) }
}

/// Returns the text, cleaned, if its length fits. For the least length only characters count that can be seen.
fn fitting(text: Result<String, BadText>, min: usize, max: usize) -> Result<String, BadText> {
    let text = match text {
        Err(BadText::Invisible) if min == 0 => String::new(),
        other => other?,
    };
    let (length, visible) = (text.chars().count(), text.chars().filter(|c| !is_ignorable(*c)).count());
    let found = if visible < min { visible } else { length };
    if found < min || found > max { Err(BadText::Length { min, max, found }) } else { Ok(text) }
}

/// A text that a message about it must not repeat.
pub fn secret_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    SecretString::deserialize(deserializer).map_err(|_| serde::de::Error::custom("must be text"))
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
    ($name:ident, $clean:path) => {
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
                refuse_secret(text)?;
                require_cleanable(text, MIN, MAX)?;
                fitting($clean(text), MIN, MAX).map(Self)
            }
        }

        impl<const MIN: usize, const MAX: usize> fmt::Display for $name<MIN, MAX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for $name<MIN, MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
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

text_type!(Line, clean::name);
text_type!(Identifier, clean::identifier);
text_type!(MultilineText, clean::note);

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Line<1, 5>, BadText> {
        text.parse()
    }

    #[test]
    fn text_that_is_far_too_long_is_measured_as_it_is() {
        let text = "e\u{301}".repeat(1_000);
        assert_eq!(line(&text), Err(BadText::Length { min: 1, max: 5, found: 2_000 }));
    }

    #[test]
    fn a_line_is_trimmed_before_it_is_measured() {
        assert_eq!(line("  abc  ").map(Line::into_string), Ok("abc".to_owned()));
        assert_eq!(line("   "), Err(BadText::Length { min: 1, max: 5, found: 0 }));
        assert_eq!(line("äöüßé").map(Line::into_string), Ok("äöüßé".to_owned()));
        assert_eq!(line("abcdef"), Err(BadText::Length { min: 1, max: 5, found: 6 }));
    }

    fn note(text: &str) -> Result<String, BadText> {
        text.parse::<MultilineText<0, 50>>().map(MultilineText::into_string)
    }

    #[test]
    fn a_line_has_no_control_characters_and_no_directional_ones() {
        for hostile in ["a\0b", "a\nb", "a\u{7f}b", "a\u{202e}b", "a\u{2028}b", "a\u{2067}b", "a\u{202a}b", "a\u{fffe}b"] {
            assert!(matches!(line(hostile), Err(BadText::Control(_))), "{hostile:?}");
        }
        assert!("a\nb".parse::<MultilineText<1, 5>>().is_ok());
        assert!("a\0b".parse::<MultilineText<1, 5>>().is_err());
    }

    #[test]
    fn a_line_is_as_it_is_seen() {
        for (entered, seen) in [
            ("a\u{200b}b", "ab"),
            ("\u{feff}ab", "ab"),
            ("a\u{ad}b", "ab"),
            ("a\u{200d}b", "ab"),
            ("a\u{3164}b", "ab"),
            ("a\u{e0041}", "a"),
            ("a\u{fe0f}", "a"),
            ("a\u{a0}\u{3000}b", "a b"),
            ("a \u{200b} b", "a b"),
            ("\u{2800}a\u{2800}", "a"),
            ("u\u{308}", "ü"),
            ("u\u{34f}\u{308}", "ü"),
            ("\u{2708}\u{fe0f} ok", "\u{2708}\u{fe0f} ok"),
            ("می\u{200c}خو", "می\u{200c}خو"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("👨\u{200d}✈\u{fe0f}", "👨\u{200d}✈\u{fe0f}"),
            ("葛\u{e0100}城", "葛\u{e0100}城"),
        ] {
            assert_eq!(line(entered).map(Line::into_string).as_deref(), Ok(seen), "{entered:?}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_seen_is_refused() {
        for hidden in [
            "\u{200b}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}",
            "\u{200f}",
            "\u{2060}",
            "\u{e0041}",
            "\u{61c}",
            "\u{fe0f}",
            "\u{180e}",
            "\u{301}",
            "\u{301}\u{302}",
            "\u{fffc}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{2800} \u{2800}",
            "\u{20dd}",
            "\u{1d159}",
            "\u{fff9}",
            "\u{a0}\u{200d}",
        ] {
            assert_eq!(line(hidden), Err(BadText::Invisible), "{hidden:?}");
            assert!(hidden.parse::<Identifier<1, 5>>().is_err(), "{hidden:?}");
            assert_eq!(note(hidden).as_deref(), Ok(""), "{hidden:?}");
        }
        assert_eq!(line("\u{a0}"), Err(BadText::Length { min: 1, max: 5, found: 0 }));
        assert!("\u{200b}".repeat(50).parse::<MultilineText<50, 100>>().is_err());
        let padded = format!("a{}", "\u{200b}".repeat(49));
        assert_eq!(padded.parse::<MultilineText<50, 100>>(), Err(BadText::Length { min: 50, max: 100, found: 1 }));
    }

    #[test]
    fn marks_belong_to_a_letter_and_are_few() {
        for marks in ["\u{301}a", "a\u{30a}\u{30a}", "a\u{301}\u{302}\u{303}\u{304}\u{306}"] {
            assert!(matches!(marks.parse::<Line<1, 9>>(), Err(BadText::Mark(_))), "{marks:?}");
        }
        for marks in ["Việt", "שָׁלוֹם", "ที่นี่", "हिन्दी", "a\u{301}\u{302}\u{303}\u{304}"] {
            assert!(marks.parse::<Line<1, 9>>().is_ok(), "{marks:?}");
        }
    }

    #[test]
    fn notes_keep_their_layout_and_have_balanced_isolates() {
        for kept in
            ["a\n\tb", "a  b", "a\u{200d}b", "\u{2067}שלום\u{2069}, 3", "\u{2068}\u{2067}ש\u{2069}\u{2069}\n\u{2066}a\u{2069}"]
        {
            assert_eq!(note(kept).as_deref(), Ok(kept), "{kept:?}");
        }
        for open in ["\u{2067}a", "a\u{2069}", "\u{2066}a\n\u{2069}", "\u{2069}a\u{2066}"] {
            assert_eq!(note(open), Err(BadText::Isolate), "{open:?}");
        }
        for hostile in ["a\u{202e}b", "a\u{202a}b", "a\u{202c}b", "\u{202d}a", "a\u{2029}b"] {
            assert!(matches!(note(hostile), Err(BadText::Control(_))), "{hostile:?}");
        }
        assert_eq!(note("\u{feff}u\u{308}").as_deref(), Ok("ü"));
    }

    #[test]
    fn an_identifier_stays_as_it_is() {
        for kept in ["a  b", "u\u{308}", "a/b%", "a\u{a0}b", "ｆ1"] {
            assert_eq!(kept.parse::<Identifier<1, 9>>().map(Identifier::into_string).as_deref(), Ok(kept), "{kept:?}");
        }
        for refused in ["a\u{200b}b", "a\u{fe0f}", "a\nb", "a\u{202e}", "a\u{2066}b\u{2069}"] {
            assert!(matches!(refused.parse::<Identifier<1, 9>>(), Err(BadText::Control(_))), "{refused:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn text_that_was_cleaned_stays_as_it_is(text in "(\\PC|[\\u{200b}-\\u{200f}\\u{300}-\\u{360}\\u{fe00}-\\u{fe0f} ]){0,12}") {
            if let Ok(clean) = text.parse::<Line<0, 100>>() {
                proptest::prop_assert_eq!(clean.as_str().parse::<Line<0, 100>>(), Ok(clean.clone()));
            }
            if let Ok(clean) = text.parse::<MultilineText<0, 100>>() {
                proptest::prop_assert_eq!(clean.as_str().parse::<MultilineText<0, 100>>(), Ok(clean.clone()));
            }
        }

        #[test]
        fn folded_text_stays_as_it_is(text in "\\PC{0,12}") {
            let form = folded(&text);
            proptest::prop_assert_eq!(folded(&form), form.clone());
        }
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
