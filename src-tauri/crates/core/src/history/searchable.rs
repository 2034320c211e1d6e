//! The words of a result, for searching: the first 256 KiB of its text.

use std::io::Read;

use serde_json::Value;

use crate::value::value_of;

/// How much of a result's text is searched.
const INDEXED: usize = 256 * 1024;

/// Above this size a result is not parsed as a whole, only read until enough text is found.
const PARSED: usize = 1024 * 1024;

/// How much of a result is looked through for its text.
const LOOKED_THROUGH: u64 = 4 * 1024 * 1024;

/// A string as long as this without a blank is data (an image, a key), not words.
const LONGEST_WORD: usize = 1024;

/// Adds the text of a stored result. What cannot be read has none.
pub(super) fn add(zstd: &[u8], text: &mut String) {
    let mut json = Vec::new();
    let read = zstd::stream::read::Decoder::new(zstd)
        .and_then(|decoder| decoder.take(LOOKED_THROUGH).read_to_end(&mut json));
    if read.is_ok() {
        text.push_str(&text_of(&String::from_utf8_lossy(&json)));
    }
}

/// The text in a result's JSON, which may break off.
fn text_of(json: &str) -> String {
    let mut text = String::new();
    if json.len() <= PARSED {
        collect(&value_of(json), &mut text);
    } else {
        scan(json, &mut text);
    }
    text
}

fn collect(value: &Value, text: &mut String) {
    match value {
        Value::String(part) => push(part, text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, text)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, text)),
        _ => {}
    }
}

/// String literals that are no keys, in the order in which they stand.
fn scan(json: &str, text: &mut String) {
    let bytes = json.as_bytes();
    let mut at = 0;
    while text.len() < INDEXED {
        let Some(open) = json[at..].find('"').map(|found| at + found) else { return };
        let mut end = open + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let Some(literal) = json.get(open + 1..end.min(json.len())) else { return };
        at = (end + 1).min(json.len());
        let is_key = json[at..].trim_start().starts_with(':');
        if !is_key {
            // Escapes matter little to words; a line break is a break.
            push(&shortened(literal).replace("\\n", "\n"), text);
        }
    }
}

fn push(part: &str, text: &mut String) {
    let room = INDEXED.saturating_sub(text.len());
    let is_data = part.len() > LONGEST_WORD && !part.contains(char::is_whitespace);
    if room > 0 && !is_data {
        text.push_str(&part[..part.floor_char_boundary(room)]);
        text.push('\n');
    }
}

fn shortened(literal: &str) -> &str {
    &literal[..literal.floor_char_boundary(INDEXED)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn small_and_large_results_give_their_text_and_no_keys() {
        let small =
            json!({"structuredContent": {"results": [{"title": "Night \"trains\"", "n": 3}]}});
        assert_eq!(text_of(&small.to_string()), "Night \"trains\"\n");
        let body = "word ".repeat(PARSED / 4);
        let large = json!({"content": [{"type": "text", "text": body}], "key": "a\\"}).to_string();
        let text = text_of(&large);
        assert!(text.starts_with("text\nword word") && !text.contains("content"));
        assert!(text.len() <= INDEXED + 1);
    }

    #[test]
    fn data_is_not_searched() {
        let image = "iVBORw0KGgo".repeat(PARSED / 8);
        let large = json!({"content": [{"type": "image", "data": image}, {"text": "a caption"}]});
        assert_eq!(text_of(&large.to_string()), "image\na caption\n");
    }

    #[test]
    fn broken_json_is_no_panic() {
        for odd in ["\"", "\"\\", "{\"a\": \"é", "{\"a\": \"\\é"] {
            scan(odd, &mut String::new());
            text_of(odd);
        }
        let mut text = String::new();
        add(b"no zstd", &mut text);
        assert_eq!(text, "");
    }
}
