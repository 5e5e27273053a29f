//! Cleaning of a text on entry: what is left is what a reader sees, and texts that look the same are the same as far as
//! Unicode defines it.

use unicode_normalization::UnicodeNormalization;

use super::BadText;
use super::character::{
    has_effect, is_blank, is_hostile, is_ignorable, is_isolate, is_mark, is_nonspacing, is_private, is_visible,
};

/// The longest sequence of marks on one letter (Unicode TR 39, 5.4).
const MAX_MARKS: usize = 4;

/// Cleans a name: NFC, without characters that are not seen, one space for every sequence of blanks, none at the ends.
pub(super) fn name(text: &str) -> Result<String, BadText> {
    let text = text.trim();
    refuse(text, |c| is_hostile(c) || is_isolate(c) || is_private(c))?;
    let composed: String = text.nfc().collect();
    let seen: String = without_ignorable(&composed).nfc().collect();
    let name = seen.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    check_marks(&name)?;
    visible(name, text)
}

/// Cleans an id that another system gave. It stays as it is, so that it is equal there and here: only blanks at its ends go,
/// and characters that are not seen are refused.
pub(super) fn identifier(text: &str) -> Result<String, BadText> {
    let text = text.trim();
    let mut before = None;
    refuse(text, |c| {
        let has_effect = matches!(c, '\u{fe00}'..='\u{fe0f}') && has_effect(before, c, None);
        before = Some(c);
        is_hostile(c) || (is_ignorable(c) && !has_effect)
    })?;
    visible(text.to_owned(), text)
}

/// Cleans a note: NFC. Line breaks, tabs, joiners and isolates stay, as its writer set them; an isolate must end in its line.
pub(super) fn note(text: &str) -> Result<String, BadText> {
    let text = text.trim();
    refuse(text, |c| is_hostile(c) && !matches!(c, '\n' | '\r' | '\t'))?;
    if !text.split(['\n', '\r']).all(has_balanced_isolates) {
        return Err(BadText::Isolate);
    }
    visible(text.chars().filter(|c| *c != '\u{feff}').nfc().collect(), text)
}

fn refuse(text: &str, mut is_refused: impl FnMut(char) -> bool) -> Result<(), BadText> {
    text.chars().find(|c| is_refused(*c)).map_or(Ok(()), |c| Err(BadText::Control(c)))
}

/// Returns the text if anything in it can be seen, nothing if there was only white space.
fn visible(text: String, entered: &str) -> Result<String, BadText> {
    match (text.chars().any(is_visible), entered.is_empty()) {
        (true, _) => Ok(text),
        (false, true) => Ok(String::new()),
        (false, false) => Err(BadText::Invisible),
    }
}

fn without_ignorable(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        if !is_ignorable(c) || has_effect(before, c, chars.peek().copied()) {
            kept.push(c);
            before = Some(c);
        }
    }
    kept
}

/// Refuses marks that have no letter, that hide each other, or that reach into the lines around.
fn check_marks(text: &str) -> Result<(), BadText> {
    let (mut before, mut count) = (None, 0);
    for c in text.nfd() {
        count = if is_nonspacing(c) { count + 1 } else { 0 };
        let is_first = before.is_none() && is_mark(c);
        let is_repeated = is_nonspacing(c) && before == Some(c);
        // A text of marks alone is refused as one that cannot be seen.
        if (is_first && text.chars().any(is_visible)) || is_repeated || count > MAX_MARKS {
            return Err(BadText::Mark(c));
        }
        before = Some(c);
    }
    Ok(())
}

fn has_balanced_isolates(line: &str) -> bool {
    let mut open = 0_usize;
    for c in line.chars().filter(|c| is_isolate(*c)) {
        match (c, open) {
            ('\u{2069}', 0) => return false,
            ('\u{2069}', _) => open -= 1,
            _ => open += 1,
        }
    }
    open == 0
}
