//! The network as a person's computer has it: proxies that the environment names, and authorities
//! that its own store of certificates trusts.

use serde_json::json;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::fake_mcp::{Fake, Options};
use trawl_tests::tls::Tls;

use crate::cli::setup::{Home, Said, said};

const QUESTION: &str = "Where is upstream?";

/// A model that plans one search and answers from it.
async fn model() -> FakeLlm {
    let task =
        json!({"tool_name": "stories__search_stories", "tool_arguments": {"query": "upstream"}});
    FakeLlm::start([
        Reply::json(Protocol::Openai, &json!({"tasks": [task], "answer": null})),
        Reply::text(Protocol::Openai, "It is there [1]."),
    ])
    .await
}

fn home(base_url: &str) -> Home {
    Home::with(&json!({"model": {"provider": "openai", "baseUrl": base_url, "model": "m"},
        "mcpServers": {"stories": {"builtin": "stories"}}}))
}

/// Asks in an environment in which these variables alone say anything of the network.
async fn ask(home: Home, variables: &[(&str, &str)]) -> Said {
    let mut command = home.command(&["ask", QUESTION]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_DIR"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env_remove("SSL_CERT_FILE").envs(variables.iter().copied());
    tokio::task::spawn_blocking(move || (said(command.output().unwrap()), home)).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_asked_through_the_proxy() {
    let model = model().await;
    // The name is nobody's: only the proxy can know where it is.
    let asked = ask(home("http://model.invalid/v1"), &[("http_proxy", &model.url())]).await;
    assert!(asked.code == 0 && asked.out.contains("It is there [1]"), "{}{}", asked.out, asked.err);
    let paths: Vec<String> = model.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["http://model.invalid/v1/chat/completions"; 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_reached_through_the_proxy() {
    let http = Fake::new(Options::default()).serve_http().await;
    let proxy = http.url.trim_end_matches("/mcp").to_owned();
    let settings = |url: &str| Home::with(&json!({"mcpServers": {"fake": {"url": url}}}));
    let found = |said: &Said| said.err.contains("tools on 1 server");
    let through = ask(settings("http://server.invalid/mcp"), &[("HTTP_PROXY", &proxy)]).await;
    assert!(found(&through), "{}{}", through.out, through.err);
    let without = ask(settings("http://server.invalid/mcp"), &[]).await;
    assert!(!found(&without), "{}{}", without.out, without.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_computer_is_reached_without_the_proxy() {
    let model = model().await;
    let http = Fake::new(Options::default()).serve_http().await;
    let home =
        Home::with(&json!({"model": {"provider": "openai", "baseUrl": model.url(), "model": "m"},
        "mcpServers": {"stories": {"builtin": "stories"}, "fake": {"url": http.url}}}));
    // Nobody listens there.
    let nobody = ("ALL_PROXY", "http://127.0.0.1:9");
    let asked = ask(home, &[nobody, ("HTTP_PROXY", nobody.1)]).await;
    assert!(asked.code == 0 && asked.out.contains("It is there [1]"), "{}{}", asked.out, asked.err);
    assert!(!asked.err.contains("partial"), "{}", asked.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_checked_against_the_systems_store() {
    let model = model().await;
    let tls = Tls::before(model.address()).await;
    let stranger = ask(home(&tls.url), &[]).await;
    assert!(stranger.err.contains("certificate"), "{}{}", stranger.out, stranger.err);
    assert_eq!(model.requests().len(), 0);

    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("authorities.pem");
    std::fs::write(&store, &tls.authority).unwrap();
    let trusted = ask(home(&tls.url), &[("SSL_CERT_FILE", store.to_str().unwrap())]).await;
    assert!(trusted.out.contains("It is there [1]"), "{}{}", trusted.out, trusted.err);
}
