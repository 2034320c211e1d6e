//! Markdown's events with everything taken out that is not to be shown as it stands.
//!
//! HTML becomes text, an image a link, a task's box a character, and a citation an anchor, except in
//! code and inside of links, where brackets are what they are.

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::citations::{Piece, anchor, pieces};

/// Rewrites the events of one block.
pub(super) fn rewrite(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut out = Vec::with_capacity(events.len());
    let mut inside = Inside::default();
    for event in events {
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
            Event::Text(text) if !inside.code && inside.links == 0 => cite(text, &mut out),
            other => out.push(other),
        }
    }
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

fn cite<'a>(text: CowStr<'a>, out: &mut Vec<Event<'a>>) {
    let pieces = pieces(&text);
    if let [Piece::Text(_)] = pieces.as_slice() {
        out.push(Event::Text(text));
        return;
    }
    let events: Vec<Event<'a>> = pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(piece) => Event::Text(piece.to_owned().into()),
            Piece::Citation { task, item } => Event::InlineHtml(anchor(task, item).into()),
        })
        .collect();
    out.extend(events);
}

/// Models write these in tables, where Markdown has no other way.
fn is_line_break(html: &str) -> bool {
    matches!(html.to_ascii_lowercase().as_str(), "<br>" | "<br/>" | "<br />")
}

#[cfg(test)]
mod tests {
    use super::super::render;

    fn html(text: &str) -> String {
        render(text)
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
}
