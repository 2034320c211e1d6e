//! Takes the thinking that some models write into their text (`<think>…</think>`) out of it.
//!
//! Comes in: text in pieces. Goes out: the pieces without a leading block. Tags are only looked for
//! at the beginning: later they are part of what the model wants to say.

const TAGS: &[(&str, &str)] =
    &[("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<|channel|>analysis", "<|end|>")];

/// A filter over one reply's text.
#[derive(Debug, Default)]
pub(super) enum Thinking {
    /// Nothing but white space and what may become a tag came yet.
    #[default]
    Before,
    /// Held back until it is clear whether it is a tag.
    Held(String),
    /// Within a block that ends with this tag; holds what may be its beginning.
    Inside(&'static str, String),
    /// The reply itself.
    After,
}

impl Thinking {
    /// The part of a piece that is no thinking.
    pub(super) fn push(&mut self, piece: &str) -> String {
        match self {
            Self::After => piece.to_owned(),
            Self::Inside(end, held) => {
                held.push_str(piece);
                let end = *end;
                if let Some(at) = held.find(end) {
                    let rest = held[at + end.len()..].to_owned();
                    *self = Self::Before;
                    return self.push(&rest);
                }
                // Only what may be the beginning of the tag has to be kept.
                let keep = held.len().saturating_sub(end.len());
                let keep = (keep..=held.len()).find(|at| held.is_char_boundary(*at));
                *held = held.split_off(keep.unwrap_or(0));
                String::new()
            }
            Self::Before => {
                *self = Self::Held(String::new());
                self.push(piece)
            }
            Self::Held(held) => {
                held.push_str(piece);
                let start = held.trim_start();
                if let Some((tag, end)) = TAGS.iter().find(|(tag, _)| start.starts_with(tag)) {
                    let rest = start[tag.len()..].to_owned();
                    *self = Self::Inside(end, String::new());
                    return self.push(&rest);
                }
                if TAGS.iter().any(|(tag, _)| tag.starts_with(start)) {
                    return String::new();
                }
                let text = std::mem::take(held);
                *self = Self::After;
                text
            }
        }
    }

    /// Whether the last piece ended within thinking.
    pub(super) fn is_inside(&self) -> bool {
        matches!(self, Self::Inside(..))
    }

    /// What was held back when the reply ended.
    pub(super) fn finish(&mut self) -> String {
        match std::mem::replace(self, Self::After) {
            Self::Held(held) => held,
            Self::Before | Self::Inside(..) | Self::After => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filtered<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut thinking = Thinking::default();
        let mut text: String = pieces.into_iter().map(|piece| thinking.push(piece)).collect();
        text.push_str(&thinking.finish());
        text
    }

    #[test]
    fn only_leading_thinking_is_taken_out() {
        let cases = [
            ("<think>hm\nso</think>\n\nYes.", "\n\nYes."),
            ("\n<thinking>a</thinking>b", "b"),
            ("<think>a</think> <think>b</think>c", "c"),
            ("plain <think>kept</think>", "plain <think>kept</think>"),
            ("<thin", "<thin"),
            ("<think>never ends", ""),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(filtered([text]), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(size in 1usize..6) {
            let text = " <think>größer < als</thin </think>Ja, <b>ö</b>.";
            let letters: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = letters.chunks(size).map(|piece| piece.iter().collect()).collect();
            prop_assert_eq!(filtered(pieces.iter().map(String::as_str)), filtered([text]));
        }
    }
}
