//! What each tool answers with: the types behind its `outputSchema` and `structuredContent`.

use schemars::JsonSchema;
use serde::Serialize;

/// `search_stories`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// How many stories match in all, however many are in `results`.
    pub(crate) total: u32,
    /// The best matches, best first.
    pub(crate) results: Vec<FoundStory>,
}

/// A story in a list of search results.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FoundStory {
    /// What `get_story` takes.
    pub(crate) id: u32,
    pub(crate) title: String,
    /// User name of who wrote it; null when not known.
    pub(crate) author: Option<String>,
    pub(crate) tags: Vec<String>,
    /// Points given by readers.
    pub(crate) score: i64,
    /// RFC 3339, UTC; null when not known.
    pub(crate) created_at: Option<String>,
    /// The part of the text that matches best, or its beginning.
    pub(crate) snippet: String,
}

/// `get_story`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WholeStory {
    pub(crate) id: u32,
    pub(crate) title: String,
    /// The whole text.
    pub(crate) body: String,
    /// User name of who wrote it; null when not known.
    pub(crate) author: Option<String>,
    /// What `get_user_profile` takes; null when not known.
    pub(crate) author_id: Option<u32>,
    pub(crate) tags: Vec<String>,
    /// Points given by readers.
    pub(crate) score: i64,
    /// RFC 3339, UTC; null when not known.
    pub(crate) created_at: Option<String>,
    /// How many comments it has.
    pub(crate) comment_count: u32,
    /// All of them, oldest first.
    pub(crate) comments: Vec<StoryComment>,
}

/// A comment below its story.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StoryComment {
    pub(crate) id: u32,
    /// User name of who wrote it.
    pub(crate) author: String,
    pub(crate) body: String,
    /// Points given by readers.
    pub(crate) score: i64,
    /// RFC 3339, UTC; null when not known.
    pub(crate) created_at: Option<String>,
}

/// Whose posts or comments these are.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct UserName {
    pub(crate) id: u32,
    /// User name.
    pub(crate) name: String,
}

/// `get_user_profile`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Profile {
    pub(crate) id: u32,
    /// User name.
    pub(crate) name: String,
    /// The name they go by; null when not known.
    pub(crate) display_name: Option<String>,
    /// What they say about themselves; null when not known.
    pub(crate) about: Option<String>,
    /// RFC 3339, UTC; null when not known.
    pub(crate) joined_at: Option<String>,
    /// How many stories they wrote.
    pub(crate) post_count: u32,
    /// How many comments they wrote.
    pub(crate) comment_count: u32,
    /// Points of all their stories and comments.
    pub(crate) total_score: i64,
    /// What they write about most, at most five tags.
    pub(crate) top_tags: Vec<TagCount>,
}

/// `get_user_posts`.
#[expect(clippy::struct_field_names, reason = "the name of the JSON key")]
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Posts {
    pub(crate) user: UserName,
    /// How many stories they wrote in all.
    pub(crate) total: u32,
    /// Newest first.
    pub(crate) posts: Vec<Post>,
}

/// A story in the list of its author's.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Post {
    /// What `get_story` takes.
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) tags: Vec<String>,
    /// Points given by readers.
    pub(crate) score: i64,
    /// RFC 3339, UTC; null when not known.
    pub(crate) created_at: Option<String>,
    /// How many comments it has.
    pub(crate) comment_count: u32,
}

/// `get_user_comments`.
#[expect(clippy::struct_field_names, reason = "the name of the JSON key")]
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Comments {
    pub(crate) user: UserName,
    /// How many comments they wrote in all.
    pub(crate) total: u32,
    /// Newest first.
    pub(crate) comments: Vec<UserComment>,
}

/// A comment in the list of its author's.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserComment {
    pub(crate) id: u32,
    /// The story it is about; what `get_story` takes.
    pub(crate) story_id: u32,
    pub(crate) story_title: String,
    pub(crate) body: String,
    /// Points given by readers.
    pub(crate) score: i64,
    /// RFC 3339, UTC; null when not known.
    pub(crate) created_at: Option<String>,
}

/// `list_tags`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tags {
    /// How many different tags there are.
    pub(crate) total: u32,
    /// The most used first.
    pub(crate) tags: Vec<TagCount>,
}

/// A tag and how many stories have it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TagCount {
    /// As the query `tag:…` takes it.
    pub(crate) tag: String,
    pub(crate) count: u32,
}
