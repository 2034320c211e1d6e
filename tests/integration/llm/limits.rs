//! Streams without an end and servers without haste: every wait has a limit, and every limit a word.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use trawl_core::llm::{Message, Model, ModelError, Prompt};
use trawl_core::settings::Settings;
use trawl_tests::clock::Clock;
use trawl_tests::fake_llm::{End, FakeLlm, Protocol, Reply};
use trawl_tests::keychain::models;

const PROTOCOLS: [Protocol; 3] = [Protocol::Openai, Protocol::Anthropic, Protocol::Ollama];

fn prompt() -> Prompt {
    let messages = vec![Message::user("q")];
    Prompt { system: "s".to_owned(), messages, format: None, most_bytes: 10_000 }
}

async fn model(protocol: Protocol, url: &str, more: Value) -> Model {
    let mut model = json!({"provider": protocol.provider(), "baseUrl": url, "model": "m"});
    for (key, value) in more.as_object().unwrap() {
        model[key] = value.clone();
    }
    let settings = Settings::from_json(&json!({"model": model}));
    assert_eq!(settings.warnings, Vec::<String>::new());
    models().chosen(&settings.model, Some(4_000)).await.unwrap().unwrap()
}

async fn said(model: &Model) -> Result<String, ModelError> {
    let mut reply = model.ask(&prompt()).await?;
    let mut text = String::new();
    while let Some(piece) = reply.text().await? {
        text.push_str(&piece);
    }
    Ok(text)
}

/// The same, in less than the limits that hold where the settings say nothing.
async fn said_soon(protocol: Protocol, reply: Reply, more: Value) -> Result<String, ModelError> {
    let llm = FakeLlm::start([reply]).await;
    let model = model(protocol, &llm.url(), more).await;
    let said = tokio::time::timeout(Duration::from_secs(30), said(&model)).await.expect("an end");
    llm.hung_up().await;
    said
}

#[tokio::test]
async fn a_server_that_goes_on_after_the_end_is_hung_up_on() {
    for protocol in PROTOCOLS {
        let more = || b": and more\n\n".to_vec();
        for end in [End::Endless(more()), End::Trickle(more(), Duration::from_millis(5))] {
            let reply = Reply::text(protocol, "Yes").and_then(end);
            assert_eq!(said_soon(protocol, reply, json!({})).await.as_deref(), Ok("Yes"));
        }
    }
}

#[tokio::test]
async fn packets_without_a_token_do_not_put_a_limit_off() {
    for protocol in PROTOCOLS {
        let alive = End::Endless(b": still here\n\n".to_vec());
        let mute = Reply::bytes("").only(0, alive.clone());
        let limit = json!({"firstTokenTimeoutSeconds": 0.3});
        let error = said_soon(protocol, mute, limit).await.unwrap_err();
        assert!(error.to_string().contains("firstTokenTimeoutSeconds"), "{error}");
        let stuck = Reply::text(protocol, "Hal").unfinished(alive);
        let limit = json!({"idleTimeoutSeconds": 0.3});
        let error = said_soon(protocol, stuck, limit).await.unwrap_err();
        assert!(error.to_string().contains("idleTimeoutSeconds"), "{error}");
    }
}

#[tokio::test]
async fn endless_thinking_is_stopped() {
    let thought = "so and so and ".repeat(40);
    let openai = |delta: Value| format!("data: {}\n\n", json!({"choices": [{"delta": delta}]}));
    let anthropic = json!({"type": "content_block_delta",
        "delta": {"type": "thinking_delta", "thinking": thought}});
    let ollama = json!({"message": {"thinking": thought}, "done": false});
    let cases = [
        (Protocol::Openai, String::new(), openai(json!({"reasoning_content": thought}))),
        (
            Protocol::Openai,
            openai(json!({"content": "<think>"})),
            openai(json!({"content": thought})),
        ),
        (Protocol::Anthropic, String::new(), format!("data: {anthropic}\n\n")),
        (Protocol::Ollama, String::new(), format!("{ollama}\n")),
    ];
    for (protocol, start, again) in cases {
        let reply = Reply::bytes(start).only(99, End::Endless(again.into_bytes()));
        let error = said_soon(protocol, reply, json!({})).await.unwrap_err();
        let ModelError::Endless { limit, .. } = error else { panic!("{error}") };
        assert_eq!(limit, 512 * 1024, "{protocol:?}");
    }
}

#[tokio::test]
async fn speed_is_told_of_a_stream_and_not_of_one_packet() {
    let clock = Clock::stopped();
    for protocol in PROTOCOLS {
        let text = "four".repeat(40);
        let slow = Reply::timed(protocol, &text, Duration::ZERO, 200.0);
        let llm = FakeLlm::start([slow, Reply::bytes(bytes_of(protocol, &text))]).await;
        let model = model(protocol, &llm.url(), json!({})).await;
        let mut speeds = Vec::new();
        for paced in [true, false] {
            let mut reply = model.ask(&prompt()).await.unwrap();
            while reply.text().await.unwrap().is_some() {
                if paced {
                    clock.pass(Duration::from_millis(5)).await;
                }
            }
            speeds.push(reply.usage().tokens_per_second);
        }
        // A millisecond is added to each pause.
        assert!(speeds[0].is_some_and(|speed| (160.0..=200.0).contains(&speed)), "{speeds:?}");
        assert_eq!(speeds[1], None, "{protocol:?}");
    }
}

/// A whole reply in one piece.
fn bytes_of(protocol: Protocol, text: &str) -> Vec<u8> {
    Reply::text(protocol, text).all()
}

#[tokio::test]
async fn limits_of_any_size_are_times() {
    let limits = json!({"connectTimeoutSeconds": 1e19, "firstTokenTimeoutSeconds": 1e19,
        "idleTimeoutSeconds": 1e18});
    for protocol in PROTOCOLS {
        let llm = FakeLlm::start([Reply::text(protocol, "Yes")]).await;
        let model = model(protocol, &llm.url(), limits.clone()).await;
        assert_eq!(said(&model).await.as_deref(), Ok("Yes"));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_takes_no_connection_is_unreachable_after_one_wait() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // The kernel takes as many as it was told to queue, and lets everybody else wait.
    let connect = || {
        tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(address))
    };
    let queued = futures::future::join_all((0..8).map(|_| connect())).await;
    assert!(queued.iter().any(Result::is_err), "the queue is full");
    let url = format!("http://{address}");
    let model = model(Protocol::Openai, &url, json!({})).await;
    // Nothing will ever be ready, so that time goes on by itself.
    tokio::time::pause();
    let began = Instant::now();
    let error = said(&model).await.unwrap_err();
    assert_eq!(error.code(), "unreachable", "{error}");
    assert!(error.to_string().contains("connectTimeoutSeconds"), "{error}");
    let waits = began.elapsed().as_secs_f64() / 10.0;
    assert!((1.0..1.5).contains(&waits), "{waits} times connectTimeoutSeconds");
}

#[tokio::test]
async fn a_date_to_try_again_at_is_waited_for() {
    let at = jiff::Timestamp::now() + Duration::from_secs(2);
    let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let busy = Reply::status(429, "slow down").header("retry-after", &date);
    let llm = FakeLlm::start([busy, Reply::text(Protocol::Openai, "Yes")]).await;
    let model = model(Protocol::Openai, &llm.url(), json!({})).await;
    assert_eq!(said(&model).await.as_deref(), Ok("Yes"));
    let again = jiff::Timestamp::now() - llm.requests()[1].at.elapsed();
    assert!(again.as_second() >= at.as_second(), "{again} is before {date}");
    // Tomorrow is not waited for.
    let late = jiff::Timestamp::now() + Duration::from_hours(24);
    let date = late.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    llm.then(Reply::status(429, "later").header("retry-after", &date));
    assert_eq!(said(&model).await.unwrap_err().code(), "busy");
}
