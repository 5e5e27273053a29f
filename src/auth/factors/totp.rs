//! Verification codes of authenticator apps (RFC 6238): six digits from a shared secret and the time, by HMAC-SHA-1, in steps of 30
//! seconds. Other parameters are not understood by every app.

use totp_rs::{Builder, Secret, Totp};

use kit::clock::Time;
use kit::random::Random;

/// The length of a secret in bytes, as RFC 4226 recommends.
const LENGTH: usize = 20;

/// The length of a step in seconds.
const STEP: i64 = 30;

/// The name of the product, as apps show it.
const ISSUER: &str = "PlaneConnection";

// No Debug: it is a secret.
/// The secret that an authenticator app shares with the server.
pub struct TotpSecret([u8; LENGTH]);

impl TotpSecret {
    pub fn generate(random: &Random) -> Self {
        Self(random.bytes())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the secret in base32, to be typed into an app.
    pub fn to_base32(&self) -> String {
        Secret::new_stack(self.0).to_base32()
    }

    /// Returns the URL that a QR code contains. `account` names the account in the app.
    pub fn url(&self, account: &str) -> String {
        // A colon separates the issuer from the account.
        let account = account.replace(':', " ");
        let builder = self.builder().with_issuer(Some(ISSUER)).with_account_name(account);
        builder.build_noncompliant().to_url().unwrap_or_default()
    }

    /// Returns the step that `code` belongs to: the present one or a neighbour, later than that of the last accepted code. All
    /// of them are compared, in constant time.
    pub fn step_of(&self, code: &str, now: Time, last: Option<i64>) -> Option<i64> {
        let (totp, present) = (self.totp(), step_at(now));
        let steps = [present - 1, present, present + 1];
        let matching = steps.map(|step| u64::try_from(step * STEP).is_ok_and(|time| totp.check(code, time).is_some()));
        let mut found =
            steps.into_iter().zip(matching).filter(|(step, is_match)| *is_match && last.is_none_or(|last| *step > last));
        found.next().map(|(step, _)| step)
    }

    /// Returns the code at a time, as an app shows it: for tests.
    pub fn code_at(&self, now: Time) -> String {
        self.totp().generate(u64::try_from(step_at(now) * STEP).unwrap_or_default()).to_string()
    }

    fn builder(&self) -> Builder {
        Builder::new().with_secret(Secret::new_stack(self.0)).with_skew(0)
    }

    fn totp(&self) -> Totp {
        self.builder().build_noncompliant()
    }
}

fn step_at(now: Time) -> i64 {
    now.micros() / 1_000_000 / STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 6238, appendix B, for SHA-1: seconds since 1970, and the last six of eight digits.
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000).expect("a time")
    }

    fn of_rfc() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    /// A second implementation, from the text of RFC 4226, 5.3.
    fn by_hand(secret: &TotpSecret, step: i64) -> String {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let tag = ring::hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes[19] & 0xf);
        let four = u32::from_be_bytes(bytes[offset..offset + 4].try_into().expect("four bytes"));
        format!("{:06}", (four & 0x7fff_ffff) % 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in VECTORS {
            assert_eq!(of_rfc().code_at(at(seconds)), code);
            assert_eq!(of_rfc().step_of(code, at(seconds), None), Some(seconds / STEP));
        }
    }

    #[test]
    fn codes_agree_with_a_second_implementation() {
        let random = Random::seeded(1);
        for number in 0..1_000 {
            let (secret, seconds) = (TotpSecret::generate(&random), number * 86_399 + 1_700_000_000);
            assert_eq!(secret.code_at(at(seconds)), by_hand(&secret, seconds / STEP));
        }
    }

    #[test]
    fn code_is_accepted_one_step_early_or_late() {
        let (secret, now) = (of_rfc(), 1_234_567_890);
        for (offset, is_accepted) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let code = secret.code_at(at(now + offset));
            let expected = is_accepted.then_some((now + offset) / STEP);
            assert_eq!(secret.step_of(&code, at(now), None), expected, "{offset}");
        }
    }

    #[test]
    fn code_of_an_accepted_step_or_an_earlier_one_is_refused() {
        let (secret, now) = (of_rfc(), 1_234_567_890);
        let [before, code] = [now - 30, now].map(|seconds| secret.code_at(at(seconds)));
        let last = secret.step_of(&code, at(now), None);
        assert_eq!(secret.step_of(&code, at(now), last), None);
        assert_eq!(secret.step_of(&before, at(now), last), None);
        assert!(secret.step_of(&secret.code_at(at(now + 30)), at(now), last).is_some());
    }

    #[test]
    fn texts_that_are_no_codes_are_refused() {
        for text in ["", "28708", "2870820", "+87082", "28708２", "abcdef"] {
            assert_eq!(of_rfc().step_of(text, at(59), None), None, "{text}");
        }
    }

    #[test]
    fn url_has_the_secret_and_names_the_account() {
        let url = of_rfc().url("ana:keller@skyline.example (skyline)");
        assert!(url.starts_with("otpauth://totp/PlaneConnection:ana%20keller%40skyline.example%20%28skyline%29?"), "{url}");
        assert!(url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") && url.contains("issuer=PlaneConnection"), "{url}");
        assert_eq!(of_rfc().to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
