//! Lists of runs: all of them, one thread's, or those in which words occur.

use rusqlite::{Connection, params};

use super::{
    HistoryError,
    fts::fts_query,
    query::{LISTED, ListQuery, RunList, listed},
    search::search,
};
use crate::event::RunId;

pub(super) fn list(connection: &Connection, query: &ListQuery) -> Result<RunList, HistoryError> {
    if let Some(run) = query.thread {
        return thread(connection, run, query);
    }
    match fts_query(&query.words) {
        Some(matching) => search(connection, query, &matching),
        None if !query.words.trim().is_empty() => Ok(RunList { runs: Vec::new(), total: 0 }),
        None => all(connection, query),
    }
}

fn all(connection: &Connection, query: &ListQuery) -> Result<RunList, HistoryError> {
    let total = connection.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?;
    let select = format!("SELECT {LISTED} FROM runs ORDER BY n DESC LIMIT ?1 OFFSET ?2");
    let mut statement = connection.prepare_cached(&select)?;
    let runs = statement.query_map(params![query.limit, query.offset], listed)?;
    Ok(RunList { runs: runs.collect::<Result<_, _>>()?, total })
}

fn thread(connection: &Connection, run: RunId, query: &ListQuery) -> Result<RunList, HistoryError> {
    let same = "FROM runs WHERE thread = (SELECT thread FROM runs WHERE id = ?1)";
    let run = run.to_string();
    let total = connection
        .prepare_cached(&format!("SELECT count(*) {same}"))?
        .query_row([&run], |row| row.get(0))?;
    let select = format!("SELECT {LISTED} {same} ORDER BY n DESC LIMIT ?2 OFFSET ?3");
    let mut statement = connection.prepare_cached(&select)?;
    let runs = statement.query_map(params![run, query.limit, query.offset], listed)?;
    Ok(RunList { runs: runs.collect::<Result<_, _>>()?, total })
}
