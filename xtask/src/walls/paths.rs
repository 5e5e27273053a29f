//! Paths in code and in `use` trees.

use std::fmt;

use proc_macro2::{TokenStream, TokenTree};

use super::parse::Import;
use super::tokens::{AsToken as _, attribute, is_test, skip_item};

/// A path as the source has it.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    /// Starts with `::`: its first segment is a crate.
    pub(super) is_global: bool,
    pub(super) line: usize,
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.segments.join("::"))
    }
}

/// Returns the leaves of a `use` tree.
pub(super) fn imports(tree: &[TokenTree], is_reexport: bool) -> Vec<Import> {
    let line = tree.first().map_or(0, |token| token.span().start().line);
    let is_global = tree.first().is_some_and(|token| token.is_mark(':'));
    let mut leaves = Vec::new();
    leaf(tree, &Path { segments: Vec::new(), is_global, line }, is_reexport, &mut leaves);
    leaves
}

fn leaf(tree: &[TokenTree], prefix: &Path, is_reexport: bool, leaves: &mut Vec<Import>) {
    let mut path = prefix.clone();
    let mut rename = None;
    let mut tokens = tree.iter();
    while let Some(token) = tokens.next() {
        path.line = token.span().start().line;
        match token {
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let branches = inside.split(|token| token.is_mark(',')).filter(|branch| !branch.is_empty());
                branches.for_each(|branch| leaf(branch, &path, is_reexport, leaves));
                return;
            }
            token if token.is_mark('*') => {
                leaves.push(Import { name: None, path, is_reexport });
                return;
            }
            token if token.is_name("as") => rename = tokens.next().map(ToString::to_string),
            // In braces, `self` is the module before them.
            token if token.is_name("self") && !path.segments.is_empty() => {}
            TokenTree::Ident(name) => path.segments.push(name.to_string()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    let name = rename.or_else(|| path.segments.last().cloned());
    leaves.push(Import { name, path, is_reexport });
}

/// Finds the paths in code, names alone among them, and the imports inside of functions.
pub(super) fn references(code: &[TokenTree], paths: &mut Vec<Path>, inner: &mut Vec<Import>) {
    let mut at = 0;
    while let Some(token) = code.get(at) {
        let rest = &code[at..];
        at += match token {
            _ if attribute(rest).is_some_and(|inside| is_test(&inside)) => skip_item(rest),
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                references(&inside, paths, inner);
                1
            }
            TokenTree::Literal(literal) => {
                paths.extend(quoted(&literal.to_string(), token.span().start().line));
                1
            }
            token if token.is_name("use") => {
                let length = rest.iter().position(|token| token.is_mark(';')).unwrap_or(rest.len());
                inner.extend(imports(&rest[1..length], false));
                length
            }
            TokenTree::Ident(_) => {
                let (segments, length) = segments(rest);
                let line = token.span().start().line;
                paths.extend(start(&code[..at]).map(|is_global| Path { segments, is_global, line }));
                length
            }
            TokenTree::Punct(_) => 1,
        };
    }
}

/// Returns the segments of the path that starts here, and the number of its tokens.
fn segments(tokens: &[TokenTree]) -> (Vec<String>, usize) {
    let mut segments = vec![tokens[0].to_string()];
    let mut length = 1;
    while let [first, second, TokenTree::Ident(name), ..] = &tokens[length..]
        && first.is_mark(':')
        && second.is_mark(':')
    {
        segments.push(name.to_string());
        length += 3;
    }
    (segments, length)
}

/// Returns whether the path after these tokens starts with `::`; none if what follows them is no path: fields and methods,
/// lifetimes, variables of macros, associated items of a type in angle brackets.
fn start(before: &[TokenTree]) -> Option<bool> {
    match before {
        [.., first, last] if first.is_mark('.') && last.is_mark('.') => Some(false),
        [.., first, second] if first.is_mark(':') && second.is_mark(':') => {
            let owner = before.len().checked_sub(3).map(|index| &before[index]);
            (!owner.is_some_and(|owner| owner.is_mark('>'))).then_some(true)
        }
        [.., last] if last.is_mark('.') || last.is_mark('\'') => None,
        _ => Some(false),
    }
}

/// Attributes of serde and `SeaORM` have paths in strings. One that names a module stands for the functions in it.
fn quoted(literal: &str, line: usize) -> Option<Path> {
    let path = literal.strip_prefix('"')?.strip_suffix('"')?;
    let is_path = ["crate::", "self::", "super::"].iter().any(|start| path.starts_with(start));
    let tokens: Vec<TokenTree> = is_path.then(|| path.parse::<TokenStream>().ok())??.into_iter().collect();
    let mut segments = segments(&tokens).0;
    segments.push("serialize".to_owned());
    Some(Path { segments, is_global: false, line })
}
