//! A file's modules, imports, definitions and paths, read from its tokens. What only tests compile is left out.

use std::collections::HashSet;
use std::mem;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::paths::{Path, imports, references};
use super::tokens::{AsToken as _, attribute, is_test, skip_item};

/// A module's source, as far as the graph needs it.
#[derive(Default)]
pub(super) struct Source {
    pub(super) modules: Vec<Module>,
    pub(super) imports: Vec<Import>,
    pub(super) definitions: HashSet<String>,
    /// Definitions with `#[macro_export]`: they are found at the crate's root.
    pub(super) exported: HashSet<String>,
    /// Names in invocations of macros, which may define any of them.
    pub(super) possible: HashSet<String>,
    pub(super) references: Vec<Path>,
}

/// `mod name;` or `mod name { … }`.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) body: Option<Source>,
}

/// A leaf of a `use` tree.
pub(super) struct Import {
    /// None for a glob.
    pub(super) name: Option<String>,
    pub(super) path: Path,
    pub(super) is_reexport: bool,
}

const DEFINING: [&str; 8] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static"];

/// Reads the source of a file.
pub(super) fn parse(text: &str) -> Result<Source, proc_macro2::LexError> {
    Ok(read(text.parse()?))
}

fn read(tokens: TokenStream) -> Source {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut source = Source::default();
    // Tokens that are neither imports nor modules: paths are looked for in them at the end.
    let mut code = Vec::new();
    let (mut at, mut is_exported) = (0, false);
    while let Some(token) = tokens.get(at) {
        if let Some(inside) = attribute(&tokens[at..]) {
            if is_test(&inside) {
                at += skip_item(&tokens[at..]);
                continue;
            }
            is_exported |= inside.to_string() == "macro_export";
        }
        let rest = &tokens[at..];
        if token.is_name("use") {
            let is_reexport = code.last().is_some_and(is_visibility);
            let length = rest.iter().position(|token| token.is_mark(';')).unwrap_or(rest.len());
            source.imports.extend(imports(&rest[1..length], is_reexport));
            at += length + 1;
        } else if let Some((module, length)) = module(rest) {
            source.modules.push(module);
            at += length;
        } else {
            if let Some(name) = definition(rest) {
                if mem::take(&mut is_exported) {
                    source.exported.insert(name.clone());
                }
                source.definitions.insert(name);
            } else if let [TokenTree::Ident(_), mark, TokenTree::Group(group), ..] = rest
                && mark.is_mark('!')
            {
                names(group.stream(), &mut source.possible);
            }
            code.push(token.clone());
            at += 1;
        }
    }
    let mut inner = Vec::new();
    references(&code, &mut source.references, &mut inner);
    source.imports.extend(inner);
    source
}

/// `pub`, or the parentheses that may follow it. A tuple struct's parentheses are followed by a semicolon, not by `use`.
fn is_visibility(token: &TokenTree) -> bool {
    token.is_name("pub") || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

fn module(tokens: &[TokenTree]) -> Option<(Module, usize)> {
    let [keyword, TokenTree::Ident(name), end, ..] = tokens else { return None };
    let body = match end {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(read(group.stream())),
        end if end.is_mark(';') => None,
        _ => return None,
    };
    keyword.is_name("mod").then(|| (Module { name: name.to_string(), body }, 3))
}

fn definition(tokens: &[TokenTree]) -> Option<String> {
    match tokens {
        [TokenTree::Ident(keyword), TokenTree::Ident(name), ..] if DEFINING.iter().any(|word| keyword == word) => {
            let name = name.to_string();
            (!DEFINING.contains(&name.as_str())).then_some(name)
        }
        [keyword, mark, TokenTree::Ident(name), ..] if keyword.is_name("macro_rules") && mark.is_mark('!') => {
            Some(name.to_string())
        }
        _ => None,
    }
}

fn names(tokens: TokenStream, found: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => _ = found.insert(name.to_string()),
            TokenTree::Group(group) => names(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
