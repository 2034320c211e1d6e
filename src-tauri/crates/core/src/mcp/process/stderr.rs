//! The last lines that a child wrote to stderr, for error messages and for the settings view.
//!
//! Bounded in lines and in the length of each; secrets are taken out before anything is kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::secrets::redact::Redactor;

const LINES: usize = 50;
/// In characters.
const LINE_LENGTH: usize = 1000;
/// In bytes; more than is kept, since secrets are taken out before a line is cut.
const READ_LENGTH: usize = 8 << 10;

/// The last lines of one child.
#[derive(Default)]
pub(in crate::mcp) struct Stderr {
    lines: Mutex<VecDeque<String>>,
}

impl Stderr {
    /// Reads to the end of the stream.
    pub(in crate::mcp) async fn follow(
        self: Arc<Self>,
        server: String,
        mut stream: impl AsyncRead + Unpin,
        redactor: Arc<Redactor>,
    ) {
        let mut chunk = vec![0; 8 << 10];
        let mut line = Vec::new();
        while let Ok(read) = stream.read(&mut chunk).await {
            if read == 0 {
                break;
            }
            for byte in &chunk[..read] {
                match byte {
                    b'\n' => self.keep(&server, &mut line, &redactor),
                    // What is cut off a long line is of no use to a person.
                    _ if line.len() < READ_LENGTH => line.push(*byte),
                    _ => {}
                }
            }
        }
        self.keep(&server, &mut line, &redactor);
    }

    /// The last lines, oldest first.
    pub(in crate::mcp) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, server: &str, line: &mut Vec<u8>, redactor: &Redactor) {
        let lost_its_end = line.len() == READ_LENGTH;
        let words = String::from_utf8_lossy(line);
        let text = redactor.beginning(words.trim_end(), lost_its_end, LINE_LENGTH);
        line.clear();
        if text.is_empty() {
            return;
        }
        tracing::debug!(server, line = text, "stderr");
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }
}
