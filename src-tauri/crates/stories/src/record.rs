//! What a line of the data may be: a story, a user or a comment.
//!
//! Comes in as JSON Lines, ours or a person's own, goes out as checked records with every id and
//! author filled in. Only a story's `title`, a user's `name`, and a comment's `story_id`, `author`
//! and `body` are required. Knows nothing of SQLite.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::de::{Deserialize, Error as _, IgnoredAny};

/// Everything that was read; ids are unique, and every author is among the users.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    pub(crate) stories: Vec<Story>,
    pub(crate) users: Vec<User>,
    pub(crate) comments: Vec<Comment>,
}

/// A story, as a line gives it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Story {
    /// 0 until [`Reader::finish`] numbers those that have none.
    #[serde(default)]
    pub(crate) id: u32,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) author: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) score: i64,
    #[serde(default, deserialize_with = "moment")]
    pub(crate) created_at: Option<String>,
}

/// Someone who writes stories and comments.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct User {
    /// 0 until [`Reader::finish`] numbers those that have none.
    #[serde(default)]
    pub(crate) id: u32,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) display_name: Option<String>,
    #[serde(default)]
    pub(crate) about: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(crate) joined_at: Option<String>,
}

/// What somebody said about a story.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Comment {
    /// 0 until [`Reader::finish`] numbers those that have none.
    #[serde(default)]
    pub(crate) id: u32,
    pub(crate) story_id: u32,
    pub(crate) author: String,
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) score: i64,
    #[serde(default, deserialize_with = "moment")]
    pub(crate) created_at: Option<String>,
}

/// Why data cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line is not a story, a user or a comment that fits with the others.
    #[error("{file}, line {line}: {problem}")]
    Line {
        /// Which file, as it was named.
        file: String,
        /// Counts from 1.
        line: usize,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// There is nothing to search.
    #[error(
        "{file} has no story; write one JSON object a line, such as {{\"title\": \"…\", \"body\": \"…\"}}"
    )]
    NoStories {
        /// Which file, as it was named.
        file: String,
    },
    /// SQLite refused to build the index.
    #[error("cannot build the search index of the stories: {0}")]
    Index(#[from] rusqlite::Error),
}

/// Which of the three a line is, told by its keys without reading their values.
#[derive(serde::Deserialize)]
struct Kind {
    story_id: Option<IgnoredAny>,
    title: Option<IgnoredAny>,
    name: Option<IgnoredAny>,
}

/// Collects lines, possibly of several files, and remembers where each record stood.
#[derive(Default)]
pub(crate) struct Reader {
    collection: Collection,
    file: String,
    /// File and line of each comment, for a story that is found missing at the end only.
    comment_places: Vec<(String, usize)>,
    ids: [BTreeSet<u32>; 3],
    names: HashMap<String, String>,
}

impl Reader {
    /// Says what the following lines belong to.
    pub(crate) fn start_file(&mut self, name: &str) {
        name.clone_into(&mut self.file);
    }

    /// Takes line number `number`, counting from 1; a blank one is passed over.
    pub(crate) fn line(&mut self, number: usize, line: &str) -> Result<(), LoadError> {
        // Some editors begin a file with a byte order mark.
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            return Ok(());
        }
        self.record(number, line).map_err(|problem| LoadError::Line {
            file: self.file.clone(),
            line: number,
            problem,
        })
    }

    fn record(&mut self, number: usize, line: &str) -> Result<(), String> {
        let kind: Kind = parse(line)?;
        if kind.story_id.is_some() {
            let comment: Comment = parse(line)?;
            take_id(&mut self.ids[2], comment.id, "comment")?;
            self.comment_places.push((self.file.clone(), number));
            self.collection.comments.push(comment);
        } else if kind.title.is_some() {
            let mut story: Story = parse(line)?;
            if story.title.trim().is_empty() {
                return Err("the title is empty".to_owned());
            }
            take_id(&mut self.ids[0], story.id, "story")?;
            story.tags = story.tags.iter().map(|tag| tag.trim().to_lowercase()).collect();
            story.tags.retain(|tag| !tag.is_empty());
            self.collection.stories.push(story);
        } else if kind.name.is_some() {
            let user: User = parse(line)?;
            check_name(&user.name)?;
            if self.names.insert(user.name.to_lowercase(), user.name.clone()).is_some() {
                return Err(format!("a second user is called \"{}\"", user.name));
            }
            take_id(&mut self.ids[1], user.id, "user")?;
            self.collection.users.push(user);
        } else {
            return Err(
                "has none of \"title\" (a story), \"story_id\" (a comment) and \"name\" (a \
                        user)"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Numbers what has no id, adds the users that are only known as authors, and checks that
    /// every comment has its story.
    pub(crate) fn finish(mut self) -> Result<Collection, LoadError> {
        if self.collection.stories.is_empty() {
            return Err(LoadError::NoStories { file: self.file });
        }
        let Collection { stories, users, comments } = &mut self.collection;
        number(&mut self.ids[0], stories.iter_mut().map(|story| &mut story.id));
        number(&mut self.ids[2], comments.iter_mut().map(|comment| &mut comment.id));
        for (comment, (file, line)) in comments.iter().zip(self.comment_places) {
            if !self.ids[0].contains(&comment.story_id) {
                let problem = format!("no story has the id {}", comment.story_id);
                return Err(LoadError::Line { file, line, problem });
            }
        }
        let authors = stories
            .iter_mut()
            .filter_map(|story| story.author.as_mut())
            .chain(comments.iter_mut().map(|comment| &mut comment.author));
        let mut added = Vec::new();
        for author in authors {
            // One spelling a person: what the user's own line says, else the first one met.
            if let Some(name) = self.names.get(&author.to_lowercase()) {
                name.clone_into(author);
            } else {
                self.names.insert(author.to_lowercase(), author.clone());
                added.push(author.clone());
            }
        }
        users.extend(added.into_iter().map(|name| User {
            id: 0,
            name,
            display_name: None,
            about: None,
            joined_at: None,
        }));
        number(&mut self.ids[1], users.iter_mut().map(|user| &mut user.id));
        Ok(self.collection)
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|error| {
        // Each line is its own document, so that "at line 1" would be wrong about the file.
        let text = error.to_string();
        let words = text.split(" at line ").next().unwrap_or(&text);
        format!("column {}: {words}", error.column())
    })
}

fn take_id(ids: &mut BTreeSet<u32>, id: u32, noun: &str) -> Result<(), String> {
    if id == 0 || ids.insert(id) { Ok(()) } else { Err(format!("a second {noun} has the id {id}")) }
}

fn number<'a>(taken: &mut BTreeSet<u32>, ids: impl Iterator<Item = &'a mut u32>) {
    let mut next = 1;
    for id in ids.filter(|id| **id == 0) {
        while !taken.insert(next) {
            next += 1;
        }
        *id = next;
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        Err("the user's name is empty".to_owned())
    } else if name.bytes().all(|byte| byte.is_ascii_digit()) {
        Err(format!("a user cannot be called \"{name}\", which reads as an id"))
    } else {
        Ok(())
    }
}

/// RFC 3339, or a plain date; kept in UTC, so that order in time is order as text.
fn moment<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(input)? else { return Ok(None) };
    let parsed = text.parse::<Timestamp>().or_else(|_| {
        let midnight = text.parse::<civil::Date>()?.at(0, 0, 0, 0);
        TimeZone::UTC.to_timestamp(midnight)
    });
    match parsed {
        Ok(timestamp) => Ok(Some(timestamp.to_string())),
        Err(_) => Err(D::Error::custom(format!(
            "\"{text}\" is not a date such as 2026-03-14 or 2026-03-14T09:20:00Z"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<Collection, LoadError> {
        let mut reader = Reader::default();
        reader.start_file("notes.jsonl");
        for (index, line) in lines.lines().enumerate() {
            reader.line(index + 1, line)?;
        }
        reader.finish()
    }

    #[test]
    fn a_title_is_enough_and_the_rest_is_filled_in() {
        let collection = read(concat!(
            "{\"title\": \"One\", \"author\": \"Ada\", \"tags\": [\" Rust \", \"\"]}\n\n",
            "{\"id\": 1, \"title\": \"Two\", \"created_at\": \"2026-03-14\", \"extra\": true}\n",
            "{\"story_id\": 2, \"author\": \"ada\", \"body\": \"Yes.\"}\n",
            "{\"name\": \"Bo\", \"joined_at\": \"2024-01-02T03:04:05+02:00\"}",
        ))
        .unwrap();
        let ids: Vec<_> = collection.stories.iter().map(|story| story.id).collect();
        assert_eq!(ids, [2, 1]);
        assert_eq!(collection.stories[0].tags, ["rust"]);
        assert_eq!(collection.stories[1].created_at.as_deref(), Some("2026-03-14T00:00:00Z"));
        assert_eq!(collection.comments[0].author, "Ada");
        let users: Vec<_> = collection.users.iter().map(|user| (user.id, &*user.name)).collect();
        assert_eq!(users, [(1, "Bo"), (2, "Ada")]);
        assert_eq!(collection.users[0].joined_at.as_deref(), Some("2024-01-02T01:04:05Z"));
    }

    #[test]
    fn a_wrong_line_is_named_with_what_is_wrong() {
        let cases = [
            ("{\"title\": \"a\"}\n{\"title\": 5}", "line 2: column 11: invalid type: integer `5`"),
            ("{\"title\": \"a\"", "line 1: column 13: EOF while parsing an object"),
            ("[]", "line 1: column "),
            ("{\"body\": \"a\"}", "line 1: has none of \"title\""),
            ("{\"title\": \" \"}", "line 1: the title is empty"),
            (
                "{\"id\": 3, \"title\": \"a\"}\n{\"id\": 3, \"title\": \"b\"}",
                "second story has the id 3",
            ),
            ("{\"title\": \"a\", \"created_at\": \"soon\"}", "\"soon\" is not a date such as"),
            (
                "{\"title\": \"a\"}\n{\"story_id\": 9, \"author\": \"x\", \"body\": \"y\"}",
                "line 2: no story has the id 9",
            ),
            ("{\"name\": \"a\"}\n{\"name\": \"A\"}", "line 2: a second user is called \"A\""),
            ("{\"name\": \"12\"}", "reads as an id"),
            ("{\"name\": \"a\"}", "notes.jsonl has no story"),
            ("", "has no story"),
        ];
        for (lines, expected) in cases {
            let message = read(lines).unwrap_err().to_string();
            assert!(message.contains(expected), "{lines}\n{message}");
        }
    }
}
