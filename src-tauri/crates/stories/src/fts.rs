//! Turns a [`Query`] into one SQLite FTS5 expression.
//!
//! Every word goes in quoted, so that nothing a person writes is read as FTS5's own syntax. What
//! FTS5 has no words for (a whole tag, “has a tag”, NOT without a left side) is looked for among
//! marks that stand in an index column of their own, which plain words do not search.

use std::fmt::Write as _;

use crate::query::{Pattern, Query};

/// Columns of the index, in order.
pub(crate) const COLUMNS: &str = "title, body, tags, author, marks";
/// Their weights in the ranking: a word in a title says most, a mark says nothing.
pub(crate) const WEIGHTS: &str = "8.0, 1.0, 5.0, 4.0, 0.0";
/// Where the body stands among the columns.
pub(crate) const BODY: usize = 1;
/// A + is part of a word, so that c++ is not every c.
pub(crate) const TOKENIZER: &str = "unicode61 remove_diacritics 2 tokenchars '+'";

const TEXT_COLUMNS: &str = "{title body tags author}";
const EVERY_STORY: &str = "zstory";
const HAS_TAG: &str = "ztagged";
const HAS_AUTHOR: &str = "zauthored";

/// What a story has in the column of marks.
pub(crate) fn marks(tags: &[String], has_author: bool) -> String {
    let mut marks = EVERY_STORY.to_owned();
    if has_author {
        marks = marks + " " + HAS_AUTHOR;
    }
    if !tags.is_empty() {
        marks = marks + " " + HAS_TAG;
    }
    tags.iter().fold(marks, |marks, tag| marks + " " + &tag_mark(tag))
}

/// The expression for `MATCH`.
pub(crate) fn expression(query: &Query) -> String {
    match query {
        Query::All => mark(EVERY_STORY, false),
        Query::Text(pattern) => in_columns(TEXT_COLUMNS, pattern),
        Query::Tag(None) => mark(HAS_TAG, false),
        Query::Tag(Some(pattern)) => {
            mark(&tag_mark(&pattern.text.trim().to_lowercase()), pattern.prefix)
        }
        Query::Author(None) => mark(HAS_AUTHOR, false),
        Query::Author(Some(pattern)) => in_columns("author", pattern),
        Query::And(parts) => {
            // FTS5's NOT takes away from a left side, so that the negated parts go last.
            let (without, with): (Vec<_>, Vec<_>) =
                parts.iter().partition(|part| matches!(part, Query::Not(_)));
            let left =
                if with.is_empty() { mark(EVERY_STORY, false) } else { joined(&with, " AND ") };
            if without.is_empty() {
                return left;
            }
            let unwanted: Vec<_> = without.into_iter().filter_map(negated).collect();
            format!("({left}) NOT ({})", joined(&unwanted, " OR "))
        }
        Query::Or(parts) => joined(&parts.iter().collect::<Vec<_>>(), " OR "),
        Query::Not(part) => format!("{} NOT ({})", mark(EVERY_STORY, false), expression(part)),
    }
}

fn negated(query: &Query) -> Option<&Query> {
    if let Query::Not(part) = query { Some(part) } else { None }
}

fn joined(parts: &[&Query], operator: &str) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("({})", expression(part))).collect();
    parts.join(operator)
}

fn in_columns(columns: &str, pattern: &Pattern) -> String {
    // FTS5 reads its expression as a C string, which a NUL would end.
    let text = pattern.text.replace('\0', " ").replace('"', "\"\"");
    format!("{columns} : \"{text}\"{}", if pattern.prefix { " *" } else { "" })
}

fn mark(mark: &str, prefix: bool) -> String {
    format!("marks : \"{mark}\"{}", if prefix { " *" } else { "" })
}

/// One word of the index for a whole tag, whatever characters it has; a tag's beginning gives the
/// beginning of its mark.
fn tag_mark(tag: &str) -> String {
    tag.bytes().fold("t".to_owned(), |mut mark, byte| {
        // Writing to a String cannot fail.
        let _ = write!(mark, "{byte:02x}");
        mark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(query: &str) -> String {
        expression(&crate::query::parse(query).unwrap())
    }

    #[test]
    fn words_are_quoted_and_kept_to_their_columns() {
        assert_eq!(translated("it's"), "{title body tags author} : \"it's\"");
        assert_eq!(translated("a\\"), "{title body tags author} : \"a\\\"");
        assert_eq!(translated("“say \"no\"”*"), "{title body tags author} : \"say \"\"no\"\"\" *");
        assert_eq!(translated("author:ann"), "author : \"ann\"");
        assert_eq!(translated("tag:Ab"), "marks : \"t6162\"");
        assert_eq!(translated("tag:a*"), "marks : \"t61\" *");
    }

    #[test]
    fn negation_always_has_a_left_side() {
        assert_eq!(translated("NOT tag:*"), "marks : \"zstory\" NOT (marks : \"ztagged\")");
        assert_eq!(
            translated("NOT tag:* NOT author:*"),
            "(marks : \"zstory\") NOT ((marks : \"ztagged\") OR (marks : \"zauthored\"))"
        );
        assert_eq!(translated("* NOT tag:*"), "((marks : \"zstory\")) NOT ((marks : \"ztagged\"))");
    }
}
