//! Forms of a text for comparison and search. They are stored beside the text, since databases fold the case of A to Z only,
//! or differently by locale.

use std::collections::BTreeSet;

use icu_casemap::{CaseMapper, ClosureSink};
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton as prototypes;

use super::character::{is_blank, is_ignorable};

/// Returns the form of a text in which it is searched: NFKC and full case folding, without ignorable characters and with one
/// space for blanks. Letters of other alphabets that look like those of A to Z (Unicode TR 39) are replaced by these.
pub fn folded(text: &str) -> String {
    // Twice: the one can produce what the other changes.
    let folded = folded_case(&folded_case(text));
    let mut latin = String::with_capacity(folded.len());
    for c in folded.nfd() {
        match c {
            // The dot of a Turkish capital I.
            '\u{307}' if latin.ends_with('i') => {}
            // Without case there is no way to tell a letter from a look-alike: the Arabic alef looks like an l.
            c if c.is_ascii() || !c.is_lowercase() => latin.push(c),
            c => latin.push_str(&ascii_prototype(c).unwrap_or_else(|| c.to_string())),
        }
    }
    joined(latin.nfc())
}

/// Returns the form of a text that it shares with all texts that can be mistaken for it: its skeleton (Unicode TR 39, 4), in
/// lower case.
pub fn skeleton(text: &str) -> String {
    let compatible: String = text.nfkc().collect();
    joined(folded_case(&prototypes(&compatible).collect::<String>()).chars())
}

/// A text in NFC and simple case folding (one letter for one letter), and the letters of other texts that fold to its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseFolds {
    pub text: String,
    /// Pairs of another form of a letter and the letter in the text, beyond those of ASCII.
    pub variants: Vec<(char, char)>,
}

/// Returns what a database needs that folds the case of A to Z only, to find a text in whatever case.
pub fn case_folds(text: &str) -> CaseFolds {
    let text: String = text.nfc().map(|c| CaseMapper::new().simple_fold(c)).collect();
    let letters: BTreeSet<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    let mut variants = Vec::new();
    for letter in letters {
        let mut closure = Letters::default();
        CaseMapper::new().add_case_closure_to(letter, &mut closure);
        // Letters whose full folding is the same, such as ΐ and its old form, may have different simple ones.
        let same = closure.0.into_iter().filter(|c| CaseMapper::new().simple_fold(*c) == letter);
        variants.extend(same.map(|variant| (variant, letter)));
    }
    CaseFolds { text, variants }
}

/// The single letters among those that differ in case only.
#[derive(Default)]
struct Letters(Vec<char>);

impl ClosureSink for Letters {
    fn add_char(&mut self, c: char) {
        self.0.push(c);
    }

    fn add_string(&mut self, _: &str) {}
}

fn folded_case(text: &str) -> String {
    let compatible: String = text.chars().filter(|c| !is_ignorable(*c)).nfkc().collect();
    CaseMapper::new().fold_string(&compatible).nfkc().collect()
}

/// Returns the letters of A to Z that the character looks like, if there are such.
fn ascii_prototype(c: char) -> Option<String> {
    let prototype: String = prototypes(c.encode_utf8(&mut [0; 4])).collect();
    prototype.is_ascii().then(|| prototype.to_ascii_lowercase())
}

fn joined(text: impl Iterator<Item = char>) -> String {
    let text: String = text.collect();
    text.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The forms of a name by which it is compared with others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameForms {
    /// Without regard to case and to spelling that is not seen; also searched.
    pub folded: String,
    /// Without regard to differences between letters that look alike.
    pub skeleton: String,
}

impl NameForms {
    pub fn of(name: &str) -> Self {
        Self { folded: folded(name), skeleton: skeleton(name) }
    }

    /// Returns whether names with these forms can be mistaken for each other.
    pub fn resembles(&self, other: &Self) -> bool {
        self.folded == other.folded || self.skeleton == other.skeleton
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded_in_every_script() {
        for (text, other) in [
            ("ÜBERFLUG Zürich", "überflug ZÜRICH"),
            ("Рейс Москва", "РЕЙС москва"),
            ("STRASSE", "Straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("İSTANBUL", "istanbul"),
            ("ISPARTA", "ısparta"),
            ("ԵՐԵՎԱՆ", "Երեվան"),
            ("ᲗᲑᲘᲚᲘᲡᲘ", "თბილისი"),
            ("ꭰꮝꮃ", "ᎠᏍᎳ"),
            ("𐐀𐐁", "𐐨𐐩"),
            ("ＦＬＥＥＴ", "fleet"),
            ("Ǆ", "ǆ"),
            ("ﬁle", "FILE"),
            ("ŒUVRE", "œuvre"),
        ] {
            assert_eq!(folded(text), folded(other), "{text} {other}");
        }
    }

    #[test]
    fn every_other_case_of_a_letter_is_known() {
        let folds = |text: &str, folded: &str, variants: &[(char, char)]| {
            assert_eq!(case_folds(text), CaseFolds { text: folded.to_owned(), variants: variants.to_vec() }, "{text}");
        };
        folds("Fleet 1", "fleet 1", &[]);
        folds("U\u{308}BER", "über", &[('Ü', 'ü')]);
        folds("РЭ", "рэ", &[('Р', 'р'), ('Э', 'э')]);
        folds("ΣΣ", "σσ", &[('Σ', 'σ'), ('ς', 'σ')]);
        folds("ꭰ", "Ꭰ", &[('ꭰ', 'Ꭰ')]);
        folds("会社", "会社", &[]);
    }

    #[test]
    fn spelling_that_is_not_seen_does_not_count() {
        for text in [
            "Fleet\u{200b} sync",
            "Fleet\u{a0}sync",
            "Fleet  sync",
            "\u{feff}fleet sync",
            "Fleet\u{3000}SYNC",
            "F\u{ad}leet sync",
        ] {
            assert_eq!(folded(text), "fleet sync", "{text:?}");
        }
        assert_eq!(folded("Zu\u{308}rich"), "zürich");
    }

    #[test]
    fn letters_of_other_alphabets_are_found_by_those_they_look_like() {
        for (text, form) in [("Fl\u{435}\u{435}t", "fleet"), ("\u{421}rew", "crew"), ("\u{3bf}ps", "ops"), ("\u{406}nv", "inv")] {
            assert_eq!(folded(text), form, "{text}");
        }
        assert_ne!(folded("Terminal 1"), folded("Terminal l"), "a digit is not searched as a letter");
        assert_ne!(folded("modem"), folded("modern"));
        assert_ne!(folded("אופס"), folded("oops"));
    }

    #[test]
    fn names_that_can_be_mistaken_have_one_skeleton() {
        for (text, other) in [
            ("Fleet", "F\u{49}eet"),
            ("Gate O", "Gate 0"),
            ("modern", "modem"),
            ("FLEET ВОВ", "fleet bob"),
            ("paypal", "раураl"),
            ("ops–feed", "ops-feed"),
            ("ops’ feed", "ops' feed"),
        ] {
            assert_eq!(skeleton(text), skeleton(other), "{text} {other}");
        }
        for (text, other) in [("Fleet 1", "Fleet 2"), ("Hall", "Hail"), ("Zürich", "Zurich"), ("Рейс", "Рейд"), ("会社", "会计")]
        {
            assert_ne!(skeleton(text), skeleton(other), "{text} {other}");
            assert_ne!(folded(text), folded(other), "{text} {other}");
        }
    }
}
