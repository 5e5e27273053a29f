//! Codes of aviation. Parsing checks them and never changes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The text is not a code of the expected kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be {0}")]
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
                    .description(Some($expected))
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

    /// The code of an airport or airfield in upper case: an ICAO location indicator (Doc 7910) of 4 letters, such as `KTEB`; a code
    /// of the country, of 3 or 4 letters and digits, such as `KN66`, `19AK` and `7B2` of the FAA; or `ZZZZ` for a place without
    /// one, which requires a name. Three letters alone may be an IATA code and are refused.
    Airport = "^([A-Z][A-Z0-9]{3}|[0-9][A-Z][A-Z0-9]{2}|[0-9]{2}[A-Z][A-Z0-9]|[0-9]{3}[A-Z]|[A-Z][0-9][A-Z0-9]|[A-Z]{2}[0-9]|[0-9][A-Z][A-Z0-9]|[0-9]{2}[A-Z])$", "KTEB",
        "an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or 7B2, or ZZZZ with a name, in upper case",
        |code| {
            let count = |is: fn(&u8) -> bool| code.iter().filter(|byte| is(byte)).count();
            let (letters, digits) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
            letters + digits == code.len() && letters > 0 && (code.len() == 4 || code.len() == 3 && digits > 0)
        };
}

impl Airport {
    /// Returns whether the code stands for any place without a code, as in an ICAO flight plan.
    pub fn is_placeholder(&self) -> bool {
        self.0 == "ZZZZ"
    }
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
        assert!(refused.to_string().starts_with("must be an ICAO airport code such as KTEB, a national code"), "{refused}");
    }

    #[test]
    fn airport_has_an_icao_or_a_national_code() {
        for code in
            ["KTEB", "ZZZZ", "AFIL", "KN66", "19AK", "K7B2", "N66", "7B2", "TX12", "02A", "AK3", "CNC3", "CAA8", "123A", "TE77"]
        {
            assert_eq!(code.parse::<Airport>().map(|code| code.to_string()).as_deref(), Ok(code));
            assert_eq!(code.parse::<Airport>().map(|code| code.is_placeholder()), Ok(code == "ZZZZ"));
        }
        for wrong in [
            "", "LHR", "TEB", "66", "N6", "123", "1234", "KN66A", "kn66", "KN 6", "K-N6", "KN66 ", "ÄBCD", "KÄ6", "K７B2",
            "ZZZZZ",
        ] {
            assert!(wrong.parse::<Airport>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn code_matches_its_documented_pattern(tail in "[A-Z0-9-]{2,10}", kind in "[A-Z0-9]{2,4}", airport in "[A-Z]{4}|[0-9]{2}[A-Z]{2}|[A-Z][0-9]{2}") {
            prop_assert_eq!(tail.parse::<TailNumber>().map(|code| code.to_string()), Ok(tail));
            prop_assert_eq!(kind.parse::<TypeDesignator>().map(|code| code.to_string()), Ok(kind));
            prop_assert_eq!(airport.parse::<Airport>().map(|code| code.to_string()), Ok(airport));
        }

        #[test]
        fn no_other_text_is_an_airport(text in "\\PC{0,6}") {
            let is_coded = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            prop_assert!(text.parse::<Airport>().is_err() || is_coded && (3..=4).contains(&text.len()));
        }
    }
}
