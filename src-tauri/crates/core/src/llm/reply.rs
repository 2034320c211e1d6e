//! A reply while it is written: its text in pieces, then what it cost.
//!
//! Dropping it closes the connection at once, which is how a call is cancelled. Keep-alive comments
//! do not count as life: only tokens push the limit of time further.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Chunk, ModelError, anthropic,
    call::reason,
    decode::{Decoder, Said},
    models::Endpoint,
    ollama, openai, refusal,
    thinking::Thinking,
};
use crate::{
    event::Usage,
    settings::{Price, Provider},
};

/// Bytes on the wire of one reply, thinking included.
const MOST_ON_WIRE: usize = 64 * 1024 * 1024;

/// How long token counts are waited for once the text is whole.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long the end of the body is waited for, so that the connection can be used again.
const BODY_END: Duration = Duration::from_millis(20);

/// What providers say of a text's length in tokens when they say nothing.
const BYTES_A_TOKEN: u64 = 4;

/// A model's reply, being written.
pub struct Reply {
    endpoint: Arc<Endpoint>,
    body: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    decoder: Decoder,
    thinking: Thinking,
    queue: VecDeque<Chunk>,
    deadline: Instant,
    most_bytes: usize,
    on_wire: usize,
    finished: bool,
    ended: bool,
    account: Account,
    price: Price,
}

/// What is counted of a reply.
#[derive(Debug, Clone, Copy)]
struct Account {
    asked: Instant,
    first: Option<Instant>,
    last: Option<Instant>,
    prompt_bytes: usize,
    text_bytes: usize,
    input: Option<u64>,
    output: Option<u64>,
    cut_off: bool,
}

impl Reply {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        response: reqwest::Response,
        asked: Instant,
        prompt_bytes: usize,
        most_bytes: usize,
        price: Price,
    ) -> Self {
        Self {
            deadline: asked + endpoint.first_token,
            endpoint,
            body: Box::pin(response.bytes_stream()),
            decoder: Decoder::default(),
            thinking: Thinking::default(),
            queue: VecDeque::new(),
            most_bytes,
            on_wire: 0,
            finished: false,
            ended: false,
            account: Account {
                asked,
                first: None,
                last: None,
                prompt_bytes,
                text_bytes: 0,
                input: None,
                output: None,
                cut_off: false,
            },
            price,
        }
    }

    /// The next piece of text; `None` at the end. After an error there is nothing more.
    pub async fn text(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            while let Some(chunk) = self.queue.pop_front() {
                if let Chunk::Text(text) = chunk {
                    self.account.text_bytes += text.len();
                    if self.account.text_bytes > self.most_bytes {
                        self.ended = true;
                        self.queue.clear();
                        return Err(self.endless(self.most_bytes));
                    }
                    return Ok(Some(text));
                }
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
        while self.account.first.is_none() && !self.ended {
            self.read().await?;
        }
        Ok(())
    }

    /// Whether the server stopped the model at a limit of length.
    pub fn was_cut_off(&self) -> bool {
        self.account.cut_off
    }

    /// Tokens and times until now; estimated where the provider counts nothing.
    pub fn usage(&self) -> Usage {
        let account = &self.account;
        let guess = |bytes: usize| (bytes as u64).div_ceil(BYTES_A_TOKEN);
        let input_tokens = account.input.unwrap_or_else(|| guess(account.prompt_bytes));
        let output_tokens = account.output.unwrap_or_else(|| guess(account.text_bytes));
        let writing = match (account.first, account.last) {
            (Some(first), Some(last)) if last > first => Some((last - first).as_secs_f64()),
            _ => None,
        };
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
        let (input, output) = (input_tokens as f64, output_tokens as f64);
        let Price { input: input_price, output: output_price } = self.price;
        let priced = input_price.is_some() || output_price.is_some();
        let cost = input * input_price.unwrap_or(0.0) + output * output_price.unwrap_or(0.0);
        Usage {
            input_tokens,
            output_tokens,
            calls: 1,
            estimated: account.input.is_none() || account.output.is_none(),
            first_token_ms: account
                .first
                .map(|first| (first - account.asked).as_secs_f64() * 1000.0),
            tokens_per_second: writing.map(|seconds| (output - 1.0).max(0.0) / seconds),
            cost: priced.then_some(cost / 1_000_000.0),
        }
    }

    /// Tokens that the provider says it read, where it says so.
    pub(crate) fn read_tokens(&self) -> Option<u64> {
        self.account.input
    }

    /// Reads one packet.
    async fn read(&mut self) -> Result<(), ModelError> {
        let packet = match timeout_at(self.deadline, self.body.next()).await {
            Ok(packet) => packet,
            Err(_) if self.finished => {
                self.ended = true;
                return Ok(());
            }
            Err(_) => return Err(self.too_slow()),
        };
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
                        self.take(chunk);
                    }
                }
                Said::Done => self.take(Chunk::End),
            }
        }
        match gone {
            Some(reason) if !self.ended => self.closed(reason),
            _ if self.ended => {
                self.held_back();
                // Usually there already; without it the connection could not be used again.
                while let Ok(Some(Ok(_))) = timeout(BODY_END, self.body.next()).await {}
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn chunks(&self, value: &serde_json::Value) -> Result<Vec<Chunk>, ModelError> {
        match self.endpoint.provider {
            Provider::Openai | Provider::Builtin => openai::read(value, &self.endpoint),
            Provider::Anthropic => anthropic::read(value, &self.endpoint),
            Provider::Ollama => ollama::read(value, &self.endpoint),
        }
    }

    fn take(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Text(text) => {
                self.alive();
                let text = self.thinking.push(&text);
                if !text.is_empty() {
                    self.queue.push_back(Chunk::Text(text));
                }
            }
            Chunk::Thinking => self.alive(),
            Chunk::Tokens { input, output } => {
                self.account.input = input.or(self.account.input);
                self.account.output = output.or(self.account.output);
            }
            Chunk::CutOff => self.account.cut_off = true,
            Chunk::Finished => {
                self.finished = true;
                self.deadline = Instant::now() + LAST_WORDS;
            }
            Chunk::End => self.ended = true,
        }
    }

    fn alive(&mut self) {
        let now = Instant::now();
        self.account.first.get_or_insert(now);
        self.account.last = Some(now);
        self.deadline = now + self.endpoint.idle;
    }

    fn held_back(&mut self) {
        let held = self.thinking.finish();
        if !held.is_empty() {
            self.queue.push_back(Chunk::Text(held));
        }
    }

    /// The body ended without the protocol's own end.
    fn closed(&mut self, reason: String) -> Result<(), ModelError> {
        self.ended = true;
        self.held_back();
        if self.finished {
            return Ok(());
        }
        let stray = self.decoder.stray().to_owned();
        if !stray.is_empty() {
            return self.stray(&stray);
        }
        Err(ModelError::BrokenOff { server: self.endpoint.server.clone(), reason })
    }

    /// What came was no stream: a whole reply, a web page or something else.
    fn stray(&mut self, stray: &str) -> Result<(), ModelError> {
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(stray) {
            let chunks = self.chunks(&value)?;
            let any = chunks.iter().any(|chunk| matches!(chunk, Chunk::Text(_)));
            for chunk in chunks {
                self.take(chunk);
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
        match self.account.first {
            None => ModelError::TimedOut {
                server,
                waited: "sent no first token",
                after: self.endpoint.first_token,
                advice: "raise model.firstTokenTimeoutSeconds, or choose a faster model",
            },
            Some(_) => ModelError::TimedOut {
                server,
                waited: "sent no further token",
                after: self.endpoint.idle,
                advice: "raise model.idleTimeoutSeconds, or choose a faster model",
            },
        }
    }

    fn endless(&self, limit: usize) -> ModelError {
        ModelError::Endless { server: self.endpoint.server.clone(), limit }
    }
}
