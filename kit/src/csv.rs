//! CSV files that spreadsheets open as they are: UTF-8 with a byte order mark, lines that end with CR LF (RFC 4180), every cell
//! quoted, and no cell that is run as a formula (OWASP, CSV injection).
//!
//! A program reads a text as it was, except for an apostrophe before each character that would start a formula, and JSON
//! exactly.

use std::fmt::Write;

use serde_json::Value;

use crate::text::is_ignorable;

/// The content of a cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    Text(String),
    Json(Value),
}

impl Cell {
    /// A text that may be missing, which leaves the cell empty.
    pub fn optional(text: Option<String>) -> Self {
        Self::Text(text.unwrap_or_default())
    }
}

/// Writes the byte order mark and the names of the columns.
pub fn write_header(file: &mut Vec<u8>, names: &[&str]) {
    file.extend_from_slice("\u{feff}".as_bytes());
    write_rows(file, [names.iter().map(|name| Cell::Text((*name).to_owned()))]);
}

/// Writes rows of one length.
pub fn write_rows<R: IntoIterator<Item = Cell>>(file: &mut Vec<u8>, rows: impl IntoIterator<Item = R>) {
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder.quote_style(csv::QuoteStyle::Always).terminator(csv::Terminator::CRLF).from_writer(file);
    for row in rows {
        // Writing to memory cannot fail.
        let _infallible = writer.write_record(row.into_iter().map(|cell| match cell {
            Cell::Text(text) => harmless_text(&text),
            Cell::Json(value) => harmless_json(&value),
        }));
    }
    let _infallible = writer.flush();
}

/// The characters that start a formula, also in the widths that spreadsheets take for the same.
const SIGNS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];

/// Returns whether a character may end a cell, whatever the separator, quote and line break that the program was set to.
fn is_separator(c: char) -> bool {
    c.is_control() || matches!(c, ',' | ';' | ':' | '|' | '，' | '；' | '：' | '｜' | '"' | '\'' | '`' | '\u{2028}' | '\u{2029}')
}

/// Gives every character to `write`, with whether it would start a formula: at the start of the text or behind a separator,
/// also after spaces and invisible characters.
fn scan(text: &str, mut write: impl FnMut(char, bool)) {
    let mut is_start = true;
    for c in text.chars() {
        write(c, is_start && SIGNS.contains(&c));
        is_start = is_separator(c) || is_start && (c.is_whitespace() || is_ignorable(c));
    }
}

fn harmless_text(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    // A tab or line break at the start is dropped by some programs.
    if text.starts_with(char::is_control) {
        written.push('\'');
    }
    scan(text, |c, starts_formula| {
        if starts_formula {
            written.push('\'');
        }
        written.push(c);
    });
    written
}

/// Writes JSON with the codes of such characters, which means the same. A minus outside of a string is before a number.
fn harmless_json(value: &Value) -> String {
    let json = value.to_string();
    let mut written = String::with_capacity(json.len());
    let (mut in_string, mut is_escaped) = (false, false);
    scan(&json, |c, starts_formula| {
        if starts_formula && in_string {
            // Writing to a string cannot fail.
            let _infallible = write!(written, "\\u{:04x}", u32::from(c));
        } else {
            written.push(c);
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
    });
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn file(cells: Vec<Cell>) -> String {
        let mut file = Vec::new();
        write_rows(&mut file, [cells]);
        String::from_utf8(file).expect("UTF-8")
    }

    #[test]
    fn file_has_a_byte_order_mark_and_every_cell_in_quotes() {
        let mut bytes = Vec::new();
        write_header(&mut bytes, &["id", "details"]);
        write_rows(&mut bytes, [[Cell::Text("1".to_owned()), Cell::Json(json!({ "a": "b" }))]]);
        write_rows(&mut bytes, [[Cell::optional(None), Cell::Text("Zürich, \"LSZH\"\nnow".to_owned())]]);
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert_eq!(
            text,
            "\u{feff}\"id\",\"details\"\r\n\"1\",\"{\"\"a\"\":\"\"b\"\"}\"\r\n\"\",\"Zürich, \"\"LSZH\"\"\nnow\"\r\n"
        );
    }

    #[test]
    fn text_that_would_start_a_formula_is_escaped() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("＠a", "'＠a"),
            ("﹦1", "'﹦1"),
            ("  =1", "  '=1"),
            ("\u{a0}=1", "\u{a0}'=1"),
            ("\u{200b}=1", "\u{200b}'=1"),
            ("\u{feff}=1", "\u{feff}'=1"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n=1", "'\n'=1"),
            ("\ttext", "'\ttext"),
            ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
            ("a,=1", "a,'=1"),
            ("a\t=1", "a\t'=1"),
            ("a|+1", "a|'+1"),
            ("a\n@x", "a\n'@x"),
            ("a; -1", "a; '-1"),
            ("\"=1", "\"'=1"),
            ("'=1", "''=1"),
            ("a；＝1", "a；'＝1"),
            ("KTEB - KPBI", "KTEB - KPBI"),
            ("2026-11-23T09:30:00Z", "2026-11-23T09:30:00Z"),
            ("ana@skyline.example", "ana@skyline.example"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(harmless_text(text), written, "{text:?}");
        }
    }

    #[test]
    fn json_cell_has_no_formula_and_is_the_json_that_it_was() {
        let value = json!({ "=a": "=1", "b": ["-1", -1, "x;=1", "\"=1", "\\", "+", "\n=1"], "amount": -5 });
        let written = harmless_json(&value);
        assert_eq!(serde_json::from_str::<Value>(&written).ok(), Some(value));
        assert!(written.starts_with("{\"\\u003da\":\"\\u003d1\",\"b\":[\"\\u002d1\",-1,\"x;\\u003d1\""), "{written}");
    }

    proptest! {
        #[test]
        fn text_is_read_back_without_the_apostrophes(text in "[=+@;,:|\"' \t\r\n\u{200b}＝a-]{0,12}|\\PC{0,20}") {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(std::io::Cursor::new(file(vec![Cell::Text(text.clone())])));
            let read = reader.records().next().expect("a row").expect("a record");
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(read[0].replace('\'', ""), text.replace('\'', ""));
            let read: Vec<char> = read[0].chars().collect();
            for (place, _) in read.iter().enumerate().filter(|(_, c)| SIGNS.contains(c)) {
                let is_visible = |c: &&char| c.is_control() || !c.is_whitespace() && !is_ignorable(**c);
                let before = read[..place].iter().rev().find(is_visible);
                let is_inside = before.is_some_and(|c| !is_separator(*c));
                prop_assert!(is_inside || read[..place].ends_with(&['\'']), "{read:?}");
            }
        }

        #[test]
        fn json_is_read_back_exactly(text in "[=+@;,:|\"'\\\\ \t\r\n＝a-]{0,12}|\\PC{0,20}", number: i64) {
            let value = json!({ &text: [&text, number], "n": number });
            prop_assert_eq!(serde_json::from_str::<Value>(&harmless_json(&value)).ok(), Some(value));
        }
    }
}
