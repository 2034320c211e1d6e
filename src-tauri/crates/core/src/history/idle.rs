//! What the writer does while there is nothing to write: it drops the copy of all words that earlier
//! versions kept ([`index::drop_copy`]), and gives the space of what was removed back.
//!
//! In small steps, each a transaction of its own, so that neither a message nor another process waits
//! for more than one. What is left when the program ends is done by whoever opens the file next.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{index, schema::is_busy};

/// How long a step takes, about.
const STEP: Duration = Duration::from_millis(50);

/// Pages that a step gives back: 1 MiB.
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
    pub(super) fn work(&mut self, connection: &mut Connection) -> Option<Duration> {
        if self.has_failed {
            return None;
        }
        match step(connection) {
            Ok(true) => Some(PAUSE),
            Ok(false) => None,
            Err(error) if is_busy(&error) => Some(LONG_PAUSE),
            Err(error) => {
                tracing::warn!(%error, "the history could not be tidied");
                self.has_failed = true;
                None
            }
        }
    }
}

/// Some of what is to be done; whether there is more.
fn step(connection: &mut Connection) -> rusqlite::Result<bool> {
    let began = Instant::now();
    while index::drop_copy(connection)? {
        if began.elapsed() > STEP {
            return Ok(true);
        }
    }
    give_back(connection)
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
    use super::super::schema;
    use super::*;

    #[test]
    fn a_step_gives_back_no_more_than_its_pages() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut connection = schema::open(file.path()).unwrap();
        let fill = "CREATE TABLE filling (bytes BLOB);
            INSERT INTO filling VALUES (zeroblob(4096 * 1000)); DELETE FROM filling;";
        connection.execute_batch(fill).unwrap();
        let mut free = free_pages(&connection).unwrap();
        assert!(free > 3 * PAGES, "{free}");
        let mut idle = Idle::default();
        let mut steps = 0;
        while idle.work(&mut connection).is_some() {
            let left = free_pages(&connection).unwrap();
            assert!(free - left <= PAGES, "{free} → {left}");
            (free, steps) = (left, steps + 1);
        }
        assert_eq!((free_pages(&connection).unwrap(), steps), (0, 3));
        assert_eq!(idle.work(&mut connection), None);
    }

    #[test]
    fn while_another_process_writes_it_is_put_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = schema::open(file.path()).unwrap();
        let fill = "CREATE TABLE filling (bytes BLOB);
            INSERT INTO filling VALUES (zeroblob(4096 * 10)); DELETE FROM filling; BEGIN IMMEDIATE;";
        other.execute_batch(fill).unwrap();
        let mut connection = schema::open(file.path()).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        let mut idle = Idle::default();
        assert_eq!(idle.work(&mut connection), Some(LONG_PAUSE));
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(idle.work(&mut connection), None);
        assert_eq!(free_pages(&connection), Ok(0));
    }
}
