//! Closed vocabularies: a status or a kind, one word each in the code, on the wire and in the database.

/// The text is none of the words that are known here.
#[derive(Debug, thiserror::Error)]
#[error("unknown word “{0}”")]
pub struct NotAWord(pub String);

/// Declares a vocabulary, in the order that `Ord` and `ALL` follow:
/// `words! { /// What it is. Status as AircraftStatus { /// Flying. Active = "active", } }`.
/// The name after `as` is the one in the OpenAPI document.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema, sea_orm::DeriveValueType,
        )]
        #[sea_orm(value_type = "String")]
        #[schema(as = $schema)]
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

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::kit::words::NotAWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let known = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                known.ok_or_else(|| $crate::kit::words::NotAWord(text.to_owned()))
            }
        }
    };
}
