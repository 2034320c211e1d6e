//! The fake MCP server over a pair of streams: stdio, or in-process.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;

use super::Fake;

impl Fake {
    /// Serves one client until it closes its side.
    pub async fn serve(
        &self,
        reader: impl AsyncRead + Unpin,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) {
        let slow_start = self.inner.options.slow_start;
        // Even the shortest sleep has no end while time stands still.
        if !slow_start.is_zero() {
            tokio::time::sleep(slow_start).await;
        }
        let (out, answers) = mpsc::unbounded_channel();
        let client = self.client(out.clone());
        self.inner.listeners.lock().expect("no test panics here").push(out);
        let writing = tokio::spawn(write(answers, writer, self.inner.options.junk));
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let mut line = String::new();
        loop {
            line.clear();
            tokio::select! {
                read = reader.read_line(&mut line) => match read {
                    Ok(0) | Err(_) => break,
                    Ok(_) => self.receive(&line, &client),
                },
                // In-process, a process that dies is a stream that ends.
                () = self.inner.tools.died() => break,
            }
        }
        self.left(&client);
        writing.abort();
    }
}

/// Stands for a byte that is no UTF-8 until a message is on the wire.
pub(super) const BAD_BYTE: &str = "\u{e0ff}";

/// A message as its client gets it.
pub(super) fn on_the_wire(message: String) -> Vec<u8> {
    let Some((first, rest)) = message.split_once(BAD_BYTE) else { return message.into_bytes() };
    let mut bytes = first.as_bytes().to_vec();
    for part in rest.split(BAD_BYTE) {
        bytes.push(0xff);
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

async fn write(
    mut answers: mpsc::UnboundedReceiver<String>,
    mut writer: impl AsyncWrite + Unpin,
    junk: bool,
) {
    let mut batch = Vec::new();
    let mut bytes = Vec::new();
    while answers.recv_many(&mut batch, 256).await > 0 {
        bytes.clear();
        for answer in batch.drain(..) {
            if junk {
                bytes.extend_from_slice(b"added 41 packages in 2s\n\n{\"not\": \"rpc\"}\n[1, 2\n");
            }
            bytes.extend_from_slice(&on_the_wire(answer));
            bytes.push(b'\n');
        }
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
}
