//! Ollama's own API: `POST {base}/api/chat`, answered as one JSON value a line.
//!
//! Its OpenAI-compatible side cannot be told how much to read and cuts silently; here `num_ctx` says
//! it, and `prompt_eval_count` shows what was read.

use serde_json::{Value, json};
use url::Url;

use super::{
    Chunk, ModelError, Prompt, Structure, account::Counted, address, endpoint::Endpoint, refusal,
    tokens_of,
};

/// A reply may have this many tokens however little the model reads.
const LEAST_TOKENS: u64 = 1_024;

/// Where chat requests go.
pub(super) fn chat_url(base: &Url) -> Url {
    address::below(base, "/api/chat")
}

/// Where the list of models is.
pub(super) fn models_url(base: &Url) -> Url {
    address::below(base, "/api/tags")
}

/// Where one model is described.
pub(super) fn show_url(base: &Url) -> Url {
    address::below(base, "/api/show")
}

/// The firmest structure to begin with.
pub(super) fn structure(prompt: &Prompt) -> Structure {
    if prompt.format.is_some() { Structure::Schema } else { Structure::Words }
}

/// The request's body; `window` is how many tokens the model is to read and write together.
pub(super) fn body(
    endpoint: &Endpoint,
    prompt: &Prompt,
    structure: Structure,
    window: u64,
) -> Value {
    let system = json!({"role": "system", "content": prompt.system});
    let turns =
        prompt.messages.iter().map(|turn| json!({"role": turn.role.name(), "content": turn.text}));
    let messages: Vec<Value> = std::iter::once(system).chain(turns).collect();
    let mut body = json!({"model": endpoint.model, "messages": messages, "stream": true,
        "options": {"num_ctx": window, "num_predict": most_tokens(prompt, window)}});
    let Some(format) = &prompt.format else { return body };
    body["options"]["temperature"] = json!(0);
    match structure {
        Structure::Strict | Structure::Schema => body["format"] = format.loose.clone(),
        Structure::Object => body["format"] = json!("json"),
        Structure::Words => {}
    }
    body
}

/// Without a limit a model writes on when its window is full, and forgets what it was asked.
fn most_tokens(prompt: &Prompt, window: u64) -> u64 {
    let enough = tokens_of(prompt.most_bytes);
    enough.min(window).max(LEAST_TOKENS)
}

/// What one line says.
pub(super) fn read(value: &Value, endpoint: &Endpoint) -> Result<Vec<Chunk>, ModelError> {
    if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
        return Err(refusal::in_stream(error, endpoint));
    }
    let mut chunks = Vec::new();
    let said = |pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    };
    if let Some(thought) = said("/message/thinking") {
        chunks.push(Chunk::Thinking(thought.len()));
    }
    if let Some(text) = said("/message/content") {
        chunks.push(Chunk::Text(text.to_owned()));
    }
    if value.get("done").and_then(Value::as_bool) == Some(true) {
        let count = |key: &str| value.get(key).and_then(Value::as_u64);
        chunks.push(Chunk::Tokens(Counted {
            input: count("prompt_eval_count"),
            output: count("eval_count"),
            thinking: None,
        }));
        if said("/done_reason") == Some("length") {
            chunks.push(Chunk::CutOff);
        }
        chunks.extend([Chunk::Finished, Chunk::End]);
    }
    Ok(chunks)
}

/// How much a model can read, from its description.
pub(super) fn context(shown: &Value) -> Option<u64> {
    let facts = shown.get("model_info")?.as_object()?;
    facts.iter().find(|(name, _)| name.ends_with(".context_length"))?.1.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let endpoint = Endpoint::for_tests("m", None);
        let line = json!({"message": {"content": "a", "thinking": "b"}, "done": false});
        assert_eq!(read(&line, &endpoint).unwrap(), [Chunk::Thinking(1), Chunk::Text("a".into())]);
        let last = json!({"message": {"content": ""}, "done": true, "done_reason": "length",
            "prompt_eval_count": 5, "eval_count": 2});
        let tokens = Chunk::Tokens(Counted { input: Some(5), output: Some(2), thinking: None });
        assert_eq!(
            read(&last, &endpoint).unwrap(),
            [tokens, Chunk::CutOff, Chunk::Finished, Chunk::End]
        );
        let missing = json!({"error": "model \"m\" not found, try pulling it first"});
        assert!(read(&missing, &endpoint).is_err());
        let shown = json!({"model_info": {"general.architecture": "x", "x.context_length": 4096}});
        assert_eq!(context(&shown), Some(4096));
    }
}
