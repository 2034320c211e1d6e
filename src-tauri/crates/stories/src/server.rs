//! The MCP server itself: lists the tools and answers their calls.
//!
//! Cheap to clone; all clones share one index, which the sample builds when it is first needed.
//! A call that cannot be answered gets `isError` with words that help the caller; only a tool that
//! does not exist is a protocol error, as the MCP specification wants it ("Tools", error handling).

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, RoleServer};
use serde::Serialize;

use crate::arguments::{Arguments, Refusal};
use crate::index::Index;
use crate::record::{LoadError, Reader};
use crate::tools::{PAGE, tools};
use crate::{look_up, sample};

/// Serves a collection of stories to one MCP client or many.
#[derive(Debug, Clone)]
pub struct StoriesServer {
    index: Arc<OnceLock<Result<Mutex<Index>, LoadError>>>,
}

impl StoriesServer {
    /// The stories that come with Trawl; costs nothing until something is asked.
    pub fn sample() -> Self {
        Self { index: Arc::default() }
    }

    /// A person's own stories, one JSON object a line, read whole and now.
    ///
    /// A line with a `title` is a story (`id`, `title`, `body`, `author`, `tags`, `score`,
    /// `created_at`), one with a `story_id` a comment on it (`author`, `body`, …), one with a
    /// `name` a user (`id`, `name`, `display_name`, `about`, `joined_at`). An error names the
    /// line and what is wrong there.
    pub fn from_file(path: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
        let mut reader = Reader::default();
        reader.start_file(&path.display().to_string());
        let lines = BufReader::new(File::open(path).map_err(unreadable)?).split(b'\n');
        for (number, line) in (1..).zip(lines) {
            let line = line.map_err(unreadable)?;
            match str::from_utf8(&line) {
                Ok(line) => reader.line(number, line)?,
                Err(error) => {
                    return Err(LoadError::Line {
                        file: path.display().to_string(),
                        line: number,
                        problem: format!("is not UTF-8 from byte {} on", error.valid_up_to() + 1),
                    });
                }
            }
        }
        let index = Index::build(&reader.finish()?)?;
        Ok(Self { index: Arc::new(OnceLock::from(Ok(Mutex::new(index)))) })
    }

    fn index(&self) -> &Result<Mutex<Index>, LoadError> {
        self.index.get_or_init(|| Ok(Mutex::new(Index::build(&sample::collection()?)?)))
    }

    /// Answers a call; takes the time that SQLite takes.
    fn answer(&self, tool: &str, arguments: JsonObject) -> Result<CallToolResult, Refusal> {
        let arguments = Arguments(arguments);
        let index = self.index().as_ref().map_err(|error| Refusal(error.to_string()))?;
        // The index is only read, so that a panic elsewhere left nothing half done.
        let index = &*index.lock().unwrap_or_else(PoisonError::into_inner);
        match tool {
            "search_stories" => {
                arguments.only(&["query", "size"])?;
                let (query, size) = (arguments.text("query")?, arguments.count("size", PAGE)?);
                structured(&look_up::search(index, query, size)?)
            }
            "get_story" => {
                arguments.only(&["id"])?;
                structured(&look_up::story(index, arguments.id("id")?)?)
            }
            "get_user_profile" => {
                arguments.only(&["user_id"])?;
                structured(&look_up::profile(index, &arguments.user("user_id")?)?)
            }
            "get_user_posts" => {
                arguments.only(&["user_id", "limit"])?;
                let (user, limit) = (arguments.user("user_id")?, arguments.count("limit", PAGE)?);
                structured(&look_up::posts(index, &user, limit)?)
            }
            "get_user_comments" => {
                arguments.only(&["user_id", "limit"])?;
                let (user, limit) = (arguments.user("user_id")?, arguments.count("limit", PAGE)?);
                structured(&look_up::comments(index, &user, limit)?)
            }
            "list_tags" => {
                arguments.only(&[])?;
                structured(&look_up::tag_list(index)?)
            }
            other => Err(Refusal(format!("there is no tool \"{other}\""))),
        }
    }
}

fn structured(answer: &impl Serialize) -> Result<CallToolResult, Refusal> {
    serde_json::to_value(answer)
        .map(CallToolResult::structured)
        .map_err(|error| Refusal(format!("the answer cannot be written as JSON: {error}")))
}

fn refused(Refusal(words): Refusal) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(words)])
}

impl ServerHandler for StoriesServer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("trawl-stories", env!("CARGO_PKG_VERSION"))
                    .with_title("Trawl stories"),
            )
            .with_instructions(
                "A searchable collection of stories with their authors, tags and comments. Start \
                 with search_stories; its query has the fields tag: and author:.",
            )
    }

    async fn on_initialized(&self, _: NotificationContext<RoleServer>) {
        // Builds the index while the client is still listing the tools; a failure is told to
        // whoever calls one.
        let server = self.clone();
        tokio::task::spawn_blocking(move || server.index().is_ok());
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools().to_vec()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools().iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name;
        if !tools().iter().any(|tool| tool.name == name) {
            return Err(ErrorData::invalid_params(format!("unknown tool: {name}"), None));
        }
        let server = self.clone();
        let arguments = request.arguments.unwrap_or_default();
        let answered = tokio::task::spawn_blocking(move || server.answer(&name, arguments)).await;
        let result = answered.unwrap_or_else(|error| {
            tracing::error!(%error, "a call of the stories broke off");
            Err(Refusal("the stories server broke off this call; please report it".to_owned()))
        });
        Ok(result.unwrap_or_else(refused).into())
    }
}
