//! Rust source cut into comments, names and literals: as much of the grammar as it takes to tell them apart.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `///` and `/** */`
    OuterDoc,
    /// `//!` and `/*! */`
    InnerDoc,
    Comment,
    /// Identifiers and keywords.
    Name,
    /// Strings of every form, with their quotes.
    Text,
    Char,
    Lifetime,
    Number,
    Punctuation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// The line on which it starts, from one.
    pub(super) line: usize,
}

/// Returns the tokens of a source. Source that does not parse yields tokens that mean nothing, never an error.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        let (kind, length) = if blank > 0 { (None, blank) } else { next(rest) };
        let span = at..at + length;
        let lines = rest[..length].matches('\n').count();
        tokens.extend(kind.map(|kind| Token { kind, span: span.clone(), line }));
        at = span.end;
        line += lines;
    }
    tokens
}

fn next(rest: &str) -> (Option<Kind>, usize) {
    let (kind, length) = comment(rest).or_else(|| text(rest)).or_else(|| quote(rest)).unwrap_or_else(|| word(rest));
    (Some(kind), length)
}

fn comment(rest: &str) -> Option<(Kind, usize)> {
    if rest.starts_with("//") {
        let kind = match rest.as_bytes() {
            [_, _, b'!', ..] => Kind::InnerDoc,
            [_, _, b'/', b'/', ..] => Kind::Comment,
            [_, _, b'/', ..] => Kind::OuterDoc,
            _ => Kind::Comment,
        };
        return Some((kind, rest.find('\n').unwrap_or(rest.len())));
    }
    let kind = match rest.strip_prefix("/*")?.as_bytes() {
        [b'!', ..] => Kind::InnerDoc,
        [b'*', b'*' | b'/', ..] => Kind::Comment,
        [b'*', ..] => Kind::OuterDoc,
        _ => Kind::Comment,
    };
    Some((kind, block_end(rest)))
}

/// Block comments nest.
fn block_end(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn text(rest: &str) -> Option<(Kind, usize)> {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    if prefix > 2 {
        return None;
    }
    let (prefix, body) = rest.split_at(prefix);
    let hashes = body.len() - body.trim_start_matches('#').len();
    let inside = body[hashes..].strip_prefix('"')?;
    let length = if prefix.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        inside.find(&end).map_or(inside.len(), |found| found + end.len())
    } else if hashes == 0 {
        escaped_end(inside, b'"')
    } else {
        return None;
    };
    Some((Kind::Text, rest.len() - inside.len() + length))
}

/// Returns the length up to and with the closing quote.
fn escaped_end(inside: &str, quote: u8) -> usize {
    let bytes = inside.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A quote opens a character if it is escaped or closed after one; otherwise it is a lifetime's.
fn quote(rest: &str) -> Option<(Kind, usize)> {
    let inside = rest.strip_prefix("b'").or_else(|| rest.strip_prefix('\''))?;
    let start = rest.len() - inside.len();
    let mut characters = inside.chars();
    match (characters.next()?, characters.next()) {
        ('\\', _) => Some((Kind::Char, start + escaped_end(inside, b'\''))),
        (one, Some('\'')) => Some((Kind::Char, start + one.len_utf8() + 1)),
        _ => Some((Kind::Lifetime, start + name_length(inside))),
    }
}

fn word(rest: &str) -> (Kind, usize) {
    let raw = rest.strip_prefix("r#").map_or(0, |name| if name_length(name) > 0 { 2 } else { 0 });
    let length = raw + name_length(&rest[raw..]);
    match rest.chars().next() {
        Some(first) if first.is_ascii_digit() => (Kind::Number, length),
        Some(first) if length == 0 => (Kind::Punctuation, first.len_utf8()),
        _ => (Kind::Name, length),
    }
}

fn name_length(rest: &str) -> usize {
    rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<(Kind, &str)> {
        tokens(source).into_iter().map(|token| (token.kind, &source[token.span])).collect()
    }

    fn of(kind: Kind, source: &str) -> Vec<&str> {
        read(source).into_iter().filter(|(found, _)| *found == kind).map(|(_, text)| text).collect()
    }

    #[test]
    fn doc_comments_have_exactly_three_marks() {
        let source = "//// rule\n/// outer\n//! inner\n// plain\n/** block */ /*** rule */ /**/ /*! in */ /* plain */";
        assert_eq!(of(Kind::OuterDoc, source), ["/// outer", "/** block */"]);
        assert_eq!(of(Kind::InnerDoc, source), ["//! inner", "/*! in */"]);
        assert_eq!(of(Kind::Comment, source), ["//// rule", "// plain", "/*** rule */", "/**/", "/* plain */"]);
    }

    #[test]
    fn block_comments_nest() {
        assert_eq!(of(Kind::Name, "a /* b /* c */ d */ e"), ["a", "e"]);
    }

    #[test]
    fn comment_marks_in_strings_are_text() {
        let source = r##"let url = "http://x \" // y"; r"\" /*; r#"a " // "#; b"//"; br"/*"; c"//" // end"##;
        let text = [r#""http://x \" // y""#, r#"r"\""#];
        assert_eq!(of(Kind::Text, source)[..2], text);
        let source = r##"r#"a " // "#; b"//"; br"/*"; c"//"; r"\" // end"##;
        assert_eq!(of(Kind::Text, source), [r##"r#"a " // "#"##, r#"b"//""#, r#"br"/*""#, r#"c"//""#, r#"r"\""#]);
        assert_eq!(of(Kind::Comment, source), ["// end"]);
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        let source = r"fn f<'a>(x: &'a str, y: &'static str, z: &'_ T) { ['\'', '\\', '\u{1F600}', 'ä', '\n', b'x', b'\'', '_', ' ', '/'] }";
        assert_eq!(of(Kind::Lifetime, source), ["'a", "'a", "'static", "'_"]);
        assert_eq!(
            of(Kind::Char, source),
            [r"'\''", r"'\\'", r"'\u{1F600}'", "'ä'", r"'\n'", "b'x'", r"b'\''", "'_'", "' '", "'/'"]
        );
    }

    #[test]
    fn raw_names_and_names_that_start_like_strings_are_names() {
        assert_eq!(of(Kind::Name, "r#type br rb crab r b c break_b"), ["r#type", "br", "rb", "crab", "r", "b", "c", "break_b"]);
    }

    #[test]
    fn numbers_stop_before_a_range() {
        assert_eq!(of(Kind::Number, "0x1f_u8 1..20 1.5"), ["0x1f_u8", "1", "20", "1", "5"]);
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let source = "a\n/* \n */ \"\n\n\" b\nc";
        let lines: Vec<_> = tokens(source).into_iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 2, 3, 5, 6]);
    }
}
