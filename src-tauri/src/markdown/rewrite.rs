//! Markdown's events with everything taken out that is not to be shown as it stands.
//!
//! HTML becomes text, an image a link, a task's box a character, and a citation an anchor, except in
//! code and inside of links, where brackets are what they are.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::citations::{Piece, anchor, pieces};
use super::prose::Prose;

/// Rewrites the events of one block, each with its place in `source`.
pub(super) fn rewrite<'a>(
    events: Vec<(Event<'a>, Range<usize>)>,
    source: &str,
    tasks: u32,
) -> Vec<Event<'a>> {
    let mut out = Vec::with_capacity(events.len());
    let mut inside = Inside::default();
    let mut prose = Prose::default();
    for (event, place) in events {
        match event {
            Event::Text(text) if !inside.code && inside.links == 0 => {
                prose.push(&text, source, place);
                continue;
            }
            _ => cite(&std::mem::take(&mut prose), tasks, &mut out),
        }
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                inside.code = true;
                out.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::CodeBlock) => {
                inside.code = false;
                out.push(Event::End(TagEnd::CodeBlock));
            }
            Event::Start(Tag::HtmlBlock) => out.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => out.push(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Link { .. }) => {
                inside.links += 1;
                out.push(event);
            }
            Event::End(TagEnd::Link) => {
                inside.links -= 1;
                out.push(event);
            }
            Event::Start(Tag::Image { dest_url, .. }) => inside.open_image(dest_url, &mut out),
            Event::End(TagEnd::Image) => inside.close_image(&mut out),
            Event::InlineHtml(html) if is_line_break(&html) => out.push(Event::HardBreak),
            Event::Html(html) | Event::InlineHtml(html) => out.push(Event::Text(html)),
            Event::TaskListMarker(done) => {
                out.push(Event::Text(if done { "☑ " } else { "☐ " }.into()));
            }
            other => out.push(other),
        }
    }
    cite(&prose, tasks, &mut out);
    out
}

/// Where in the block we are.
#[derive(Default)]
struct Inside<'a> {
    code: bool,
    links: usize,
    /// Open images: their address, how much was written before them, whether they became links.
    images: Vec<(CowStr<'a>, usize, bool)>,
}

impl<'a> Inside<'a> {
    /// A link instead, unless there is one around it already: links do not nest.
    fn open_image(&mut self, address: CowStr<'a>, out: &mut Vec<Event<'a>>) {
        let becomes_link = self.links == 0;
        if becomes_link {
            self.links += 1;
            out.push(Event::Start(Tag::Link {
                link_type: LinkType::Inline,
                dest_url: address.clone(),
                title: "".into(),
                id: "".into(),
            }));
        }
        self.images.push((address, out.len(), becomes_link));
    }

    fn close_image(&mut self, out: &mut Vec<Event<'a>>) {
        let Some((address, before, became_link)) = self.images.pop() else { return };
        if out.len() == before {
            out.push(Event::Text(address));
        }
        if became_link {
            self.links -= 1;
            out.push(Event::End(TagEnd::Link));
        }
    }
}

fn cite(prose: &Prose, tasks: u32, out: &mut Vec<Event<'_>>) {
    out.extend(pieces(prose, tasks).into_iter().map(|piece| match piece {
        Piece::Text(piece) => Event::Text(piece.to_owned().into()),
        Piece::Citation { task, item } => Event::InlineHtml(anchor(task, item).into()),
    }));
}

/// Models write these in tables, where Markdown has no other way.
fn is_line_break(html: &str) -> bool {
    matches!(html.to_ascii_lowercase().as_str(), "<br>" | "<br/>" | "<br />")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use trawl_core::synthesize::{Found, builtin, evidence::Evidence};

    use super::super::render;

    fn html(text: &str) -> String {
        render(text, Some(6))
            .into_iter()
            .map(|block| serde_json::to_value(block).unwrap()["html"].clone())
            .map(|html| html.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn citations_are_anchors_but_not_in_code_or_links() {
        let cited =
            html("Twelve [1], *three* of them [2.3].\n\n- x [4]\n\n| a |\n|---|\n| b [5] |");
        assert_eq!(cited.matches("class=\"citation\"").count(), 4, "{cited}");
        assert!(cited.contains("href=\"#task-2\" data-task=\"2\" data-item=\"3\""), "{cited}");
        for plain in ["`a[1]`", "```\na[1]\n```", "    a[1]", "[see [1]](https://example.com)"] {
            let html = html(plain);
            assert!(!html.contains("citation") && html.contains("[1]"), "{html}");
        }
        assert!(html("[1](https://example.com)").contains("href=\"https://example.com\""));
    }

    #[test]
    fn what_a_text_defines_a_number_to_be_makes_no_link_of_a_citation() {
        for defined in [
            "Twelve [1].\n\n[1]: https://evil.example",
            "Twelve [1].\n\n[1]:\n<https://evil.example>\n'A title'",
            "Twelve [1].\n\n> [1]: https://evil.example",
            "Twelve [1].\n\n- [1]: https://evil.example",
            "Twelve [of them][1].\n\n[1]: https://evil.example",
            "Twelve [*of* them][1].\n\n[1]: https://evil.example",
            "Twelve ![1].\n\n[1]: https://evil.example",
            "Twelve [see ![x](https://x.example/) y][1].\n\n[1]: https://evil.example",
        ] {
            let html = html(defined);
            assert!(!html.contains("evil"), "{defined}: {html}");
            assert_eq!(html.matches("class=\"citation\"").count(), 1, "{defined}: {html}");
            // As it looked while the definition had not come yet.
            let before = defined.split("\n\n").next().unwrap();
            assert!(html.starts_with(&super::tests::html(before)), "{defined}: {html}");
        }
        let collapsed = html("Twelve [1][].\n\n[1]: https://evil.example");
        assert!(collapsed.contains("citation") && !collapsed.contains("evil"), "{collapsed}");
        let named = html("See [the docs][d] or [d] [1].\n\n[d]: https://docs.example");
        assert_eq!(named.matches("href=\"https://docs.example\"").count(), 2, "{named}");
        assert_eq!(named.matches("class=\"citation\"").count(), 1, "{named}");
    }

    #[test]
    fn brackets_that_are_meant_as_text_cite_nothing() {
        for plain in
            ["\\[1\\]", "\\[1]", "[1\\]", "&#91;1]", "[1&rsqb;", "| a |\n|---|\n| \\[1\\] |"]
        {
            let html = html(plain);
            assert!(!html.contains("citation") && html.contains("[1]"), "{plain}: {html}");
        }
        assert_eq!(html("In [2024] or [7.1]."), "<p>In [2024] or [7.1].</p>\n");
        // Two backslashes are one that is shown.
        let html = html("\\\\[1] &amp; [2] é[3] a\\*b[4]");
        assert_eq!(html.matches("class=\"citation\"").count(), 4, "{html}");
        assert!(html.starts_with("<p>\\<a"), "{html}");
    }

    /// Nothing that a server can say becomes a source, a link or markup.
    #[test]
    fn what_a_server_says_cites_nothing() {
        let said = "so it is [1] [2.1] \\[3] &#91;4&#93; [5](https://evil.example) ![6](x) `[1]`";
        let results: [Value; 4] = [
            json!({"results": [{"title": said, "author": said, "score": said}]}),
            json!({said: said}),
            json!(said),
            json!([said, said]),
        ];
        let found: Vec<Found> = results
            .into_iter()
            .enumerate()
            .map(|(index, value)| Found {
                index,
                server: "s".into(),
                tool: "find".into(),
                description: said.into(),
                arguments: json!({"query": said}),
                evidence: Evidence::read(&json!({"structuredContent": value}).to_string()),
            })
            .collect();
        let html = html(&builtin::write(&found, &[]));
        let anchors: Vec<&str> = html
            .split("href=\"#task-")
            .skip(1)
            .map(|rest| rest.split(" rel=").next().unwrap_or_default())
            .collect();
        let of_the_writer = [
            "1\" data-task=\"1\"",
            "4\" data-task=\"4\"",
            "1\" data-task=\"1\" data-item=\"1\"",
            "4\" data-task=\"4\" data-item=\"1\"",
            "2\" data-task=\"2\"",
            "3\" data-task=\"3\"",
        ];
        assert_eq!(anchors, of_the_writer, "{html}");
        assert_eq!(html.matches("<a ").count(), anchors.len(), "{html}");
    }
}
