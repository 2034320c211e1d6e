//! An answer's Markdown in pieces, since code is left alone.

/// Prose and code, in their order.
pub(super) fn pieces(markdown: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = markdown;
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].bytes().take_while(|b| *b == b'`').count();
        let fence = &rest[start..start + ticks];
        let inside = start + ticks;
        let Some(end) = rest[inside..].find(fence).map(|end| inside + end + ticks) else { break };
        pieces.push((false, &rest[..start]));
        pieces.push((true, &rest[start..end]));
        rest = &rest[end..];
    }
    pieces.push((false, rest));
    pieces
}
