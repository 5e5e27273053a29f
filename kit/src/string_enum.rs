//! Closed vocabularies: a status or a kind, one word each in the code, on the wire and in the database.

/// The text is none of these words.
#[derive(Debug, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownVariant(pub String);

/// Declares a vocabulary, in the order that `Ord` and `ALL` follow:
/// `words! { /// What it is. Status as AircraftStatus { /// Flying. Active = "active", } }`.
/// The name after `as` is the one in the OpenAPI document.
#[macro_export]
macro_rules! string_enum {
    ($(#[doc = $doc:literal])* $name:ident as $schema:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug,
            serde::Serialize, serde::Deserialize, sea_orm::DeriveValueType,
        )]
        #[sea_orm(value_type = "String")]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// As it is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }
        }

        // By hand: the derived schema does not see the renaming of a word that comes out of a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                let about = concat!($($doc, "\n",)*).trim();
                let words = Self::ALL.iter().map(|word| word.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(about)).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($schema))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::string_enum::UnknownVariant;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let known = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                let words = || Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
                known.ok_or_else(|| $crate::string_enum::UnknownVariant(words()))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    crate::string_enum! {
        /// The mood of
        /// a day.
        Mood as DayMood {
            /// The day is good.
            Well = "well",
            /// So far, not well.
            SoSo = "so_so",
        }
    }

    #[test]
    fn a_word_is_the_same_everywhere() {
        assert_eq!(serde_json::to_value(Mood::SoSo).ok(), Some("so_so".into()));
        assert_eq!(serde_json::from_value::<Mood>("so_so".into()).ok(), Some(Mood::SoSo));
        assert_eq!("so_so".parse::<Mood>().ok(), Some(Mood::SoSo));
        assert_eq!("SoSo".parse::<Mood>().map_err(|error| error.to_string()), Err("must be one of well, so_so".to_owned()));
        assert_eq!(sea_orm::Value::from(Mood::SoSo), sea_orm::Value::from("so_so".to_owned()));
        let schema = serde_json::to_value(Mood::schema()).expect("a schema");
        assert_eq!(schema["enum"], serde_json::json!(["well", "so_so"]));
        assert_eq!(schema["description"], "The mood of\n a day.");
    }
}
