//! Reads what a server says when it does not do what it is asked: JSON of several shapes, HTML,
//! plain text or nothing.
//!
//! Comes in: a status and a body. Goes out: a [`ModelError`], classified by the status first and by
//! the server's words where one status has several meanings. The key is covered in those words.

use std::time::Duration;

use serde_json::Value;

use super::{ModelError, endpoint::Endpoint};

/// Longest excerpt of a server's own words.
const SHOWN: usize = 300;

/// An unsuccessful response.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: &'a str,
}

impl Refusal<'_> {
    /// What it means.
    pub(super) fn error(&self, endpoint: &Endpoint) -> ModelError {
        let server = endpoint.server.clone();
        let words = words(self.body);
        let said = match excerpt(&words, endpoint) {
            said if said.is_empty() => format!("HTTP {}", self.status),
            said => format!("HTTP {}: {said}", self.status),
        };
        let sense = words.to_lowercase();
        let says = |signs: &[&str]| signs.iter().any(|sign| sense.contains(sign));
        let (model, retry_after) = (endpoint.model.clone(), self.retry_after);
        // With 429 these words are about the tokens of a minute, which is over soon.
        if self.status == 413 || (self.status != 429 && says(TOO_LONG)) {
            return ModelError::TooLong { said };
        }
        match self.status {
            402 => ModelError::NoCredit { server, said },
            400 | 403 | 429 if says(NO_CREDIT) => ModelError::NoCredit { server, said },
            // With 429 they speak of billing to whoever is too fast, too.
            400 | 403 if says(BILLING) => ModelError::NoCredit { server, said },
            // Gemini says 400 to a wrong key.
            401 | 403 if endpoint.key.is_none() => ModelError::MissingKey { server },
            401 | 403 => ModelError::WrongKey { server, said },
            400 if says(WRONG_KEY) => ModelError::WrongKey { server, said },
            400 | 404 | 422 if names_model(&sense, &model) => {
                ModelError::UnknownModel { server, model, said }
            }
            300..=399 | 404 | 405 | 406 | 410 => ModelError::WrongAddress { server, said },
            429 => ModelError::Busy { server, said, retry_after },
            408 | 425 | 500..=599 => ModelError::Failed { server, said, retry_after },
            _ if looks_like_html(self.body) => ModelError::WrongAddress { server, said },
            _ => ModelError::Refused { server, said },
        }
    }
}

/// Whether the request might pass without the schema (or the JSON mode) that it carried. A refusal
/// seldom says what it is about; a failure has to speak of it.
pub(super) fn may_mean_structure(error: &ModelError, words: &str) -> bool {
    let sense = words.to_lowercase();
    match error {
        ModelError::Refused { .. } => true,
        ModelError::Failed { .. } => STRUCTURE.iter().any(|sign| sense.contains(sign)),
        _ => false,
    }
}

/// An error inside a stream that began well. Its `code` may be a word or a number.
pub(super) fn in_stream(error: &Value, endpoint: &Endpoint) -> ModelError {
    let body = serde_json::json!({ "error": error }).to_string();
    let of = |key: &str| error.get(key);
    let number = of("code").or_else(|| of("status")).and_then(Value::as_u64);
    let status = number.and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 400);
    let kind = of("type").or_else(|| of("code")).and_then(Value::as_str).unwrap_or_default();
    let status = status.unwrap_or(match kind {
        "authentication_error" | "invalid_api_key" => 401,
        "permission_error" => 403,
        "not_found_error" | "model_not_found" => 404,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
        "invalid_request_error" => 400,
        "overloaded_error" => 529,
        _ => 500,
    });
    Refusal { status, retry_after: None, body: &body }.error(endpoint)
}

/// A server's own words, short, on one line and without the key.
pub(super) fn excerpt(text: &str, endpoint: &Endpoint) -> String {
    let text = match &endpoint.key {
        Some(key) => key.cover(text),
        None => text.to_owned(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Whether a body is a web page.
pub(super) fn looks_like_html(body: &str) -> bool {
    let start = body.trim_start().get(..15).unwrap_or(body.trim_start()).to_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
}

const TOO_LONG: &[&str] = &[
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "exceeds the available context size",
    "context window",
    "context length",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "input token count exceeds",
    "exceeds the maximum number of tokens",
];
const NO_CREDIT: &[&str] = &["insufficient_quota", "credit balance", "insufficient credits"];
const BILLING: &[&str] = &["billing", "no credit"];
const WRONG_KEY: &[&str] = &["api key not valid", "invalid api key", "invalid_api_key"];
const STRUCTURE: &[&str] = &[
    "response_format",
    "json_schema",
    "output_config",
    "output_format",
    "schema",
    "grammar",
    "structured output",
    "json mode",
    "\"format\"",
    "json_object",
];

fn names_model(sense: &str, model: &str) -> bool {
    let model = model.to_lowercase();
    let named = sense.contains("model") || sense.contains(&model);
    let missing = [
        "not found",
        "not_found",
        "does not exist",
        "unknown model",
        "invalid model",
        "not a valid model",
        "no such model",
        "not supported",
        "unexpected model",
    ];
    // A model that does not support a schema is there.
    let structure = |sign: &&str| sense.contains(sign) && !model.contains(sign);
    named && missing.iter().any(|sign| sense.contains(sign)) && !STRUCTURE.iter().any(structure)
}

/// The message in an error body, whatever its shape.
fn words(body: &str) -> String {
    if looks_like_html(body) {
        return match between(body, "<title>", "</title>") {
            Some(title) => format!("a web page, \"{}\"", title.trim()),
            None => "a web page".to_owned(),
        };
    }
    let Ok(json) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    // Gemini wraps its error in a list.
    let json = json.get(0).unwrap_or(&json);
    let error = json.get("error").filter(|error| !error.is_null()).unwrap_or(json);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let message = error
        .as_str()
        .map(str::to_owned)
        .or_else(|| error.get("message").and_then(text))
        .or_else(|| error.get("detail").and_then(text))
        .unwrap_or_else(|| error.to_string());
    // OpenRouter and others put the real cause beside it; codes tell quota from rate.
    let beside = ["code", "type"].iter().filter_map(|key| error.get(key).and_then(text));
    let raw = error.pointer("/metadata/raw").and_then(text);
    beside.chain(raw).filter(|more| !message.contains(more.as_str())).fold(
        message.clone(),
        |mut all, more| {
            all.push_str(" · ");
            all.push_str(&more);
            all
        },
    )
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let lower = text.to_lowercase();
    // Lower-casing can move byte offsets; only ASCII pages are searched.
    (lower.len() == text.len()).then_some(())?;
    let from = lower.find(start)? + start.len();
    let to = from + lower[from..].find(end)?;
    text.get(from..to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, body: &str) -> &'static str {
        let endpoint = Endpoint::for_tests("gpt-x", Some("sk-secret-1234"));
        let error = Refusal { status, retry_after: None, body }.error(&endpoint);
        assert!(!error.to_string().contains("sk-secret-1234"), "{error}");
        error.code()
    }

    #[test]
    fn refusals_are_told_apart() {
        let cases = [
            (
                401,
                r#"{"error":{"message":"Incorrect API key provided: sk-secret-1234"}}"#,
                "wrong_key",
            ),
            (400, r#"[{"error":{"code":400,"message":"API key not valid."}}]"#, "wrong_key"),
            (404, r#"{"error":{"message":"The model `gpt-x` does not exist"}}"#, "unknown_model"),
            (404, r#"{"error":"model 'gpt-x' not found"}"#, "unknown_model"),
            (404, "<html><head><title>404</title></head></html>", "wrong_address"),
            (404, "", "wrong_address"),
            (
                429,
                r#"{"error":{"message":"You exceeded","code":"insufficient_quota"}}"#,
                "no_credit",
            ),
            (400, r#"{"error":{"message":"Your credit balance is too low"}}"#, "no_credit"),
            (402, "", "no_credit"),
            (429, r#"{"error":{"message":"slow down"}}"#, "busy"),
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "failed",
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
                "too_long",
            ),
            (
                400,
                r#"{"error":{"message":"prompt is too long: 205351 tokens > 200000 maximum"}}"#,
                "too_long",
            ),
            (400, r#"{"error":{"message":"bad temperature"}}"#, "refused"),
            (503, "<html>gateway</html>", "failed"),
        ];
        for (status, body, expected) in cases {
            assert_eq!(code(status, body), expected, "{status} {body}");
        }
    }

    /// In the words of Groq, Gemini, `OpenAI` and `xAI`.
    #[test]
    fn a_limit_a_minute_is_neither_an_empty_account_nor_a_long_prompt() {
        let upgrade = "Need more tokens? Upgrade at https://console.groq.com/settings/billing";
        let quota = "You exceeded your current quota, please check your plan and billing details";
        let cases = [
            (429, format!("Rate limit reached, try again in 4.77s. {upgrade}"), 17, "busy"),
            (429, quota.to_owned(), 429, "busy"),
            (429, "Too many tokens for team x, rate limit: 9".to_owned(), 8, "busy"),
            (
                413,
                format!("Request too large: Limit 6000, Requested 12328. {upgrade}"),
                1,
                "too_long",
            ),
            (403, "Billing is not set up".to_owned(), 3, "no_credit"),
        ];
        for (status, message, number, expected) in cases {
            let body = serde_json::json!({"error": {"message": message, "code": number}});
            assert_eq!(code(status, &body.to_string()), expected, "{status} {body}");
        }
        let spent = serde_json::json!({"error": {"message": quota, "code": "insufficient_quota"}});
        assert_eq!(code(429, &spent.to_string()), "no_credit");
    }

    #[test]
    fn a_refused_schema_is_recognised() {
        let endpoint = Endpoint::for_tests("gpt-x", None);
        let may = |status, body: &str| {
            let error = Refusal { status, retry_after: None, body }.error(&endpoint);
            may_mean_structure(&error, body)
        };
        assert!(may(400, r#"{"error":{"message":"Invalid schema for response_format 'plan'"}}"#));
        assert!(may(
            400,
            r#"{"error":{"message":"response_format is not supported by this model"}}"#
        ));
        assert!(may(400, r#"{"error":{"message":"json_schema is not supported by this model"}}"#));
        assert!(may(500, r#"{"error":{"message":"failed to parse grammar"}}"#));
        assert!(!may(401, "response_format"));
        assert!(!may(500, "out of memory"));
    }

    #[test]
    fn an_error_in_a_stream_has_any_kind_of_code() {
        let endpoint = Endpoint::for_tests("gpt-x", None);
        let code = |error: Value| in_stream(&error, &endpoint).code();
        assert_eq!(code(serde_json::json!({"code": 429, "message": "slow"})), "busy");
        assert_eq!(code(serde_json::json!({"type": "overloaded_error"})), "failed");
        assert_eq!(code(serde_json::json!("it broke")), "failed");
    }
}
