//! Bytes as they arrive, cut into the JSON values of a stream: server-sent events or one value a
//! line.
//!
//! Packets may end anywhere, within a character too; lines may end in CRLF; comments keep the
//! connection alive and carry nothing. A value is handed on when its line ends, without waiting for
//! the empty line behind it. What is neither is kept as `stray`, since it may be the whole reply of a
//! server that does not stream, or a web page.

use memchr::memchr;
use serde_json::Value;

/// Longest line; above it the sender is broken or means harm.
const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// How much of what is no stream is kept.
const MOST_STRAY: usize = 2 * 1024 * 1024;

/// What a line said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// A value of the stream.
    Json(Value),
    /// `[DONE]`.
    Done,
}

/// A decoder of one response's body.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    line: Vec<u8>,
    /// Data lines of an event whose value goes over several of them.
    data: String,
    stray: String,
    any: bool,
}

/// A line longer than [`LONGEST_LINE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTooLong;

impl Decoder {
    /// Takes bytes as they came; puts what they complete into `said`.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        said: &mut Vec<Said>,
    ) -> Result<(), LineTooLong> {
        while let Some(end) = memchr(b'\n', bytes) {
            self.line.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.line_ended(said);
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > LONGEST_LINE { Err(LineTooLong) } else { Ok(()) }
    }

    /// The body has ended; a last line may lack its end.
    pub(super) fn finish(&mut self, said: &mut Vec<Said>) {
        if !self.line.is_empty() {
            self.line_ended(said);
        }
    }

    /// What came and was no stream; empty once anything of a stream came.
    pub(super) fn stray(&self) -> &str {
        if self.any { "" } else { self.stray.trim() }
    }

    fn line_ended(&mut self, said: &mut Vec<Said>) {
        let bytes = std::mem::take(&mut self.line);
        // Whole lines only: a character is never cut here, and what is no UTF-8 stays readable.
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches('\r');
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        if let Some(data) = line.strip_prefix("data:") {
            self.data_line(data.strip_prefix(' ').unwrap_or(data), said);
        } else if line.is_empty() {
            self.data.clear();
        } else if line.starts_with([':']) || is_field(line) {
            // A comment, or a field that says nothing that the value does not say itself.
        } else if let Ok(value) = serde_json::from_str::<Value>(line)
            && value.is_object()
        {
            self.any = true;
            said.push(Said::Json(value));
        } else if self.stray.len() + line.len() < MOST_STRAY {
            self.stray.push_str(line);
            self.stray.push('\n');
        }
    }

    fn data_line(&mut self, data: &str, said: &mut Vec<Said>) {
        self.data.push_str(data);
        if self.data.trim() == "[DONE]" {
            said.push(Said::Done);
        } else if let Ok(value) = serde_json::from_str::<Value>(&self.data) {
            said.push(Said::Json(value));
        } else if self.data.len() < LONGEST_LINE {
            self.data.push('\n');
            return;
        }
        self.any = true;
        self.data.clear();
    }
}

fn is_field(line: &str) -> bool {
    ["event:", "id:", "retry:"].iter().any(|field| line.starts_with(field))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn decode(packets: &[&[u8]]) -> Vec<Said> {
        let (mut decoder, mut said) = (Decoder::default(), Vec::new());
        for packet in packets {
            decoder.push(packet, &mut said).unwrap();
        }
        decoder.finish(&mut said);
        said
    }

    const STREAM: &str = ": keep-alive\r\n\r\nevent: message\r\ndata: {\"a\": \"ö😀\"}\r\n\r\n\
        data:{\"b\":\ndata: 2}\n\ndata: {\"c\":3}\ndata: {\"d\":4}\n\n:\n\ndata: [DONE]";

    #[test]
    fn events_are_read_in_every_usual_spelling() {
        let expected = [
            Said::Json(json!({"a": "ö😀"})),
            Said::Json(json!({"b": 2})),
            Said::Json(json!({"c": 3})),
            Said::Json(json!({"d": 4})),
            Said::Done,
        ];
        assert_eq!(decode(&[STREAM.as_bytes()]), expected);
    }

    #[test]
    fn lines_of_json_and_what_is_none() {
        assert_eq!(decode(&[b"{\"x\":1}\n{\"x\":2}"]).len(), 2);
        let mut decoder = Decoder::default();
        decoder.push(b"<html>\n<title>x</title>", &mut Vec::new()).unwrap();
        decoder.finish(&mut Vec::new());
        assert!(decoder.stray().starts_with("<html>"));
        assert_eq!(
            decode(&[b"data: {\"t\":\"a\xff\"}\n"]),
            [Said::Json(json!({"t": "a\u{fffd}"}))]
        );
        let long = vec![b'x'; LONGEST_LINE + 1];
        assert_eq!(Decoder::default().push(&long, &mut Vec::new()), Err(LineTooLong));
    }

    proptest! {
        #[test]
        fn any_split_says_the_same(cuts in prop::collection::vec(0..STREAM.len(), 0..12)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut packets = Vec::new();
            let mut start = 0;
            for cut in cuts {
                packets.push(&STREAM.as_bytes()[start..cut]);
                start = cut;
            }
            packets.push(&STREAM.as_bytes()[start..]);
            prop_assert_eq!(decode(&packets), decode(&[STREAM.as_bytes()]));
        }
    }
}
