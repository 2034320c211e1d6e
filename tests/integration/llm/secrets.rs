//! A model's key goes to its server and nowhere else.

use std::path::Path;

use serde_json::json;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};

use crate::cli::setup::Home;

const KEY: &str = "sk-a-very-secret-key-0123456789";

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_in_no_file_no_event_no_export_and_no_error() {
    let plan = json!({"tasks": [{"tool_name": "stories__search_stories",
        "tool_arguments": {"query": "upstream", "size": 3}}], "answer": null});
    let echo =
        json!({"error": {"message": format!("Incorrect API key provided: {KEY}."), "code": 401}});
    let late = format!(
        "data: {}\n\n",
        json!({"error": {"message": format!("your key {KEY} is no good")}})
    );
    let openai = Protocol::Openai;
    let llm = FakeLlm::start([
        Reply::json(openai, &plan),
        Reply::text(openai, "They are there [1]."),
        Reply::status(401, &echo.to_string()),
        // Three times, since a server that failed is asked again.
        Reply::bytes(late.clone()),
        Reply::bytes(late.clone()),
        Reply::bytes(late),
        Reply::status(500, KEY),
        Reply::status(500, KEY),
        Reply::status(500, KEY),
    ])
    .await;
    let settings = json!({"mcpServers": {"stories": {"builtin": "stories"}},
        "model": {"provider": "openai", "baseUrl": llm.url(), "model": "m", "apiKeyEnv": "A_MODELS_KEY"}});
    let home = Home::with(&settings);
    let mut said = String::new();
    for question in ["Where is upstream?", "And once more upstream?", "Is upstream there?"] {
        let output = home.command(&["ask", "--json", question]).env("A_MODELS_KEY", KEY).output();
        let output = crate::cli::setup::said(output.unwrap());
        assert_eq!(output.code, 0, "{}{}", output.out, output.err);
        said = said + &output.out + &output.err;
    }
    assert!(said.contains("They are there [1]") && said.contains("refused the key"), "{said}");
    assert_eq!(llm.left(), 0);
    for request in llm.requests() {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        assert!(!request.body.to_string().contains(KEY));
    }
    let list = home.json(&["history", "list", "--json"]);
    for run in list["runs"].as_array().unwrap() {
        for format in ["md", "json"] {
            let id = run["id"].as_str().unwrap();
            said += &home.ok(&["history", "export", id, "--format", format]);
        }
    }
    assert!(!said.contains(KEY), "{said}");
    let mut read = 0;
    for file in files(home.folder()) {
        let bytes = std::fs::read(&file).unwrap();
        let holds = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!holds, "{} holds the key", file.display());
        read += 1;
    }
    assert!(read >= 3, "settings, history and a log");
}
