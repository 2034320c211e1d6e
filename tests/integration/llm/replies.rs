//! What models' servers really send, in three protocols and in any packets.

use futures::future::join_all;
use serde_json::{Value, json};
use trawl_core::llm::keys::{KeyStatus, Source};
use trawl_core::llm::{Format, Key, Message, ModelError, Models, Prompt};
use trawl_core::settings::{ModelSettings, Provider, Settings};
use trawl_tests::clock::Clock;
use trawl_tests::fake_llm::{End, FakeLlm, Protocol, Reply};
use trawl_tests::keychain::models;

const PROTOCOLS: [Protocol; 3] = [Protocol::Openai, Protocol::Anthropic, Protocol::Ollama];

fn settings(protocol: Protocol, llm: &FakeLlm) -> ModelSettings {
    let model = json!({"provider": protocol.provider(), "baseUrl": llm.url(), "model": "m",
        "pricePerMillion": {"input": 2.0, "output": 10.0}});
    Settings::from_json(&json!({"model": model})).model
}

fn prompt(format: Option<Format>) -> Prompt {
    let messages = vec![Message::user("Say it.")];
    Prompt { system: "You say things.".to_owned(), messages, format, most_bytes: 10_000 }
}

fn format() -> Format {
    let schema = |name: &str| json!({"type": "object", "title": name});
    Format {
        strict: Some(schema("strict")),
        closed: Some(schema("closed")),
        loose: schema("loose"),
    }
}

/// Asks once; the text, and how it ended.
async fn said(
    models: &Models,
    settings: &ModelSettings,
    prompt: &Prompt,
) -> (String, Result<(), ModelError>) {
    let model = models.chosen(settings, Some(4_000)).await.unwrap().unwrap();
    let mut text = String::new();
    let mut reply = match model.ask(prompt).await {
        Ok(reply) => reply,
        Err(error) => return (text, Err(error)),
    };
    loop {
        match reply.text().await {
            Ok(Some(piece)) => text.push_str(&piece),
            Ok(None) => return (text, Ok(())),
            Err(error) => return (text, Err(error)),
        }
    }
}

async fn text_of(protocol: Protocol, reply: Reply) -> String {
    let llm = FakeLlm::start([reply]).await;
    let (text, ended) = said(&models(), &settings(protocol, &llm), &prompt(None)).await;
    assert_eq!(ended, Ok(()), "after {text:?}");
    text
}

#[tokio::test]
async fn a_text_arrives_whole_in_packets_of_any_size() {
    let text = "Größe: 12 € 😀 — \"done\"\n\nNext.";
    for protocol in PROTOCOLS {
        let sizes = [1, 2, 3, 7, 64, 1_000, 100_000];
        let asked =
            sizes.map(|size| text_of(protocol, Reply::text(protocol, text).packets_of(size)));
        for (said, size) in join_all(asked).await.into_iter().zip(sizes) {
            assert_eq!(said, text, "{protocol:?} in packets of {size}");
        }
    }
}

#[tokio::test]
async fn tokens_are_counted_and_priced() {
    for protocol in PROTOCOLS {
        let llm = FakeLlm::start([Reply::text(protocol, "12345678")]).await;
        let models = models();
        let model = models.chosen(&settings(protocol, &llm), Some(4_000)).await.unwrap().unwrap();
        let mut reply = model.ask(&prompt(None)).await.unwrap();
        while reply.text().await.unwrap().is_some() {}
        let usage = reply.usage();
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.calls), (100, 2, 1));
        assert!(!usage.estimated && usage.first_token_ms.is_some(), "{usage:?}");
        assert_eq!(usage.cost, Some((100.0 * 2.0 + 2.0 * 10.0) / 1e6));
    }
}

#[tokio::test]
async fn odd_streams_are_read() {
    let delta = |delta: Value| format!("data: {}\n\n", json!({"choices": [{"delta": delta}]}));
    let done = "data: [DONE]\n\n";
    let cases: [(&str, String, &str); 9] = [
        (
            "keep-alive comments, null content and no usage",
            format!(
                ": PROCESSING\n\n{}: PROCESSING\n\n{}{done}",
                delta(json!({"role": "assistant", "content": null})),
                delta(json!({"content": "Yes"}))
            ),
            "Yes",
        ),
        (
            "reasoning in fields of its own",
            format!(
                "{}{}{}{done}",
                delta(json!({"reasoning_content": "hm"})),
                delta(json!({"reasoning": "hm", "content": null})),
                delta(json!({"content": "Yes"}))
            ),
            "Yes",
        ),
        (
            "thinking in the text",
            format!(
                "{}{}{}{done}",
                delta(json!({"content": "<thi"})),
                delta(json!({"content": "nk>no</think"})),
                delta(json!({"content": ">Yes"}))
            ),
            "Yes",
        ),
        (
            "CRLF, no space after the colon, no empty line between events",
            format!(
                "event: x\r\ndata:{}\r\ndata:{}\r\n\r\ndata: [DONE]\r\n\r\n",
                json!({"choices": [{"delta": {"content": "Ye"}}]}),
                json!({"choices": [{"delta": {"content": "s"}}]})
            ),
            "Yes",
        ),
        (
            "no [DONE], but a reason to finish",
            format!(
                "{}data: {}\n\n",
                delta(json!({"content": "Yes"})),
                json!({"choices": [{"delta": {}, "finish_reason": "stop"}]})
            ),
            "Yes",
        ),
        (
            "a whole reply instead of a stream",
            json!({"choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}]})
                .to_string(),
            "Yes",
        ),
        (
            "the same on several lines",
            serde_json::to_string_pretty(&json!({"choices": [{"message": {"content": "Yes"}}]}))
                .unwrap(),
            "Yes",
        ),
        (
            "lines that are no JSON",
            format!("data: {{broken\n\n{}{done}", delta(json!({"content": "Yes"}))),
            "Yes",
        ),
        (
            "text in parts",
            format!(
                "{}{done}",
                delta(json!({"content": [{"type": "thinking"}, {"type": "text", "text": "Yes"}]}))
            ),
            "Yes",
        ),
    ];
    for (what, stream, expected) in cases {
        assert_eq!(text_of(Protocol::Openai, Reply::bytes(stream)).await, expected, "{what}");
    }
    let broken =
        b"data: {\"choices\": [{\"delta\": {\"content\": \"Ye\xff\xfes\"}}]}\n\ndata: [DONE]\n\n";
    let text = text_of(Protocol::Openai, Reply::bytes(broken.to_vec())).await;
    assert_eq!(text, "Ye\u{fffd}\u{fffd}s", "bytes that are no UTF-8");
}

#[tokio::test]
async fn a_stream_that_is_cut_keeps_its_text_and_says_so() {
    for protocol in PROTOCOLS {
        for end in [End::Cut, End::Whole] {
            let llm = FakeLlm::start([Reply::text(protocol, "Half of it").unfinished(end)]).await;
            let models = models();
            let (text, ended) = said(&models, &settings(protocol, &llm), &prompt(None)).await;
            assert_eq!(text, "Half of it", "{protocol:?}");
            assert_eq!(ended.unwrap_err().code(), "broken_off", "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn text_of_the_same_packet_comes_before_the_error_and_is_not_asked_for_again() {
    let text = format!("data: {}\n\n", json!({"choices": [{"delta": {"content": "Half"}}]}));
    let error = format!("{text}data: {}\n\n", json!({"error": {"code": 502, "message": "gone"}}));
    for (reply, code) in [
        (Reply::bytes(error), "failed"),
        // The last line lacks its end.
        (Reply::bytes(text.trim_end()).only(9_999, End::Cut), "broken_off"),
    ] {
        let llm = FakeLlm::start([reply, Reply::text(Protocol::Openai, "Again")]).await;
        let settings = settings(Protocol::Openai, &llm);
        let (text, ended) = said(&models(), &settings, &prompt(None)).await;
        assert_eq!((text.as_str(), ended.unwrap_err().code()), ("Half", code));
        assert_eq!(llm.left(), 1, "{code}");
    }
}

#[tokio::test]
async fn an_endless_stream_is_stopped_at_its_limit() {
    let event =
        format!("data: {}\n\n", json!({"choices": [{"delta": {"content": "more and more "}}]}));
    let endless = Reply::bytes("").only(0, End::Endless(event.into_bytes()));
    let llm = FakeLlm::start([endless]).await;
    let (text, ended) = said(&models(), &settings(Protocol::Openai, &llm), &prompt(None)).await;
    let Err(ModelError::Endless { limit, .. }) = ended else { panic!("{ended:?}") };
    assert!(limit == 10_000 && text.len() <= limit && text.len() > 9_900);
    llm.hung_up().await;
}

#[tokio::test]
async fn dropping_a_reply_closes_the_request_at_once() {
    for protocol in PROTOCOLS {
        let reply = Reply::text(protocol, "Some text").unfinished(End::Hang);
        let llm = FakeLlm::start([reply]).await;
        let models = models();
        let model = models.chosen(&settings(protocol, &llm), Some(4_000)).await.unwrap().unwrap();
        let mut reply = model.ask(&prompt(None)).await.unwrap();
        reply.text().await.unwrap();
        drop(reply);
        llm.hung_up().await;
    }
}

#[tokio::test]
async fn each_provider_is_asked_for_json_in_its_own_way() {
    let models = models();
    for protocol in PROTOCOLS {
        let llm =
            FakeLlm::start([Reply::text(protocol, "{}"), Reply::text(protocol, "free")]).await;
        let settings = settings(protocol, &llm);
        let kept = models.set_key(&settings, Key::new("key-0123456789").unwrap()).await.unwrap();
        for format in [Some(format()), None] {
            assert_eq!(said(&models, &settings, &prompt(format)).await.1, Ok(()));
        }
        let requests = llm.requests();
        let (plan, answer) = (&requests[0].body, &requests[1].body);
        let (path, schema, key) = match protocol {
            Protocol::Openai => {
                assert_eq!(plan["response_format"]["json_schema"]["strict"], true);
                assert_eq!(plan["stream_options"]["include_usage"], true);
                assert!(answer.get("response_format").is_none());
                let schema = &plan["response_format"]["json_schema"]["schema"];
                ("/v1/chat/completions", schema, requests[0].header("authorization"))
            }
            Protocol::Anthropic => {
                assert_eq!(plan["output_config"]["format"]["type"], "json_schema");
                assert_eq!(requests[0].header("anthropic-version"), Some("2023-06-01"));
                assert!(plan["max_tokens"].is_u64() && plan["tools"].is_null());
                assert!(answer.get("output_config").is_none());
                (
                    "/v1/messages",
                    &plan["output_config"]["format"]["schema"],
                    requests[0].header("x-api-key"),
                )
            }
            Protocol::Ollama => {
                assert_eq!(plan["options"]["num_ctx"], 4_000);
                assert!(answer.get("format").is_none() && answer["options"]["num_ctx"] == 4_000);
                ("/api/chat", &plan["format"], requests[0].header("authorization"))
            }
        };
        assert_eq!(requests[0].path, path);
        let dialect = if protocol == Protocol::Ollama { "loose" } else { "strict" };
        assert_eq!(schema["title"], dialect, "{protocol:?}");
        assert!(key.unwrap().ends_with("key-0123456789"), "{protocol:?}");
        assert_eq!(plan["stream"], true);
        // Wherever this computer keeps keys, the same is said later.
        assert!(matches!(kept.source, Some(Source::Keychain | Source::ThisRun { .. })), "{kept:?}");
        assert_eq!(models.key_status(&settings).await, Ok(kept));
        assert_eq!(models.forget_key(&settings).await, Ok(KeyStatus::default()));
    }
}

#[tokio::test]
async fn a_server_that_refuses_schemas_is_asked_less_firmly_and_this_is_remembered() {
    let refusal = |what: &str| {
        let error = json!({"error": {"message": format!("response_format {what} is not supported"), "code": 400}});
        Reply::status(400, &error.to_string())
    };
    let llm = FakeLlm::start([
        refusal("json_schema (strict)"),
        refusal("json_schema"),
        Reply::text(Protocol::Openai, "{}"),
        Reply::text(Protocol::Openai, "{}"),
        refusal("json_object"),
        Reply::text(Protocol::Openai, "{}"),
    ])
    .await;
    let (models, settings) = (models(), settings(Protocol::Openai, &llm));
    for _ in 0..3 {
        let (text, ended) = said(&models, &settings, &prompt(Some(format()))).await;
        assert_eq!((text.as_str(), ended), ("{}", Ok(())));
    }
    let formats: Vec<String> = llm
        .requests()
        .iter()
        .map(|request| {
            let format = &request.body["response_format"];
            format!("{} {}", format["type"], format["json_schema"]["strict"])
        })
        .collect();
    assert_eq!(
        formats,
        [
            "\"json_schema\" true",
            "\"json_schema\" false",
            "\"json_object\" null",
            "\"json_object\" null",
            "\"json_object\" null",
            "null null"
        ]
    );
}

#[tokio::test]
async fn a_server_that_does_not_know_stream_options_is_asked_without() {
    let refusal = json!({"detail": [{"loc": ["body", "stream_options"], "msg": "extra fields not permitted"}]});
    let llm = FakeLlm::start([
        Reply::status(422, &refusal.to_string()),
        Reply::text(Protocol::Openai, "Yes"),
    ])
    .await;
    let (text, ended) =
        said(&models(), &settings(Protocol::Openai, &llm), &prompt(Some(format()))).await;
    assert_eq!((text.as_str(), ended), ("Yes", Ok(())));
    assert!(llm.requests()[1].body.get("stream_options").is_none());
    assert_eq!(llm.requests()[1].body["response_format"]["json_schema"]["strict"], true);
}

#[tokio::test]
async fn local_servers_are_found_with_their_models() {
    let (lists, shows) = (FakeLlm::start([]).await, FakeLlm::start([]).await);
    lists.offers(json!({"object": "list", "data": [
        {"id": "b-chat", "owned_by": "llamacpp", "meta": {"n_ctx": 8192}}, {"id": "a-embed-1"}]}));
    shows.offers(json!({"models": [{"name": "qwen3:4b", "model": "qwen3:4b"}]}));
    let (lists, shows) = (lists.url() + "/v1", shows.url());
    let places = [
        (Provider::Ollama, shows.as_str()),
        (Provider::Openai, lists.as_str()),
        (Provider::Openai, "http://127.0.0.1:9/v1"),
    ];
    // Each of these answers or refuses, however long that takes.
    let clock = Clock::stopped();
    let detected = models().detect_at(&places).await;
    drop(clock);
    let found: Vec<(&str, &str)> =
        detected.iter().map(|found| (found.name.as_str(), found.models[0].name.as_str())).collect();
    assert_eq!(found, [("Ollama", "qwen3:4b"), ("llama.cpp", "b-chat")]);
    assert_eq!(detected[1].models.len(), 1, "{detected:?}");
    assert_eq!(detected[1].models[0].context_tokens, Some(8192));
    // One that takes the connection and says nothing is not waited for.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    assert_eq!(models().detect_at(&[(Provider::Openai, silent.as_str())]).await, []);
}

#[tokio::test]
async fn a_test_says_how_fast_a_model_is_or_what_to_do() {
    let slow = std::time::Duration::from_millis(30);
    let words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
    let llm = FakeLlm::start([
        Reply::timed(Protocol::Openai, words, slow, 20.0),
        Reply::status(401, r#"{"error": {"message": "Incorrect API key provided"}}"#),
        Reply::text(Protocol::Openai, " \n"),
    ])
    .await;
    let (models, settings) = (models(), settings(Protocol::Openai, &llm));
    let key = Key::new("key-0123456789");
    let trial = models.test(&settings, key.clone()).await.unwrap();
    assert!(trial.first_token_ms >= 30.0 && trial.said == words, "{trial:?}");
    assert!(trial.tokens_per_second.is_some_and(|speed| speed > 0.0), "{trial:?}");
    assert_eq!(models.test(&settings, key.clone()).await.unwrap_err().code(), "wrong_key");
    let wordless = models.test(&settings, key).await.unwrap_err();
    assert_eq!(wordless.code(), "failed");
    assert!(wordless.to_string().contains("m replied without a word"), "{wordless}");
    let nameless = ModelSettings { model: None, ..settings };
    assert_eq!(models.test(&nameless, None).await.unwrap_err(), ModelError::NoModel);
}
