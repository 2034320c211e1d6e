//! Anthropic's Messages API: `POST {base}/v1/messages`, answered as server-sent events.
//!
//! A plan is asked for with `output_config.format`, whose JSON streams as ordinary text; the input
//! of a forced tool would be held back until it is whole. Its schemas must be closed, and may hold
//! few unions and optional keys ("Structured outputs", limits); what does not fit is asked for in
//! words.

use serde_json::{Value, json};
use url::Url;

use super::{
    Chunk, Format, ModelError, Prompt, Structure, account::Counted, address, endpoint::Endpoint,
    refusal,
};

/// Version of the protocol, sent as `anthropic-version`.
pub(super) const VERSION: &str = "2023-06-01";

/// The protocol asks for a limit; every current model allows this one.
const MOST_TOKENS: u32 = 8192;

/// Parameters with a union of types in one request.
const MOST_UNIONS: usize = 16;

/// Optional parameters in one request.
const MOST_OPTIONAL: usize = 24;

/// Where chat requests go.
pub(super) fn chat_url(base: &Url) -> Url {
    address::below(base, "/v1/messages")
}

/// Where the list of models is.
pub(super) fn models_url(base: &Url) -> Url {
    address::below(base, "/v1/models")
}

/// The firmest structure to begin with.
pub(super) fn structure(prompt: &Prompt) -> Structure {
    match prompt.format.as_ref().and_then(fitting) {
        Some(_) => Structure::Strict,
        None => Structure::Words,
    }
}

/// The request's body.
pub(super) fn body(endpoint: &Endpoint, prompt: &Prompt, structure: Structure) -> Value {
    let messages: Vec<Value> = prompt
        .messages
        .iter()
        .map(|turn| json!({"role": turn.role.name(), "content": turn.text}))
        .collect();
    let mut body = json!({"model": endpoint.model, "max_tokens": MOST_TOKENS,
        "system": prompt.system, "messages": messages, "stream": true});
    if structure == Structure::Strict
        && let Some(schema) = prompt.format.as_ref().and_then(fitting)
    {
        body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
    }
    body
}

/// What one value of the stream says; a whole reply of a server that does not stream, too.
pub(super) fn read(value: &Value, endpoint: &Endpoint) -> Result<Vec<Chunk>, ModelError> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    Ok(match text("/type") {
        Some("error") => {
            return Err(refusal::in_stream(value.get("error").unwrap_or(value), endpoint));
        }
        Some("message_start") => vec![tokens(value.pointer("/message/usage"))],
        Some("content_block_delta") if text("/delta/type") == Some("text_delta") => {
            vec![Chunk::Text(text("/delta/text").unwrap_or_default().to_owned())]
        }
        Some("content_block_delta") => {
            vec![Chunk::Thinking(text("/delta/thinking").unwrap_or_default().len())]
        }
        Some("message_delta") => {
            let mut chunks = vec![tokens(value.get("usage"))];
            match text("/delta/stop_reason") {
                Some("max_tokens" | "model_context_window_exceeded") => {
                    chunks.extend([Chunk::CutOff, Chunk::Finished]);
                }
                Some(_) => chunks.push(Chunk::Finished),
                None => {}
            }
            chunks
        }
        Some("message_stop") => vec![Chunk::End],
        Some("message") => {
            let blocks = value.get("content").and_then(Value::as_array).into_iter().flatten();
            let texts = blocks.filter_map(|block| block.get("text").and_then(Value::as_str));
            let mut chunks: Vec<Chunk> = texts.map(|text| Chunk::Text(text.to_owned())).collect();
            chunks.extend([tokens(value.get("usage")), Chunk::Finished, Chunk::End]);
            chunks
        }
        _ => Vec::new(),
    })
}

/// The richest schema within the provider's limits.
fn fitting(format: &Format) -> Option<&Value> {
    [&format.strict, &format.closed].into_iter().flatten().find(|schema| {
        let mut size = Size::default();
        size.add(schema);
        size.unions <= MOST_UNIONS && size.optional <= MOST_OPTIONAL
    })
}

#[derive(Default)]
struct Size {
    unions: usize,
    optional: usize,
}

impl Size {
    fn add(&mut self, schema: &Value) {
        match schema {
            Value::Object(keywords) => {
                let several = keywords.get("type").is_some_and(Value::is_array);
                self.unions += usize::from(several || keywords.contains_key("anyOf"));
                let properties = keywords.get("properties").and_then(Value::as_object);
                let required = keywords.get("required").and_then(Value::as_array);
                self.optional += properties
                    .map_or(0, serde_json::Map::len)
                    .saturating_sub(required.map_or(0, Vec::len));
                keywords.values().for_each(|value| self.add(value));
            }
            Value::Array(schemas) => schemas.iter().for_each(|schema| self.add(schema)),
            _ => {}
        }
    }
}

fn tokens(usage: Option<&Value>) -> Chunk {
    let count = |key: &str| usage.and_then(|usage| usage.get(key)).and_then(Value::as_u64);
    let cached = count("cache_read_input_tokens").unwrap_or(0)
        + count("cache_creation_input_tokens").unwrap_or(0);
    Chunk::Tokens(Counted {
        input: count("input_tokens").map(|input| input + cached),
        output: count("output_tokens"),
        thinking: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_stream_are_read() {
        let endpoint = Endpoint::for_tests("m", None);
        let chunks = |value: Value| read(&value, &endpoint).unwrap();
        assert_eq!(chunks(json!({"type": "ping"})), []);
        assert_eq!(
            chunks(
                json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}})
            ),
            [Chunk::Text("a".into())]
        );
        assert_eq!(
            chunks(json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"},
                "usage": {"output_tokens": 7}})),
            [
                Chunk::Tokens(Counted { output: Some(7), ..Counted::default() }),
                Chunk::CutOff,
                Chunk::Finished
            ]
        );
        assert_eq!(chunks(json!({"type": "message_stop"})), [Chunk::End]);
        let overloaded = json!({"type": "error", "error": {"type": "overloaded_error"}});
        assert_eq!(read(&overloaded, &endpoint).unwrap_err().code(), "failed");
    }

    #[test]
    fn a_schema_beyond_the_limits_is_left_out() {
        let union = json!({"type": ["string", "null"]});
        let many: serde_json::Map<String, Value> =
            (0..17).map(|n| (format!("p{n}"), union.clone())).collect();
        let strict = json!({"type": "object", "required": [], "properties": many});
        let closed = json!({"type": "object", "properties": {}});
        let format = |closed| Format { strict: Some(strict.clone()), closed, loose: json!({}) };
        assert_eq!(fitting(&format(Some(closed.clone()))), Some(&closed));
        assert_eq!(fitting(&format(None)), None);
    }
}
