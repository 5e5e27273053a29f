//! Questions about tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(super) trait AsToken {
    /// Returns whether it is this identifier or keyword.
    fn is_name(&self, name: &str) -> bool;

    /// Returns whether it is this character of punctuation.
    fn is_mark(&self, mark: char) -> bool;
}

impl AsToken for TokenTree {
    fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Ident(ident) if ident == name)
    }

    fn is_mark(&self, mark: char) -> bool {
        matches!(self, Self::Punct(punct) if punct.as_char() == mark)
    }
}

/// Returns the inside of the attribute that starts here.
pub(super) fn attribute(tokens: &[TokenTree]) -> Option<TokenStream> {
    match tokens {
        [mark, TokenTree::Group(group), ..] if mark.is_mark('#') && group.delimiter() == Delimiter::Bracket => {
            Some(group.stream())
        }
        _ => None,
    }
}

/// Returns whether an attribute leaves its item out unless tests are compiled: `cfg(test)`, `cfg(all(test, …))`.
pub(super) fn is_test(attribute: &TokenStream) -> bool {
    inside(attribute, "cfg").is_some_and(|predicate| needs_test(&predicate))
}

fn needs_test(predicate: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = predicate.clone().into_iter().collect();
    let [only] = tokens.as_slice() else {
        return inside(predicate, "all").is_some_and(|all| {
            let all: Vec<TokenTree> = all.into_iter().collect();
            all.split(|token| token.is_mark(',')).any(|part| needs_test(&part.iter().cloned().collect()))
        });
    };
    only.is_name("test")
}

/// `inside` of `name(inside)`.
fn inside(tokens: &TokenStream, name: &str) -> Option<TokenStream> {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next()?, tokens.next()?, tokens.next()) {
        (TokenTree::Ident(found), TokenTree::Group(group), None) if found == name => Some(group.stream()),
        _ => None,
    }
}

/// Returns the length of the item, field, statement or arm that starts here, with all of its attributes.
pub(super) fn skip_item(tokens: &[TokenTree]) -> usize {
    let mut at = 0;
    while attribute(&tokens[at..]).is_some() {
        at += 2;
    }
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => token.is_mark(';') || token.is_mark(','),
    };
    // The braces of `use a::{b, c};` are not its end.
    let is_import = tokens[at..].iter().take(3).any(|token| token.is_name("use"));
    let end = tokens[at..].iter().position(|token| if is_import { token.is_mark(';') } else { is_end(token) });
    end.map_or(tokens.len(), |end| at + end + 1)
}
