//! A reply while it is written: its text in pieces, then what it cost.
//!
//! Dropping it closes the connection at once, which is how a call is cancelled. Keep-alive comments
//! do not count as life: only tokens push the limit of time further.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::{
    Chunk, ModelError,
    account::{Account, Sent},
    anthropic,
    decode::{Decoder, Said},
    endpoint::Endpoint,
    http::reason,
    ollama, openai, refusal,
    thinking::Thinking,
};
use crate::{
    event::Usage,
    settings::{Price, Provider},
};

/// Bytes on the wire of one reply: a token of text has some 300 in the wordiest protocol.
const MOST_ON_WIRE: usize = 64 * 1024 * 1024;

/// Bytes of thinking in one reply, about 130,000 tokens: more than any model is allowed to think.
const MOST_THINKING: usize = 512 * 1024;

/// How long token counts are waited for once the text is whole.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long the end of the body is waited for, so that the connection can be used again.
const BODY_END: Duration = Duration::from_millis(20);

/// A model's reply, being written.
pub struct Reply {
    endpoint: Arc<Endpoint>,
    body: Body,
    decoder: Decoder,
    thinking: Thinking,
    queue: VecDeque<Chunk>,
    /// What went wrong behind the text that is still in the queue.
    failed: Option<ModelError>,
    deadline: Instant,
    most_bytes: usize,
    text_bytes: usize,
    on_wire: usize,
    finished: bool,
    ended: bool,
    cut_off: bool,
    account: Account,
}

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

impl Reply {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        body: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
        asked: Instant,
        sent: Sent,
        most_bytes: usize,
        price: Price,
    ) -> Self {
        Self {
            deadline: asked + endpoint.first_token,
            endpoint,
            body: Box::pin(body),
            decoder: Decoder::default(),
            thinking: Thinking::default(),
            queue: VecDeque::new(),
            failed: None,
            most_bytes,
            text_bytes: 0,
            on_wire: 0,
            finished: false,
            ended: false,
            cut_off: false,
            account: Account::new(asked, sent, price),
        }
    }

    /// The next piece of text; `None` at the end. After an error there is nothing more.
    pub async fn text(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            while let Some(chunk) = self.queue.pop_front() {
                if let Chunk::Text(text) = chunk {
                    self.text_bytes += text.len();
                    if self.text_bytes > self.most_bytes {
                        self.ended = true;
                        self.queue.clear();
                        self.failed = None;
                        return Err(self.endless(self.most_bytes));
                    }
                    return Ok(Some(text));
                }
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.ended {
                return Ok(None);
            }
            if let Err(error) = self.read().await {
                self.ended = true;
                return Err(error);
            }
        }
    }

    /// Waits until the model says or thinks anything.
    pub(super) async fn first_token(&mut self) -> Result<(), ModelError> {
        while !self.account.has_begun() && !self.ended {
            self.read().await?;
        }
        Ok(())
    }

    /// Whether the server stopped the model at a limit of length.
    pub fn was_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Tokens and times until now; estimated where the provider counts nothing.
    pub fn usage(&self) -> Usage {
        self.account.usage()
    }

    /// Whether the server plainly read only a part of what it was sent, as far as it has counted.
    pub(crate) fn read_too_little(&self) -> bool {
        self.account.read_too_little()
    }

    /// Reads one packet. An error waits for its turn behind the text that came before it: text that
    /// was written is never lost, and never asked for again.
    async fn read(&mut self) -> Result<(), ModelError> {
        match self.packet().await {
            Err(error) if !self.queue.is_empty() => {
                self.ended = true;
                self.failed = Some(error);
                Ok(())
            }
            read => read,
        }
    }

    async fn packet(&mut self) -> Result<(), ModelError> {
        let Ok(packet) = timeout_at(self.deadline, self.body.next()).await else {
            return self.out_of_time();
        };
        // One time a packet: events that came together were not written within microseconds.
        let now = Instant::now();
        let mut said = Vec::new();
        let gone = match packet {
            Some(Ok(bytes)) => {
                self.on_wire += bytes.len();
                let decoded = self.decoder.push(&bytes, &mut said);
                if decoded.is_err() || self.on_wire > MOST_ON_WIRE {
                    return Err(self.endless(self.on_wire));
                }
                None
            }
            Some(Err(error)) => {
                self.decoder.finish(&mut said);
                Some(reason(&error))
            }
            None => {
                self.decoder.finish(&mut said);
                Some("the connection was closed".to_owned())
            }
        };
        for said in said {
            match said {
                Said::Json(value) => {
                    for chunk in self.chunks(&value)? {
                        self.take(chunk, now);
                    }
                }
                Said::Done => self.take(Chunk::End, now),
            }
        }
        if self.account.thought() > MOST_THINKING as u64 {
            return Err(self.endless(MOST_THINKING));
        }
        match gone {
            Some(reason) if !self.ended => self.closed(reason, now),
            _ if self.ended => {
                self.held_back();
                self.drain().await;
                Ok(())
            }
            // Packets without a token that never cease would never let the time-out strike.
            _ if now >= self.deadline => self.out_of_time(),
            _ => Ok(()),
        }
    }

    /// Reads the body's end, which is usually there already; without it the connection could not be
    /// used again. A server that goes on sending is hung up on.
    async fn drain(&mut self) {
        let end = Instant::now() + BODY_END;
        while Instant::now() < end
            && matches!(timeout_at(end, self.body.next()).await, Ok(Some(Ok(_))))
        {}
    }

    fn out_of_time(&mut self) -> Result<(), ModelError> {
        if !self.finished {
            return Err(self.too_slow());
        }
        self.ended = true;
        self.held_back();
        Ok(())
    }

    fn chunks(&self, value: &serde_json::Value) -> Result<Vec<Chunk>, ModelError> {
        match self.endpoint.provider {
            Provider::Openai | Provider::Builtin => openai::read(value, &self.endpoint),
            Provider::Anthropic => anthropic::read(value, &self.endpoint),
            Provider::Ollama => ollama::read(value, &self.endpoint),
        }
    }

    fn take(&mut self, chunk: Chunk, now: Instant) {
        match chunk {
            Chunk::Text(written) => {
                let text = self.thinking.push(&written);
                self.alive(now, written.len(), self.thinking.is_inside());
                if !text.is_empty() {
                    self.queue.push_back(Chunk::Text(text));
                }
            }
            Chunk::Thinking(bytes) => self.alive(now, bytes, true),
            Chunk::Tokens(counted) => self.account.counted(counted),
            Chunk::CutOff => self.cut_off = true,
            Chunk::Finished => {
                self.finished = true;
                self.deadline = now + LAST_WORDS;
            }
            Chunk::End => self.ended = true,
        }
    }

    fn alive(&mut self, now: Instant, bytes: usize, is_thinking: bool) {
        self.account.wrote(now, bytes, is_thinking);
        self.deadline = now + self.endpoint.idle;
    }

    fn held_back(&mut self) {
        let held = self.thinking.finish();
        if !held.is_empty() {
            self.queue.push_back(Chunk::Text(held));
        }
    }

    /// The body ended without the protocol's own end.
    fn closed(&mut self, reason: String, now: Instant) -> Result<(), ModelError> {
        self.ended = true;
        self.held_back();
        if self.finished {
            return Ok(());
        }
        let stray = self.decoder.stray().to_owned();
        if !stray.is_empty() {
            return self.stray(&stray, now);
        }
        Err(ModelError::BrokenOff { server: self.endpoint.server.clone(), reason })
    }

    /// What came was no stream: a whole reply, a web page or something else.
    fn stray(&mut self, stray: &str, now: Instant) -> Result<(), ModelError> {
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(stray) {
            let chunks = self.chunks(&value)?;
            let any = chunks.iter().any(|chunk| matches!(chunk, Chunk::Text(_)));
            for chunk in chunks {
                self.take(chunk, now);
            }
            self.ended = true;
            self.held_back();
            if any {
                return Ok(());
            }
        }
        let said = if refusal::looks_like_html(stray) {
            "it sent a web page".to_owned()
        } else {
            format!("it sent: {}", refusal::excerpt(stray, &self.endpoint))
        };
        Err(ModelError::WrongAddress { server: self.endpoint.server.clone(), said })
    }

    fn too_slow(&self) -> ModelError {
        let server = self.endpoint.server.clone();
        if self.account.has_begun() {
            return ModelError::TimedOut {
                server,
                waited: "sent no further token",
                after: self.endpoint.idle,
                advice: "raise model.idleTimeoutSeconds, or choose a faster model",
            };
        }
        ModelError::TimedOut {
            server,
            waited: "sent no first token",
            after: self.endpoint.first_token,
            advice: "raise model.firstTokenTimeoutSeconds, or choose a faster model",
        }
    }

    fn endless(&self, limit: usize) -> ModelError {
        ModelError::Endless { server: self.endpoint.server.clone(), limit }
    }
}

/// A reply that arrives in these packets.
#[cfg(test)]
pub(crate) fn for_tests(
    provider: Provider,
    packets: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
) -> Reply {
    let endpoint = Endpoint { provider, ..Endpoint::for_tests("m", None) };
    let (sent, price) = (Sent::of(&super::Prompt::default(), None), Price::default());
    Reply::new(Arc::new(endpoint), packets, Instant::now(), sent, 1 << 20, price)
}
