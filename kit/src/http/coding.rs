//! The content coding of responses (RFC 9110, 8.4): zstd, Brotli or gzip, whichever the caller accepts.
//!
//! Only responses to reads are coded: those to writes may have a secret beside text that the caller chose, and the length of both
//! together would tell of the secret.

use std::io::{self, Write};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The shortest body that is coded.
const SHORTEST: usize = 1 << 10;

/// The longest body that is coded for one response: it takes a thread some milliseconds.
const LONGEST: usize = 1 << 20;

/// The weight of a coding that is accepted without one, in thousandths.
const FULL_WEIGHT: u16 = 1_000;

/// A content coding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

/// The number of responses that a body is coded for, which decides how much work the coding is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effort {
    /// One response: the coding has to be quick.
    One,
    /// Many responses: the coded body has to be short.
    Many,
}

impl Effort {
    /// Returns the codings, the best first: zstd is the quickest, and Brotli the shortest.
    const fn order(self) -> [Coding; 3] {
        match self {
            Self::One => [Coding::Zstd, Coding::Brotli, Coding::Gzip],
            Self::Many => [Coding::Brotli, Coding::Zstd, Coding::Gzip],
        }
    }
}

impl Coding {
    pub(super) const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// Returns the name in `Content-Encoding`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// Returns the coding that a caller names.
    fn named(name: &str) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        Self::ALL.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(name))
    }

    /// Returns the tag of the coded body: it is another representation than the body without coding.
    pub(super) fn tag(self, tag: &str) -> String {
        format!("{tag}-{}", self.name())
    }

    /// Returns a body in this coding, unless it is too short, too long or gets hardly shorter.
    pub(super) fn encode(self, body: &[u8], effort: Effort) -> Option<Vec<u8>> {
        if body.len() <= SHORTEST || effort == Effort::One && body.len() > LONGEST {
            return None;
        }
        // Writing to memory cannot fail.
        let coded = self.encoded(body, effort).ok()?;
        (coded.len() < body.len() / 10 * 9).then_some(coded)
    }

    fn encoded(self, body: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd => zstd::bulk::compress(body, if effort == Effort::One { 3 } else { 9 }),
            Self::Brotli => {
                let (quality, lgwin) = if effort == Effort::One { (4, 18) } else { (6, 22) };
                let params = BrotliEncoderParams { quality, lgwin, size_hint: body.len(), ..BrotliEncoderParams::default() };
                let mut coded = Vec::with_capacity(body.len() / 4);
                brotli::BrotliCompress(&mut &*body, &mut coded, &params)?;
                Ok(coded)
            }
            Self::Gzip => {
                let level = if effort == Effort::One { Compression::fast() } else { Compression::best() };
                let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
                encoder.write_all(body)?;
                encoder.finish()
            }
        }
    }

    /// Notes that the body is in this coding.
    pub(super) fn set(self, response: &mut Response) {
        set(response, header::CONTENT_ENCODING, self.name());
    }
}

/// Returns the tag of the body without coding.
pub(super) fn uncoded_tag(tag: &str) -> &str {
    let suffix = tag.rsplit_once('-').filter(|(_, end)| Coding::ALL.iter().any(|coding| coding.name() == *end));
    suffix.map_or(tag, |(tag, _)| tag)
}

/// The codings that a caller accepts (RFC 9110, 12.5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Accepted {
    /// In thousandths, in the order of [`Coding::ALL`].
    weights: [u16; 3],
    identity: u16,
}

impl Accepted {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        let (mut named, mut others, mut identity) = ([None; 3], 0, 0);
        for element in lines.flat_map(|line| line.split(',')) {
            let (name, parameters) = element.split_once(';').unwrap_or((element, ""));
            let (name, weight) = (name.trim(), weight(parameters));
            match Coding::named(name) {
                Some(coding) => named[coding as usize] = Some(weight),
                None if name == "*" => others = weight,
                None if name.eq_ignore_ascii_case("identity") => identity = weight,
                None => {}
            }
        }
        Self { weights: named.map(|weight| weight.unwrap_or(others)), identity }
    }

    /// Returns the coding with the largest weight, unless the caller prefers none.
    pub(super) fn best(self, effort: Effort) -> Option<Coding> {
        let weight = |coding: &Coding| self.weights[*coding as usize];
        let most = Coding::ALL.iter().map(weight).max().filter(|most| *most > 0 && *most >= self.identity)?;
        effort.order().into_iter().find(|coding| weight(coding) == most)
    }
}

/// Returns the weight in parameters such as `q=0.5`. One that is malformed counts as full.
fn weight(parameters: &str) -> u16 {
    let value = parameters.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    let thousandths = value.and_then(|value| value.trim().parse::<f32>().ok()).map(|weight| weight.clamp(0.0, 1.0) * 1_000.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
    thousandths.map_or(FULL_WEIGHT, |weight| weight as u16)
}

/// Sets a header of a response.
fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Notes that the body depends on `Accept-Encoding`.
pub(super) fn set_vary(response: &mut Response) {
    set(response, header::VARY, "accept-encoding");
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use sha2::{Digest, Sha256};

    use super::*;

    fn best(lines: &[&str], effort: Effort) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, line.parse().expect("a value"));
        }
        Accepted::of(&headers).best(effort)
    }

    #[test]
    fn coding_with_the_largest_weight_is_chosen() {
        for (lines, expected) in [
            (&["gzip"][..], Some(Coding::Gzip)),
            (&["gzip, deflate, br, zstd"], Some(Coding::Zstd)),
            (&["br;q=0.5, GZIP;q=0.8"], Some(Coding::Gzip)),
            (&["br", "x-gzip"], Some(Coding::Brotli)),
            (&["*"], Some(Coding::Zstd)),
            (&["zstd;q=0, *;q=0.1"], Some(Coding::Brotli)),
            (&["*;q=0, gzip"], Some(Coding::Gzip)),
            (&["gzip;q=0.5, identity"], None),
            (&[], None),
            (&[""], None),
            (&["identity"], None),
            (&["deflate"], None),
            (&["gzip;q=0"], None),
            (&["gzip; q=0.000, br;q=0, zstd;q=0, *"], None),
            (&["*;q=0"], None),
        ] {
            assert_eq!(best(lines, Effort::One), expected, "{lines:?}");
        }
        assert_eq!(best(&["gzip, br, zstd"], Effort::Many), Some(Coding::Brotli));
    }

    fn decoded(coding: Coding, body: &[u8]) -> Vec<u8> {
        let mut back = Vec::new();
        match coding {
            Coding::Zstd => back = zstd::bulk::decompress(body, LONGEST).expect("zstd"),
            Coding::Brotli => brotli::BrotliDecompress(&mut &*body, &mut back).expect("Brotli"),
            Coding::Gzip => drop(GzDecoder::new(body).read_to_end(&mut back).expect("gzip")),
        }
        back
    }

    #[test]
    fn bodies_that_get_shorter_are_coded() {
        let text = "0123456789".repeat(200).into_bytes();
        for (coding, effort) in Coding::ALL.into_iter().flat_map(|coding| [(coding, Effort::One), (coding, Effort::Many)]) {
            let coded = coding.encode(&text, effort).expect("shorter");
            assert!(coded.len() < 200 && decoded(coding, &coded) == text, "{coding:?}");
            assert_eq!(coding.encode(&text[..SHORTEST], effort), None, "too short");
            let noise: Vec<u8> = (0..64_u8).flat_map(|block| Sha256::digest([block])).collect();
            assert_eq!(coding.encode(&noise, effort), None, "hardly shorter");
        }
        assert_eq!(Coding::Gzip.encode(&vec![b'a'; LONGEST + 1], Effort::One), None, "too long for one response");
    }

    #[test]
    fn tag_of_a_coded_body_has_its_coding() {
        for coding in Coding::ALL {
            assert_eq!(uncoded_tag(&coding.tag("a-b")), "a-b");
        }
        for tag in ["a", "a-b", "-", "a-deflate"] {
            assert_eq!(uncoded_tag(tag), tag);
        }
    }
}
