//! Any OpenAI-compatible server: `POST {base}/chat/completions`, answered as server-sent events.
//!
//! Only what nearly all of them take is sent: no sampling parameters to servers elsewhere, since
//! newer models refuse some, and no limit of length to anybody. `max_tokens` is refused by newer
//! models and `max_completion_tokens` by older servers, vLLM refuses a prompt that leaves less room
//! than the limit, and both count thinking. A reply that gets too long is hung up on instead, which
//! every server takes as its end.

use serde_json::{Value, json};
use url::Url;

use super::{
    Chunk, ModelError, Prompt, Structure, account::Counted, address, endpoint::Endpoint, refusal,
};
use crate::loopback::is_loopback;

/// Where chat requests go.
pub(super) fn chat_url(base: &Url) -> Url {
    address::below(base, "/chat/completions")
}

/// Where the list of models is.
pub(super) fn models_url(base: &Url) -> Url {
    address::below(base, "/models")
}

/// The firmest structure to begin with.
pub(super) fn structure(prompt: &Prompt) -> Structure {
    match &prompt.format {
        None => Structure::Words,
        Some(format) if format.strict.is_some() => Structure::Strict,
        Some(_) => Structure::Schema,
    }
}

/// The request's body.
pub(super) fn body(
    endpoint: &Endpoint,
    prompt: &Prompt,
    structure: Structure,
    usage_option: bool,
) -> Value {
    let system = json!({"role": "system", "content": prompt.system});
    let turns =
        prompt.messages.iter().map(|turn| json!({"role": turn.role.name(), "content": turn.text}));
    let messages: Vec<Value> = std::iter::once(system).chain(turns).collect();
    let mut body = json!({"model": endpoint.model, "messages": messages, "stream": true});
    if usage_option {
        body["stream_options"] = json!({"include_usage": true});
    }
    let Some(format) = &prompt.format else { return body };
    // A plan should not depend on luck; models elsewhere may refuse any temperature but their own.
    if is_loopback(&endpoint.base) {
        body["temperature"] = json!(0);
    }
    let schema = |strict: bool, schema: &Value| {
        json!({"type": "json_schema",
            "json_schema": {"name": "plan", "strict": strict, "schema": schema}})
    };
    match (structure, &format.strict) {
        (Structure::Strict, Some(strict)) => body["response_format"] = schema(true, strict),
        (Structure::Strict | Structure::Schema, _) => {
            body["response_format"] = schema(false, &format.loose);
        }
        (Structure::Object, _) => body["response_format"] = json!({"type": "json_object"}),
        (Structure::Words, _) => {}
    }
    body
}

/// What one value of the stream says; a whole reply of a server that does not stream, too.
pub(super) fn read(value: &Value, endpoint: &Endpoint) -> Result<Vec<Chunk>, ModelError> {
    if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
        return Err(refusal::in_stream(error, endpoint));
    }
    let mut chunks = Vec::new();
    let choice = value.pointer("/choices/0");
    let whole = choice.and_then(|choice| choice.get("message"));
    let part = choice.and_then(|choice| choice.get("delta")).filter(|delta| !delta.is_null());
    if let Some(said) = part.or(whole) {
        let thought = ["reasoning_content", "reasoning"]
            .iter()
            .find_map(|key| said.get(key)?.as_str().filter(|text| !text.is_empty()));
        chunks.extend(thought.map(|text| Chunk::Thinking(text.len())));
        content(said.get("content"), &mut chunks);
        // A refusal is what the model says instead of its reply.
        content(said.get("refusal"), &mut chunks);
    }
    let usage = value.get("usage").filter(|usage| usage.is_object());
    if let Some(usage) = usage.or_else(|| value.pointer("/x_groq/usage")) {
        chunks.push(Chunk::Tokens(counted(usage)));
    }
    match choice.and_then(|choice| choice.get("finish_reason")).and_then(Value::as_str) {
        Some("length") => chunks.extend([Chunk::CutOff, Chunk::Finished]),
        Some(_) => chunks.push(Chunk::Finished),
        None => {}
    }
    if whole.is_some() {
        chunks.push(Chunk::End);
    }
    Ok(chunks)
}

fn counted(usage: &Value) -> Counted {
    let count = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64);
    let cached = count("/prompt_tokens_details/cached_tokens").unwrap_or(0);
    // What was in the cache is part of the prompt; some count it beside it.
    let beside = |read: u64| if cached > read { read + cached } else { read };
    Counted {
        input: count("/prompt_tokens").map(beside),
        output: count("/completion_tokens"),
        thinking: count("/completion_tokens_details/reasoning_tokens"),
    }
}

/// A text, or a list of parts of which some are text and some are thinking.
fn content(content: Option<&Value>, chunks: &mut Vec<Chunk>) {
    match content {
        Some(Value::String(text)) if !text.is_empty() => chunks.push(Chunk::Text(text.clone())),
        Some(Value::Array(parts)) => {
            for part in parts {
                match part.get("text").and_then(Value::as_str) {
                    Some(text) => chunks.push(Chunk::Text(text.to_owned())),
                    None => chunks.push(Chunk::Thinking(part.to_string().len())),
                }
            }
        }
        _ => {}
    }
}

/// How much a model reads, where its entry in the list says so: each server has its own word.
pub(super) fn context(entry: &Value) -> Option<u64> {
    const WORDS: [&str; 7] = [
        "/max_model_len",
        "/loaded_context_length",
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/meta/n_ctx",
        "/max_input_tokens",
    ];
    WORDS.iter().find_map(|word| entry.pointer(word)?.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(value: &Value) -> Vec<Chunk> {
        read(value, &Endpoint::for_tests("m", None)).unwrap()
    }

    #[test]
    fn what_servers_send_is_read() {
        let delta = |delta: Value| chunks(&json!({"choices": [{"index": 0, "delta": delta}]}));
        assert_eq!(delta(json!({"role": "assistant", "content": null})), []);
        assert_eq!(delta(json!({"content": "a"})), [Chunk::Text("a".into())]);
        assert_eq!(delta(json!({"reasoning_content": "hm", "content": ""})), [Chunk::Thinking(2)]);
        assert_eq!(
            delta(json!({"content": [{"type": "thinking"}, {"type": "text", "text": "b"}]})),
            [Chunk::Thinking(19), Chunk::Text("b".into())]
        );
        assert_eq!(
            chunks(&json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4,
                "prompt_tokens_details": {"cached_tokens": 90},
                "completion_tokens_details": {"reasoning_tokens": 2}}})),
            [Chunk::Tokens(Counted { input: Some(93), output: Some(4), thinking: Some(2) })]
        );
        assert_eq!(
            chunks(&json!({"choices": [{"delta": {}, "finish_reason": "length"}], "usage": null})),
            [Chunk::CutOff, Chunk::Finished]
        );
        assert_eq!(
            chunks(&json!({"choices": [{"message": {"content": "w"}, "finish_reason": "stop"}]})),
            [Chunk::Text("w".into()), Chunk::Finished, Chunk::End]
        );
        assert_eq!(chunks(&json!({"object": "ping"})), []);
    }
}
