//! Citations in a piece of text: `[n]` for task n, `[n.k]` for the k-th item of its result.
//!
//! Finds and writes them; whether there is such an item was checked when the answer was written.

use std::fmt::Write;

use super::prose::Prose;

/// A piece of text, or the citation that stands between two pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Citation { task: u32, item: Option<u32> },
}

/// Cuts a text at its citations of the first so many tasks.
pub(super) fn pieces(prose: &Prose, tasks: u32) -> Vec<Piece<'_>> {
    let text = prose.text();
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(open) = text[from..].find('[').map(|at| from + at) {
        let Some((close, citation)) = citation(prose, open, tasks) else {
            from = open + 1;
            continue;
        };
        if open > done {
            pieces.push(Piece::Text(&text[done..open]));
        }
        pieces.push(citation);
        done = close + 1;
        from = done;
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// The anchor of a citation; the page adds what it looks like.
pub(super) fn anchor(task: u32, item: Option<u32>) -> String {
    let mut html = format!("<a class=\"citation\" href=\"#task-{task}\" data-task=\"{task}\"");
    if let Some(item) = item {
        // Writing to a string does not fail.
        let _ = write!(html, " data-item=\"{item}\"");
    }
    let _ = match item {
        Some(item) => write!(html, ">{task}.{item}</a>"),
        None => write!(html, ">{task}</a>"),
    };
    html
}

/// The citation whose bracket opens at `open`, and where it closes.
fn citation(prose: &Prose, open: usize, tasks: u32) -> Option<(usize, Piece<'static>)> {
    let close = open + prose.text()[open..].find(']')?;
    if !prose.is_markup(open) || !prose.is_markup(close) {
        return None;
    }
    let inside = &prose.text()[open + 1..close];
    let (task, item) = numbers(inside)?;
    (task <= tasks).then_some((close, Piece::Citation { task, item }))
}

/// Whether a bracket with this in it is a citation, of whatever task.
pub(super) fn is_name(inside: &str) -> bool {
    numbers(inside).is_some()
}

/// `n` or `n.k`.
fn numbers(inside: &str) -> Option<(u32, Option<u32>)> {
    match inside.split_once('.') {
        Some((task, item)) => Some((number(task)?, Some(number(item)?))),
        None => Some((number(inside)?, None)),
    }
}

/// A count from 1, as people write it.
fn number(digits: &str) -> Option<u32> {
    let plain = digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.starts_with('0') { None } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::Piece::{Citation, Text};
    use super::*;

    #[test]
    fn citations_are_told_from_other_brackets() {
        let cite = |task, item| Citation { task, item };
        let check = |text: &str, expect: &[Piece<'_>]| {
            let mut prose = Prose::default();
            prose.push(text, text, 0..text.len());
            assert_eq!(pieces(&prose, 20), expect, "{text}");
        };
        check("a [1] b", &[Text("a "), cite(1, None), Text(" b")]);
        check("[1][2.10]", &[cite(1, None), cite(2, Some(10))]);
        check("x[3.1].", &[Text("x"), cite(3, Some(1)), Text(".")]);
        for plain in
            ["[]", "[0]", "[1.]", "[.1]", "[1.0]", "[a]", "[1", "1]", "[ 1]", "[+1]", "[1.2.3]"]
        {
            check(plain, &[Text(plain)]);
        }
        check("[[1]]", &[Text("["), cite(1, None), Text("]")]);
        check("[20] [21] [2024.1]", &[cite(20, None), Text(" [21] [2024.1]")]);
        check("", &[]);
    }

    #[test]
    fn anchors_name_task_and_item() {
        assert_eq!(
            anchor(3, Some(2)),
            "<a class=\"citation\" href=\"#task-3\" data-task=\"3\" data-item=\"2\">3.2</a>"
        );
        assert_eq!(anchor(3, None), "<a class=\"citation\" href=\"#task-3\" data-task=\"3\">3</a>");
    }
}
