//! Keeps what servers wrote on lines of our own making, so that none of it poses as a line of ours.
//!
//! A model takes more for the end of a line than `\n`: whatever Unicode calls a mandatory break
//! (UAX #14, classes BK, CR, LF and NL) counts as one here.

use std::borrow::Cow;

/// Whether a line ends at this character.
fn ends_a_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of a text, without their ends.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = (!text.is_empty()).then_some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(ends_a_line) else { return rest.take() };
        let (line, after) = text.split_at(end);
        let after = after.strip_prefix("\r\n").unwrap_or_else(|| {
            let mut characters = after.chars();
            characters.next();
            characters.as_str()
        });
        rest = (!after.is_empty()).then_some(after);
        Some(line)
    })
}

/// JSON on one line and no longer than before: what ends a line and stands in one of its texts as it
/// is, is written as JSON writes a line's end.
pub(crate) fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(ends_a_line) {
        Cow::Owned(json.replace(ends_a_line, "\\n"))
    } else {
        Cow::Borrowed(json)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_ends_wherever_a_reader_may_see_its_end() {
        let seen = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(
            seen("a\nb\r\nc\rd\u{b}e\u{c}f\u{85}g\u{2028}h\u{2029}i"),
            ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        );
        assert_eq!(seen("\n\r\r\n\na\n"), ["", "", "", "", "a"]);
        assert_eq!(seen(""), [""; 0]);
        for text in ["", "a", "a\n", "\n", "a\n\nb\r\n", "\r\n"] {
            assert!(lines(text).eq(text.lines()), "{text:?}");
        }
    }

    #[test]
    fn json_stays_json_on_one_line() {
        let value = json!({"a\u{2028}b": "c\u{85}d\u{2029}\n\u{b}", "plain": 1});
        let json = value.to_string();
        let line = one_line(&json);
        assert_eq!(lines(&line).count(), 1, "{line}");
        assert!(line.len() <= json.len());
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read, json!({"a\nb": "c\nd\n\n\u{b}", "plain": 1}));
    }
}
