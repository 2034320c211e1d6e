//! Links whose name is a citation's, as the text that they are.
//!
//! `[1]: https://example.com` makes a link of every `[1]`, wherever it stands. A number cites a
//! result; where a text says that it leads is no matter of the text. Answers that are written now
//! define none (the core takes them out); streamed ones and those of earlier versions may.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::citations::is_name;

/// Puts what an author wrote in the place of such a link's ends; what is between them stays.
pub(super) fn unlinked<'a>(
    events: Vec<(Event<'a>, Range<usize>)>,
    source: &str,
) -> Vec<(Event<'a>, Range<usize>)> {
    let mut open = Vec::new();
    let mut last_end = 0;
    let written = |place: Range<usize>| {
        let text = source.get(place.clone()).unwrap_or_default().to_owned();
        (Event::Text(text.into()), place)
    };
    let unlinked = |(event, place): (Event<'a>, Range<usize>)| {
        let mark = match &event {
            Event::Start(Tag::Link { link_type, id, .. }) => opened(*link_type, id, "["),
            Event::Start(Tag::Image { link_type, id, .. }) => opened(*link_type, id, "!["),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let close = open.pop().unwrap_or(false).then_some(last_end..place.end);
                last_end = place.end;
                return close.map_or((event, place), written);
            }
            _ => {
                last_end = place.end;
                return (event, place);
            }
        };
        open.push(mark.is_some());
        let Some(mark) = mark else { return (event, place) };
        last_end = place.start + mark.len();
        written(place.start..last_end)
    };
    events.into_iter().map(unlinked).collect()
}

/// What such a link begins with; `None` for any other.
fn opened(kind: LinkType, name: &str, mark: &'static str) -> Option<&'static str> {
    let by_name = matches!(kind, LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut);
    (by_name && is_name(name)).then_some(mark)
}
