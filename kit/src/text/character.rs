//! Properties of characters, from the Unicode Character Database.

use icu_properties::props::{
    DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, Ideographic,
    JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::char::canonical_combining_class;

/// The canonical combining class of viramas, which suppress the vowel of a letter in the scripts of India.
const VIRAMA: u8 = 9;

/// Returns whether the character leaves no mark: `Default_Ignorable_Code_Point`, and annotations between lines. Two texts that
/// differ in such characters alone look the same.
pub fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// Returns whether the character is seen as a blank. Some are no `White_Space`: the empty Braille pattern, the place of an
/// object, a note without a head, and two blanks of hieroglyphs.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{fffc}' | '\u{1d159}' | '\u{13441}' | '\u{13442}')
}

/// Returns whether the character is drawn on the one before it.
pub(super) fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(c))
}

/// Returns whether the character is a mark that takes no room of its own.
pub(super) fn is_nonspacing(c: char) -> bool {
    matches!(category(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

/// Returns whether the character can be seen without another one.
pub(super) fn is_visible(c: char) -> bool {
    let has_no_form = matches!(category(c), GeneralCategory::PrivateUse | GeneralCategory::Unassigned);
    !is_ignorable(c) && !is_blank(c) && !is_mark(c) && !c.is_control() && !has_no_form
}

/// Returns whether the character has no meaning that two systems share: many fonts draw nothing for it.
pub(super) fn is_private(c: char) -> bool {
    category(c) == GeneralCategory::PrivateUse
}

/// Returns whether no text may have the character: controls, line and paragraph separators, what is no character, and
/// embeddings and overrides of direction, by which a text reads as another one (Unicode TR 36, 3.1).
pub(super) fn is_hostile(c: char) -> bool {
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    c.is_control() || is_noncharacter || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
}

/// Returns a text for a terminal: control and format characters, which move the cursor or change the order of what is shown, are
/// replaced.
pub fn printable(text: &str) -> String {
    let is_plain = |c: char| !is_hostile(c) && category(c) != GeneralCategory::Format;
    text.chars().map(|c| if is_plain(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Returns whether the character begins or ends a directional isolate.
pub(super) fn is_isolate(c: char) -> bool {
    matches!(c, '\u{2066}'..='\u{2069}')
}

/// Returns whether the character, which is ignorable, changes how its neighbours look: a joiner between letters that join
/// (Unicode TR 31, 2.3) or between the parts of an emoji; a selector of the form of a symbol or an ideograph.
pub(super) fn has_effect(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        '\u{200c}' | '\u{200d}' if joins(before) => after.is_some_and(char::is_alphabetic),
        '\u{200d}' => is_pictographic(before) && after.is_some_and(is_pictographic),
        '\u{fe00}'..='\u{fe0f}' => is_visible(before) && !before.is_alphanumeric(),
        '\u{e0100}'..='\u{e01ef}' => CodePointSetData::new::<Ideographic>().contains(before),
        _ => false,
    }
}

/// Returns whether a joiner after the character has an effect.
fn joins(c: char) -> bool {
    let joining = CodePointMapData::<JoiningType>::new().get(c);
    matches!(joining, JoiningType::DualJoining | JoiningType::LeftJoining) || canonical_combining_class(c) == VIRAMA
}

fn is_pictographic(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
        || CodePointSetData::new::<EmojiModifier>().contains(c)
        || c == '\u{fe0f}'
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}
