//! What goes wrong with models' servers: the words for it, and when it is worth asking again.

use std::pin::pin;
use std::time::{Duration, Instant};

use serde_json::json;
use trawl_core::llm::{Key, Message, ModelError, Models, Prompt};
use trawl_core::settings::{ModelSettings, Settings};
use trawl_tests::clock::Clock;
use trawl_tests::fake_llm::{End, FakeLlm, Protocol, Reply};
use trawl_tests::keychain::models;

/// The limits that hold where the settings say nothing.
const FIRST_TOKEN: Duration = Duration::from_mins(2);
const IDLE: Duration = Duration::from_mins(1);

const KEY: &str = "sk-very-secret-0123456789";

fn settings(protocol: Protocol, url: &str) -> ModelSettings {
    let model = json!({"provider": protocol.provider(), "baseUrl": url, "model": "m"});
    Settings::from_json(&json!({"model": model})).model
}

fn prompt() -> Prompt {
    let messages = vec![Message::user("q")];
    Prompt { system: "s".to_owned(), messages, format: None, most_bytes: 1_000 }
}

/// Asks until the end; what was said, or what went wrong.
async fn ask(protocol: Protocol, url: &str, key: Option<&str>) -> Result<String, ModelError> {
    let (models, settings) = (models(), settings(protocol, url));
    if let Some(key) = key.and_then(Key::new) {
        models.set_key(&settings, key).await?;
    }
    let said = said(&models, &settings).await;
    if key.is_some() {
        models.forget_key(&settings).await?;
    }
    said
}

async fn said(models: &Models, settings: &ModelSettings) -> Result<String, ModelError> {
    let model = models.chosen(settings, Some(4_000)).await?.unwrap();
    let mut reply = model.ask(&prompt()).await?;
    let mut text = String::new();
    while let Some(piece) = reply.text().await? {
        text.push_str(&piece);
    }
    Ok(text)
}

async fn error_of(protocol: Protocol, reply: Reply) -> ModelError {
    let llm = FakeLlm::start(vec![reply; 4]).await;
    let error = ask(protocol, &llm.url(), Some(KEY)).await.unwrap_err();
    let words = format!("{error} {error:?}");
    assert!(!words.contains(KEY), "{words}");
    error
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    let said = |message: &str| json!({"error": {"message": message, "code": 17}}).to_string();
    let wrong_key = said(&format!("Incorrect API key provided: {KEY}."));
    let cases = [
        (401, wrong_key.as_str(), "wrong_key", "set the right key"),
        (403, "Forbidden", "wrong_key", "set the right key"),
        (402, "{}", "no_credit", "add credit"),
        (
            404,
            r#"{"error": {"message": "The model `m` does not exist"}}"#,
            "unknown_model",
            "choose one",
        ),
        (404, "<html><title>Not here</title></html>", "wrong_address", "check the address"),
        (301, "", "wrong_address", "check the address"),
        (
            400,
            r#"{"error": {"message": "maximum context length is 4096 tokens"}}"#,
            "too_long",
            "contextTokens",
        ),
        (400, r#"{"error": {"message": "no such temperature"}}"#, "refused", "another model"),
    ];
    for (status, body, code, advice) in cases {
        let error = error_of(Protocol::Openai, Reply::status(status, body)).await;
        assert_eq!(error.code(), code, "{status} {body}: {error}");
        assert!(error.to_string().contains(advice), "{error}");
    }
    let llm = FakeLlm::start([Reply::status(401, "no key")]).await;
    let missing = ask(Protocol::Openai, &llm.url(), None).await.unwrap_err();
    assert_eq!(missing.code(), "missing_key");
    let anthropic = json!({"type": "error", "error": {"type": "invalid_request_error",
        "message": "Your credit balance is too low to access the API"}});
    let error = error_of(Protocol::Anthropic, Reply::status(400, &anthropic.to_string())).await;
    assert_eq!(error.code(), "no_credit");
    let ollama = json!({"error": "model \"m\" not found, try pulling it first"});
    let error = error_of(Protocol::Ollama, Reply::status(404, &ollama.to_string())).await;
    assert_eq!(error.code(), "unknown_model");
}

#[tokio::test]
async fn what_is_no_models_server_is_said_to_be_none() {
    let page = Reply::bytes("<!DOCTYPE html>\n<html><body>Welcome</body></html>");
    let error = error_of(Protocol::Openai, page.header("content-type", "text/html")).await;
    assert!(error.code() == "wrong_address" && error.to_string().contains("web page"), "{error}");
    let error = error_of(Protocol::Openai, Reply::raw("SSH-2.0-OpenSSH_9.2\r\n")).await;
    assert!(error.code() == "wrong_address" && error.to_string().contains("http"), "{error}");
    let error = ask(Protocol::Openai, "http://127.0.0.1:9", None).await.unwrap_err();
    assert!(error.code() == "unreachable" && error.to_string().contains("127.0.0.1:9"), "{error}");
    let error = ask(Protocol::Openai, "ftp://x", None).await.unwrap_err();
    assert_eq!(error.code(), "bad_address");
}

#[tokio::test]
async fn busy_failing_and_vanishing_servers_are_asked_again() {
    let good = || Reply::text(Protocol::Openai, "Yes");
    let passing = [
        Reply::status(429, "slow down").header("retry-after", "0.01"),
        Reply::status(500, "oops"),
        Reply::status(502, "<html>bad gateway</html>"),
        Reply::status(503, ""),
        Reply::status(504, ""),
        Reply::status(529, r#"{"error": {"type": "overloaded_error"}}"#),
        Reply::raw(""),
        Reply::bytes("").only(0, End::Cut),
        Reply::bytes("data: {\"error\": {\"code\": 503, \"message\": \"loading\"}}\n\n"),
    ];
    for reply in passing {
        let llm = FakeLlm::start([reply.clone(), good()]).await;
        let text = ask(Protocol::Openai, &llm.url(), None).await;
        assert_eq!(text.as_deref(), Ok("Yes"), "after {reply:?}");
        assert_eq!(llm.left(), 0);
    }
    let failing = FakeLlm::start(vec![Reply::status(500, "oops"); 9]).await;
    let error = ask(Protocol::Openai, &failing.url(), None).await.unwrap_err();
    assert!(error.code() == "failed" && failing.requests().len() == 3, "{error}");
    // After the first token nothing is repeated, and what may not pass is not tried again.
    let begun = FakeLlm::start([good().unfinished(End::Cut), good()]).await;
    ask(Protocol::Openai, &begun.url(), None).await.unwrap_err();
    let wrong = FakeLlm::start([Reply::status(401, ""), good()]).await;
    ask(Protocol::Openai, &wrong.url(), None).await.unwrap_err();
    assert_eq!((begun.left(), wrong.left()), (1, 1));
}

#[tokio::test]
async fn a_server_says_how_long_to_wait() {
    let busy = Reply::status(429, "slow down").header("retry-after", "0.3");
    let llm = FakeLlm::start([busy, Reply::text(Protocol::Openai, "Yes")]).await;
    ask(Protocol::Openai, &llm.url(), None).await.unwrap();
    let requests = llm.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_millis(300));
    // An hour is not waited for.
    let llm = FakeLlm::start([Reply::status(429, "later").header("retry-after", "3600")]).await;
    let began = Instant::now();
    assert_eq!(ask(Protocol::Openai, &llm.url(), None).await.unwrap_err().code(), "busy");
    assert!(began.elapsed() < Duration::from_mins(10));
}

#[tokio::test]
async fn silence_ends_at_its_limits() {
    let clock = Clock::stopped();
    // A comment is no token.
    let alive = Reply::bytes(": still here\n\n".repeat(9)).only(9_999, End::Hang);
    for protocol in [Protocol::Openai, Protocol::Anthropic, Protocol::Ollama] {
        for silent in [Reply::bytes("").only(0, End::Hang), alive.clone()] {
            let mute = FakeLlm::start([silent]).await;
            let url = mute.url();
            let mut said = pin!(ask(protocol, &url, None));
            tokio::select! {
                said = &mut said => panic!("nothing was asked: {said:?}"),
                () = mute.asked(1) => {}
            }
            let error = clock.passing(FIRST_TOKEN, said).await.unwrap_err();
            assert_eq!(error.code(), "timed_out");
            assert!(error.to_string().contains("firstTokenTimeoutSeconds"), "{error}");
            mute.hung_up().await;
        }
        let stuck = FakeLlm::start([Reply::text(protocol, "Hal").unfinished(End::Hang)]).await;
        let model = models().chosen(&settings(protocol, &stuck.url()), Some(4_000)).await;
        let mut reply = model.unwrap().unwrap().ask(&prompt()).await.unwrap();
        let mut text = String::new();
        while text != "Hal" {
            text.push_str(&reply.text().await.unwrap().unwrap());
        }
        let error = clock.passing(IDLE, reply.text()).await.unwrap_err();
        assert!(error.to_string().contains("idleTimeoutSeconds"), "{error}");
        drop(reply);
        stuck.hung_up().await;
    }
}

#[tokio::test]
async fn a_key_is_sent_nowhere_but_to_its_own_server() {
    let (own, other) = (
        FakeLlm::start([Reply::status(307, "").header("location", "http://127.0.0.1:9/steal")])
            .await,
        FakeLlm::start([Reply::text(Protocol::Openai, "Yes")]).await,
    );
    let models = models();
    let (at_own, at_other) =
        (settings(Protocol::Openai, &own.url()), settings(Protocol::Openai, &other.url()));
    models.set_key(&at_own, Key::new(KEY).unwrap()).await.unwrap();
    assert!(models.test(&at_own, None).await.is_err());
    models.test(&at_other, None).await.unwrap();
    assert_eq!(own.requests().len(), 1);
    assert!(own.requests()[0].header("authorization").unwrap().ends_with(KEY));
    assert_eq!(other.requests()[0].header("authorization"), None);
    models.forget_key(&at_own).await.unwrap();
    assert_eq!(models.key_status(&at_own).await.unwrap().source, None);
}
