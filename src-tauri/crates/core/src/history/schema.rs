//! The tables of `history.db`, and how an older file becomes a current one.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};

use super::{HistoryError, index};
use crate::paths::private_file;

/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Each entry brings the file from the version of its position to the next one.
const MIGRATIONS: &[&str] = &[
    r#"
    CREATE TABLE runs (
        n          INTEGER PRIMARY KEY,
        id         TEXT NOT NULL UNIQUE,
        thread     TEXT NOT NULL,
        continues  TEXT,
        question   TEXT NOT NULL,
        state      TEXT NOT NULL,
        answer     TEXT,
        code       TEXT,
        message    TEXT,
        started_at TEXT NOT NULL,
        ended_at   TEXT,
        owner      TEXT NOT NULL
    );
    CREATE INDEX runs_running ON runs (owner) WHERE state = 'running';
    CREATE INDEX runs_thread ON runs (thread);
    CREATE TABLE tasks (
        run          INTEGER NOT NULL REFERENCES runs (n) ON DELETE CASCADE,
        task_index   INTEGER NOT NULL,
        id           TEXT NOT NULL,
        server       TEXT,
        tool         TEXT NOT NULL,
        arguments    TEXT NOT NULL,
        description  TEXT NOT NULL,
        status       TEXT,
        code         TEXT,
        message      TEXT,
        elapsed_ms   REAL,
        attempts     INTEGER,
        result_bytes INTEGER,
        PRIMARY KEY (run, task_index)
    ) WITHOUT ROWID;
    CREATE TABLE events (
        run   INTEGER NOT NULL REFERENCES runs (n) ON DELETE CASCADE,
        seq   INTEGER NOT NULL,
        at_ms REAL NOT NULL,
        json  TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    CREATE TABLE results (
        run        INTEGER NOT NULL REFERENCES runs (n) ON DELETE CASCADE,
        task_index INTEGER NOT NULL,
        zstd       BLOB NOT NULL,
        PRIMARY KEY (run, task_index)
    );
    CREATE VIRTUAL TABLE search USING fts5 (
        question, answer, results,
        tokenize = "unicode61 remove_diacritics 2 tokenchars '+'", prefix = '2 3'
    );
    INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
"#,
    // Of tasks whose result may stand for the same call in a later run: what makes calls the same,
    // and when this one was made, in milliseconds since 1970.
    "
    ALTER TABLE tasks ADD COLUMN call_key TEXT;
    ALTER TABLE tasks ADD COLUMN called_at INTEGER;
    CREATE INDEX tasks_calls ON tasks (call_key, called_at) WHERE call_key IS NOT NULL;
",
    // The index without a copy of all words ([`super::index`]). What is indexed stays as it is, so
    // that this takes no time; the copy of before goes later, a little at a time. The new name sees
    // to it that an earlier version which has the file open cannot write into an index that it does
    // not understand.
    r#"
    ALTER TABLE search RENAME TO found;
    CREATE VIEW words (n, question, answer, results) AS
        SELECT n, question,
               CASE state WHEN 'running' THEN '' ELSE coalesce(answer, '') END,
               CASE state WHEN 'running' THEN '' ELSE coalesce(
                   (SELECT group_concat(searchable(zstd), '' ORDER BY task_index)
                    FROM results WHERE run = runs.n), '') END
        FROM runs;
    CREATE VIEW searched (n, question, answer, results) AS
        SELECT n, coalesce(c0, question), coalesce(c1, answer), coalesce(c2, results)
        FROM words LEFT JOIN found_content ON id = n;
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE found USING fts5 (
        question, answer, results, content = ''searched'', content_rowid = ''n'',
        tokenize = "unicode61 remove_diacritics 2 tokenchars ''+''", prefix = ''2 3''
    )' WHERE type = 'table' AND name = 'found';
    PRAGMA writable_schema = RESET;
"#,
];

/// Opens the file, creates it where it is missing, and brings it to the current version.
pub(super) fn open(path: &Path) -> Result<Connection, HistoryError> {
    let broken = |reason: String| HistoryError::Open { path: path.to_owned(), reason };
    // SQLite gives its other files the rights of this one.
    private_file().append(true).open(path).map_err(|error| broken(error.to_string()))?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        match set_up(path) {
            Ok(connection) => return Ok(connection),
            // Of two processes that start at once, one may be told so without having waited.
            Err(HistoryError::Database(error)) if is_busy(&error) && Instant::now() < give_up => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(HistoryError::Database(error)) => return Err(broken(error.to_string())),
            Err(error) => return Err(error),
        }
    }
}

fn set_up(path: &Path) -> Result<Connection, HistoryError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // It only has an effect before there are tables, and it writes: who opens a file that is there
    // does not wait for another process.
    if version(&connection)? == 0 {
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
    }
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 16777216;",
    )?;
    index::prepare(&connection)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// Whether another process is in the way, for now.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), HistoryError> {
    let current = MIGRATIONS.len();
    if version(connection)? == current {
        return Ok(());
    }
    // Immediate: of two processes that start at once, the second one waits and finds it done.
    let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&change)?;
    if found > current {
        return Err(HistoryError::Newer(path.to_owned()));
    }
    for migration in &MIGRATIONS[found..] {
        change.execute_batch(migration)?;
    }
    change.pragma_update(None, "user_version", current)?;
    Ok(change.commit()?)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
