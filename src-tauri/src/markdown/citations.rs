//! Citations in a piece of text: `[n]` for task n, `[n.k]` for the k-th item of its result.
//!
//! Finds and writes them; whether there is such a task was checked when the answer was written.

use std::fmt::Write;

/// A piece of text, or the citation that stands between two pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Citation { task: u32, item: Option<u32> },
}

/// Cuts a text at its citations.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(open) = text[from..].find('[').map(|at| from + at) {
        let close = text[open..].find(']').map(|at| open + at);
        let cited = close.and_then(|close| citation(&text[open + 1..close]).map(|c| (close, c)));
        let Some((close, citation)) = cited else {
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
    let _ = write!(html, ">{task}</a>");
    html
}

fn citation(inside: &str) -> Option<Piece<'static>> {
    let (task, item) = match inside.split_once('.') {
        Some((task, item)) => (number(task)?, Some(number(item)?)),
        None => (number(inside)?, None),
    };
    Some(Piece::Citation { task, item })
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
        let check = |text, expect: &[Piece<'_>]| assert_eq!(pieces(text), expect, "{text}");
        check("a [1] b", &[Text("a "), cite(1, None), Text(" b")]);
        check("[1][2.10]", &[cite(1, None), cite(2, Some(10))]);
        check("x[3.1].", &[Text("x"), cite(3, Some(1)), Text(".")]);
        for plain in
            ["[]", "[0]", "[1.]", "[.1]", "[1.0]", "[a]", "[1", "1]", "[ 1]", "[+1]", "[1.2.3]"]
        {
            check(plain, &[Text(plain)]);
        }
        check("[[1]]", &[Text("["), cite(1, None), Text("]")]);
        check("", &[]);
    }

    #[test]
    fn anchors_name_task_and_item() {
        assert_eq!(
            anchor(3, Some(2)),
            "<a class=\"citation\" href=\"#task-3\" data-task=\"3\" data-item=\"2\">3</a>"
        );
        assert_eq!(anchor(3, None), "<a class=\"citation\" href=\"#task-3\" data-task=\"3\">3</a>");
    }
}
