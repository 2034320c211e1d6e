//! Searching runs by their words.

use rusqlite::{Connection, Row, params};

use super::query::{FoundIn, LISTED, LISTED_COLUMNS, ListQuery, Listed, RunList, listed};
use super::{HistoryError, snippet};

pub(super) fn search(
    connection: &Connection,
    query: &ListQuery,
    matching: &str,
) -> Result<RunList, HistoryError> {
    let total = connection
        .prepare_cached("SELECT count(*) FROM found WHERE found MATCH ?1")?
        .query_row([matching], |row| row.get(0))?;
    // Words in a question say more about a run than words in one of its results.
    let select = format!(
        "SELECT {LISTED}, runs.answer, hit.* FROM
            (SELECT {SNIPPETS}, rowid AS n, rank
             FROM found WHERE found MATCH ?1 AND rank MATCH 'bm25(8.0, 3.0, 1.0)'
             ORDER BY rank LIMIT ?2 OFFSET ?3) AS hit
         JOIN runs ON runs.n = hit.n ORDER BY hit.rank, runs.n DESC"
    );
    let mut statement = connection.prepare_cached(&select)?;
    let runs = statement.query_map(params![matching, query.limit, query.offset], |row| {
        let run = listed(row)?;
        let answer: Option<String> = row.get(LISTED_COLUMNS)?;
        let snippet = snippet(row, LISTED_COLUMNS + 1)?;
        let found_in = Some(found_in(&snippet, &run.question, answer.as_deref()));
        Ok(Listed { snippet: Some(snippet), found_in, ..run })
    })?;
    Ok(RunList { runs: runs.collect::<Result<_, _>>()?, total })
}

/// FTS5's snippet of what is short, and all of what is long, marked: [`snippet::of`].
const SNIPPETS: &str = "
    iif(length(results) <= 300000, snippet(found, -1, char(1), char(2), '…', 16), NULL),
    iif(length(results) <= 300000, NULL, highlight(found, 0, char(1), char(2))),
    iif(length(results) <= 300000, NULL, highlight(found, 1, char(1), char(2))),
    iif(length(results) <= 300000, NULL, highlight(found, 2, char(1), char(2)))";

/// From the columns that [`SNIPPETS`] selects, the first of which is given.
fn snippet(row: &Row<'_>, first: usize) -> rusqlite::Result<String> {
    if let Some(snippet) = row.get(first)? {
        return Ok(snippet);
    }
    let marked = [1, 2, 3].map(|n| row.get_ref(first + n).and_then(|text| Ok(text.as_str()?)));
    let [question, answer, results] = marked;
    Ok(snippet::of(&[question?, answer?, results?]).unwrap_or_default())
}

/// FTS5 does not say which text it cut a snippet from.
fn found_in(snippet: &str, question: &str, answer: Option<&str>) -> FoundIn {
    let plain = snippet.replace(['\u{1}', '\u{2}'], "");
    let plain = plain.trim_matches('…');
    if question.contains(plain) {
        FoundIn::Question
    } else if answer.is_some_and(|answer| answer.contains(plain)) {
        FoundIn::Answer
    } else {
        FoundIn::Results
    }
}
