//! Answers that are not as JSON-RPC wants them: read all the same where their meaning is plain, else
//! the end of their request at once, with what was received.
//!
//! Servers write a `code` as a string, an error without a `message`, `null` for a result, half a
//! line. An answer that were passed over would cost its call the whole time-out.

use std::borrow::Cow;
use std::collections::HashMap;

use rmcp::model::{ErrorCode, ErrorData, RequestId};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::value::decoded;

use crate::secrets::redact::Redactor;

/// Characters of an answer that is not understood: what is kept, and what is told once the secrets
/// are out.
const KEPT: usize = 8 << 10;
const TOLD: usize = 500;

/// Where the id of a request can be expected in an answer that cannot be read whole.
pub(in crate::mcp) const EDGE: usize = 1 << 10;

/// The `data` of an error that is ours, and stands for an answer that is not understood.
const OURS: &str = "trawl/not-understood";

/// A server's error, however it is written.
pub(in crate::mcp) fn error(raw: &str) -> ErrorData {
    match decoded(raw) {
        Some(Value::Object(error)) => of_object(error, raw),
        Some(Value::String(message)) if !message.is_empty() => {
            ErrorData::new(ErrorCode::INTERNAL_ERROR, message, None)
        }
        _ => not_understood(raw),
    }
}

/// The error of a JSON-RPC message, whichever request it names.
pub(in crate::mcp) fn error_in(message: &[u8]) -> Option<ErrorData> {
    let message: HashMap<&str, &RawValue> = serde_json::from_slice(message).ok()?;
    message.get("jsonrpc")?;
    message.get("error").map(|raw| error(raw.get()))
}

fn of_object(mut error: Map<String, Value>, raw: &str) -> ErrorData {
    let code = error.get("code").and_then(whole).map_or(ErrorCode::INTERNAL_ERROR, ErrorCode);
    let message = match error.get_mut("message").map(Value::take) {
        Some(Value::String(message)) if !message.trim().is_empty() => message,
        _ => format!("an error that says no more than {}", beginning(raw)),
    };
    // `ENOENT` and the like say something, too.
    let message = match error.get("code") {
        Some(Value::String(name)) if name.parse::<i32>().is_err() => {
            format!("{message} (code \"{}\")", beginning(name))
        }
        _ => message,
    };
    ErrorData::new(code, message, error.remove("data"))
}

/// An error in place of an answer that means nothing.
pub(in crate::mcp) fn not_understood(received: &str) -> ErrorData {
    let kept: String = received.chars().take(KEPT).collect();
    ErrorData::new(ErrorCode::INTERNAL_ERROR, kept, Some(OURS.into()))
}

/// What an error means, to go on after the server's name: `how` it was said and its words, or that it
/// is not understood. Without secrets.
pub(in crate::mcp) fn words(how: &str, error: &ErrorData, redactor: &Redactor) -> String {
    if error.data.as_ref().is_none_or(|data| *data != OURS) {
        return format!("{how}: {}", redactor.clean(&error.message));
    }
    let length = error.message.chars().count();
    let told = redactor.beginning(&error.message, length == KEPT, TOLD);
    let told = if told.trim().is_empty() { "nothing" } else { &told };
    let more = if length > TOLD { " …" } else { "" };
    format!("answered in a way that is not understood: {told}{more}")
}

/// The request that a line answers which is no JSON, such as half a message. Only one that looks like
/// an answer: servers print things.
pub(in crate::mcp) fn broken_answer_to(line: &str) -> Option<RequestId> {
    let line = line.trim().as_bytes();
    let head = &line[..EDGE.min(line.len())];
    let tail = &line[line.len().saturating_sub(EDGE)..];
    let holds =
        |word: &[u8]| [head, tail].iter().any(|part| memchr::memmem::find(part, word).is_some());
    if !head.starts_with(b"{") || !holds(br#""jsonrpc""#) || holds(br#""method""#) {
        return None;
    }
    id_at_top(head).or_else(|| id_at_end(tail))
}

/// The `id` of a message of which only the beginning is known.
pub(in crate::mcp) fn id_at_top(head: &[u8]) -> Option<RequestId> {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, byte) in head.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => {
                if !in_string && depth == 1 && head[at..].starts_with(br#""id""#) {
                    return number_after_colon(&head[at + 4..]);
                }
                in_string = !in_string;
            }
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The `id` of a message of which only the end is known.
pub(in crate::mcp) fn id_at_end(tail: &[u8]) -> Option<RequestId> {
    let at = tail.windows(4).rposition(|window| window == br#""id""#)?;
    number_after_colon(&tail[at + 4..])
}

fn number_after_colon(rest: &[u8]) -> Option<RequestId> {
    let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some(RequestId::Number(number))
}

/// A whole number, also one that is written as a string or with a fraction of zero.
fn whole(value: &Value) -> Option<i32> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        _ => return None,
    };
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// As much as is told of something that says nothing else.
fn beginning(text: &str) -> String {
    let mut told: String = text.chars().take(TOLD).collect();
    if told.len() < text.len() {
        told.push('…');
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_however_it_is_written() {
        let check = |raw: &str, code: i32, message: &str| {
            let read = error(raw);
            assert_eq!((read.code.0, read.message.as_ref()), (code, message), "{raw}");
        };
        check(r#"{"code":-32001,"message":"no"}"#, -32001, "no");
        check(r#"{"code":"-32001","message":"no"}"#, -32001, "no");
        check(r#"{"code":-32001.0,"message":"no"}"#, -32001, "no");
        check(r#"{"code":"ENOENT","message":"no"}"#, -32603, r#"no (code "ENOENT")"#);
        check(r#"{"message":"no"}"#, -32603, "no");
        check(r#"{"code":5}"#, 5, r#"an error that says no more than {"code":5}"#);
        check(
            r#"{"code":5,"message":null}"#,
            5,
            r#"an error that says no more than {"code":5,"message":null}"#,
        );
        check(r#""no""#, -32603, "no");
        check(r#"{"code":1,"message":"half \ud83d"}"#, 1, "half \u{fffd}");
        let with_data = error(r#"{"code":1,"message":"no","data":{"supported":["x"]}}"#);
        assert_eq!(with_data.data, Some(serde_json::json!({"supported": ["x"]})));
    }

    #[test]
    fn what_is_not_understood_is_told_in_part_and_without_secrets() {
        let mut redactor = Redactor::default();
        redactor.remember("s3cr3t-value");
        let told = |received: &str| words("answered", &not_understood(received), &redactor);
        let said = "answered in a way that is not understood: ";
        assert_eq!(told(r#"{"key":"s3cr3t-value"}"#), format!(r#"{said}{{"key":"•••"}}"#));
        assert_eq!(told(" "), format!("{said}nothing"));
        // The secret stands where the text is cut.
        let long = told(&format!("{}s3cr3t-value{}", "x".repeat(TOLD - 3), "y".repeat(KEPT)));
        assert!(long.ends_with("x••• …") && !long.contains("s3cr"), "{long}");
        let own = ErrorData::new(ErrorCode(1), "key s3cr3t-value", None);
        assert_eq!(words("refused", &own, &redactor), "refused: key •••");
    }

    #[test]
    fn the_id_of_a_message_is_found_at_either_end() {
        let found = |id| Some(RequestId::Number(id));
        assert_eq!(id_at_top(br#"{"jsonrpc":"2.0","id":7,"result":{"con"#), found(7));
        assert_eq!(id_at_top(br#"{"result":{"id":3,"text":"\"id\":4"#), None);
        assert_eq!(id_at_end(br#"aaa"}]},"jsonrpc":"2.0","id":12}"#), found(12));
        assert_eq!(id_at_end(br#"aaa"}]},"id": "12"}"#), found(12));
        assert_eq!(id_at_end(b"aaaa"), None);
    }

    #[test]
    fn half_an_answer_is_told_from_what_a_server_prints() {
        let found = |id| Some(RequestId::Number(id));
        assert_eq!(broken_answer_to(r#"{"jsonrpc":"2.0","id":7,"result":{"text":"a"#), found(7));
        assert_eq!(broken_answer_to(r#"{"result":{"text":NaN},"jsonrpc":"2.0","id":8}"#), found(8));
        for printed in [
            r#"{"level":"info","id":7,"text":"half a li"#,
            r#"answer: {"jsonrpc":"2.0","id":7,"#,
            r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"#,
            r#""jsonrpc": "2.0", "id": 7,"#,
            "added 41 packages in 2s",
        ] {
            assert_eq!(broken_answer_to(printed), None, "{printed}");
        }
    }
}
