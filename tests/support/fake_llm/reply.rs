//! One scripted reply: its bytes, how they are cut, and when they leave.

use std::time::Duration;

use serde_json::{Value, json};

/// Bytes of a token, in text.
pub const TOKEN: usize = 4;

/// Stands for the tokens that were read, which are known when a request is there.
const READ: &str = "@read";

/// Whose protocol a reply is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `OpenAI`'s chat completions.
    Openai,
    /// Anthropic's messages.
    Anthropic,
    /// Ollama's own.
    Ollama,
}

/// How a reply ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Whole,
    /// The connection is closed in the middle.
    Cut,
    /// Nothing more comes, and the connection stays open.
    Hang,
    /// The same bytes for ever.
    Endless(Vec<u8>),
    /// The same, with a pause between them.
    Trickle(Vec<u8>, Duration),
}

/// What a request gets.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// Each with the time, from the request on, at which it leaves.
    events: Vec<(Duration, Vec<u8>)>,
    packet: Option<usize>,
    read: Option<usize>,
    pub(super) end: End,
    /// Instead of everything else: bytes that need not be HTTP.
    pub(super) raw: Option<Vec<u8>>,
}

impl Reply {
    /// A text as a model streams it, as fast as it goes.
    pub fn text(protocol: Protocol, text: &str) -> Self {
        Self::timed(protocol, text, Duration::ZERO, f64::INFINITY)
    }

    /// A text with a time to the first token and so many tokens (of 4 bytes) a second.
    pub fn timed(protocol: Protocol, text: &str, first: Duration, a_second: f64) -> Self {
        let pieces = tokens(text);
        let mut events: Vec<(Duration, Vec<u8>)> = Vec::new();
        for (place, piece) in pieces.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a reply has few tokens")]
            let after = first + Duration::from_secs_f64(place as f64 / a_second);
            let bytes = protocol.piece(piece, place == 0);
            events.push((after, bytes));
        }
        let last = events.last().map_or(first, |(after, _)| *after);
        events.push((last, protocol.ending(pieces.len())));
        Self { events, ..Self::status(200, "") }
    }

    /// A plan, as [`Self::text`].
    pub fn json(protocol: Protocol, value: &Value) -> Self {
        Self::text(protocol, &value.to_string())
    }

    /// A plan up to this text in it, and then this end.
    pub fn broken(protocol: Protocol, value: &Value, before: &str, end: End) -> Self {
        let text = value.to_string();
        let at = text.find(before).unwrap_or(text.len());
        Self::text(protocol, &text[..at]).unfinished(end)
    }

    /// An error, or any other whole body.
    pub fn status(status: u16, body: &str) -> Self {
        let events = if body.is_empty() { Vec::new() } else { vec![(Duration::ZERO, body.into())] };
        Self {
            status,
            headers: Vec::new(),
            events,
            packet: None,
            read: None,
            end: End::Whole,
            raw: None,
        }
    }

    /// A stream, byte for byte.
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self { events: vec![(Duration::ZERO, body.into())], ..Self::status(200, "") }
    }

    /// Anything, HTTP or not; then the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into()), ..Self::status(200, "") }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As from a server that does not stream: the same time to the last token, and all of it then.
    #[must_use]
    pub fn at_its_end(mut self) -> Self {
        let last = self.events.last().map_or(Duration::ZERO, |(after, _)| *after);
        self.events.iter_mut().for_each(|(after, _)| *after = last);
        self
    }

    /// Counting so many tokens read, whatever it was sent.
    #[must_use]
    pub fn reading(mut self, tokens: usize) -> Self {
        self.read = Some(tokens);
        self
    }

    /// In packets of so many bytes, whatever they cut.
    #[must_use]
    pub fn packets_of(mut self, bytes: usize) -> Self {
        self.packet = Some(bytes);
        self
    }

    /// Only the first so many bytes, and then this end.
    #[must_use]
    pub fn only(mut self, bytes: usize, end: End) -> Self {
        let mut left = bytes;
        self.events.retain_mut(|(_, event)| {
            event.truncate(left);
            left -= event.len();
            !event.is_empty()
        });
        self.end = end;
        self
    }

    /// Without the protocol's own end, and then this end.
    #[must_use]
    pub fn unfinished(mut self, end: End) -> Self {
        self.events.pop();
        self.end = end;
        self
    }

    /// The whole reply, and then this end.
    #[must_use]
    pub fn and_then(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Everything that it sends, for a short request.
    pub fn all(&self) -> Vec<u8> {
        self.packets(0).into_iter().flat_map(|(_, bytes)| bytes).collect()
    }

    /// What leaves, and when, for a request of so many letters.
    pub(super) fn packets(&self, letters: usize) -> Vec<(Duration, Vec<u8>)> {
        let read = self.read.unwrap_or((letters / TOKEN).max(100)).to_string();
        let placeholder = format!("\"{READ}\"");
        let counted = self.events.iter().map(|(after, bytes)| {
            let at = bytes.windows(placeholder.len()).position(|it| it == placeholder.as_bytes());
            let mut bytes = bytes.clone();
            if let Some(at) = at {
                bytes.splice(at..at + placeholder.len(), read.bytes());
            }
            (*after, bytes)
        });
        let cut = |(after, bytes): (Duration, Vec<u8>)| {
            let size = self.packet.unwrap_or(bytes.len()).max(1);
            bytes.chunks(size).map(|packet| (after, packet.to_vec())).collect::<Vec<_>>()
        };
        counted.flat_map(cut).collect()
    }
}

impl Protocol {
    /// As the settings name it.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
        }
    }

    fn piece(self, text: &str, first: bool) -> Vec<u8> {
        match self {
            Self::Openai => {
                let chunk = json!({"object": "chat.completion.chunk", "usage": null,
                    "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]});
                // As real servers begin.
                let role = json!({"choices": [{"index": 0,
                    "delta": {"role": "assistant", "content": null}, "finish_reason": null}]});
                let role = if first { format!("data: {role}\n\n") } else { String::new() };
                format!("{role}data: {chunk}\n\n").into_bytes()
            }
            Self::Anthropic => {
                let delta = json!({"type": "content_block_delta", "index": 0,
                    "delta": {"type": "text_delta", "text": text}});
                let start = json!({"type": "message_start", "message": {"type": "message",
                    "role": "assistant", "content": [], "usage": {"input_tokens": READ, "output_tokens": 1}}});
                let block = json!({"type": "content_block_start", "index": 0,
                    "content_block": {"type": "text", "text": ""}});
                let begin = format!(
                    "event: message_start\ndata: {start}\n\nevent: content_block_start\ndata: {block}\n\n\
                     event: ping\ndata: {{\"type\": \"ping\"}}\n\n"
                );
                let begin = if first { begin } else { String::new() };
                format!("{begin}event: content_block_delta\ndata: {delta}\n\n").into_bytes()
            }
            Self::Ollama => {
                let line = json!({"model": "m", "message": {"role": "assistant", "content": text},
                    "done": false});
                format!("{line}\n").into_bytes()
            }
        }
    }

    fn ending(self, output: usize) -> Vec<u8> {
        match self {
            Self::Openai => {
                let stop = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
                let usage = json!({"choices": [],
                    "usage": {"prompt_tokens": READ, "completion_tokens": output}});
                format!("data: {stop}\n\ndata: {usage}\n\ndata: [DONE]\n\n").into_bytes()
            }
            Self::Anthropic => {
                let delta = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                    "usage": {"output_tokens": output}});
                format!(
                    "event: content_block_stop\ndata: {{\"type\": \"content_block_stop\", \"index\": 0}}\n\n\
                     event: message_delta\ndata: {delta}\n\n\
                     event: message_stop\ndata: {{\"type\": \"message_stop\"}}\n\n"
                )
                .into_bytes()
            }
            Self::Ollama => {
                let line = json!({"model": "m", "message": {"role": "assistant", "content": ""},
                    "done": true, "done_reason": "stop",
                    "prompt_eval_count": READ, "eval_count": output});
                format!("{line}\n").into_bytes()
            }
        }
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    for letter in text.chars() {
        if tokens.last().is_some_and(|token| token.len() >= TOKEN) {
            tokens.push(String::new());
        }
        if let Some(token) = tokens.last_mut() {
            token.push(letter);
        }
    }
    tokens
}
