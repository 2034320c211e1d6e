//! Reads from the [`Index`]: one function a tool, each giving what the tool answers with.
//!
//! Arguments come in checked; something that does not exist is a [`Refusal`] with words for the
//! caller, and an error of SQLite is one too.

use rusqlite::{OptionalExtension, Row, params, params_from_iter};

use crate::answer::{
    Comments, Found, FoundStory, Post, Posts, Profile, StoryComment, TagCount, Tags, UserComment,
    UserName, WholeStory,
};
use crate::arguments::{Refusal, UserRef};
use crate::fts;
use crate::index::Index;
use crate::query;

type Answer<T> = Result<T, Refusal>;

/// Stories that match, the best `size` of them: by relevance where the query has words, then by
/// score and age.
pub(crate) fn search(index: &Index, text: &str, size: u32) -> Answer<Found> {
    let parsed = query::parse(text).map_err(|error| Refusal(error.to_string()))?;
    let expression = fts::expression(&parsed);
    let total = index
        .connection
        .prepare_cached("SELECT count(*) FROM story_text WHERE story_text MATCH ?")?
        .query_row([&expression], |row| row.get(0))?;
    let relevance = if parsed.has_words() {
        format!("bm25(story_text, {}), ", fts::WEIGHTS)
    } else {
        String::new()
    };
    let mut statement = index.connection.prepare_cached(&format!(
        "SELECT s.id, s.title, u.name, s.tags, s.score, s.created_at,
                snippet(story_text, {}, '', '', '…', 36)
         FROM story_text JOIN stories s ON s.id = story_text.rowid
              LEFT JOIN users u ON u.id = s.author_id
         WHERE story_text MATCH ?
         ORDER BY {relevance}s.score DESC, s.created_at DESC, s.id
         LIMIT ?",
        fts::BODY
    ))?;
    let results = statement
        .query_map(params![expression, size], |row| {
            Ok(FoundStory {
                id: row.get(0)?,
                title: row.get(1)?,
                author: row.get(2)?,
                tags: tags(row, 3)?,
                score: row.get(4)?,
                created_at: row.get(5)?,
                snippet: row.get(6)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Found { total, results })
}

/// A story with everything that was said about it.
pub(crate) fn story(index: &Index, id: u32) -> Answer<WholeStory> {
    let mut statement = index.connection.prepare_cached(
        "SELECT c.id, u.name, c.body, c.score, c.created_at
         FROM comments c JOIN users u ON u.id = c.user_id
         WHERE c.story_id = ? ORDER BY c.created_at, c.id",
    )?;
    let comments: Vec<StoryComment> = statement
        .query_map([id], |row| {
            Ok(StoryComment {
                id: row.get(0)?,
                author: row.get(1)?,
                body: row.get(2)?,
                score: row.get(3)?,
                created_at: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let found = index
        .connection
        .prepare_cached(
            "SELECT s.title, s.body, u.name, u.id, s.tags, s.score, s.created_at
             FROM stories s LEFT JOIN users u ON u.id = s.author_id WHERE s.id = ?",
        )?
        .query_row([id], |row| {
            Ok(WholeStory {
                id,
                title: row.get(0)?,
                body: row.get(1)?,
                author: row.get(2)?,
                author_id: row.get(3)?,
                tags: tags(row, 4)?,
                score: row.get(5)?,
                created_at: row.get(6)?,
                comment_count: u32::try_from(comments.len()).unwrap_or(u32::MAX),
                comments,
            })
        })
        .optional()?;
    found.ok_or_else(|| {
        Refusal(format!("there is no story {id}; ids stand in the results of search_stories"))
    })
}

/// Who somebody is, with what they wrote counted.
pub(crate) fn profile(index: &Index, user: &UserRef) -> Answer<Profile> {
    let UserName { id, .. } = find_user(index, user)?;
    let mut statement = index.connection.prepare_cached(
        "SELECT t.tag, count(*) AS n FROM tags t JOIN stories s ON s.id = t.story_id
         WHERE s.author_id = ? GROUP BY t.tag ORDER BY n DESC, t.tag LIMIT 5",
    )?;
    let top_tags = statement.query_map([id], tag_count)?.collect::<Result<_, _>>()?;
    let profile = index
        .connection
        .prepare_cached(
            "SELECT u.name, u.display_name, u.about, u.joined_at,
                    (SELECT count(*) FROM stories WHERE author_id = u.id),
                    (SELECT count(*) FROM comments WHERE user_id = u.id),
                    (SELECT coalesce(sum(score), 0) FROM stories WHERE author_id = u.id) +
                    (SELECT coalesce(sum(score), 0) FROM comments WHERE user_id = u.id)
             FROM users u WHERE u.id = ?",
        )?
        .query_row([id], |row| {
            Ok(Profile {
                id,
                name: row.get(0)?,
                display_name: row.get(1)?,
                about: row.get(2)?,
                joined_at: row.get(3)?,
                post_count: row.get(4)?,
                comment_count: row.get(5)?,
                total_score: row.get(6)?,
                top_tags,
            })
        })?;
    Ok(profile)
}

/// What somebody wrote, the newest `limit` of it.
pub(crate) fn posts(index: &Index, user: &UserRef, limit: u32) -> Answer<Posts> {
    let user = find_user(index, user)?;
    let total = index
        .connection
        .prepare_cached("SELECT count(*) FROM stories WHERE author_id = ?")?
        .query_row([user.id], |row| row.get(0))?;
    let mut statement = index.connection.prepare_cached(
        "SELECT s.id, s.title, s.tags, s.score, s.created_at,
                (SELECT count(*) FROM comments c WHERE c.story_id = s.id)
         FROM stories s WHERE s.author_id = ?
         ORDER BY s.created_at DESC, s.id DESC LIMIT ?",
    )?;
    let posts = statement
        .query_map([user.id, limit], |row| {
            Ok(Post {
                id: row.get(0)?,
                title: row.get(1)?,
                tags: tags(row, 2)?,
                score: row.get(3)?,
                created_at: row.get(4)?,
                comment_count: row.get(5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Posts { user, total, posts })
}

/// What somebody said about stories, the newest `limit` of it.
pub(crate) fn comments(index: &Index, user: &UserRef, limit: u32) -> Answer<Comments> {
    let user = find_user(index, user)?;
    let total = index
        .connection
        .prepare_cached("SELECT count(*) FROM comments WHERE user_id = ?")?
        .query_row([user.id], |row| row.get(0))?;
    let mut statement = index.connection.prepare_cached(
        "SELECT c.id, c.story_id, s.title, c.body, c.score, c.created_at
         FROM comments c JOIN stories s ON s.id = c.story_id WHERE c.user_id = ?
         ORDER BY c.created_at DESC, c.id DESC LIMIT ?",
    )?;
    let comments = statement
        .query_map([user.id, limit], |row| {
            Ok(UserComment {
                id: row.get(0)?,
                story_id: row.get(1)?,
                story_title: row.get(2)?,
                body: row.get(3)?,
                score: row.get(4)?,
                created_at: row.get(5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Comments { user, total, comments })
}

/// Every tag with how many stories have it.
pub(crate) fn tag_list(index: &Index) -> Answer<Tags> {
    let mut statement = index
        .connection
        .prepare_cached("SELECT tag, count(*) AS n FROM tags GROUP BY tag ORDER BY n DESC, tag")?;
    let tags: Vec<TagCount> = statement.query_map([], tag_count)?.collect::<Result<_, _>>()?;
    Ok(Tags { total: u32::try_from(tags.len()).unwrap_or(u32::MAX), tags })
}

fn find_user(index: &Index, user: &UserRef) -> Answer<UserName> {
    let (column, value) = match user {
        UserRef::Id(id) => ("id", rusqlite::types::Value::from(*id)),
        UserRef::Name(name) => ("folded", name.to_lowercase().into()),
    };
    let found = index
        .connection
        .prepare_cached(&format!("SELECT id, name FROM users WHERE {column} = ?"))?
        .query_row([value], |row| Ok(UserName { id: row.get(0)?, name: row.get(1)? }))
        .optional()?;
    match (found, user) {
        (Some(found), _) => Ok(found),
        (None, UserRef::Id(id)) => Err(Refusal(format!(
            "there is no user {id}; names of authors stand in the results of search_stories"
        ))),
        (None, UserRef::Name(name)) => Err(unknown_name(index, name)?),
    }
}

fn unknown_name(index: &Index, name: &str) -> Answer<Refusal> {
    let mut statement = index.connection.prepare_cached(
        "SELECT name FROM users
         WHERE instr(folded, ?1) OR instr(?1, folded) OR lower(display_name) = ?1
         ORDER BY folded LIMIT 3",
    )?;
    let similar: Vec<String> = statement
        .query_map(params_from_iter([name.to_lowercase()]), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let hint = match similar.as_slice() {
        [] => "names of authors stand in the results of search_stories".to_owned(),
        names => format!("did you mean {}?", names.join(" or ")),
    };
    Ok(Refusal(format!("there is no user \"{name}\"; {hint}")))
}

fn tag_count(row: &Row<'_>) -> rusqlite::Result<TagCount> {
    Ok(TagCount { tag: row.get(0)?, count: row.get(1)? })
}

fn tags(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let json: String = row.get(column)?;
    serde_json::from_str(&json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text of any characters, and text that is close to a query.
    fn any_query() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("AND"),
            Just("OR"),
            Just("NOT"),
            Just("("),
            Just(")"),
            Just("\""),
            Just("“"),
            Just("*"),
            Just("tag:"),
            Just("author:"),
            Just("c++"),
            Just("it's"),
            Just("sub-word"),
            Just("upstream"),
            Just("NEAR("),
            Just("^"),
            Just("{title}"),
            Just("\0"),
            Just("—"),
            Just("ß"),
            Just("水"),
            Just("e\u{301}"),
            Just("\u{e000}"),
            Just(" "),
        ];
        let close = prop::collection::vec((part, any::<bool>()), 0..60).prop_map(|parts| {
            parts
                .iter()
                .flat_map(|(part, spaced)| [*part, if *spaced { " " } else { "" }])
                .collect()
        });
        prop_oneof![any::<String>(), close]
    }

    #[test]
    fn no_query_panics_or_reaches_sqlite_wrong() {
        let index = Index::build(&crate::sample::collection().unwrap()).unwrap();
        proptest!(ProptestConfig::with_cases(1000), |(query in any_query())| {
            if let Err(Refusal(words)) = search(&index, &query, 3) {
                prop_assert!(words.starts_with("the query does not parse at character "), "{}", words);
            }
        });
    }

    #[test]
    fn the_longest_and_deepest_queries_are_answered() {
        let index = Index::build(&crate::sample::collection().unwrap()).unwrap();
        let deep = |inner: &str, depth: usize| {
            (0..depth).fold("a".to_owned(), |query, _| format!("({inner} {query})"))
        };
        for query in [
            "a ".repeat(500),
            "a* ".repeat(333),
            "a OR ".repeat(199) + "b",
            "NOT a ".repeat(166),
            "tag:a ".repeat(166),
            deep("b", 8),
            deep("NOT b OR c NOT", 8),
            deep("NOT", 8),
            "NOT ".repeat(249) + "a",
        ] {
            search(&index, &query, 1).unwrap();
        }
    }
}
