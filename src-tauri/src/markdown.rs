//! An answer's Markdown as HTML that neither runs nor loads anything.
//!
//! Comes in: Markdown that a model or a server wrote. Goes out: one [`Block`] for each paragraph,
//! list, table and so on, so that a page that renders a growing answer renders finished blocks once.
//! Citations become anchors whatever the text defines them to be, images become links, HTML is shown as the text it is, and the result is
//! sanitised besides, by an allowlist that knows no attribute that could run or load.

mod citations;
mod prose;
mod references;
mod rewrite;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use ammonia::UrlRelative;
use pulldown_cmark::{Event, Options, Parser, html};
use serde::Serialize;

/// A part of an answer that stands on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Block {
    /// Sanitised.
    html: String,
    /// Where it ends in the text, in UTF-16 code units. What follows may be rendered alone.
    end: usize,
}

/// Renders a text; all blocks but the last stay as they are however the text goes on. A citation of
/// a task beyond `tasks`, where their number is known, is text.
pub(crate) fn render(text: &str, tasks: Option<u32>) -> Vec<Block> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let tasks = tasks.unwrap_or(u32::MAX);
    let mut blocks = Vec::new();
    let mut block: Vec<(Event<'_>, Range<usize>)> = Vec::new();
    let mut depth = 0_usize;
    let (mut end_bytes, mut end_utf16) = (0, 0);
    for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        let end = place.end;
        block.push((event, place));
        if depth == 0 {
            end_utf16 += text[end_bytes..end].encode_utf16().count();
            end_bytes = end;
            let events = references::unlinked(std::mem::take(&mut block), text);
            let events = rewrite::rewrite(events, text, tasks);
            blocks.push(Block { html: to_html(events), end: end_utf16 });
        }
    }
    blocks
}

fn to_html(events: Vec<Event<'_>>) -> String {
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, events.into_iter());
    SANITISER.clean(&unsafe_html).to_string()
}

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let attributes = HashMap::from([
        ("a", HashSet::from(["href", "data-task", "data-item"])),
        ("ol", HashSet::from(["start"])),
    ]);
    let mut sanitiser = ammonia::Builder::empty();
    sanitiser
        .tags(HashSet::from(tags))
        .tag_attributes(attributes)
        .allowed_classes(HashMap::from([("a", HashSet::from(["citation"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Custom(Box::new(own_target)))
        .link_rel(Some("noopener noreferrer"));
    sanitiser
});

/// The only address without a scheme that leads somewhere is a task of the same page.
fn own_target(address: &str) -> Option<std::borrow::Cow<'_, str>> {
    address.starts_with("#task-").then(|| address.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        render(text, None).into_iter().map(|block| block.html).collect()
    }

    #[test]
    fn tables_code_and_links_are_rendered() {
        let table = html("| a | b |\n|---|--:|\n| 1 | 2 |\n");
        assert!(table.contains("<table>") && table.contains("<td>2</td>"), "{table}");
        assert_eq!(
            html("```rust\nlet x = \"<b>\";\n```"),
            "<pre><code>let x = \"&lt;b&gt;\";\n</code></pre>\n"
        );
        let link = html("[x](https://example.com/?a=1&b=2)");
        assert!(link.contains("href=\"https://example.com/?a=1&amp;b=2\""), "{link}");
        assert_eq!(html("3. c\n4. d"), "<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>\n");
        assert_eq!(
            html("- [x] done\n- [ ] open"),
            "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>\n"
        );
    }

    #[test]
    fn nothing_that_runs_or_loads_gets_through() {
        let attacks = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<iframe src=\"https://example.com\"></iframe>",
            "text <svg onload=alert(1)> text",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](vbscript:x) [y](file:///etc/passwd) [z](tauri://localhost/)",
            "![x](https://example.com/pixel.png)",
            "[![x](https://example.com/pixel.png)](https://example.com)",
            "<a href=\"https://example.com\" onclick=\"alert(1)\" style=\"position:fixed\">x</a>",
            "<a class=\"citation\" href=\"#task-1\" data-task=\"1\">x</a>",
            "<style>@import 'https://example.com'</style>",
            "<link rel=stylesheet href=https://example.com>",
            "<form action=https://example.com><input></form>",
            "<base href=https://example.com>",
            "<p style=\"background:url(https://example.com)\">",
            "<math><mtext></p><img src=x onerror=alert(1)>",
            "[a]: javascript:alert(1)\n\n[a]",
        ];
        for attack in attacks {
            let html = html(attack);
            let tags: Vec<&str> = html.split('<').skip(1).collect();
            for tag in tags {
                let tag = tag.split('>').next().unwrap_or_default().to_lowercase();
                let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
                let fine = ["p", "a", "br", "pre", "code"].contains(&name);
                assert!(fine, "{attack}\n{html}");
                for word in ["onerror", "onload", "onclick", "style", "javascript", "data:", "src"]
                {
                    assert!(!tag.contains(word), "{attack}\n{html}");
                }
                for scheme in ["vbscript", "file:", "tauri:", "citation"] {
                    assert!(!tag.contains(scheme), "{attack}\n{html}");
                }
            }
        }
    }

    #[test]
    fn images_are_links_and_say_what_they_show() {
        let html = html("![a chart](https://example.com/c.png) ![](https://example.com/d.png)");
        assert_eq!(html.matches("<a href=").count(), 2, "{html}");
        assert!(html.contains(">a chart</a>") && html.contains(">https://example.com/d.png</a>"));
        assert!(!html.contains("<img"));
    }

    #[test]
    fn blocks_end_where_the_text_can_be_cut() {
        let text = "# Tïtle 🦀\n\nOne\ntwo.\n\n- a\n- b\n\n---\n\n| x |\n|---|\n| y |\n\nlast";
        let blocks = render(text, None);
        assert_eq!(blocks.len(), 6, "{blocks:?}");
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let mut start = 0;
        for (place, block) in blocks.iter().enumerate() {
            let alone = String::from_utf16(&utf16[start..block.end]).unwrap();
            assert_eq!(render(&alone, None)[0].html, block.html);
            let rest = String::from_utf16(&utf16[block.end..]).unwrap();
            let following: Vec<String> = render(&rest, None).into_iter().map(|b| b.html).collect();
            let expected: Vec<String> =
                blocks[place + 1..].iter().map(|b| b.html.clone()).collect();
            assert_eq!(following, expected);
            start = block.end;
        }
        assert!(render("", None).is_empty() && render(" \n\n", None).is_empty());
    }

    #[test]
    fn html_is_shown_as_text_but_line_breaks_break_lines() {
        assert_eq!(html("a<br>b <b>c</b>"), "<p>a<br>\nb &lt;b&gt;c&lt;/b&gt;</p>\n");
        assert_eq!(html("<div>\nx\n</div>"), "<p>&lt;div&gt;\nx\n&lt;/div&gt;</p>\n");
    }
}
