//! The language model: a prompt goes in, text comes out as it is written, whoever serves it.
//!
//! The only place that knows a provider's HTTP. Comes in: the settings' `model`, a key and a
//! [`Prompt`]. Goes out: a [`Reply`] whose text streams, its token counts, or a [`ModelError`] in
//! words that a person can act on and that never hold the key. Knows nothing of plans or answers.
//!
//! One file a provider (`openai` for any OpenAI-compatible server, `anthropic`, `ollama`);
//! [`models`] holds what is learned of a server while the process runs, `call` asks and asks
//! again, [`reply`] reads, `account` counts, [`detect`] finds local servers, [`keys`] keeps keys,
//! in the platform's keychain where it can.

pub mod detect;
pub mod keys;
pub mod models;
pub mod offered;
pub mod preset;
pub mod reply;
pub mod trial;

mod account;
mod address;
mod anthropic;
mod call;
mod decode;
mod endpoint;
mod error;
mod http;
mod ollama;
mod openai;
mod refusal;
mod thinking;

use serde_json::Value;

pub use self::{
    error::ModelError,
    keys::Key,
    models::{Model, Models},
    reply::Reply,
};

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prompt {
    /// Its task and its rules.
    pub system: String,
    /// The conversation, oldest first; the last one is the person's.
    pub messages: Vec<Message>,
    /// The shape of the reply; `None` for free text.
    pub format: Option<Format>,
    /// Text above this many bytes ends the reply with [`ModelError::Endless`].
    pub most_bytes: usize,
}

impl Prompt {
    /// Size of all that the model reads of it, the format left out.
    pub(crate) fn bytes(&self) -> usize {
        self.system.len() + self.messages.iter().map(|turn| turn.text.len()).sum::<usize>()
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person, or Trawl on their behalf.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// Its name in every provider's protocol.
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Message {
    /// What a person says.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, text: text.into() }
    }

    /// What a model said.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, text: text.into() }
    }
}

/// JSON Schemas of the same reply, in the dialects that servers take. Which one is sent depends on
/// the provider and on what its server refused before.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// Every key required, every object closed; `None` where the shape cannot be said that way.
    pub strict: Option<Value>,
    /// Every object closed, optional keys left optional, as few unions as possible; likewise.
    pub closed: Option<Value>,
    /// Plain JSON Schema.
    pub loose: Value,
}

/// How firmly a server is told the shape of its reply; each refusal leads one step down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Structure {
    /// By the prompt's words alone.
    Words,
    /// Some JSON object.
    Object,
    /// A schema.
    Schema,
    /// A schema that the server guarantees.
    Strict,
}

/// Bytes that a token stands for, at least: prose has four, JSON and most languages fewer.
const BYTES_A_TOKEN: u64 = 3;

/// Bytes that fit into so many tokens.
pub(crate) fn bytes_of(tokens: u64) -> usize {
    usize::try_from(tokens.saturating_mul(BYTES_A_TOKEN)).unwrap_or(usize::MAX)
}

/// Tokens that so many bytes are.
pub(crate) fn tokens_of(bytes: usize) -> u64 {
    bytes as u64 / BYTES_A_TOKEN
}

/// Today where the person is, with the day of the week, which models cannot reckon.
pub(crate) fn today() -> String {
    jiff::ZonedDateTime::now().strftime("%A, %Y-%m-%d").to_string()
}

/// A piece of a reply, as a provider's file reads it.
#[derive(Debug, Clone, PartialEq)]
enum Chunk {
    Text(String),
    /// The model thinks, so many bytes; nothing to show, but it is alive.
    Thinking(usize),
    /// Token counts, in full up to now.
    Tokens(account::Counted),
    /// The server stopped the model at a limit of length.
    CutOff,
    /// Nothing but token counts follows.
    Finished,
    /// Nothing follows.
    End,
}
