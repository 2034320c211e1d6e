//! Holds an answer against what it cites.
//!
//! Comes in: Markdown that a model wrote, and what the tasks found. Goes out: the same text in which
//! a citation of something that does not exist is taken out (and counted), several in one bracket
//! stand in brackets of their own, and a quotation that stands in no cited result is marked
//! (`super::quotations`). Code is left alone.

use std::borrow::Cow;

use super::definitions::without_definitions;
use super::{Found, pieces::pieces, quotations::marked};
use crate::event::Citation;

/// Numbers of a range are no larger: `[2019-2021]` are years.
const LARGEST_IN_RANGE: usize = 999;

/// Citations that one range stands for, at most.
const LONGEST_RANGE: usize = 100;

/// What models put before the number.
const KINDS: [&str; 8] = ["results", "result", "sources", "source", "tasks", "task", "^", "t"];

/// An answer that has been checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The text as it may be shown.
    pub markdown: String,
    /// What it cites, each once, in the order of appearance.
    pub citations: Vec<Citation>,
    /// Citations taken out.
    pub removed: usize,
}

/// Checks an answer. What stands in the question is no quotation of a source.
pub fn check(markdown: &str, found: &[Found], question: &str) -> Checked {
    let mut checked = Checked::default();
    // A list of sources that the model made up cites nothing.
    let markdown = without_definitions(markdown, is_citation);
    for (is_code, piece) in pieces(&markdown) {
        if is_code {
            checked.markdown.push_str(piece);
        } else {
            cite(piece, found, &mut checked);
        }
    }
    // What was put right may define what it did not before: `[1](a): b`.
    if let Cow::Owned(text) = without_definitions(&checked.markdown, is_citation) {
        checked.markdown = text;
    }
    // Without a result there is nothing to quote from.
    if !found.is_empty() {
        checked.markdown = marked(&checked.markdown, &checked.citations, found, question);
    }
    checked
}

/// Copies prose, with its citations put right.
fn cite(prose: &str, found: &[Found], checked: &mut Checked) {
    let mut rest = prose;
    while let Some(open) = rest.find('[') {
        checked.markdown.push_str(&rest[..open]);
        let read = bracket(&rest[open..]);
        let Some((cited, length)) = read.filter(|(cited, _)| may_cite(cited, found)) else {
            checked.markdown.push('[');
            rest = &rest[open + 1..];
            continue;
        };
        let mut kept = String::new();
        for citation in cited {
            if !exists(citation, found) {
                checked.removed += 1;
                continue;
            }
            kept.push_str(&written(citation));
            if !checked.citations.contains(&citation) {
                checked.citations.push(citation);
            }
        }
        if kept.is_empty() && checked.markdown.ends_with(' ') {
            // “so it is [9].” would leave a gap before the full stop.
            checked.markdown.pop();
        }
        checked.markdown.push_str(&kept);
        rest = &rest[open + length..];
    }
    checked.markdown.push_str(rest);
}

/// Without a result, only a mark that stands alone can be a citation, copied from an earlier answer:
/// `[0, 1]` is an interval.
fn may_cite(cited: &[Citation], found: &[Found]) -> bool {
    !found.is_empty() || matches!(cited, [only] if only.index != usize::MAX)
}

/// The citations in a bracket and its length; `None` where it is another kind of bracket.
fn bracket(text: &str) -> Option<(Vec<Citation>, usize)> {
    let close = text.find(']')?;
    let inside = &text[1..close];
    if inside.is_empty() || inside.len() > 64 {
        return None;
    }
    let cited = citations(inside)?;
    let after = &text[close + 1..];
    // A target that a model made up for the number; the window knows where it leads.
    let target = after.strip_prefix('(').and_then(|target| target.find(')'));
    let target = target.map_or(0, |end| end + 2);
    Some((cited, close + 1 + target))
}

/// What stands in a bracket, as citations; `None` where one part is none.
fn citations(inside: &str) -> Option<Vec<Citation>> {
    let all: Option<Vec<Vec<Citation>>> = inside.split([',', ';']).map(several).collect();
    Some(all?.concat())
}

/// Whether a bracket with this in it is a citation.
fn is_citation(inside: &str) -> bool {
    inside.len() <= 64 && citations(inside).is_some()
}

/// One citation, or a range of them: `1-3`, `1.2–1.4`, `1.2-4`.
fn several(mark: &str) -> Option<Vec<Citation>> {
    let mut ends = mark.split(['-', '–', '—']);
    let (first, last) = (one(ends.next()?)?, ends.next());
    let Some(last) = last else { return Some(vec![first]) };
    let last = one(last).filter(|_| ends.next().is_none())?;
    let number = |citation: Citation| citation.index.wrapping_add(1);
    let (from, to) = match (first.item, last.item) {
        (None, None) => (number(first), number(last)),
        (Some(from), None) => (from, number(last)),
        (Some(from), Some(to)) if first.index == last.index => (from, to),
        _ => return None,
    };
    if to > LARGEST_IN_RANGE || from > to || to - from > LONGEST_RANGE {
        return None;
    }
    let cited = |n: usize| match first.item {
        Some(_) => Citation { index: first.index, item: Some(n) },
        None => Citation { index: n.wrapping_sub(1), item: None },
    };
    Some((from..=to).map(cited).collect())
}

fn one(mark: &str) -> Option<Citation> {
    let mark = mark.trim().to_lowercase();
    let kind = KINDS.iter().find_map(|kind| mark.strip_prefix(kind));
    let mark = kind.unwrap_or(&mark).trim();
    let (task, item) = mark.split_once('.').map_or((mark, None), |(task, item)| (task, Some(item)));
    let number = |text: &str| {
        let digits =
            !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<usize>().ok()).flatten()
    };
    // 0 is read too, so that it is taken out like any other number that does not exist.
    let index = number(task)?.wrapping_sub(1);
    let item = item.map(number);
    if item == Some(None) { None } else { Some(Citation { index, item: item.flatten() }) }
}

fn exists(citation: Citation, found: &[Found]) -> bool {
    let task = found.iter().find(|task| task.index == citation.index);
    match (task, citation.item) {
        (Some(task), Some(item)) => (1..=task.evidence.items().len()).contains(&item),
        (task, None) => task.is_some(),
        (None, Some(_)) => false,
    }
}

fn written(citation: Citation) -> String {
    match citation.item {
        Some(item) => format!("[{}.{item}]", citation.index + 1),
        None => format!("[{}]", citation.index + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::Parser;
    use serde_json::{Value, json};

    use super::*;
    use crate::synthesize::{evidence::Evidence, quotations::NOT_FOUND};

    fn found() -> Vec<Found> {
        let task = |index: usize, value: Value| Found {
            index,
            server: "s".into(),
            tool: "find".into(),
            description: String::new(),
            arguments: json!({}),
            evidence: Evidence::read(&json!({"structuredContent": value}).to_string()),
        };
        vec![
            task(0, json!({"results": [{"title": "The first story is here"}, {"title": "b"}]})),
            task(2, json!({"text": "Words that are\nreally *there*."})),
        ]
    }

    fn text(markdown: &str) -> (String, usize) {
        let checked = check(markdown, &found(), "What does the person really ask?");
        (checked.markdown, checked.removed)
    }

    #[test]
    fn citations_of_nothing_are_taken_out_and_counted() {
        let cases = [
            ("Yes [1], [1.2] and [3].", "Yes [1], [1.2] and [3].", 0),
            ("No [2], [9].", "No,.", 2),
            ("Half [1.2, 1.3; 3].", "Half [1.2][3].", 1),
            ("Zero [0] [1.0] [3.1].", "Zero.", 3),
            ("Ranges [1-3] [1.1–1.2] [1.2-4].", "Ranges [1][3] [1.1][1.2] [1.2].", 3),
            ("Years [2019-2021] and [3-1], [a-b].", "Years [2019-2021] and [3-1], [a-b].", 0),
            ("Named [Result 1] [sources 1, 3] [t3] [^1].", "Named [1] [1][3] [3] [1].", 0),
            ("Link [1](https://evil) and [text](https://x).", "Link [1] and [text](https://x).", 0),
            ("List [a] [x, 1] [ ] [", "List [a] [x, 1] [ ] [", 0),
            ("Code `a[9]` and\n```\nx[7]\n```\nend [9]", "Code `a[9]` and\n```\nx[7]\n```\nend", 1),
        ];
        for (markdown, expected, removed) in cases {
            assert_eq!(text(markdown), (expected.to_owned(), removed), "{markdown}");
        }
        let cited = check("[1.2] [3] [1.2]", &found(), "").citations;
        assert_eq!(
            cited,
            [Citation { index: 0, item: Some(2) }, Citation { index: 2, item: None }]
        );
    }

    #[test]
    fn quotations_are_looked_up_in_what_is_cited() {
        let marked = |markdown: &str| text(markdown).0.contains(NOT_FOUND);
        assert!(!marked("It says “words that are really there” [3]."));
        assert!(marked("It says “words that are really there” [1]."));
    }

    #[test]
    fn an_answer_without_a_result_keeps_its_quotations_and_intervals() {
        let direct = check("\"Words of nobody at all\" [1] in [0, 1] or [0] or [1, 2].", &[], "");
        let expected = "\"Words of nobody at all\" in [0, 1] or [0] or [1, 2].";
        assert_eq!((direct.markdown.as_str(), direct.removed), (expected, 1));
    }

    /// What the window's parser would make a link of.
    fn defined(markdown: &str) -> Vec<String> {
        let parser = Parser::new(markdown);
        let all = parser.reference_definitions().iter().map(|(name, _)| name.to_owned());
        all.filter(|name| is_citation(name)).collect()
    }

    #[test]
    fn a_citation_is_no_link_whatever_the_text_defines() {
        let cases = [
            ("So [1].\n\n[1]: https://x.example", "So [1]."),
            ("So [1].\n\n[1]: https://x.example \"A\n title\"\n\nEnd.", "So [1].\n\n\nEnd."),
            ("So [1].\n\n[1]:\nhttps://x.example\n[3]: <https://y.example>", "So [1]."),
            ("So [^1].\n\n[^1]: https://x.example", "So [1]."),
            ("So [Result 1].\n\n[result 1]: /x", "So [1]."),
            ("So [1].\n\n> [1]: https://x.example\n> Said.", "So [1].\n\n> Said."),
            ("So [1].\n\n- [1]: https://x.example\n- [3]: https://y.example", "So [1]."),
            ("So [1].\n\n1. > [1]: https://x.example", "So [1]."),
            ("So [1].\n\n[9]: https://x.example", "So [1]."),
            ("[1](https://x.example): https://y.example", ""),
            ("[9][1]: https://y.example", ""),
            ("[1]: a\n[1]: b\n[1]: c\n\nSo [1].", "\nSo [1]."),
            // What only looks like it, and what is meant.
            ("Says [1]: it is so.", "Says [1]: it is so."),
            ("[1]: the first story, 2024", "[1]: the first story, 2024"),
            ("`[1]: https://x.example`", "`[1]: https://x.example`"),
            (
                "See [docs].\n\n[docs]: https://x.example",
                "See [docs].\n\n[docs]: https://x.example",
            ),
        ];
        for (markdown, expected) in cases {
            let checked = check(markdown, &found(), "").markdown;
            assert_eq!(checked.trim_end(), expected, "{markdown}");
            assert_eq!(defined(&checked), [""; 0], "{markdown}");
        }
        let often = "[1]: a\n".repeat(100);
        assert_eq!(defined(&check(&often, &found(), "").markdown), [""; 0]);
        // A list of sources is no citation.
        assert_eq!(check("So it is.\n\n[1]: https://x.example", &found(), "").citations, []);
    }

    proptest! {
        #[test]
        fn no_answer_breaks_it(markdown in "[\\[\\]()0-3.,;:>–`\"“”'’\\n a-]{0,80}") {
            let checked = check(&markdown, &found(), "q");
            prop_assert_eq!(defined(&checked.markdown), [""; 0]);
        }
    }
}
