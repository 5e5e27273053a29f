//! Words that the source avoids, in comments, names and texts.

use std::ops::Range;

use super::lexer::{Kind, Token};

const AVOIDED: [&str; 3] = ["told", "whoever", "nobody"];

/// An avoided word in a source.
pub(super) struct Word {
    pub(super) line: usize,
    #[cfg_attr(not(test), expect(dead_code, reason = "the line shows it"))]
    pub(super) word: &'static str,
}

/// Finds avoided words in comments and names everywhere, and in texts outside the modules of tests.
pub(super) fn words(source: &str, tokens: &[Token], is_tests: bool) -> Vec<Word> {
    let tests = test_modules(source, tokens);
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let text = &source[token.span.clone()];
        let parts = match token.kind {
            Kind::OuterDoc | Kind::InnerDoc | Kind::Comment => text.to_owned(),
            Kind::Name => split_camel(text),
            Kind::Text if !is_tests && !tests.iter().any(|range| range.contains(&index)) => without_escapes(text),
            _ => continue,
        };
        for (offset, line) in parts.split('\n').enumerate() {
            let avoided = line.split(|letter: char| !letter.is_alphanumeric()).filter_map(avoided);
            found.extend(avoided.map(|word| Word { line: token.line + offset, word }));
        }
    }
    found
}

fn avoided(part: &str) -> Option<&'static str> {
    AVOIDED.into_iter().find(|word| part.eq_ignore_ascii_case(word))
}

/// `ToldOnce` is two words.
fn split_camel(name: &str) -> String {
    let mut parts = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !parts.ends_with(char::is_uppercase) {
            parts.push('_');
        }
        parts.push(letter);
    }
    parts
}

fn without_escapes(text: &str) -> String {
    ["\\n", "\\t", "\\r", "\\\""].iter().fold(text.to_owned(), |text, escape| text.replace(escape, "  "))
}

/// Returns the ranges of tokens that are modules under `#[cfg(test)]`.
fn test_modules(source: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let code: Vec<(usize, &str)> = code(source, tokens);
    let start = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut ranges = Vec::new();
    for (position, window) in code.windows(start.len()).enumerate() {
        if window.iter().map(|(_, text)| *text).eq(start) {
            let first = window[0].0;
            ranges.push(first..module_end(&code[position + start.len()..]));
        }
    }
    ranges
}

/// Returns the names of modules under `#[cfg(test)]` that are files of their own.
pub(super) fn test_files(source: &str, tokens: &[Token]) -> Vec<String> {
    let code = code(source, tokens);
    let found = code.windows(10).filter(|window| {
        let mut texts = window.iter().map(|(_, text)| *text);
        texts.by_ref().take(8).eq(["#", "[", "cfg", "(", "test", ")", "]", "mod"]) && texts.nth(1) == Some(";")
    });
    found.map(|window| window[8].1.to_owned()).collect()
}

fn code<'a>(source: &'a str, tokens: &[Token]) -> Vec<(usize, &'a str)> {
    let is_code = |token: &Token| !matches!(token.kind, Kind::OuterDoc | Kind::InnerDoc | Kind::Comment);
    let code = tokens.iter().enumerate().filter(|(_, token)| is_code(token));
    code.map(|(index, token)| (index, &source[token.span.clone()])).collect()
}

/// Returns the index of the token after a module whose name comes first.
fn module_end(code: &[(usize, &str)]) -> usize {
    let mut depth = 0_usize;
    for (index, text) in code {
        match *text {
            "{" => depth += 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return *index,
            _ => continue,
        }
        if depth == 0 {
            return index + 1;
        }
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn read(source: &str) -> Vec<(usize, &'static str)> {
        words(source, &tokens(source), false).into_iter().map(|found| (found.line, found.word)).collect()
    }

    #[test]
    fn whole_words_count_in_any_case_and_inside_names() {
        let source = "/// Told\n/// by nobody's\nfn is_told_twice(Untold: ToldTale) {} // untold, stole told\n\"x\\nwhoever\"";
        assert_eq!(read(source), [(1, "told"), (2, "nobody"), (3, "told"), (3, "told"), (3, "told"), (4, "whoever")]);
    }

    #[test]
    fn texts_of_test_modules_do_not_count() {
        let source = "#[cfg(test)]\nmod tests {\n fn a() { \"told\"; '{' }\n // told\n}\nconst A: &str = \"told\";";
        assert_eq!(read(source), [(4, "told"), (6, "told")]);
        assert!(words("\"told\"", &tokens("\"told\""), true).is_empty());
    }

    #[test]
    fn test_modules_in_files_are_found() {
        let source = "#[cfg(test)]\nmod tests;\nmod other;\n#[cfg(test)] mod inline {}\nconst A: &str = \"told\";";
        assert_eq!(test_files(source, &tokens(source)), ["tests"]);
        assert_eq!(read(source), [(5, "told")]);
    }
}
