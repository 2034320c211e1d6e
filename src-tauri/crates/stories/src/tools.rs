//! What can be called: names, words for people and models, schemas.
//!
//! Input schemas are written out, since their words and bounds matter to a model that plans with
//! them; output schemas come from the types in [`crate::answer`]. [`crate::server`] answers.

use std::sync::{Arc, LazyLock};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::answer::{Comments, Found, Posts, Profile, Tags, WholeStory};
use crate::query::MAX_QUERY;

/// How many items a call gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Unless the call says otherwise.
    pub(crate) default: u32,
    /// Whatever the call says.
    pub(crate) most: u32,
}

/// `size` of `search_stories`, `limit` of the others.
pub(crate) const PAGE: Bounds = Bounds { default: 20, most: 100 };

const SEARCH: &str = "Search the stories by keyword and get the best matches first, with the \
    total number of stories that match. The query searches the title, text, tags and author's \
    name of each story. Query syntax: words (all of them must occur), \"an exact phrase\", AND, \
    OR, NOT (in capitals), (parentheses), prefix* for the beginning of a word. Fields: tag:x \
    finds stories with the tag x, author:x finds stories by the author x; tag:* and author:* \
    find every story that has a tag or an author; * finds every story.";

/// Every tool, in the order in which they are listed.
pub(crate) fn tools() -> &'static [Tool] {
    static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
        vec![
            tool::<Found>(
                "search_stories",
                "Search stories",
                SEARCH,
                json!({
                    "query": {"type": "string", "minLength": 1, "maxLength": MAX_QUERY,
                        "description": "Words to search for, such as: river, \"night train\", \
                            tag:science, author:ann, solar OR wind, bird* NOT tag:sport",
                        "examples": ["upstream", "\"night train\"", "tag:science NOT author:ann"]},
                    "size": count("How many stories to give at most; total counts all of them."),
                }),
                &["query"],
            ),
            tool::<WholeStory>(
                "get_story",
                "Read a story",
                "Get one story by its id: the whole text, its author, tags and score, and every \
                 comment on it.",
                json!({"id": {"type": "integer", "minimum": 1,
                    "description": "Id of the story, as in the results of search_stories."}}),
                &["id"],
            ),
            tool::<Profile>(
                "get_user_profile",
                "Look up a user",
                "Get the profile of a user: who they are, since when they have been here, how \
                 many stories and comments they wrote, and which tags they write about most.",
                json!({"user_id": user_id()}),
                &["user_id"],
            ),
            tool::<Posts>(
                "get_user_posts",
                "List a user's stories",
                "List the stories that a user wrote, the newest first.",
                json!({"user_id": user_id(),
                    "limit": count("How many stories to give at most; total counts all of them.")}),
                &["user_id"],
            ),
            tool::<Comments>(
                "get_user_comments",
                "List a user's comments",
                "List the comments that a user wrote, the newest first, each with the story that \
                 it is about.",
                json!({"user_id": user_id(),
                    "limit": count("How many comments to give at most; total counts all of them.")}),
                &["user_id"],
            ),
            tool::<Tags>(
                "list_tags",
                "List tags",
                "List every tag with the number of stories that have it, the most used first.",
                json!({}),
                &[],
            ),
        ]
    });
    &TOOLS
}

fn tool<Output: JsonSchema + 'static>(
    name: &'static str,
    title: &str,
    description: &'static str,
    properties: Value,
    required: &[&str],
) -> Tool {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties);
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    Tool::new(name, description, Arc::new(schema))
        .with_title(title)
        .with_output_schema::<Output>()
        .with_annotations(
            ToolAnnotations::with_title(title)
                .read_only(true)
                .destructive(false)
                .idempotent(true)
                .open_world(false),
        )
}

fn count(description: &str) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": PAGE.most, "default": PAGE.default,
        "description": description})
}

fn user_id() -> Value {
    json!({"type": ["integer", "string"], "minimum": 1, "minLength": 1,
        "description": "The user's number or user name, with or without an @ before it.",
        "examples": [12, "ann", "@ann"]})
}
