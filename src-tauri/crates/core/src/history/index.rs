//! The index over the words of runs, which holds no copy of them.
//!
//! What a run's words are is said by the view `searched`: its question and, once it has ended, its
//! answer and the text of its compressed results, through the SQL function [`FUNCTION`]. FTS5 reads
//! them there for snippets, and again when a run leaves the index: they must leave as they came.
//! So [`take_out`] comes before anything of a run is changed, and [`put_in`] after it.
//!
//! Files of before have a copy of all words in `found_content`. It stands for the words until
//! [`drop_copy`] has removed it, row by row.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::searchable;

/// The searched text of a compressed result. Another text than before, and what is in the index does
/// not fit any longer: then all of it is to be made anew.
const FUNCTION: &str = "searchable";

/// Makes the connection able to read the view.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(FUNCTION, 1, flags, |context: &mut Context<'_>| {
        let mut text = String::new();
        searchable::add(context.get_raw(0).as_blob().unwrap_or_default(), &mut text);
        Ok(text)
    })
}

/// Puts a run's words into the index, as they are now.
pub(super) fn put_in(change: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO found (rowid, question, answer, results)
             SELECT n, question, answer, results FROM searched WHERE n = ?1",
        )?
        .execute([run])?;
    Ok(())
}

/// Takes a run's words out of the index.
pub(super) fn take_out(change: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    change.prepare_cached("DELETE FROM found WHERE rowid = ?1")?.execute([run])?;
    change.prepare_cached("DELETE FROM found_content WHERE id = ?1")?.execute([run])?;
    Ok(())
}

/// Removes the copy of one run's words, where there still is one; whether there was.
pub(super) fn drop_copy(connection: &mut Connection) -> rusqlite::Result<bool> {
    let first = "SELECT id FROM found_content LIMIT 1";
    let first = connection.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?;
    let Some(run): Option<i64> = first else { return Ok(false) };
    // Nothing is locked meanwhile: a row of the copy is never changed, only removed.
    let is_same: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM words, found_content WHERE n = ?1 AND id = ?1
             AND c0 = question AND c1 = answer AND c2 = results)",
        )?
        .query_row([run], |row| row.get(0))?;
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_same {
        // Indexed by another rule than today's, or removed by another process meanwhile.
        change.execute(
            "INSERT INTO found (found, rowid, question, answer, results)
             SELECT 'delete', id, c0, c1, c2 FROM found_content WHERE id = ?1",
            [run],
        )?;
    }
    let removed =
        change.prepare_cached("DELETE FROM found_content WHERE id = ?1")?.execute([run])?;
    if !is_same && removed > 0 {
        put_in(&change, run)?;
    }
    change.commit()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;
    use uuid::Uuid;

    use super::super::{History, ListQuery, Recorder, RunList, list, schema};
    use super::*;
    use crate::event::EventKind;

    /// A file with a copy of all words, as an earlier version wrote it.
    fn old() -> (TempDir, PathBuf) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        fs::copy(root.join("tests/fixtures/histories/f72d6d0/history.db"), &path).unwrap();
        (folder, path)
    }

    /// Panics where the index does not hold the very words of the view.
    fn check(connection: &Connection) {
        let check = "INSERT INTO found (found, rank) VALUES ('integrity-check', 1)";
        connection.execute(check, []).unwrap();
    }

    fn found(connection: &Connection, words: &str) -> RunList {
        let query = ListQuery { words: words.to_owned(), limit: 20, ..ListQuery::default() };
        list::list(connection, &query).unwrap()
    }

    fn copies(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM found_content", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn all_is_found_as_before_while_the_copy_goes_also_after_a_kill() {
        let (_folder, path) = old();
        let searched = |connection: &Connection| {
            ["upstream", "lagoon", "item 1234", "slept", "e"].map(|words| found(connection, words))
        };
        let before = searched(&schema::open(&path).unwrap());
        assert!(before.iter().all(|list| list.total > 0));
        let mut rows = 0;
        loop {
            // Nothing but the file remembers how far it came.
            let mut connection = schema::open(&path).unwrap();
            check(&connection);
            assert_eq!(searched(&connection), before);
            if !drop_copy(&mut connection).unwrap() {
                break;
            }
            rows += 1;
        }
        assert_eq!(rows, before_all(&path));
    }

    fn before_all(path: &Path) -> usize {
        found(&schema::open(path).unwrap(), "").total
    }

    #[test]
    fn two_processes_may_drop_it_at_once_and_runs_go_meanwhile() {
        let (_folder, path) = old();
        let [mut one, mut other] = [(); 2].map(|()| schema::open(&path).unwrap());
        drop_copy(&mut one).unwrap();
        let change = other.transaction().unwrap();
        let first = change.query_row("SELECT min(id) FROM found_content", [], |row| row.get(0));
        let first: i64 = first.unwrap();
        take_out(&change, first).unwrap();
        change.execute("DELETE FROM runs WHERE n = ?1", [first]).unwrap();
        change.commit().unwrap();
        while drop_copy(&mut one).unwrap() | drop_copy(&mut other).unwrap() {
            check(&one);
        }
        check(&other);
        assert_eq!(copies(&one), 0);
    }

    #[test]
    fn what_was_indexed_by_another_rule_is_indexed_by_todays() {
        let (_folder, path) = old();
        let raw = Connection::open(&path).unwrap();
        raw.execute("UPDATE search SET results = 'otherwise' WHERE rowid = 1", []).unwrap();
        drop(raw);
        let mut connection = schema::open(&path).unwrap();
        check(&connection);
        assert_eq!(found(&connection, "otherwise").total, 1);
        while drop_copy(&mut connection).unwrap() {}
        check(&connection);
        assert_eq!(found(&connection, "otherwise").total, 0);
    }

    #[test]
    fn an_earlier_version_that_has_the_file_open_is_refused() {
        let (_folder, path) = old();
        let earlier = Connection::open(&path).unwrap();
        let write = "INSERT OR REPLACE INTO search (rowid, question, answer, results)
            VALUES (1, 'q', 'a', 'r')";
        let mut statement = earlier.prepare(write).unwrap();
        let connection = schema::open(&path).unwrap();
        let refused = statement.execute([]).unwrap_err().to_string();
        assert!(refused.contains("no such table"), "{refused}");
        assert!(earlier.execute("DELETE FROM search WHERE rowid = 1", []).is_err());
        check(&connection);
    }

    #[tokio::test]
    async fn the_index_fits_whatever_becomes_of_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path()).unwrap();
        let connection = schema::open(&folder.path().join("history.db")).unwrap();
        let begun = |history: &History| {
            let recorder = Recorder::start(Some(history), Uuid::new_v4(), "What becomes?", None);
            recorder.keep_result(0, r#"{"content":[{"type":"text","text":"lagoon"}]}"#);
            recorder
        };
        let count = |words: &str| found(&connection, words).total;
        let (ended, deleted) = (begun(&history), begun(&history));
        ended.flush().await;
        check(&connection);
        assert_eq!((count("becomes"), count("lagoon")), (2, 0));
        ended.emit(EventKind::Cancelled {});
        history.delete(&[deleted.run_id()]).unwrap();
        check(&connection);
        assert_eq!((count("becomes"), count("lagoon")), (1, 1));
        // Later than it should be, and again.
        for text in ["harbour", "lighthouse"] {
            ended.keep_result(1, &format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#));
            ended.flush().await;
            check(&connection);
            assert_eq!((count(text), count("lagoon")), (1, 1));
        }
        assert_eq!(count("harbour"), 0);
        {
            let other = History::open(folder.path()).unwrap();
            begun(&other).flush().await;
        }
        assert_eq!(history.list(&ListQuery { limit: 9, ..ListQuery::default() }).unwrap().total, 2);
        check(&connection);
        assert_eq!(count("lagoon"), 2, "the other one was interrupted");
        history.delete(&[ended.run_id()]).unwrap();
        check(&connection);
        assert_eq!((count("lagoon"), copies(&connection)), (1, 0));
    }
}
