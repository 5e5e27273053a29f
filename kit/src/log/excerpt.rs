//! Text that a caller wrote, cut before it is logged.

use std::borrow::Cow;

/// Bytes that are logged of it.
const LONGEST: usize = 200;

/// Marks a text that was cut.
const MARK: &str = "…";

/// The beginning of a text, with the mark if that is not all of it.
pub fn excerpt(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}{MARK}", &text[..text.floor_char_boundary(LONGEST - MARK.len())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters_and_marked() {
        let (short, ascii, wide) = ("a".repeat(LONGEST), "a".repeat(LONGEST + 1), format!("aa{}", "é".repeat(LONGEST)));
        assert_eq!(excerpt(&short), short);
        assert_eq!(excerpt(&ascii), format!("{}…", &ascii[..197]));
        assert_eq!(excerpt(&wide), format!("{}…", &wide[..196]));
    }
}
