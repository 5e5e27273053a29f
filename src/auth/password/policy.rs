//! The rules for new passwords. Passwords that were stored before a rule existed still sign in.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::{UnicodeNormalization, is_nfkc};

use super::common::is_common;

/// The shortest password, in characters as it is typed and once it is normalised, of a person who proves who they are by the
/// password alone (NIST SP 800-63B-4, 3.1.1.2).
pub const MIN_LENGTH: usize = 15;

/// The shortest password of a person who has a second factor (NIST SP 800-63B-4, 3.1.1.2).
pub const MIN_LENGTH_WITH_FACTOR: usize = 8;

/// The longest password, in characters once it is normalised.
const MAX_LENGTH: usize = 256;

/// The longest password as it is sent, in bytes: 256 characters of UTF-8, and room for decomposed ones.
pub(super) const MAX_BYTES: usize = 2048;

/// The number of different characters that a password must have.
const MIN_DIFFERENT: usize = 5;

/// The name of the product: attackers try it first.
const PRODUCT: &str = "planeconnection";

/// Rows of keys and of characters that are typed one after another.
const ROWS: [&str; 6] = [
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
];

/// The reason why a password was refused, as a message for the person who chose it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Weak {
    /// With the shortest length that is accepted.
    #[error("the password must have {0} to 256 characters")]
    Length(usize),
    #[error("this password is one of the most common, which attackers try first: choose another, such as four random words")]
    Common,
    #[error(
        "this password is based on your email, your name or the name of the workspace, which attackers try first: choose another, such as four random words"
    )]
    Personal,
    #[error(
        "this password consists of repeated or consecutive characters, which attackers try first: choose another, such as four random words"
    )]
    Pattern,
}

/// A password that passed the rules, in the form in which it is hashed (NFKC).
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Checks a password against what attackers try first. `names` are the email and the names of the person and the workspace.
    pub fn choose(password: &SecretString, names: &[&str]) -> Result<Self, Weak> {
        Self::choose_from(MIN_LENGTH, password, names)
    }

    /// Checks a password as [`choose`](Self::choose) does, by the shortest length of a workspace or of a person with a second factor.
    pub fn choose_from(min_length: usize, password: &SecretString, names: &[&str]) -> Result<Self, Weak> {
        let normal = normal(password);
        if !has_length_from(min_length, password) {
            return Err(Weak::Length(min_length));
        }
        let folded = normal.to_lowercase();
        if is_pattern(&folded) {
            return Err(Weak::Pattern);
        }
        if is_personal(&folded, names) {
            return Err(Weak::Personal);
        }
        if is_guessable(&folded) {
            return Err(Weak::Common);
        }
        Ok(Self(normal.into_owned().into()))
    }

    /// Returns true if `password`, as it was typed, is this one.
    pub fn is(&self, password: &SecretString) -> bool {
        self.expose() == normal(password)
    }

    /// Returns true if it has fewer characters than this.
    pub fn is_shorter_than(&self, length: usize) -> bool {
        self.expose().chars().count() < length
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Returns the password as it is hashed: in NFKC (NIST SP 800-63B, 3.1.1.2), so that the keyboard it is typed on does not matter.
pub(super) fn normal(password: &SecretString) -> Cow<'_, str> {
    let text = password.expose_secret();
    if text.len() > MAX_BYTES || is_nfkc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// Returns true if the normalised password is neither too short nor too long.
pub(crate) fn has_fitting_length(password: &SecretString) -> bool {
    has_length_from(MIN_LENGTH, password)
}

fn has_length_from(min_length: usize, password: &SecretString) -> bool {
    let (length, typed) = (min_length..=MAX_LENGTH, password.expose_secret());
    // A character that becomes several is still one to guess.
    typed.len() <= MAX_BYTES && typed.chars().count() >= min_length && length.contains(&normal(password).chars().count())
}

/// Returns true for few different characters, a repeated short piece, or characters in the order of a row, in either direction.
fn is_pattern(folded: &str) -> bool {
    let letters: Vec<char> = folded.chars().collect();
    let mut different = letters.clone();
    different.sort_unstable();
    different.dedup();
    let backwards: String = letters.iter().rev().collect();
    let in_row = |row: &&str| {
        let twice = row.repeat(letters.len().div_ceil(row.len()) + 1);
        twice.contains(folded) || twice.contains(&backwards)
    };
    different.len() < MIN_DIFFERENT || piece(&letters) <= 6 || ROWS.iter().any(in_row) || is_counting(&letters)
}

/// Returns the length of the shortest piece that the text repeats. The last repetition may be incomplete.
fn piece(letters: &[char]) -> usize {
    (1..=letters.len()).find(|length| letters.iter().zip(&letters[*length..]).all(|(one, next)| one == next)).unwrap_or(0)
}

/// Returns true if nearly all characters repeat the one before, or are the next one up or down.
fn is_counting(letters: &[char]) -> bool {
    let step = |pair: &[char]| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
    let steps: Vec<i64> = letters.windows(2).map(step).collect();
    let surprises = steps.iter().filter(|step| step.abs() > 1).count();
    surprises * 4 < letters.len()
}

/// Returns true if the password is a common one but for the usual additions and substitutions.
fn is_guessable(folded: &str) -> bool {
    let whole: String = folded.chars().filter(|c| !c.is_whitespace()).collect();
    let ends = whole.trim_end_matches(|c: char| !c.is_alphabetic());
    let core = ends.trim_start_matches(|c: char| !c.is_alphabetic());
    // A short word among many digits is not guessable, unless the rest is as common.
    let is_most = |part: &str| 2 * part.chars().count() >= whole.chars().count() || is_trivial(&whole.replacen(part, "", 1));
    let parts = [whole.as_str(), ends, core];
    let letters: Vec<char> = whole.chars().collect();
    let repeated: String = letters[..piece(&letters).min(letters.len())].iter().collect();
    let mut candidates = parts.into_iter().filter(|part| is_most(part)).chain([folded, repeated.as_str()]);
    candidates.any(|candidate| is_common(candidate) || is_common(&unleet(candidate)))
}

/// Returns true for text that is usually added to make a password longer.
fn is_trivial(rest: &str) -> bool {
    let letters: Vec<char> = rest.chars().collect();
    is_common(rest) || letters.len() < 3 || is_counting(&letters)
}

/// Replaces the digits and signs that are written for letters.
fn unleet(text: &str) -> String {
    let letter = |c| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Returns true if hardly any letters are left without the names.
fn is_personal(folded: &str, names: &[&str]) -> bool {
    let compact = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let mut terms: Vec<String> = vec![PRODUCT.to_owned()];
    for name in names {
        let name = name.nfkc().collect::<String>().to_lowercase();
        let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
        let local = name.split('@').next().map(compact);
        terms.extend(words.chain(local).chain([compact(&name)]));
    }
    terms.retain(|term| term.chars().count() >= 3);
    terms.sort_by_key(|term| std::cmp::Reverse(term.len()));
    let password = compact(folded);
    let rest = terms.iter().fold(password.clone(), |rest, term| rest.replace(term.as_str(), ""));
    rest != password && rest.chars().filter(|c| c.is_alphabetic()).count() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["ana.keller@skyline.example", "Ana Keller", "Skyline Aviation", "skyline-av"];

    fn choose(password: &str) -> Result<(), Weak> {
        NewPassword::choose(&password.to_owned().into(), &NAMES).map(|_| ())
    }

    /// Applies the rules to a password that may be as short as that of a person with a second factor.
    fn choose_short(password: &str) -> Result<(), Weak> {
        NewPassword::choose_from(MIN_LENGTH_WITH_FACTOR, &password.to_owned().into(), &NAMES).map(|_| ())
    }

    #[test]
    fn character_that_becomes_several_counts_as_one() {
        let ligature = '\u{fdfa}';
        assert_eq!(normal(&ligature.to_string().into()).chars().count(), 18);
        assert_eq!(choose(&format!("glider{ligature}")), Err(Weak::Length(MIN_LENGTH)));
        assert_eq!(choose(&format!("gliders at sea{ligature}")), Ok(()));
    }

    #[test]
    fn common_passwords_are_refused_with_any_addition() {
        for password in [
            "password1234",
            "Password1234",
            "P@ssw0rd12345",
            "password password",
            "PasswordPassword",
            "iloveyou2024!",
            "!!administrator",
            "admin1234567",
            "unbelievable",
            "1q2w3e4r5t6y",
            "qwerty123456",
            "123456789abc",
            "ｐａｓｓｗｏｒｄ1234",
        ] {
            let refused = choose_short(password);
            assert!(matches!(refused, Err(Weak::Common | Weak::Pattern)), "{password}: {refused:?}");
        }
    }

    #[test]
    fn patterns_are_refused() {
        for password in [
            "aaaaaaaaaaaa",
            "            ",
            "\u{a0}\u{2003} \u{3000}        ",
            "abababababab",
            "abcabcabcabcabc",
            "abcdefghijkl",
            "lkjihgfedcba",
            "123456789012",
            "098765432109",
            "qwertyuiopas",
            "qwertyuiop[]",
            "1qaz2wsx3edc",
            "aaaabbbbccccdddd",
            "111222333444",
            "aaaaaabbbbbbcdefg",
        ] {
            assert_eq!(choose_short(password), Err(Weak::Pattern), "{password}");
        }
    }

    #[test]
    fn names_are_refused_with_any_addition() {
        for password in [
            "ana.keller@skyline.example",
            "ANA.KELLER@Skyline.Example",
            "ana.keller2026",
            "AnaKeller2026!",
            "Keller, Ana 1",
            "Skyline Aviation",
            "skylineaviation1",
            "planeconnection",
            "Plane Connection 1",
            "ana@skyline!2026",
        ] {
            assert_eq!(choose_short(password), Err(Weak::Personal), "{password}");
        }
    }

    #[test]
    fn uncommon_passwords_are_accepted() {
        for password in [
            "correct horse battery",
            "a password of hers",
            "another password",
            "twelve chars",
            "kX7#pQ2!vL9w",
            "8472093615578",
            "пароли бывают разные",
            "quartz-ledger-swim-oat",
            "keller swims at dawn",
            "love of 83 gliders",
        ] {
            assert_eq!(choose_short(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_normalised_characters_and_the_minimum_in_typed_ones_too() {
        // A letter and a combining mark are one character, and so is a ligature.
        assert_eq!(choose("a\u{308}e\u{301}c\u{327}o\u{302}dfghkqz"), Err(Weak::Length(MIN_LENGTH)));
        assert_eq!(choose("wolfﬁsh-tra-oak"), Ok(()));
        assert_eq!(choose("wolfﬁsh-tra-oa"), Err(Weak::Length(MIN_LENGTH)));
        assert_eq!(choose("wolfﬁsh-tra-o"), Err(Weak::Length(MIN_LENGTH)));
        assert_eq!(choose(&"xyz-q".repeat(40)), Err(Weak::Pattern));
        for (length, taken) in [(14, false), (15, true), (256, true), (257, false)] {
            let password: String =
                "The quick brown fox jumps over a lazy dog while 73 pilots wait. ".chars().cycle().take(length).collect();
            assert_eq!(choose(&password).is_ok(), taken, "{length}");
        }
        assert_eq!(choose(&"\u{fdfa}".repeat(800)), Err(Weak::Length(MIN_LENGTH)));
    }

    #[test]
    fn composed_and_decomposed_characters_are_one_password() {
        let [one, other] =
            ["caf\u{e9} au lait, please", "cafe\u{301} au lait, please"].map(|text| SecretString::from(text.to_owned()));
        assert_eq!(normal(&one), normal(&other));
    }
}
