//! Servers that refuse the shape they are asked for, each in its own way: asked less firmly, and known
//! for it from then on.

use serde_json::{Value, json};
use trawl_core::llm::{Format, Message, Prompt};
use trawl_core::settings::Settings;
use trawl_tests::fake_llm::{FakeLlm, Protocol, Reply};
use trawl_tests::keychain::models;

fn prompt() -> Prompt {
    let schema = |name: &str| json!({"type": "object", "title": name});
    let format = Format {
        strict: Some(schema("strict")),
        closed: Some(schema("closed")),
        loose: schema("loose"),
    };
    let messages = vec![Message::user("Say it.")];
    Prompt { system: "s".to_owned(), messages, format: Some(format), most_bytes: 10_000 }
}

/// How firmly each request of a scripted server asked.
async fn asked(protocol: Protocol, script: Vec<Reply>, times: usize) -> Vec<Value> {
    let llm = FakeLlm::start(script).await;
    let model = json!({"provider": protocol.provider(), "baseUrl": llm.url(), "model": "m"});
    let settings = Settings::from_json(&json!({"model": model})).model;
    let models = models();
    for _ in 0..times {
        let model = models.chosen(&settings, Some(4_000)).await.unwrap().unwrap();
        let mut reply = model.ask(&prompt()).await.unwrap();
        while reply.text().await.unwrap().is_some() {}
    }
    let shape = |body: &Value| match protocol {
        Protocol::Openai => json!([
            body["response_format"]["type"],
            body["response_format"]["json_schema"]["strict"],
            body["stream_options"].is_object()
        ]),
        Protocol::Anthropic => body["output_config"]["format"]["schema"]["title"].clone(),
        Protocol::Ollama if body["format"].is_object() => body["format"]["title"].clone(),
        Protocol::Ollama => body["format"].clone(),
    };
    llm.requests().iter().map(|request| shape(&request.body)).collect()
}

fn good(protocol: Protocol) -> Reply {
    Reply::text(protocol, "{}")
}

#[tokio::test]
async fn anthropic_is_asked_in_words_where_it_takes_no_schema() {
    let refusal = json!({"type": "error", "error": {"type": "invalid_request_error",
        "message": "output_config.format: this model does not support structured outputs"}});
    let whole = Reply::status(400, &refusal.to_string());
    let streamed = Reply::bytes(format!("event: error\ndata: {refusal}\n\n"));
    for refused in [whole, streamed] {
        let (one, two) = (good(Protocol::Anthropic), good(Protocol::Anthropic));
        let shapes = asked(Protocol::Anthropic, vec![refused, one, two], 2).await;
        assert_eq!(shapes, [json!("strict"), Value::Null, Value::Null]);
    }
}

#[tokio::test]
async fn ollama_is_asked_for_an_object_and_then_in_words() {
    let refusal = json!({"error": "invalid JSON schema in format"});
    for refused in [
        || Reply::status(500, r#"{"error": "failed to load grammar from schema"}"#),
        || Reply::status(400, r#"{"error": "invalid JSON schema in format"}"#),
    ] {
        let script = vec![refused(), refused(), good(Protocol::Ollama), good(Protocol::Ollama)];
        let shapes = asked(Protocol::Ollama, script, 2).await;
        assert_eq!(shapes, [json!("loose"), json!("json"), Value::Null, Value::Null]);
    }
    let streamed = Reply::bytes(format!("{refusal}\n"));
    let shapes = asked(Protocol::Ollama, vec![streamed, good(Protocol::Ollama)], 1).await;
    assert_eq!(shapes, [json!("loose"), json!("json")]);
}

#[tokio::test]
async fn a_refusal_inside_a_stream_that_began_well_is_one_too() {
    let event = |error: Value| Reply::bytes(format!("data: {}\n\n", json!({"error": error})));
    let script = vec![
        event(json!({"code": 400, "message": "Invalid schema for response_format 'plan'"})),
        event(json!({"message": "failed to initialise the grammar", "type": "server_error"})),
        event(json!({"type": "invalid_request_error", "message": "unknown key stream_options"})),
        good(Protocol::Openai),
        good(Protocol::Openai),
    ];
    assert_eq!(
        asked(Protocol::Openai, script, 2).await,
        [
            json!(["json_schema", true, true]),
            json!(["json_schema", false, true]),
            json!(["json_object", null, true]),
            json!(["json_object", null, false]),
            json!(["json_object", null, false]),
        ]
    );
    // What is not about the shape is not taken for it.
    let script =
        vec![event(json!({"code": 503, "message": "loading the model"})), good(Protocol::Openai)];
    let shapes = asked(Protocol::Openai, script, 1).await;
    assert_eq!(shapes, vec![json!(["json_schema", true, true]); 2]);
}
