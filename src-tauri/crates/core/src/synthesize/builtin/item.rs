//! One item of a result, in one line of Markdown: its title, then where it comes from.

use serde_json::Value;

const TITLES: &[&str] = &["title", "name", "headline", "subject", "label"];

/// What a thing without a name says itself.
const WORDS: &[&str] = &["summary", "text", "body", "content", "snippet", "message"];

const PLACES: &[&str] = &["path", "file", "filename"];
const SOURCES: &[&str] = &[
    "author",
    "by",
    "user",
    "source",
    "url",
    "link",
    "uri",
    "path",
    "date",
    "created_at",
    "published_at",
    "updated_at",
    "score",
    "count",
];

/// Longest text of one field in a line; the whole one is in the result.
const FIELD: usize = 160;

/// Longest text of one field of a thing that has its own lines.
const PARAGRAPH: usize = 1_000;

/// `**Title** — source, date, score 7`.
pub(super) fn described(item: &Value) -> String {
    let Some(object) = item.as_object() else {
        return escaped(&shortened(&scalar(item).unwrap_or_else(|| item.to_string())));
    };
    let said = |keys: &[&'static str]| {
        keys.iter().find_map(|key| Some((*key, scalar(object.get(*key)?)?)))
    };
    let first_text =
        || object.iter().find_map(|(key, value)| Some((key.as_str(), value.as_str()?.to_owned())));
    let words = said(WORDS);
    let named = said(TITLES).or_else(|| words.clone()).or_else(|| said(PLACES));
    let Some((title_key, title)) = named.or_else(first_text) else {
        return escaped(&shortened(&item.to_string()));
    };
    let is_name = words.is_none_or(|(key, _)| key != title_key);
    // A comment says what it is about.
    let about = object.iter().filter(|(key, _)| !is_name && key.ends_with("_title"));
    let about = about.filter_map(|(_, value)| Some(escaped(&shortened(value.as_str()?))));
    let sources = SOURCES
        .iter()
        .filter(|key| **key != title_key)
        .filter_map(|key| Some(source(key, &scalar(object.get(*key)?)?)));
    let sources: Vec<String> = about.chain(sources).collect();
    let title = escaped(&shortened(&title));
    let title = if is_name { format!("**{title}**") } else { title };
    if sources.is_empty() { title } else { format!("{title} — {}", sources.join(", ")) }
}

/// A value that fits into a line, as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
        Value::Array(values)
            if !values.is_empty() && values.iter().all(|v| !v.is_object() && !v.is_array()) =>
        {
            Some(values.iter().filter_map(scalar).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

/// `created_at` as people say it.
pub(super) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// Text of a result as Markdown that shows it as it stands.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\n' | '\r' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

fn source(key: &str, text: &str) -> String {
    let text = match key {
        // The day is enough in a list.
        "created_at" | "published_at" | "updated_at" | "date" => {
            text.split('T').next().unwrap_or(text)
        }
        _ => text,
    };
    match key {
        "score" | "count" => format!("{key} {}", escaped(&shortened(text))),
        "url" | "link" | "uri"
            if text.starts_with("http") && !text.contains(['<', '>', '[', ']', ' ']) =>
        {
            format!("<{text}>")
        }
        _ => escaped(&shortened(text)),
    }
}

/// The first line that says something, cut at a word.
pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    cut_at(line, FIELD)
}

/// All lines as one, cut at a word where they are very long.
pub(super) fn paragraph(text: &str) -> String {
    cut_at(&text.split_whitespace().collect::<Vec<_>>().join(" "), PARAGRAPH)
}

fn cut_at(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let cut: String = line.chars().take(most).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_item_is_its_title_and_where_it_comes_from() {
        let story = json!({"id": 3, "title": "Night trains", "author": "ann", "score": 41,
            "created_at": "2026-03-01T10:00:00Z", "snippet": "…"});
        assert_eq!(described(&story), "**Night trains** — ann, 2026-03-01, score 41");
        assert_eq!(described(&json!("a *word*")), "a \\*word\\*");
        assert_eq!(described(&json!({"n": 1})), "{\"n\":1}");
        assert_eq!(described(&json!({"path": "a/b.md"})), "**a/b.md**");
        let comment = json!({"id": 1, "story_title": "Weirs", "author": "ann", "body": "So true."});
        assert_eq!(described(&comment), "So true. — Weirs, ann");
    }

    #[test]
    fn long_titles_are_cut_at_a_word() {
        let long = described(&json!({"title": "word ".repeat(80)}));
        assert!(long.ends_with("word…**"), "{long}");
    }
}
