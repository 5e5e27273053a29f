//! Identifiers: a `TypeID` outside (`key_01h2…`), a version 7 UUID inside and in the database.

use uuid::Uuid;

use crate::clock::Time;
use crate::random::Random;

/// A UUID of version 7: sorts by `now`, random below the millisecond.
pub fn uuid_v7(now: Time, random: &Random) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis(now), &random.bytes()).into_uuid()
}

/// Returns a `UUIDv7` from the non-cryptographic generator: for request ids only, which are short-lived and grant nothing.
pub fn non_crypto_uuid_v7(now: Time, random: &Random) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis(now), &random.non_crypto_bytes()).into_uuid()
}

fn millis(now: Time) -> u64 {
    u64::try_from(now.micros() / 1000).unwrap_or(0)
}

/// Writes an id: the front of its kind and 26 digits of base32. By hand, as answers are full of them.
pub fn text<'a>(front: &str, id: Uuid, room: &'a mut [u8; 64]) -> &'a str {
    let length = front.len() + DIGITS;
    room[..front.len()].copy_from_slice(front.as_bytes());
    let mut left = id.as_u128();
    for digit in room[front.len()..length].iter_mut().rev() {
        *digit = BASE32[usize::from(left.to_le_bytes()[0] & 0x1f)];
        left >>= 5;
    }
    str::from_utf8(&room[..length]).unwrap_or_default()
}

const DIGITS: usize = 26;

/// The digits of base32 as Crockford has them: no i, l, o and u.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The text is not an identifier of the kind that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("must be an id such as {prefix}_01h455vb4pex5vsknk084sn02q")]
pub struct NotAnId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// Declares id newtypes: `ids! { /// A key. KeyId = "key" }`.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sea_orm::DeriveValueType)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// The prefix, without the `_`.
            pub const PREFIX: &'static str = $prefix;

            /// A new one, sorting by `now`.
            pub fn new(now: $crate::clock::Time, random: &$crate::random::Random) -> Self {
                Self($crate::ids::uuid_v7(now, random))
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::ids::text(concat!($prefix, "_"), self.0, &mut [0; 64]))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ids::NotAnId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                #[derive(Default)]
                struct Kind;
                impl type_safe_id::StaticType for Kind {
                    const TYPE: &'static str = $prefix;
                }
                let id: type_safe_id::TypeSafeId<Kind> =
                    text.parse().map_err(|_| $crate::ids::NotAnId { prefix: $prefix })?;
                Ok(Self(id.uuid()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::ids::text(concat!($prefix, "_"), self.0, &mut [0; 64]))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([serde_json::json!(concat!($prefix, "_01h455vb4pex5vsknk084sn02q"))])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    crate::ids! {
        /// An id for this test.
        ThingId = "thing";
    }

    proptest! {
        #[test]
        fn an_id_reads_as_the_standard_has_it(bits: u128) {
            let id = ThingId(Uuid::from_u128(bits));
            let standard = type_safe_id::TypeSafeId::<type_safe_id::DynamicType>::from_type_and_uuid(
                type_safe_id::DynamicType::new("thing").expect("a prefix"),
                id.0,
            );
            prop_assert_eq!(id.to_string(), standard.to_string());
            prop_assert_eq!(id.to_string().parse::<ThingId>().expect("an id"), id);
        }
    }
}
