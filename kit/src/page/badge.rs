//! A status as a badge.

/// A short text on a coloured ground. The stylesheet knows the classes `active`, `warn`, `bad` and none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Badge {
    pub class: &'static str,
    pub text: &'static str,
}

impl Badge {
    /// Something that goes well.
    pub const fn good(text: &'static str) -> Self {
        Self { class: "active", text }
    }

    /// Something that is neither good nor bad.
    pub const fn plain(text: &'static str) -> Self {
        Self { class: "", text }
    }

    /// Something to look at.
    pub const fn warn(text: &'static str) -> Self {
        Self { class: "warn", text }
    }

    /// Something that is wrong.
    pub const fn bad(text: &'static str) -> Self {
        Self { class: "bad", text }
    }
}
