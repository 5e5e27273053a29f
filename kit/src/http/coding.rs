//! The content coding of responses (RFC 9110, 8.4): gzip, for callers who accept it.
//!
//! Only responses to reads are coded: those to writes may have a secret beside text that the caller chose, and the length of both
//! together would tell of the secret.

use std::io::Write;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The end of the tag of a coded body: it is another representation than the body without coding.
pub(super) const TAG_SUFFIX: &str = "-gzip";

/// The shortest body that is coded.
const SHORTEST: usize = 1 << 10;

/// The longest body that is coded for one response: it takes a thread some milliseconds.
pub(super) const LONGEST: usize = 1 << 20;

/// Returns whether a caller accepts gzip (RFC 9110, 12.5.3).
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut any = false;
    for element in lines.flat_map(|line| line.split(',')) {
        let (coding, weight) = element.split_once(';').unwrap_or((element, ""));
        let is_accepted = !is_zero(weight);
        match coding.trim() {
            name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => return is_accepted,
            "*" => any = is_accepted,
            _ => {}
        }
    }
    any
}

/// Returns whether a weight such as `q=0.5` is zero.
fn is_zero(weight: &str) -> bool {
    let value = weight.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    value.is_some_and(|value| value.trim().parse() == Ok(0.0_f32))
}

/// Returns a body in gzip, unless it is too short or gets hardly shorter.
pub(super) fn gzip(body: &[u8], level: Compression) -> Option<Vec<u8>> {
    if body.len() <= SHORTEST {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
    // Writing to memory cannot fail.
    let coded = encoder.write_all(body).and_then(|()| encoder.finish()).ok()?;
    (coded.len() < body.len() / 10 * 9).then_some(coded)
}

/// Sets a header of a response.
fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Notes that the body depends on `Accept-Encoding`.
pub(super) fn set_vary(response: &mut Response) {
    set(response, header::VARY, "accept-encoding");
}

/// Notes that the body is in gzip.
pub(super) fn set_gzip(response: &mut Response) {
    set(response, header::CONTENT_ENCODING, "gzip");
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn accepts(lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, line.parse().expect("a value"));
        }
        accepts_gzip(&headers)
    }

    #[test]
    fn gzip_is_accepted_by_name_or_star_unless_its_weight_is_zero() {
        for lines in [&["gzip"][..], &["br, GZIP;q=0.2"], &["br", "x-gzip"], &["*"], &["br;q=1.0, *;q=0.1"], &["*;q=0, gzip"]] {
            assert!(accepts(lines), "{lines:?}");
        }
        for lines in [&[][..], &[""], &["br"], &["identity"], &["gzip;q=0"], &["gzip; q=0.000, *"], &["*;q=0"]] {
            assert!(!accepts(lines), "{lines:?}");
        }
    }

    #[test]
    fn bodies_that_get_shorter_are_coded() {
        let text = "0123456789".repeat(200).into_bytes();
        let coded = gzip(&text, Compression::fast()).expect("shorter");
        let mut back = Vec::new();
        GzDecoder::new(coded.as_slice()).read_to_end(&mut back).expect("gzip");
        assert!(coded.len() < 200 && back == text);
        assert_eq!(gzip(&text[..SHORTEST], Compression::fast()), None, "too short");
        assert_eq!(gzip(&coded.repeat(20)[..SHORTEST], Compression::fast()), None);
    }
}
