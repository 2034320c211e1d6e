//! Text that comes in pieces of bytes: what is no UTF-8 becomes U+FFFD, whatever the pieces.

use bytes::Bytes;

/// The end of the last piece, if it is the beginning of a character.
#[derive(Default)]
pub(in crate::mcp) struct Lossy {
    held: Vec<u8>,
}

impl Lossy {
    /// The next piece as text, up to the last character that is whole.
    pub(in crate::mcp) fn decode(&mut self, piece: Bytes) -> Bytes {
        if self.held.is_empty() && std::str::from_utf8(&piece).is_ok() {
            return piece;
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(&piece);
        self.held = bytes.split_off(bytes.len() - unfinished(&bytes));
        match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into(),
        }
    }
}

/// Bytes at the end that the next piece may make a character of.
fn unfinished(bytes: &[u8]) -> usize {
    let Some(last) = bytes.utf8_chunks().last() else { return 0 };
    let broken = std::str::from_utf8(last.invalid()).err();
    let may_go_on = broken.is_some_and(|error| error.error_len().is_none());
    if may_go_on { last.invalid().len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_whole_wherever_the_bytes_are_cut_and_bad_bytes_are_replaced() {
        let check = |bytes: &[u8], expect: &str| {
            for size in 1..=bytes.len() {
                let mut lossy = Lossy::default();
                let pieces =
                    bytes.chunks(size).map(|piece| lossy.decode(Bytes::copy_from_slice(piece)));
                assert_eq!(pieces.collect::<Vec<_>>().concat(), expect.as_bytes(), "{size}");
            }
        };
        check("a ä € 😀 z".as_bytes(), "a ä € 😀 z");
        check(
            b"bad \xff, \xc3( and \xf0\x9f\x98 here",
            "bad \u{fffd}, \u{fffd}( and \u{fffd} here",
        );
        check(b"caf\xe9\n", "caf\u{fffd}\n");
    }
}
