//! Identifiers: a `TypeID` outside (`key_01h2…`), a version 7 UUID inside and in the database.

use uuid::Uuid;

use crate::kit::clock::Time;
use crate::kit::random::Random;

/// A UUID of version 7: sorts by `now`, random below the millisecond.
pub fn uuid_v7(now: Time, random: &Random) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis(now), &random.bytes()).into_uuid()
}

/// The same for what is gone in a moment and opens nothing.
pub fn quick_uuid_v7(now: Time, random: &Random) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis(now), &random.quick()).into_uuid()
}

fn millis(now: Time) -> u64 {
    u64::try_from(now.micros() / 1000).unwrap_or(0)
}

/// The text is not an identifier of the kind that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("expected an id such as {prefix}_01h455vb4pex5vsknk084sn02q")]
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
            /// What stands before the `_`.
            pub const PREFIX: &'static str = $prefix;

            /// A new one, sorting by `now`.
            pub fn new(now: $crate::kit::clock::Time, random: &$crate::kit::random::Random) -> Self {
                Self($crate::kit::ids::uuid_v7(now, random))
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                #[derive(Default)]
                struct Kind;
                impl type_safe_id::StaticType for Kind {
                    const TYPE: &'static str = $prefix;
                }
                type_safe_id::TypeSafeId::<Kind>::from_uuid(self.0).fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::kit::ids::NotAnId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                #[derive(Default)]
                struct Kind;
                impl type_safe_id::StaticType for Kind {
                    const TYPE: &'static str = $prefix;
                }
                let id: type_safe_id::TypeSafeId<Kind> =
                    text.parse().map_err(|_| $crate::kit::ids::NotAnId { prefix: $prefix })?;
                Ok(Self(id.uuid()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // In one piece: a serializer takes a text more quickly than what is formatted into it.
                serializer.serialize_str(&self.to_string())
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
