//! What people read of a result before they open it: its beginning, as text.
//!
//! Borrows from the result's JSON and decodes no more of it than is shown, so that a result of many
//! megabytes costs no second copy.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::mcp::Server;
use crate::value::without_halves;

/// Most bytes of a preview.
pub(super) const LONGEST: usize = 2048;

/// A JSON escape is at most six times as long as the character it stands for.
const LONGEST_ESCAPED: usize = LONGEST * 6;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    structured_content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "mimeType")]
    media_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    uri: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource: Option<Resource<'a>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default)]
    uri: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

/// The beginning of what a server answered, as it is told: without the secrets of its entry.
pub(super) fn told(result: &str, server: &Server) -> String {
    let shown = preview(result);
    let was_cut = shown.len() + 4 > LONGEST;
    match server.without_secrets(&shown, was_cut) {
        Cow::Owned(covered) => cut(&covered).to_owned(),
        Cow::Borrowed(_) => shown,
    }
}

/// The beginning of a `CallToolResult`, at most 2 KiB of whole characters: its texts, or where it has
/// none, its structured content, or what kinds of content it has.
fn preview(result: &str) -> String {
    let Ok(answer) = serde_json::from_str::<Answer<'_>>(result) else {
        return cut(result).to_owned();
    };
    let blocks = answer.content.unwrap_or_default();
    let mut shown = String::new();
    let mut only_named = true;
    for raw in blocks {
        if shown.len() >= LONGEST {
            break;
        }
        let Ok(block) = serde_json::from_str::<Block<'_>>(raw.get()) else { continue };
        let text = block.text.or(block.resource.as_ref().and_then(|resource| resource.text));
        let words = match text.map(beginning) {
            Some(text) => {
                only_named = false;
                text
            }
            None => named(&block),
        };
        if !shown.is_empty() {
            shown.push('\n');
        }
        shown.push_str(&words);
    }
    match answer.structured_content.filter(|structured| structured.get() != "null") {
        Some(structured) if only_named => shown = compact(structured.get()),
        _ => {}
    }
    // A text of its own: a run keeps thousands of these, and none should keep what was cut off.
    cut(&shown).to_owned()
}

/// A block that is no text, named as people know such things.
fn named(block: &Block<'_>) -> String {
    let resource = block.resource.as_ref().and_then(|resource| resource.uri.as_deref());
    let detail = block.media_type.as_deref().or(block.uri.as_deref()).or(resource);
    let kind = if block.kind.is_empty() { "content" } else { &block.kind };
    match detail {
        Some(detail) => format!("[{kind}: {detail}]"),
        None => format!("[{kind}]"),
    }
}

/// The beginning of a JSON string, decoded.
fn beginning(raw: &RawValue) -> String {
    let json = raw.get();
    if json.len() <= LONGEST_ESCAPED {
        return decoded(json).or_else(|| lenient(json)).unwrap_or_else(|| cut(json).to_owned());
    }
    // Read strictly first: a character that the cut itself halves is left out, not replaced.
    shortened(json, decoded).or_else(|| shortened(json, lenient)).unwrap_or_default()
}

/// A long JSON string's beginning. Cut inside an escape (or a surrogate pair), it does not parse; a
/// little less does.
fn shortened(json: &str, read: fn(&str) -> Option<String>) -> Option<String> {
    let mut end = json.floor_char_boundary(LONGEST_ESCAPED);
    for _ in 0..13 {
        if let Some(text) = read(&format!("{}\"", &json[..end])) {
            return Some(text);
        }
        end = json.floor_char_boundary(end - 1);
    }
    None
}

fn decoded(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// A text that its server cut inside a character.
fn lenient(json: &str) -> Option<String> {
    decoded(&without_halves(json)?)
}

/// JSON without the blanks between its parts, as far as it is shown.
fn compact(json: &str) -> String {
    if json.len() > LONGEST * 4 {
        return cut(json).to_owned();
    }
    serde_json::from_str::<serde_json::Value>(json)
        .map_or_else(|_| json.to_owned(), |v| v.to_string())
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(result: &serde_json::Value, expect: &str) {
        assert_eq!(preview(&result.to_string()), expect);
    }

    #[test]
    fn people_see_text_or_structure_or_what_there_is() {
        let text = |text: &str| json!({"type": "text", "text": text});
        check(&json!({"content": [text("one\n"), text("two")]}), "one\n\ntwo");
        check(
            &json!({"content": [text("12 found")], "structuredContent": {"total": 12}}),
            "12 found",
        );
        check(&json!({"content": [], "structuredContent": {"total": 12}}), r#"{"total":12}"#);
        check(&json!({"structuredContent": null, "content": []}), "");
        let image = json!({"type": "image", "mimeType": "image/png", "data": "AAAA"});
        let file = json!({"type": "resource", "resource": {"uri": "file:///a", "text": "inside"}});
        check(&json!({"content": [image, file]}), "[image: image/png]\ninside");
        check(
            &json!({"content": [{"type": "resource_link", "uri": "file:///b"}]}),
            "[resource_link: file:///b]",
        );
        assert_eq!(preview("no JSON"), "no JSON");
    }

    /// What a server that cuts texts by their length in UTF-16 sends.
    #[test]
    fn half_a_character_hides_nothing_else() {
        let shown = |text: &str| {
            let block = format!(r#"{{"type":"text","text":"{text}"}}"#);
            preview(&format!(r#"{{"isError":true,"content":[{block}]}}"#))
        };
        assert_eq!(shown(r"line 1\nbad: \ud83d"), "line 1\nbad: \u{fffd}");
        let long = shown(&format!(r"bad: \ud83d {}", r"\ud83d\ude00".repeat(2000)));
        assert!(long.starts_with("bad: \u{fffd} 😀😀") && long.len() > LONGEST - 4, "{long}");
        assert_eq!(long.matches('\u{fffd}').count(), 1, "{long}");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        for unit in ["a", "ä", "€", "😀", "\n", "\u{1}", "a😀\u{2}"] {
            for shift in 0..8 {
                let long = format!("{}{}", "x".repeat(shift), unit.repeat(4 * LONGEST));
                let shown =
                    preview(&json!({"content": [{"type": "text", "text": long}]}).to_string());
                assert!(
                    long.starts_with(&shown) && shown.len() > LONGEST - 8,
                    "{unit:?} {}",
                    shown.len()
                );
                assert!(shown.len() <= LONGEST);
            }
        }
        let escaped = format!(
            r#"{{"content":[{{"type":"text","text":"{}"}}]}}"#,
            r"\ud83d\ude00".repeat(5000)
        );
        assert_eq!(preview(&escaped), "😀".repeat(LONGEST / 4));
    }
}
