//! Doc blocks: consecutive lines of doc comment.

use super::lexer::{Kind, Token};

pub(super) struct Block {
    /// The line on which it starts.
    pub(super) line: usize,
    /// Its text, without the marks of comments.
    pub(super) text: String,
}

/// The first words that make a reader decode a sentence.
const RIDDLES: [&str; 8] = ["what", "how", "whether", "who", "whoever", "where", "when", "why"];

/// Docs of at most this many words only repeat the name of their item, as a rule.
const SHORT: usize = 3;

pub(super) fn blocks(source: &str, tokens: &[Token]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // The kind and the line after the last line of the block before.
    let mut before: Option<(Kind, usize)> = None;
    for token in tokens.iter().filter(|token| matches!(token.kind, Kind::OuterDoc | Kind::InnerDoc)) {
        let comment = &source[token.span.clone()];
        let text = comment.trim_start_matches(['/', '*', '!']).trim_end_matches(['/', '*']).trim();
        let is_line = comment.starts_with("//");
        match blocks.last_mut().filter(|_| is_line && before == Some((token.kind, token.line))) {
            Some(block) => block.text.extend(["\n", text]),
            None => blocks.push(Block { line: token.line, text: text.to_owned() }),
        }
        before = is_line.then_some((token.kind, token.line + 1));
    }
    blocks
}

impl Block {
    pub(super) fn is_riddle(&self) -> bool {
        self.words().next().is_some_and(|word| RIDDLES.contains(&word.as_str()))
    }

    pub(super) fn is_short(&self) -> bool {
        self.words().count() <= SHORT
    }

    pub(super) fn opens_with_the_same(&self) -> bool {
        self.words().take(2).eq(["the", "same"])
    }

    /// Words as a reader counts them: `` `a::b` `` is one, and a dash alone is none.
    fn words(&self) -> impl Iterator<Item = String> {
        let words = self.text.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
        words.filter(|word| !word.is_empty()).map(|word| word.split(['\'', '’']).next().unwrap_or_default().to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn read(source: &str) -> Vec<Block> {
        blocks(source, &tokens(source))
    }

    #[test]
    fn consecutive_lines_are_one_block() {
        let source = "//! Module\n//! docs.\n\n/// First.\n///\n/// Second.\nstruct A {\n    /// Field.\n    a: u8, // plain\n\n    /// Other.\n\n    /// Block.\n b: u8 }";
        let found: Vec<_> = read(source).into_iter().map(|block| (block.line, block.text)).collect();
        let expected = [(1, "Module\ndocs."), (4, "First.\n\nSecond."), (8, "Field."), (11, "Other."), (13, "Block.")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn block_of_stars_stands_alone() {
        let found: Vec<_> = read("/** One\n two. */\n/// Three.").into_iter().map(|block| block.text).collect();
        assert_eq!(found, ["One\n two.", "Three."]);
    }

    #[test]
    fn opening_is_a_whole_word() {
        for riddle in ["What is `it`.", "whether", "How-to", "What's new", "`Why` so"] {
            let block = Block { line: 1, text: riddle.to_owned() };
            assert_eq!(block.is_riddle(), riddle != "How-to", "{riddle}");
        }
        for plain in ["Whatever follows here.", "Returns what it found.", "Whole numbers only"] {
            assert!(!Block { line: 1, text: plain.to_owned() }.is_riddle(), "{plain}");
        }
    }

    #[test]
    fn short_is_counted_in_words() {
        for (text, is_short) in [("Them.", true), ("The `a::b` — ever", true), ("The key's own id", false), ("", true)] {
            assert_eq!(Block { line: 1, text: text.to_owned() }.is_short(), is_short, "{text}");
        }
    }

    #[test]
    fn the_same_is_an_opening_only() {
        let block = |text: &str| Block { line: 1, text: text.to_owned() };
        assert!(block("The same, of a workspace").opens_with_the_same());
        assert!(!block("Of the same workspace").opens_with_the_same());
    }
}
