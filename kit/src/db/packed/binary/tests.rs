//! Streams that are whole, arrive in parts, end too early, or are not what the server sends.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::db::{PackedDigest, PackedTime};

const PACKINGS: [Packing; 6] =
    [Packing::Integer, Packing::Text, Packing::Time, Packing::OptionalUuid, Packing::Digest, Packing::Json];

type Row = (i64, String, Option<PackedTime>, Option<Uuid>, PackedDigest, Option<Value>);

fn header() -> Vec<u8> {
    [&SIGNATURE[..], &[0; 8]].concat()
}

fn cells(cells: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = i16::try_from(cells.len()).expect("few cells").to_be_bytes().to_vec();
    for cell in cells {
        let length = cell.map_or(NULL, |cell| i32::try_from(cell.len()).expect("a short cell"));
        bytes.extend(length.to_be_bytes());
        bytes.extend(cell.unwrap_or_default());
    }
    bytes
}

fn end() -> Vec<u8> {
    NO_MORE_ROWS.to_be_bytes().to_vec()
}

fn full() -> Vec<u8> {
    // A day after the beginning of 2000.
    let at = 86_400_000_000_i64.to_be_bytes();
    cells(&[Some(&[255; 8]), Some("Ä".as_bytes()), Some(&at), Some(&[1; 16]), Some(&[2; 32]), Some(b"[1]")])
}

fn bare() -> Vec<u8> {
    cells(&[Some(&[0, 7]), Some(b""), None, None, Some(&[0; 32]), None])
}

fn stream(rows: &[Vec<u8>]) -> Vec<u8> {
    [header(), rows.concat(), end()].concat()
}

fn decode(parts: &[&[u8]]) -> DbResult<Vec<Row>> {
    let mut rows = BinaryRows::new(PACKINGS.to_vec());
    for part in parts {
        rows.push(part)?;
    }
    rows.finish()
}

#[test]
fn rows_are_decoded_whatever_the_parts_in_which_they_arrive() {
    let at = PackedTime("2000-01-02T00:00:00Z".parse().expect("a time"));
    let full_row = (-1, "Ä".to_owned(), Some(at), Some(Uuid::from_bytes([1; 16])), PackedDigest([2; 32]), Some(json!([1])));
    let expected = [full_row, (7, String::new(), None, None, PackedDigest([0; 32]), None)];
    let bytes = stream(&[full(), bare()]);
    for size in 1..=bytes.len() {
        assert_eq!(decode(&bytes.chunks(size).collect::<Vec<_>>()).expect("rows"), expected, "parts of {size} bytes");
    }
    assert_eq!(decode(&[&stream(&[])]).expect("no rows"), []);
}

#[test]
fn numbers_have_two_four_or_eight_bytes() {
    for (bytes, number) in [(&[0x80, 0][..], -32_768), (&[0, 1, 0, 0][..], 65_536), (&[0, 0, 0, 1, 0, 0, 0, 0][..], 1 << 32)] {
        assert_eq!(integer(bytes).expect("a number"), number);
    }
    for bytes in [&[][..], &[1], &[1, 2, 3], &[0; 9]] {
        integer(bytes).expect_err("a number of another size");
    }
}

#[test]
fn text_of_json_has_no_blanks_between_its_tokens() {
    for (json, compact) in [
        (r#"{"a": 1, "b c": [true, null, "d, e: f"]}"#, r#"{"a":1,"b c":[true,null,"d, e: f"]}"#),
        (r#"["\" , ", "\\", " \\\" "]"#, r#"["\" , ","\\"," \\\" "]"#),
        (r#""a  b""#, r#""a  b""#),
        ("{}", "{}"),
    ] {
        assert_eq!(without_blanks(json), compact, "{json}");
    }
}

#[test]
fn extension_of_the_header_is_skipped() {
    let header = [&SIGNATURE[..], &[0, 0, 0, 9, 0, 0, 0, 3], b"new"].concat();
    assert_eq!(decode(&[&header, &bare(), &end()]).expect("a row").len(), 1);
}

#[test]
fn truncated_stream_is_an_error() {
    let bytes = stream(&[full(), bare()]);
    for length in 0..bytes.len() {
        decode(&[&bytes[..length]]).expect_err("a part of the stream");
    }
}

#[test]
fn malformed_header_and_rows_are_errors() {
    let row = |at: usize, cell: Option<&'static [u8]>| {
        let mut row: [Option<&[u8]>; 6] = [Some(&[0, 7]), Some(b""), None, None, Some(&[0; 32]), None];
        row[at] = cell;
        stream(&[cells(&row)])
    };
    let with_length = |length: i32| [&header()[..], &[0, 6], &length.to_be_bytes(), &[0; 64]].concat();
    for (what, bytes) in [
        ("another signature", [&b"PGCOPY\r\n\xff\n\0"[..], &[0; 8], &end()].concat()),
        ("an unknown flag", [&SIGNATURE[..], &[0, 1, 0, 0, 0, 0, 0, 0], &end()].concat()),
        ("an extension of a negative length", [&SIGNATURE[..], &[0, 0, 0, 0, 255, 0, 0, 0], &end()].concat()),
        ("a negative length", with_length(-2)),
        ("a length past the end", with_length(i32::MAX)),
        ("fewer columns", stream(&[cells(&[Some(&[0, 7]), Some(b"")])])),
        ("more columns", stream(&[cells(&[None; 7])])),
        ("a negative number of columns", [header(), vec![255, 254], end()].concat()),
        ("a number of three bytes", row(0, Some(&[0, 0, 7]))),
        ("a number that is null", row(0, None)),
        ("a text that is not UTF-8", row(1, Some(&[0xff]))),
        ("infinity", row(2, Some(&[0x7f, 255, 255, 255, 255, 255, 255, 255]))),
        ("minus infinity", row(2, Some(&[0x80, 0, 0, 0, 0, 0, 0, 0]))),
        ("a time of four bytes", row(2, Some(&[0; 4]))),
        ("a UUID of 15 bytes", row(3, Some(&[0; 15]))),
        ("a digest of 31 bytes", row(4, Some(&[0; 31]))),
        ("JSON that ends too early", row(5, Some(b"[1"))),
        ("two values of JSON", row(5, Some(b"1 2"))),
        ("bytes after the end", [stream(&[bare()]), vec![0]].concat()),
    ] {
        assert!(decode(&[&bytes]).is_err(), "{what}");
    }
}

#[test]
fn row_that_does_not_end_is_an_error_before_it_fills_the_memory() {
    let mut rows = BinaryRows::<Row>::new(PACKINGS.to_vec());
    rows.push(&[&header()[..], &[0, 6], &i32::MAX.to_be_bytes()].concat()).expect("the beginning of a row");
    let part = vec![0; 1024 * 1024];
    let pushed = (0..).take_while(|_| rows.push(&part).is_ok()).take(100).count();
    assert!((8..32).contains(&pushed), "{pushed} MiB");
}

#[test]
fn row_with_more_columns_than_are_read_is_an_error() {
    let mut rows = BinaryRows::<(i64,)>::new(vec![Packing::Integer, Packing::Text]);
    rows.push(&stream(&[cells(&[Some(&[0, 7]), Some(b"")])])).expect_err("a column that is not read");
}

proptest! {
    #[test]
    fn hostile_bytes_are_rows_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1..50_usize) {
        let rows = [header(), vec![0, 6], bytes.clone()].concat();
        for bytes in [&bytes, &rows] {
            let _either = decode(&bytes.chunks(size).collect::<Vec<_>>());
        }
    }

    #[test]
    fn changed_stream_is_rows_or_an_error(at in any::<prop::sample::Index>(), byte: u8, size in 1..50_usize) {
        let mut bytes = stream(&[full(), bare()]);
        *at.get_mut(&mut bytes) = byte;
        if let Ok(rows) = decode(&bytes.chunks(size).collect::<Vec<_>>()) {
            prop_assert!(rows.len() <= 2);
        }
    }
}
