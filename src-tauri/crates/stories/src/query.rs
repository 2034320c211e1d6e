//! The query language: words, "phrases", AND OR NOT, prefix*, parentheses, tag:x and author:x.
//!
//! Comes in as what a person or a model wrote, goes out as a [`Query`], or as a [`QueryError`] that
//! says at which character it went wrong. Words next to each other mean AND; AND binds tighter
//! than OR; only capitals are operators. Punctuation with no letter or digit is passed over, since
//! nothing could match it. Knows nothing of SQLite: [`crate::fts`] translates.

mod lexer;

use lexer::{Token, lex};

/// Characters of the longest query.
pub(crate) const MAX_QUERY: usize = 1000;
/// Nested parentheses; beyond it no person wrote the query, and the parser of FTS5 has no room.
const MAX_DEPTH: usize = 8;

/// What a story has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    /// Nothing: every story.
    All,
    /// These words, one after the other, in the title, body, tags or author's name.
    Text(Pattern),
    /// A tag.
    Tag(Option<Pattern>),
    /// An author whose name has these words.
    Author(Option<Pattern>),
    /// All of these.
    And(Vec<Query>),
    /// At least one of these.
    Or(Vec<Query>),
    /// Everything but this.
    Not(Box<Query>),
}

/// What is looked for in a field; absent means that the field has anything at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As written, without quotes and star.
    pub(crate) text: String,
    /// Whether the last word is only the beginning of one.
    pub(crate) prefix: bool,
}

impl Query {
    /// Whether some story can match it better than another: a word may stand in a title or deep in
    /// a text, but a story has a tag or an author, or it has not.
    pub(crate) fn has_words(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_words),
            // What is excluded says nothing about what is left.
            Self::All | Self::Tag(_) | Self::Author(_) | Self::Not(_) => false,
        }
    }
}

/// A query that cannot be understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryError {
    /// Character, counting from 1.
    pub(crate) at: usize,
    problem: String,
    query: String,
}

/// Reads a query.
pub(crate) fn parse(query: &str) -> Result<Query, QueryError> {
    let fail = |(at, problem): Problem| QueryError { at: at + 1, problem, query: query.to_owned() };
    let characters: Vec<char> = query.chars().collect();
    if characters.len() > MAX_QUERY {
        let problem =
            format!("the query has {} characters, at most {MAX_QUERY} are read", characters.len());
        return Err(fail((MAX_QUERY, problem)));
    }
    let tokens = lex(&characters).map_err(fail)?;
    let mut parser = Parser { tokens, next: 0, end: characters.len(), depth: 0 };
    let parsed = parser.either().map_err(fail)?;
    match parser.peek() {
        Some(Token::Close) => Err(fail((parser.at(), "this ) closes nothing".to_owned()))),
        _ => parsed.ok_or_else(|| {
            let problem = "there is no word to search for; * finds every story";
            fail((0, problem.to_owned()))
        }),
    }
}

/// Index of a character, and what is wrong there.
type Problem = (usize, String);
/// Absent where there was only punctuation.
type Parsed = Result<Option<Query>, Problem>;

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn either(&mut self) -> Parsed {
        match self.peek() {
            Some(Token::And) => return Err(self.nothing_before("AND")),
            Some(Token::Or) => return Err(self.nothing_before("OR")),
            _ => {}
        }
        let mut parts = Vec::from_iter(self.both()?);
        while self.peek() == Some(&Token::Or) {
            self.next += 1;
            self.operand_follows("OR")?;
            parts.extend(self.both()?);
        }
        Ok(one_or(parts, Query::Or))
    }

    fn both(&mut self) -> Parsed {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None | Some(Token::Or | Token::Close) => return Ok(one_or(parts, Query::And)),
                Some(Token::And) => {
                    self.next += 1;
                    self.operand_follows("AND")?;
                }
                Some(_) => parts.extend(self.operand()?),
            }
        }
    }

    fn operand(&mut self) -> Parsed {
        let mut negated = false;
        while self.peek() == Some(&Token::Not) {
            self.next += 1;
            negated = !negated;
            self.operand_follows("NOT")?;
        }
        let at = self.at();
        let Some((_, token)) = self.tokens.get(self.next).cloned() else { return Ok(None) };
        self.next += 1;
        let query = match token {
            Token::Open => self.group(at)?,
            Token::Everything => Some(Query::All),
            Token::Text(pattern) => has_word(&pattern.text).then_some(Query::Text(pattern)),
            Token::Tag(pattern) => Some(Query::Tag(pattern)),
            Token::Author(pattern) => Some(Query::Author(pattern)),
            Token::And | Token::Or | Token::Not | Token::Close => None,
        };
        Ok(match query {
            Some(query) if negated => Some(Query::Not(Box::new(query))),
            query => query,
        })
    }

    fn group(&mut self, open: usize) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((open, format!("parentheses are nested more than {MAX_DEPTH} deep")));
        }
        match self.peek() {
            None => return Err((open, "this ( is not closed".to_owned())),
            Some(Token::Close) => {
                return Err((self.at(), "there is nothing between the parentheses".to_owned()));
            }
            Some(_) => {}
        }
        let inside = self.either()?;
        if self.peek() != Some(&Token::Close) {
            return Err((open, "this ( is not closed".to_owned()));
        }
        self.next += 1;
        self.depth -= 1;
        Ok(inside)
    }

    fn nothing_before(&self, operator: &str) -> Problem {
        (
            self.at(),
            format!("{operator} needs something before it; quote it to search for the word"),
        )
    }

    fn operand_follows(&self, operator: &str) -> Result<(), Problem> {
        match self.peek() {
            None | Some(Token::And | Token::Or | Token::Close) => {
                // The operator itself is what has to change, not what stands after it.
                let at = self.tokens[self.next - 1].0;
                let words = "needs something after it; quote it to search for the word";
                Err((at, format!("{operator} {words}")))
            }
            Some(_) => Ok(()),
        }
    }
}

fn one_or(mut parts: Vec<Query>, several: impl Fn(Vec<Query>) -> Query) -> Option<Query> {
    if parts.len() > 1 { Some(several(parts)) } else { parts.pop() }
}

/// Whether the index could have a word for this text.
fn has_word(text: &str) -> bool {
    text.chars().any(|character| character.is_alphanumeric() || character == '+')
}

impl std::fmt::Display for QueryError {
    /// The problem, then the part of the query around it with a caret below the place.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const AROUND: usize = 32;
        writeln!(formatter, "the query does not parse at character {}: {}", self.at, self.problem)?;
        let characters: Vec<char> = self.query.chars().collect();
        let index = (self.at - 1).min(characters.len());
        let from = index.saturating_sub(AROUND);
        let to = (index + AROUND).min(characters.len());
        // A line break inside would part the caret from its character.
        let shown: String = characters[from..to]
            .iter()
            .map(|&character| if character.is_control() { ' ' } else { character })
            .collect();
        let (before, after) =
            (if from > 0 { "…" } else { "" }, if to < characters.len() { "…" } else { "" });
        writeln!(formatter, "  {before}{shown}{after}")?;
        write!(formatter, "  {}^", " ".repeat(index - from + before.chars().count()))
    }
}

impl std::error::Error for QueryError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Query {
        Query::Text(Pattern { text: text.into(), prefix: false })
    }

    fn beginning(text: &str) -> Pattern {
        Pattern { text: text.into(), prefix: true }
    }

    fn exactly(text: &str) -> Pattern {
        Pattern { text: text.into(), prefix: false }
    }

    #[test]
    fn queries_mean_what_people_expect() {
        use Query::{All, And, Author, Not, Or, Tag};
        let not = |query| Not(Box::new(query));
        let cases = [
            ("a", text("a")),
            ("a b", And(vec![text("a"), text("b")])),
            ("a AND b c", And(vec![text("a"), text("b"), text("c")])),
            ("a b OR c", Or(vec![And(vec![text("a"), text("b")]), text("c")])),
            ("a (b OR c)", And(vec![text("a"), Or(vec![text("b"), text("c")])])),
            ("a NOT b", And(vec![text("a"), not(text("b"))])),
            ("a AND NOT b", And(vec![text("a"), not(text("b"))])),
            ("NOT NOT a", text("a")),
            ("NOT (a OR b)", not(Or(vec![text("a"), text("b")]))),
            ("((a))", text("a")),
            ("\"a OR b\"", text("a OR b")),
            ("“a b”", text("a b")),
            ("and or not", And(vec![text("and"), text("or"), text("not")])),
            ("ups*", Query::Text(beginning("ups"))),
            ("\"the up\"*", Query::Text(beginning("the up"))),
            ("*", All),
            ("c++ it's sub-word", And(vec![text("c++"), text("it's"), text("sub-word")])),
            ("tag:x", Tag(Some(exactly("x")))),
            (
                "Tag:x author:@Ann",
                And(vec![Tag(Some(exactly("x"))), Author(Some(exactly("@Ann")))]),
            ),
            ("tag:\"open source\"", Tag(Some(exactly("open source")))),
            ("tag:op*", Tag(Some(beginning("op")))),
            ("tag:* author:*", And(vec![Tag(None), Author(None)])),
            ("tag:a OR tag:b", Or(vec![Tag(Some(exactly("a"))), Tag(Some(exactly("b")))])),
            ("http://x.org/a:b", text("http://x.org/a:b")),
            ("vintage:x", text("vintage:x")),
            ("rust — async", And(vec![text("rust"), text("async")])),
            ("a AND —", text("a")),
            ("水 été", And(vec![text("水"), text("été")])),
        ];
        for (query, expected) in cases {
            assert_eq!(parse(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_mistake_is_answered_with_its_place() {
        let cases = [
            ("", 1, "no word to search for"),
            ("  — ", 1, "no word to search for"),
            ("a AND", 3, "AND needs something after it"),
            ("AND a", 1, "AND needs something before it"),
            ("a OR OR b", 3, "OR needs something after it"),
            ("OR", 1, "OR needs something before it"),
            ("a (OR b)", 4, "OR needs something before it"),
            ("a (AND b)", 4, "AND needs something before it"),
            ("a NOT", 3, "NOT needs something after it"),
            ("a \"b c", 3, "quote is not closed"),
            ("é tag:\"b", 7, "quote is not closed"),
            ("(a b", 1, "( is not closed"),
            ("a (", 3, "( is not closed"),
            ("a b)", 4, ") closes nothing"),
            (")", 1, ") closes nothing"),
            ("a ()", 4, "nothing between the parentheses"),
            ("tag: x", 5, "tag: needs a value"),
            ("author:", 8, "author: needs a value"),
            ("tag:\"\"", 5, "tag: needs a value"),
            ("tag:(a b)", 5, "tag: needs a value"),
            ("a*b", 2, "* can only stand at the end"),
            ("*a", 1, "* can only stand at the end"),
        ];
        for (query, at, words) in cases {
            let error = parse(query).expect_err(query);
            assert_eq!(error.at, at, "{query}: {error}");
            assert!(error.to_string().contains(words), "{query}: {error}");
        }
        assert!(parse(&"(".repeat(MAX_DEPTH + 1)).is_err());
        assert_eq!(parse(&"a".repeat(MAX_QUERY + 1)).unwrap_err().at, MAX_QUERY + 1);
    }

    #[test]
    fn the_caret_stands_below_the_character() {
        let error = parse("upstream AND").unwrap_err().to_string();
        assert_eq!(
            error,
            "the query does not parse at character 10: AND needs something after it; quote it to \
             search for the word\n  upstream AND\n           ^"
        );
        let long = format!("{} (b", "word ".repeat(20));
        let lines: Vec<String> =
            parse(&long).unwrap_err().to_string().lines().map(Into::into).collect();
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[1].chars().nth(caret), Some('('));
    }
}
