//! The stories in SQLite, in memory: tables to look things up in, an FTS5 index to search.
//!
//! Comes in as a checked [`Collection`], goes out as an [`Index`] that is only read from then on;
//! [`crate::look_up`] holds the reading.

use rusqlite::{Connection, params};

use crate::fts;
use crate::record::Collection;

/// The stories, ready to be searched.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) connection: Connection,
}

impl Index {
    /// Puts everything in.
    pub(crate) fn build(collection: &Collection) -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.execute_batch(&schema())?;
        connection.set_prepared_statement_cache_capacity(32);
        let transaction = connection.transaction()?;
        {
            let mut user = transaction.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)")?;
            for record in &collection.users {
                user.execute(params![
                    record.id,
                    record.name,
                    // SQLite's own comparison without case knows ASCII only.
                    record.name.to_lowercase(),
                    record.display_name,
                    record.about,
                    record.joined_at
                ])?;
            }
            let mut story = transaction.prepare(
                "INSERT INTO stories VALUES
                 (?, ?, ?, (SELECT id FROM users WHERE folded = ?), ?, ?, ?)",
            )?;
            let mut tagged = transaction.prepare("INSERT OR IGNORE INTO tags VALUES (?, ?)")?;
            let mut text = transaction.prepare(&format!(
                "INSERT INTO story_text (rowid, {}) VALUES (?, ?, ?, ?, ?, ?)",
                fts::COLUMNS
            ))?;
            for record in &collection.stories {
                story.execute(params![
                    record.id,
                    record.title,
                    record.body,
                    record.author.as_ref().map(|author| author.to_lowercase()),
                    serde_json::Value::from(record.tags.clone()).to_string(),
                    record.score,
                    record.created_at
                ])?;
                for tag in &record.tags {
                    tagged.execute(params![tag, record.id])?;
                }
                text.execute(params![
                    record.id,
                    record.title,
                    record.body,
                    record.tags.join(" "),
                    record.author,
                    fts::marks(&record.tags, record.author.is_some())
                ])?;
            }
            let mut comment = transaction.prepare(
                "INSERT INTO comments VALUES
                 (?, ?, (SELECT id FROM users WHERE folded = ?), ?, ?, ?)",
            )?;
            for record in &collection.comments {
                comment.execute(params![
                    record.id,
                    record.story_id,
                    record.author.to_lowercase(),
                    record.body,
                    record.score,
                    record.created_at
                ])?;
            }
        }
        transaction.commit()?;
        Ok(Self { connection })
    }
}

fn schema() -> String {
    format!(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL,
             folded TEXT NOT NULL UNIQUE, display_name TEXT, about TEXT, joined_at TEXT);
         CREATE TABLE stories (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL,
             author_id INTEGER, tags TEXT NOT NULL, score INTEGER NOT NULL, created_at TEXT);
         CREATE INDEX story_authors ON stories (author_id, created_at);
         CREATE TABLE tags (tag TEXT, story_id INTEGER, PRIMARY KEY (tag, story_id)) WITHOUT ROWID;
         CREATE TABLE comments (id INTEGER PRIMARY KEY, story_id INTEGER NOT NULL,
             user_id INTEGER NOT NULL, body TEXT NOT NULL, score INTEGER NOT NULL,
             created_at TEXT);
         CREATE INDEX comment_stories ON comments (story_id, created_at);
         CREATE INDEX comment_users ON comments (user_id, created_at);
         CREATE VIRTUAL TABLE story_text USING fts5 ({}, tokenize = \"{}\");",
        fts::COLUMNS,
        fts::TOKENIZER
    )
}
