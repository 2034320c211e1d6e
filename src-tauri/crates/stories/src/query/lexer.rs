//! Cuts a query into its parts and remembers at which character each begins.

use super::{Pattern, Problem};

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    And,
    Or,
    Not,
    Open,
    Close,
    /// A star on its own.
    Everything,
    Text(Pattern),
    Tag(Option<Pattern>),
    Author(Option<Pattern>),
}

/// The parts of a query with the index of their first character.
pub(super) fn lex(characters: &[char]) -> Result<Vec<(usize, Token)>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let start = at;
        let token = match character {
            _ if character.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => {
                at += 1;
                Token::Open
            }
            ')' => {
                at += 1;
                Token::Close
            }
            _ => match field(characters, at) {
                Some((name, after)) => {
                    at = after;
                    let value = value(characters, &mut at)?;
                    if value.as_ref().is_some_and(|pattern| pattern.text.trim().is_empty()) {
                        let problem =
                            format!("{name}: needs a value, such as {name}:x or {name}:*");
                        return Err((after, problem));
                    }
                    if name == "tag" { Token::Tag(value) } else { Token::Author(value) }
                }
                None => match value(characters, &mut at)? {
                    None => Token::Everything,
                    Some(pattern) => word(&characters[start..at], pattern),
                },
            },
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

/// The field whose name and colon stand here, and the index after them.
fn field(characters: &[char], at: usize) -> Option<(&'static str, usize)> {
    ["tag", "author"].into_iter().find_map(|name| {
        let end = at + name.len();
        let written = characters.get(at..end)?.iter().map(char::to_ascii_lowercase);
        (written.eq(name.chars()) && characters.get(end) == Some(&':')).then_some((name, end + 1))
    })
}

/// An operator, unless it was quoted.
fn word(written: &[char], pattern: Pattern) -> Token {
    match (written.len(), pattern.text.as_str()) {
        (3, "AND") => Token::And,
        (2, "OR") => Token::Or,
        (3, "NOT") => Token::Not,
        _ => Token::Text(pattern),
    }
}

/// A word or a quoted phrase, either with a star behind it; `None` for a star alone.
fn value(characters: &[char], at: &mut usize) -> Result<Option<Pattern>, Problem> {
    let start = *at;
    if let Some(closing) = characters.get(start).and_then(|&open| closing_quotes(open)) {
        let length = characters[start + 1..].iter().position(|quote| closing.contains(quote));
        let Some(length) = length else {
            return Err((start, "this quote is not closed".to_owned()));
        };
        let text = characters[start + 1..start + 1 + length].iter().collect();
        *at = start + length + 2;
        let prefix = characters.get(*at) == Some(&'*');
        *at += usize::from(prefix);
        return Ok(Some(Pattern { text, prefix }));
    }
    let rest = &characters[start..];
    let length = rest
        .iter()
        .position(|&c| c.is_whitespace() || matches!(c, '(' | ')') || closing_quotes(c).is_some())
        .unwrap_or(rest.len());
    *at = start + length;
    let written = &rest[..length];
    match written.iter().position(|&character| character == '*') {
        Some(0) if length == 1 => Ok(None),
        Some(star) if star == 0 || star + 1 < length => {
            Err((start + star, "a * can only stand at the end of a word".to_owned()))
        }
        star => {
            let text = written[..star.unwrap_or(length)].iter().collect();
            Ok(Some(Pattern { text, prefix: star.is_some() }))
        }
    }
}

/// What may close a quote that opens with this character; typographic ones come with pasted text.
fn closing_quotes(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '“' | '”' | '„' => Some(&['”', '“']),
        _ => None,
    }
}
