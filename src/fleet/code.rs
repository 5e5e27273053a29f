//! Codes of aviation. Parsing checks them and never changes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The text is not a code of the expected kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct NotACode(&'static str);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $pattern:literal, $example:literal, $expected:literal, $fits:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, sea_orm::DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotACode;
            fn from_str(text: &str) -> Result<Self, NotACode> {
                let fits: fn(&[u8]) -> bool = $fits;
                if fits(text.as_bytes()) { Ok(Self(text.to_owned())) } else { Err(NotACode($expected)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some($pattern))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

codes! {
    /// A registration mark: 2 to 10 upper-case letters, digits and hyphens, such as `N525SK` or `D-IABC`.
    TailNumber = "^[A-Z0-9-]{2,10}$", "N525SK",
        "2 to 10 upper-case letters, digits and hyphens, such as N525SK or D-IABC",
        |code| (2..=10).contains(&code.len()) && code.iter().all(|byte| is_upper_or_digit(*byte) || *byte == b'-');

    /// An ICAO aircraft type designator (Doc 8643): 2 to 4 upper-case letters and digits, such as `C25B`.
    TypeDesignator = "^[A-Z0-9]{2,4}$", "C25B",
        "an ICAO type designator: 2 to 4 upper-case letters and digits, such as C25B",
        |code| (2..=4).contains(&code.len()) && code.iter().all(|byte| is_upper_or_digit(*byte));

    /// An ICAO location indicator (Doc 7910): 4 upper-case letters, such as `KTEB`.
    Airport = "^[A-Z]{4}$", "KTEB",
        "a 4-letter ICAO airport code in upper case, such as KTEB",
        |code| code.len() == 4 && code.iter().all(u8::is_ascii_uppercase);
}

fn is_upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_code_is_refused_with_an_example() {
        assert!("n525sk".parse::<TailNumber>().is_err());
        assert!("N".parse::<TailNumber>().is_err());
        assert!("N525 SK".parse::<TailNumber>().is_err());
        assert!("CITATION".parse::<TypeDesignator>().is_err());
        let refused = "TEB".parse::<Airport>().expect_err("three letters");
        assert_eq!(refused.to_string(), "expected a 4-letter ICAO airport code in upper case, such as KTEB");
    }

    proptest! {
        #[test]
        fn code_matches_its_documented_pattern(tail in "[A-Z0-9-]{2,10}", kind in "[A-Z0-9]{2,4}", airport in "[A-Z]{4}") {
            prop_assert_eq!(tail.parse::<TailNumber>().map(|code| code.to_string()), Ok(tail));
            prop_assert_eq!(kind.parse::<TypeDesignator>().map(|code| code.to_string()), Ok(kind));
            prop_assert_eq!(airport.parse::<Airport>().map(|code| code.to_string()), Ok(airport));
        }

        #[test]
        fn no_other_text_is_an_airport(text in "\\PC{0,6}") {
            let fits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            prop_assert_eq!(text.parse::<Airport>().is_ok(), fits);
        }
    }
}
