//! What the writer does while there is nothing to write: it gives the space of deleted runs back.
//!
//! In small steps, each a transaction of its own, so that neither a message nor another process waits
//! for more than one. What is left when the program ends is done by whoever opens the file next.

use std::time::Duration;

use rusqlite::Connection;

use super::schema::is_busy;

/// Pages of a step: 1 MiB.
const PAGES: u32 = 256;

/// How long there is nothing to write before a step, and the next one.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// Until another process is done.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// Work for idle moments.
#[derive(Default)]
pub(super) struct Idle {
    has_failed: bool,
}

impl Idle {
    /// Does one step; how long to wait before the next one, or `None` where nothing is to be done.
    pub(super) fn work(&mut self, connection: &Connection) -> Option<Duration> {
        if self.has_failed {
            return None;
        }
        match give_back(connection) {
            Ok(true) => Some(PAUSE),
            Ok(false) => None,
            Err(error) if is_busy(&error) => Some(LONG_PAUSE),
            Err(error) => {
                tracing::warn!(%error, "the space of deleted runs could not be given back");
                self.has_failed = true;
                None
            }
        }
    }
}

/// Gives some of what is free back to the file system; whether there is more.
fn give_back(connection: &Connection) -> rusqlite::Result<bool> {
    let before = free_pages(connection)?;
    if before == 0 {
        return Ok(false);
    }
    // A page a row.
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut pages = statement.query([])?;
    while pages.next()?.is_some() {}
    let left = free_pages(connection)?;
    // A file that was made without the option for this keeps them.
    Ok(left > 0 && left < before)
}

fn free_pages(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA freelist_count", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_gives_back_no_more_than_its_pages() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let connection = Connection::open(file.path()).unwrap();
        let fill = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
            CREATE TABLE filling (bytes BLOB);
            INSERT INTO filling VALUES (zeroblob(4096 * 1000)); DELETE FROM filling;";
        connection.execute_batch(fill).unwrap();
        let mut free = free_pages(&connection).unwrap();
        assert!(free > 3 * PAGES, "{free}");
        let mut idle = Idle::default();
        let mut steps = 0;
        while idle.work(&connection).is_some() {
            let left = free_pages(&connection).unwrap();
            assert!(free - left <= PAGES, "{free} → {left}");
            (free, steps) = (left, steps + 1);
        }
        assert_eq!((free_pages(&connection).unwrap(), steps), (0, 3));
        assert_eq!(idle.work(&connection), None);
    }

    #[test]
    fn while_another_process_writes_it_is_put_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = Connection::open(file.path()).unwrap();
        let fill = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
            CREATE TABLE filling (bytes BLOB);
            INSERT INTO filling VALUES (zeroblob(4096 * 10)); DELETE FROM filling; BEGIN IMMEDIATE;";
        other.execute_batch(fill).unwrap();
        let connection = Connection::open(file.path()).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        let mut idle = Idle::default();
        assert_eq!(idle.work(&connection), Some(LONG_PAUSE));
        other.execute_batch("COMMIT").unwrap();
        assert_eq!((idle.work(&connection), free_pages(&connection)), (None, Ok(0)));
    }
}
