//! Backup codes, what a person enters in the second step of a sign-in, and the challenge that asks for it.

use std::time::Duration;

use kit::clock::Time;
use kit::random::Random;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

use crate::sessions::AuthMethod;

kit::ids! {
    /// The id of an authenticator app.
    TotpId = "totp";
    /// The id of a wrong code.
    FailedCodeId = "fail";
}

/// The tokens of challenges: `pcc_…`.
pub(super) const CHALLENGE: TokenKind = TokenKind::new('c');

/// The time within which the second step of a sign-in follows the first.
pub(in crate::auth) const CHALLENGE_LIFETIME: Duration = Duration::from_mins(10);

/// The wrong codes after which a challenge ends.
pub(super) const MAX_TRIES: i32 = 5;

/// The challenges of one member that are open at once; older ones end.
pub(super) const MAX_CHALLENGES: u64 = 50;

/// The wrong codes of one member in [`FAILURE_WINDOW`], over all challenges, pages, calls and nodes.
pub(super) const MAX_FAILURES: u64 = 50;

pub(super) const FAILURE_WINDOW: Duration = Duration::from_hours(1);

/// The backup codes that a person gets at a time.
pub const BACKUP_CODES: usize = 10;

/// The number of unused backup codes from which a page warns.
pub const FEW_BACKUP_CODES: u64 = 3;

/// The digits of backup codes: those of base32 as Crockford has them, without i, l, o and u.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The digits of a backup code: 125 bits, so that a digest needs no salt and no slow hash (NIST SP 800-63B-4, 3.1.2.2).
const LENGTH: usize = 25;

/// The digits of a backup code that an earlier version made.
const EARLIER_LENGTH: usize = 20;

/// Digits between two hyphens.
const GROUP: usize = 5;

// No Debug: it is a secret.
/// A backup code in clear text: shown once, and not stored.
#[derive(Clone)]
pub struct BackupCode(String);

impl BackupCode {
    pub(super) fn generate(random: &Random) -> Self {
        // 32 digits divide 256 evenly.
        Self(random.bytes::<LENGTH>().iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect())
    }

    /// Parses a code as people type it: with or without hyphens and blanks, in any case.
    fn parse(text: &str) -> Option<Self> {
        let typed =
            text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').map(|letter| letter.to_ascii_lowercase());
        let code: String = typed
            .map(|letter| match letter {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let has_length = code.len() == LENGTH || code.len() == EARLIER_LENGTH;
        let is_code = has_length && code.bytes().all(|byte| DIGITS.contains(&byte));
        is_code.then_some(Self(code))
    }

    /// Returns the code in groups: `3k9fd-…`.
    pub fn expose(&self) -> String {
        let groups = self.0.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok());
        groups.collect::<Vec<_>>().join("-")
    }

    pub(super) fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }
}

// No Debug: it is a secret.
/// A code as a person entered it.
pub(super) enum EnteredCode {
    /// Six digits.
    Totp(String),
    Backup(BackupCode),
}

impl EnteredCode {
    /// Parses a code; `None` if the text is neither a verification code nor a backup code.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Totp(digits));
        }
        BackupCode::parse(text).map(Self::Backup)
    }
}

/// The second step of a sign-in, which completes it.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Sent once, and not stored.
    pub token: SecretToken,
    /// The methods that complete it.
    pub methods: Vec<AuthMethod>,
    pub expires_at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backup_code_is_parsed_as_people_type_it() {
        let code = BackupCode("0123456789abcdefghjkmnpqr".to_owned());
        assert_eq!(code.expose(), "01234-56789-abcde-fghjk-mnpqr");
        for typed in ["01234-56789-abcde-fghjk-mnpqr", "0123456789ABCDEFGHJKMNPQR", " ol234 56789 abcde fghjk mnpqr "] {
            assert!(BackupCode::parse(typed).is_some_and(|parsed| parsed.digest() == code.digest()), "{typed}");
        }
        let earlier = BackupCode("0123456789abcdefghjk".to_owned());
        assert!(BackupCode::parse("01234-56789-abcde-fghjk").is_some_and(|parsed| parsed.digest() == earlier.digest()));
        for text in ["", "01234-56789-abcde-fghj", "01234-56789-abcde-fghjku", "01234-56789-abcde-fghju", "öäü"] {
            assert!(BackupCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn backup_codes_differ_and_use_every_digit() {
        let random = Random::seeded(1);
        let codes: Vec<String> = (0..200).map(|_| BackupCode::generate(&random).0).collect();
        let (mut different, all) = (codes.clone(), codes.concat());
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), codes.len());
        assert!(DIGITS.iter().all(|digit| all.contains(char::from(*digit))));
    }

    #[test]
    fn entered_code_is_a_verification_code_or_a_backup_code() {
        for typed in ["123456", " 123 456 "] {
            assert!(matches!(EnteredCode::parse(typed), Some(EnteredCode::Totp(code)) if code == "123456"), "{typed}");
        }
        assert!(matches!(EnteredCode::parse("01234-56789-01234-56789"), Some(EnteredCode::Backup(_))));
        for text in ["", "12345", "1234567", "12345a", "password"] {
            assert!(EnteredCode::parse(text).is_none(), "{text}");
        }
    }
}
