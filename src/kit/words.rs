//! Enums that are the same word on the wire, in a filter and in the database, written once.

/// The text is none of the words.
#[derive(Debug, thiserror::Error)]
#[error("expected one of {0}")]
pub struct NotAWord(pub &'static str);

/// Declares enums of words: `words! { /// How bad. Severity { /// A little. Low = "low", } }`.
#[macro_export]
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $(#[$about])*
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
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
                let wanted = concat!($($word, " "),+);
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or($crate::kit::words::NotAWord(wanted))
            }
        }
    )+};
}
