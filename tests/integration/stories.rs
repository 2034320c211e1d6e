//! The sample server as any client sees it: over the protocol, with the data it comes with.

use rmcp::model::{CallToolRequestParams, CallToolResult, ErrorCode, Tool};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::{Peer, ServiceExt};
use serde_json::{Value, json};
use trawl_stories::{StoriesServer, serve_stream};

/// A client of `server`, in this process.
async fn client_of(server: StoriesServer) -> RunningService<RoleClient, ()> {
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(serve_stream(server, far));
    ().serve(near).await.unwrap()
}

async fn client() -> RunningService<RoleClient, ()> {
    client_of(StoriesServer::sample()).await
}

async fn call(peer: &Peer<RoleClient>, tool: &str, arguments: Value) -> CallToolResult {
    let request = CallToolRequestParams::new(tool.to_owned())
        .with_arguments(arguments.as_object().cloned().unwrap());
    peer.call_tool(request).await.unwrap()
}

/// What a call answers with; the same in its text and in its structure.
async fn answer(peer: &Peer<RoleClient>, tool: &str, arguments: Value) -> Value {
    let result = call(peer, tool, arguments.clone()).await;
    assert_eq!(result.is_error, Some(false), "{tool} {arguments}: {:?}", result.content);
    let structured = result.structured_content.clone().unwrap();
    let text: Value = serde_json::from_str(&text_of(&result)).unwrap();
    assert_eq!(text, structured);
    structured
}

/// The words of a call that was refused.
async fn refusal(peer: &Peer<RoleClient>, tool: &str, arguments: Value) -> String {
    let result = call(peer, tool, arguments.clone()).await;
    assert_eq!(result.is_error, Some(true), "{tool} {arguments}");
    text_of(&result)
}

fn text_of(result: &CallToolResult) -> String {
    result.content[0].as_text().unwrap().text.clone()
}

async fn total(peer: &Peer<RoleClient>, query: &str) -> u64 {
    answer(peer, "search_stories", json!({"query": query, "size": 1})).await["total"]
        .as_u64()
        .unwrap()
}

fn titles(found: &Value) -> Vec<&str> {
    found["results"].as_array().unwrap().iter().map(|r| r["title"].as_str().unwrap()).collect()
}

/// The lines of the crate's data, read without the crate.
fn lines(folder: &str) -> Vec<Value> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri/crates/stories/data");
    let path = std::path::Path::new(data).join(folder);
    let files = if path.is_dir() {
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![path]
    };
    files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
        })
        .collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}

fn count(stories: &[Value], matches: impl Fn(&Value) -> bool) -> u64 {
    stories.iter().filter(|story| matches(story)).count() as u64
}

#[tokio::test]
async fn tools_are_described_and_read_only() {
    let client = client().await;
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    let expected = "search_stories get_story get_user_profile get_user_posts get_user_comments \
                    list_tags";
    assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
    for tool in &tools {
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(hints.read_only_hint, Some(true));
        assert_eq!(hints.idempotent_hint, Some(true));
        assert_eq!(hints.open_world_hint, Some(false));
        assert!(tool.title.is_some() && tool.description.as_ref().unwrap().len() > 40);
        for property in tool.input_schema["properties"].as_object().unwrap().values() {
            assert!(property["description"].as_str().unwrap().len() > 20, "{property}");
        }
        for schema in [&tool.input_schema, tool.output_schema.as_ref().unwrap()] {
            assert_eq!(schema["type"], "object");
            assert!(jsonschema::meta::is_valid(&Value::Object((**schema).clone())));
        }
    }
    let search = tools[0].description.as_ref().unwrap();
    for words in ["tag:x", "author:x", "tag:*", "author:*", "prefix*", "AND", "OR", "NOT"] {
        assert!(search.contains(words), "{words}");
    }
}

#[tokio::test]
async fn every_answer_fits_its_output_schema() {
    let client = client().await;
    let tools = client.list_all_tools().await.unwrap();
    let calls = [
        ("search_stories", json!({"query": "upstream", "size": 50})),
        ("search_stories", json!({"query": "xyzzyplugh"})),
        ("get_story", json!({"id": 1})),
        ("get_user_profile", json!({"user_id": 12})),
        ("get_user_posts", json!({"user_id": "@ann", "limit": 3})),
        ("get_user_comments", json!({"user_id": "ines.okafor"})),
        ("list_tags", json!({})),
    ];
    for (name, arguments) in calls {
        let tool = tools.iter().find(|tool| tool.name == name).unwrap();
        assert!(validator(&tool.input_schema).is_valid(&arguments), "{arguments}");
        let structured = answer(&client, name, arguments).await;
        let errors: Vec<_> = validator(tool.output_schema.as_ref().unwrap())
            .iter_errors(&structured)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

fn validator(schema: &serde_json::Map<String, Value>) -> jsonschema::Validator {
    jsonschema::validator_for(&Value::Object(schema.clone())).unwrap()
}

#[tokio::test]
async fn upstream_is_counted_as_by_hand() {
    let client = client().await;
    let stories = lines("stories");
    let tagged = |story: &Value| story["tags"].as_array().unwrap().contains(&json!("upstream"));
    let by_word = |story: &Value| has_word(story["author"].as_str().unwrap(), "upstream");
    let anywhere = count(&stories, |story| {
        let text = |key: &str| has_word(story[key].as_str().unwrap(), "upstream");
        tagged(story) || by_word(story) || text("title") || text("body")
    });
    assert_eq!(anywhere, 17);
    assert_eq!(total(&client, "upstream").await, 17);
    assert_eq!(total(&client, "UPSTREAM").await, 17);
    assert_eq!(total(&client, "tag:upstream").await, count(&stories, tagged));
    assert_eq!(total(&client, "author:upstream").await, count(&stories, by_word));
    assert_eq!((count(&stories, tagged), count(&stories, by_word)), (5, 3));
    assert_eq!(total(&client, "upstream NOT tag:upstream NOT author:upstream").await, 10);
}

#[tokio::test]
async fn totals_are_those_of_all_matches() {
    let client = client().await;
    let stories = lines("stories");
    let all = stories.len() as u64;
    let tagged = count(&stories, |story| story["tags"] != json!([]));
    assert!(all >= 120 && tagged < all && lines("users.jsonl").len() == 24);
    assert!(lines("comments").len() >= 200);
    assert_eq!(total(&client, "*").await, all);
    assert_eq!(total(&client, "author:*").await, all);
    assert_eq!(total(&client, "tag:*").await, tagged);
    assert_eq!(total(&client, "NOT tag:*").await, all - tagged);
    for author in ["ann", "ines.okafor", "upstream.anna"] {
        let written = count(&stories, |story| story["author"] == author);
        assert_eq!(total(&client, &format!("author:{author}")).await, written, "{author}");
        let posts = answer(&client, "get_user_posts", json!({"user_id": author})).await;
        assert_eq!(posts["total"], written);
    }
    let first = answer(&client, "search_stories", json!({"query": "*", "size": 7})).await;
    assert_eq!((titles(&first).len(), first["total"].as_u64()), (7, Some(all)));
    for tag in answer(&client, "list_tags", json!({})).await["tags"].as_array().unwrap() {
        let query = format!("tag:\"{}\"", tag["tag"].as_str().unwrap());
        assert_eq!(total(&client, &query).await, tag["count"], "{query}");
    }
}

#[tokio::test]
async fn the_best_match_stands_first() {
    let client = client().await;
    for (query, title) in [
        ("forty million installs", "Forty million installs, one tired maintainer"),
        ("\"tip jar\"", "Auditing the tip jar"),
        ("pays compiler author:m.lindqvist", "Who pays for the compiler?"),
    ] {
        let found = answer(&client, "search_stories", json!({"query": query})).await;
        assert_eq!(titles(&found)[0], title, "{query}");
    }
    let found = answer(&client, "search_stories", json!({"query": "author:ann tag:*"})).await;
    let scores: Vec<_> =
        found["results"].as_array().unwrap().iter().map(|r| r["score"].as_i64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "equally good ones by score: {scores:?}");
}

#[tokio::test]
async fn people_and_stories_lead_to_each_other() {
    let client = client().await;
    let posts = answer(&client, "get_user_posts", json!({"user_id": 12, "limit": 100})).await;
    assert_eq!(posts["user"], json!({"id": 12, "name": "ines.okafor"}));
    let listed = posts["posts"].as_array().unwrap();
    assert!(listed.len() > 3 && posts["total"] == listed.len());
    assert!(listed.is_sorted_by_key(|post| std::cmp::Reverse(post["created_at"].to_string())));
    let story = answer(&client, "get_story", json!({"id": listed[0]["id"]})).await;
    assert_eq!((&story["title"], &story["author_id"]), (&listed[0]["title"], &json!(12)));
    assert_eq!(story["comment_count"], listed[0]["comment_count"]);
    let comments =
        answer(&client, "get_user_comments", json!({"user_id": "Ines.Okafor", "limit": 2})).await;
    assert!(comments["total"].as_u64() > Some(3));
    let comment = &comments["comments"][0];
    let story = answer(&client, "get_story", json!({"id": comment["story_id"]})).await;
    assert_eq!(story["title"], comment["story_title"]);
    assert!(story["comments"].as_array().unwrap().iter().any(|c| c["id"] == comment["id"]));
    let profile = answer(&client, "get_user_profile", json!({"user_id": "12"})).await;
    assert_eq!(profile["post_count"], posts["total"]);
    assert_eq!(profile["comment_count"], comments["total"]);
}

#[tokio::test]
async fn what_cannot_be_answered_is_said() {
    let client = client().await;
    for (tool, arguments, words) in [
        ("get_story", json!({"id": 99_999}), "there is no story 99999"),
        ("get_story", json!({"id": "one"}), "id has to be a whole number from 1, not \"one\""),
        ("get_story", json!({}), "id is missing"),
        ("get_user_profile", json!({"user_id": 4_000_000_000_u64}), "there is no user 4000000000"),
        ("get_user_profile", json!({"user_id": 1e40}), "user_id has to be a user's number"),
        ("get_user_profile", json!({"user_id": "ines"}), "did you mean ines.okafor?"),
        ("get_user_posts", json!({"user_id": "nobody at all"}), "no user \"nobody at all\""),
        ("get_user_posts", json!({"user_id": 12, "limit": 0}), "limit has to be"),
        ("get_user_comments", json!({"user_id": 12, "limit": -1}), "from 1 to 100, not -1"),
        ("search_stories", json!({"query": "a", "size": 101}), "size has to be"),
        ("search_stories", json!({"query": "a", "limit": 5}), "no parameter \"limit\""),
        ("search_stories", json!({"query": ["a"]}), "query has to be a text"),
        ("search_stories", json!({"query": ""}), "no word to search for"),
        ("search_stories", json!({"query": "river AND"}), "at character 7: AND needs something"),
        ("search_stories", json!({"query": "a \"b"}), "  a \"b\n    ^"),
        ("search_stories", json!({"query": "x".repeat(1001)}), "at most 1000 are read"),
        ("list_tags", json!({"x": 1}), "this tool takes none"),
    ] {
        let said = refusal(&client, tool, arguments.clone()).await;
        assert!(said.contains(words), "{tool} {arguments}: {said}");
    }
    let unknown = client.call_tool(CallToolRequestParams::new("no_such_tool")).await;
    let Err(ServiceError::McpError(error)) = unknown else { panic!("{unknown:?}") };
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
}

#[tokio::test]
async fn a_person_s_own_file_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.jsonl");
    let own = concat!(
        "{\"title\": \"Why C++ and not C\", \"author\": \"Bo Li\", \"tags\": [\"Two Words\"]}\n",
        "{\"title\": \"It's a sub-word\", \"body\": \"Crème brûlée, 水 and C.\"}\n",
    );
    std::fs::write(&path, own).unwrap();
    let client = client_of(StoriesServer::from_file(&path).unwrap()).await;
    for (query, expected) in [
        ("c++", 1),
        ("C", 2),
        ("it's", 1),
        ("sub-word", 1),
        ("creme", 1),
        ("BRÛLÉE", 1),
        ("水", 1),
        ("author:li", 1),
        ("author:*", 1),
        ("tag:\"two words\"", 1),
        ("tag:two", 0),
        ("tag:tw*", 1),
        ("NOT author:*", 1),
        ("words", 1),
        ("wor*", 2),
    ] {
        assert_eq!(total(&client, query).await, expected, "{query}");
    }
    let story = answer(&client, "get_story", json!({"id": 2})).await;
    assert_eq!((&story["author"], &story["created_at"]), (&Value::Null, &Value::Null));
    let posts = answer(&client, "get_user_posts", json!({"user_id": "bo li"})).await;
    assert_eq!(posts["user"], json!({"id": 1, "name": "Bo Li"}));

    std::fs::write(&path, b"{\"title\": \"a\"}\n\xff\n").unwrap();
    let error = StoriesServer::from_file(&path).unwrap_err().to_string();
    assert!(error.ends_with("notes.jsonl, line 2: is not UTF-8 from byte 1 on"), "{error}");
    let error = StoriesServer::from_file(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read "), "{error}");
}

#[tokio::test]
async fn many_calls_at_once_are_all_answered() {
    let client = client().await;
    let peer = client.peer().clone();
    let calls = (0..100).map(|n| {
        let peer = peer.clone();
        async move { total(&peer, if n % 2 == 0 { "tag:*" } else { "upstream" }).await }
    });
    let totals = futures::future::join_all(calls).await;
    assert!(totals.iter().step_by(2).all(|&total| total == totals[0]));
    assert!(totals.iter().skip(1).step_by(2).all(|&total| total == 17));
}

#[tokio::test]
async fn what_was_asked_before_the_end_of_input_is_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut near, far) = tokio::io::duplex(1 << 16);
    let served = tokio::spawn(serve_stream(StoriesServer::sample(), far));
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"}});
    let mut input = format!(
        "{}\n{}\n",
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"})
    );
    for id in 1..=20 {
        let call = json!({"name": "search_stories", "arguments": {"query": "upstream", "size": 1}});
        let line = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call});
        input.push_str(&line.to_string());
        input.push('\n');
    }
    near.write_all(input.as_bytes()).await.unwrap();
    near.shutdown().await.unwrap();
    let mut output = String::new();
    near.read_to_string(&mut output).await.unwrap();
    let mut ids: Vec<u64> = output
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["result"]["isError"] != true)
        .map(|message| message["id"].as_u64().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..=20).collect::<Vec<_>>());
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_says_nothing_is_no_error() {
    let (near, far) = tokio::io::duplex(64);
    drop(near);
    serve_stream(StoriesServer::sample(), far).await.unwrap();
}

/// The schema that a planner reads names both forms of a user.
#[tokio::test]
async fn a_user_is_a_number_or_a_name() {
    let client = client().await;
    let tools: Vec<Tool> = client.list_all_tools().await.unwrap();
    let schema = &tools.iter().find(|tool| tool.name == "get_user_posts").unwrap().input_schema;
    let check = validator(schema);
    for fits in [json!({"user_id": 12}), json!({"user_id": "@ann", "limit": 100})] {
        assert!(check.is_valid(&fits), "{fits}");
    }
    for wrong in [json!({}), json!({"user_id": 0}), json!({"user_id": 1, "limit": 101})] {
        assert!(!check.is_valid(&wrong), "{wrong}");
    }
}
