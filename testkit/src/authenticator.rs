//! An authenticator app, which shares no code with the product: RFC 4226, 5.3 and RFC 6238, 4.2.

use data_encoding::BASE32_NOPAD;
use kit::clock::Time;
use ring::hmac;

/// The length of a step in microseconds.
const STEP: i64 = 30_000_000;

/// An authenticator app with one account.
#[derive(Clone, Debug)]
pub struct Authenticator {
    pub secret: Vec<u8>,
}

impl Authenticator {
    /// An app into which this secret was typed.
    pub fn of(base32: &str) -> Self {
        Self { secret: BASE32_NOPAD.decode(base32.as_bytes()).expect("a secret in base32") }
    }

    /// The secret as it was typed.
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.secret)
    }

    /// The code at a time, or some steps later.
    pub fn code(&self, now: Time, later: i64) -> String {
        let step = now.micros() / STEP + later;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 0xf);
        let four = tag.as_ref()[offset..offset + 4].try_into().expect("four bytes");
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }

    /// A code that is wrong at a time, and for some minutes.
    pub fn wrong(&self, now: Time) -> String {
        let near: Vec<String> = (-10..10).map(|later| self.code(now, later)).collect();
        (0..100).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).expect("a wrong code")
    }
}
