//! Finder of keys in a stream of bytes of any length, such as a log, in bounded memory.
//!
//! Bytes are not decoded first: a key is ASCII in every text that is not UTF-16, which is looked at as well. Lines may be
//! as long as they like, and a key may lie across two reads.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;

use memchr::memchr_iter;
use memchr::memmem::Finder;

use super::{Hint, Kind, PREFIX, SecretDigest, TEST_LENGTH, digest_of};

/// The prefix of a key in UTF-16, of either byte order, without the zero that one of them begins with and the other ends with.
const WIDE_PREFIX: &[u8] = b"p\0c\0k\0_";

/// The most bytes of a key in UTF-16, but for that zero.
const WIDE_LENGTH: usize = 2 * TEST_LENGTH - 1;

/// The bytes that are looked at together.
const CHUNK: usize = 256 << 10;

/// A key that was found: its checksum is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoundKey {
    /// The number of its line, from 1.
    pub line: u64,
    pub digest: SecretDigest,
    pub hint: Hint,
}

/// A finder of keys, with its buffer, for one stream after the other.
pub struct KeyFinder {
    buffer: Box<[u8]>,
    narrow: Finder<'static>,
    wide: Finder<'static>,
}

impl Default for KeyFinder {
    fn default() -> Self {
        let buffer = vec![0; CHUNK].into_boxed_slice();
        Self { buffer, narrow: Finder::new(PREFIX), wide: Finder::new(WIDE_PREFIX) }
    }
}

impl fmt::Debug for KeyFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFinder").finish_non_exhaustive()
    }
}

impl KeyFinder {
    /// Reads a stream to its end, or until `found`, which is called with each key in it, breaks off. Returns the number of bytes that
    /// were read. What was found before an error has been reported.
    pub fn search(&mut self, mut stream: impl Read, mut found: impl FnMut(FoundKey) -> ControlFlow<()>) -> io::Result<u64> {
        let Self { buffer, narrow, wide } = self;
        let (mut filled, mut line, mut total) = (0, 1, 0);
        loop {
            let read = match stream.read(&mut buffer[filled..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
                Ok(read) => read,
            };
            filled += read;
            total += read as u64;
            // A key that begins later may go on in what is not read yet.
            let complete = if read == 0 { filled } else { filled.saturating_sub(WIDE_LENGTH - 1) };
            let text = &buffer[..filled];
            let narrow_keys = narrow.find_iter(text).map(|at| (at, Candidate::of(&text[at..])));
            let wide_keys = wide.find_iter(text).map(|at| (at, wide_key(&text[at..])));
            let goes_on = report(text, line, complete, narrow_keys, &mut found).is_continue()
                && report(text, line, complete, wide_keys, &mut found).is_continue();
            if read == 0 || !goes_on {
                return Ok(total);
            }
            line += lines(&text[..complete]);
            buffer.copy_within(complete..filled, 0);
            filled -= complete;
        }
    }
}

/// Calls `found` with the keys that begin before `complete`. `line` is the line of the first byte.
fn report(
    text: &[u8],
    mut line: u64,
    complete: usize,
    candidates: impl Iterator<Item = (usize, Option<Candidate>)>,
    found: &mut impl FnMut(FoundKey) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut counted = 0;
    for (at, candidate) in candidates.take_while(|(at, _)| *at < complete) {
        let Some((key, digest)) = candidate.and_then(|key| Some((key, digest_of(key.text()).ok()?))) else { continue };
        line += lines(&text[counted..at]);
        counted = at;
        found(FoundKey { line, digest, hint: Hint::of(key.text()) })?;
    }
    ControlFlow::Continue(())
}

fn lines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// A text that has the prefix and the length of a key.
#[derive(Clone, Copy)]
struct Candidate {
    bytes: [u8; TEST_LENGTH],
    length: usize,
}

impl Candidate {
    /// Returns the candidate that begins `text`.
    fn of(text: &[u8]) -> Option<Self> {
        let key = text.get(..Kind::of(text)?.length())?;
        let mut bytes = [0; TEST_LENGTH];
        bytes[..key.len()].copy_from_slice(key);
        Some(Self { bytes, length: key.len() })
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn wide_key(text: &[u8]) -> Option<Candidate> {
    let mut letters = [0; TEST_LENGTH];
    let mut count = 0;
    for (letter, pair) in letters.iter_mut().zip(text.chunks(2)) {
        *letter = pair[0];
        count += 1;
        // The second byte after the last letter may belong to any character.
        if pair.get(1).is_some_and(|byte| *byte != 0) {
            break;
        }
    }
    Candidate::of(&letters[..count])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::{any_key, key};

    /// A stream that gives at most so many bytes at once.
    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

    fn found(text: &[u8], at_once: usize) -> Vec<FoundKey> {
        let mut keys = Vec::new();
        let collect = |key| {
            keys.push(key);
            ControlFlow::Continue(())
        };
        let read = KeyFinder::default().search(Dripping(text, at_once), collect).expect("a stream");
        assert_eq!(read, text.len() as u64);
        keys
    }

    fn wide(text: &str, is_big_endian: bool) -> Vec<u8> {
        let unit = |unit: u16| if is_big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(unit).collect()
    }

    proptest! {
        #[test]
        fn every_key_is_found_once_with_its_line_however_the_stream_is_cut(
            lines in prop::collection::vec(("[ -~]{0,30}", any::<bool>(), 0..u64::MAX), 0..20), at_once in 1usize..200,
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            for (number, (words, has_key, seed)) in (1..).zip(&lines) {
                text += words;
                if *has_key {
                    let secret = any_key(*seed);
                    text += secret.expose();
                    let hint = Hint::of(secret.expose().as_bytes());
                    expected.push(FoundKey { line: number, digest: secret.digest(), hint });
                }
                text.push('\n');
            }
            prop_assert_eq!(&found(text.as_bytes(), at_once), &expected);
            prop_assert_eq!(&found(&wide(&text, false), at_once), &expected);
            prop_assert_eq!(&found(&wide(&text, true), at_once), &expected);
        }

        #[test]
        fn any_bytes_are_searched(bytes in prop::collection::vec(any::<u8>(), 0..300), at_once in 1usize..300) {
            prop_assert_eq!(found(&bytes, at_once), []);
        }
    }

    #[test]
    fn key_across_the_end_of_the_buffer_is_found_in_a_line_without_end() {
        let secret = any_key(3);
        for before in (CHUNK - 90..CHUNK + 3).chain([3 * CHUNK - WIDE_LENGTH]) {
            let text = ["x".repeat(before).as_str(), secret.expose(), "x"].concat();
            let keys = found(text.as_bytes(), usize::MAX);
            assert_eq!(keys.iter().map(|key| (key.line, key.digest)).collect::<Vec<_>>(), [(1, secret.digest())], "{before}");
        }
    }

    #[test]
    fn neighbours_make_no_difference_and_a_wrong_checksum_does() {
        let [one, two] = [any_key(4), any_key(5)];
        let text = format!("_{}{}pck_{}", one.expose(), two.expose(), "A".repeat(38));
        let digests: Vec<_> = found(text.as_bytes(), 7).iter().map(|key| key.digest).collect();
        assert_eq!(digests, [one.digest(), two.digest()]);
        let overlapping = format!("pck_{}", one.expose());
        assert_eq!(found(overlapping.as_bytes(), 7).len(), 1, "the beginning of another candidate hides none");
    }

    #[test]
    fn error_of_the_stream_comes_after_what_was_found_before() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let text = [key(6).expose(), "y".repeat(WIDE_LENGTH).as_str()].concat();
        let mut count = 0;
        let outcome = KeyFinder::default().search(text.as_bytes().chain(Broken), |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        assert_eq!((outcome.expect_err("an error").to_string().as_str(), count), ("torn", 1));
        let outcome = KeyFinder::default().search(text.as_bytes().chain(Broken), |_| ControlFlow::Break(()));
        assert!(outcome.is_ok(), "it was not read on");
    }
}
