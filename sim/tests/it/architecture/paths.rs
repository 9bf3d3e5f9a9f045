//! The paths that a file of source names: in its `use` trees, and anywhere else in its code.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path, and what a `use` makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedPath {
    /// Its segments, as they are written: `crate`, `super` and `self` too, and `*` at the end of a glob.
    pub(super) segments: Vec<String>,
    /// The name by which others find it here, where it is a `pub use` of any visibility.
    pub(super) exported_as: Option<String>,
}

/// All paths of a file, without those of its tests.
pub(super) fn named(source: &str) -> Vec<NamedPath> {
    let tokens: TokenStream = source.parse().expect("the compiler has read it");
    let mut paths = Vec::new();
    read(&tokens.into_iter().collect::<Vec<_>>(), &mut paths);
    paths
}

fn read(tokens: &[TokenTree], paths: &mut Vec<NamedPath>) {
    let mut at = 0;
    let mut is_public = false;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(punct) if punct.as_char() == '#' && is_of_tests(tokens.get(at + 1)) => {
                at = item_end(tokens, at + 2);
            }
            TokenTree::Ident(word) if word == "pub" => {
                is_public = true;
                // `pub(super)` and `pub(in path)` name nothing that this file needs.
                let has_scope = matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                at += if has_scope { 2 } else { 1 };
                continue;
            }
            TokenTree::Ident(word) if word == "use" => {
                let end = (at..tokens.len()).find(|at| is_punct(tokens.get(*at), ';')).unwrap_or(tokens.len());
                use_tree(&tokens[at + 1..end], &[], is_public, paths);
                at = end + 1;
            }
            TokenTree::Ident(_) => {
                let (segments, next) = path(tokens, at);
                if segments.len() > 1 {
                    paths.push(NamedPath { segments, exported_as: None });
                }
                at = next;
            }
            TokenTree::Group(group) => {
                read(&inside(group), paths);
                at += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
        is_public = false;
    }
}

/// A path that begins at a token, and the token after it.
fn path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        segments.push(word.to_string());
        at += 1;
        if !is_separator(tokens, at) {
            break;
        }
        at += 2;
    }
    (segments, at)
}

/// The tree of a `use`, whose beginning is `before`.
fn use_tree(tokens: &[TokenTree], before: &[String], is_public: bool, paths: &mut Vec<NamedPath>) {
    for tree in tokens.split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')) {
        let (segments, next) = path(tree, 0);
        let mut segments = [before, &segments].concat();
        match tree.get(next) {
            Some(TokenTree::Group(group)) => use_tree(&inside(group), &segments, is_public, paths),
            Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                segments.push("*".to_owned());
                paths.push(NamedPath { segments, exported_as: None });
            }
            renamed => {
                if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
                    segments.pop();
                }
                // `use a as b` has the new name after the word.
                let name = match renamed {
                    Some(TokenTree::Ident(_)) => tree.get(next + 1).map(ToString::to_string),
                    _ => segments.last().cloned(),
                };
                if !segments.is_empty() {
                    paths.push(NamedPath { segments, exported_as: name.filter(|_| is_public) });
                }
            }
        }
    }
}

fn inside(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

/// Whether an attribute is `#[cfg(test)]`.
fn is_of_tests(attribute: Option<&TokenTree>) -> bool {
    matches!(attribute, Some(TokenTree::Group(group)) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// The token after an item: behind its block, or its semicolon.
fn item_end(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    tokens[from..].iter().position(is_end).map_or(tokens.len(), |end| from + end + 1)
}
