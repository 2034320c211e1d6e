//! What is shown of a long text in which words were found.
//!
//! FTS5's own `snippet` compares every match with every other one: a frequent word in a few megabytes
//! of results would take minutes. Its `highlight` marks them all in one pass; the place is chosen
//! here.

/// Before and behind a match.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// Words of a snippet.
const WORDS: usize = 16;

/// Words before its first match.
const BEFORE: usize = 4;

/// Bytes of a snippet, and of what is before its first match: not every text has blanks.
const LONGEST: usize = 1000;
const LONGEST_BEFORE: usize = 100;

/// From the first of these texts with a match: where most of the searched words stand together.
/// `None` where no text has one.
pub(super) fn of(marked: &[&str]) -> Option<String> {
    let text = marked.iter().find(|text| text.contains(MARKS[0]))?;
    let best = starts(text).max_by_key(|(position, start)| {
        // Of places that are equally good, the first one.
        (different(window(text, *start)), std::cmp::Reverse(*position))
    });
    let (_, start) = best?;
    let window = window(text, start);
    let end = start + window.len();
    let dots = |is_cut: bool| if is_cut { "…" } else { "" };
    let (before, after) = (text[..start].trim(), text[end..].trim());
    let (before, after) = (dots(!before.is_empty()), dots(!after.is_empty()));
    // Of a match that is longer than a snippet, the beginning is shown.
    let is_half = window.rfind(MARKS[0]) > window.rfind(MARKS[1]);
    let close = if is_half { &MARKS[1].to_string() } else { "" };
    Some(format!("{before}{}{close}{after}", window.trim()))
}

/// Where a snippet may begin: a few words before a match.
fn starts(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    let matches = text.match_indices(MARKS[0]).filter(move |(at, _)| {
        // Close to the one before, it makes nearly the same snippet.
        let is_far = *at >= next;
        next = if is_far { at + LONGEST_BEFORE } else { next };
        is_far
    });
    matches.map(|(at, _)| words_before(text, at)).enumerate()
}

fn words_before(text: &str, at: usize) -> usize {
    let first = text.floor_char_boundary(at.saturating_sub(LONGEST_BEFORE));
    let blanks = text[first..at].char_indices().rev().filter(|(_, c)| c.is_whitespace());
    let begin = blanks.map(|(blank, c)| first + blank + c.len_utf8()).nth(BEFORE).unwrap_or(first);
    // Not within another match.
    let (open, close) = (text[begin..at].find(MARKS[0]), text[begin..at].find(MARKS[1]));
    close
        .filter(|close| open.is_none_or(|open| *close < open))
        .map_or(begin, |close| begin + close + 1)
}

/// So many words from there, and no half match beside whole ones.
fn window(text: &str, start: usize) -> &str {
    let rest = &text[start..];
    let rest = &rest[..rest.floor_char_boundary(LONGEST)];
    let mut in_word = false;
    let mut words = 0;
    let end = rest.char_indices().find(|(_, c)| {
        if c.is_whitespace() && std::mem::take(&mut in_word) {
            words += 1;
        }
        in_word |= !c.is_whitespace();
        words == WORDS
    });
    let end = end.map_or(rest.len(), |(end, _)| end);
    let (open, close) = (rest[..end].rfind(MARKS[0]), rest[..end].rfind(MARKS[1]));
    let Some(open) = open.filter(|open| close.is_none_or(|close| close < *open)) else {
        return &rest[..end];
    };
    let closed = rest[end..].find(MARKS[1]).map(|close| end + close + MARKS[1].len_utf8());
    let whole = &rest[..closed.unwrap_or(open)];
    if whole.contains(MARKS[0]) { whole } else { &rest[..end] }
}

/// How many different words are marked.
fn different(window: &str) -> usize {
    let marked = window.split(MARKS[0]).skip(1).filter_map(|rest| rest.split(MARKS[1]).next());
    let mut words: Vec<String> = marked.map(str::to_lowercase).collect();
    words.sort_unstable();
    words.dedup();
    words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words in brackets are matches.
    fn cut(texts: &[&str]) -> Option<String> {
        let marked: Vec<String> =
            texts.iter().map(|text| text.replace('[', "\u{1}").replace(']', "\u{2}")).collect();
        let marked: Vec<&str> = marked.iter().map(String::as_str).collect();
        of(&marked).map(|text| text.replace('\u{1}', "[").replace('\u{2}', "]"))
    }

    #[test]
    fn a_match_stands_among_its_words() {
        assert_eq!(cut(&["nothing", "here"]), None);
        assert_eq!(cut(&["", "a [b] c"]).as_deref(), Some("a [b] c"));
        let long = format!("{}[found] {}", "before ".repeat(40), "after ".repeat(40));
        let expected = format!("…{}[found] {}after…", "before ".repeat(4), "after ".repeat(10));
        assert_eq!(cut(&["question", &long, "[later]"]).as_deref(), Some(expected.as_str()));
    }

    #[test]
    fn where_most_words_stand_together_is_shown() {
        let text =
            format!("[one] {}[one] x [two] {}[one] [two]", "a ".repeat(200), "b ".repeat(200));
        assert!(cut(&[&text]).unwrap().contains("[one] x [two]"));
    }

    #[test]
    fn texts_without_blanks_give_short_snippets() {
        let text = format!("{}[ä]{}", "äö".repeat(50_000), "[ä]ö".repeat(50_000));
        let cut = cut(&[&text]).unwrap();
        assert!(cut.starts_with("…") && cut.contains("[ä]") && cut.len() < 1100, "{}", cut.len());
        assert_eq!(cut.matches('[').count(), cut.matches(']').count());
    }

    #[test]
    fn no_match_is_cut_in_half() {
        let phrase = format!("[{}]{}", "ä ".repeat(30).trim(), " after".repeat(20));
        let whole = cut(&[&phrase]).unwrap();
        assert!(whole.starts_with("[ä") && whole.ends_with("ä]…"), "{whole}");
    }

    #[test]
    fn of_a_match_longer_than_a_snippet_its_beginning_is_shown() {
        let cut = cut(&[&format!("a b [{}] c", "x".repeat(5_000))]).unwrap();
        assert!(cut.starts_with("a b [xxx") && cut.ends_with("x]…"), "{cut}");
        assert!(cut.len() <= LONGEST + 10, "{}", cut.len());
    }
}
