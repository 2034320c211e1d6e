//! The tables of `history.db`, and how an older file becomes a current one.

use std::{path::Path, time::Duration};

use rusqlite::Connection;

use super::HistoryError;

/// Each entry brings the file from the version of its position to the next one.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE runs (
        n          INTEGER PRIMARY KEY,
        id         TEXT NOT NULL UNIQUE,
        thread     TEXT NOT NULL,
        continues  TEXT,
        question   TEXT NOT NULL,
        state      TEXT NOT NULL,
        answer     TEXT,
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
        text, run UNINDEXED, kind UNINDEXED,
        tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    );
"];

/// Opens the file, creates it where it is missing, and brings it to the current version.
pub(super) fn open(path: &Path) -> Result<Connection, HistoryError> {
    let broken = |error: rusqlite::Error| HistoryError::Open {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut connection = Connection::open(path).map_err(broken)?;
    private(path);
    connection.busy_timeout(Duration::from_secs(10)).map_err(broken)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
             PRAGMA journal_size_limit = 16777216;",
        )
        .map_err(broken)?;
    migrate(&mut connection, path)?;
    Ok(connection)
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

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // A folder of 0700 protects it already where this fails.
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}

#[cfg(not(unix))]
fn private(_path: &Path) {}
