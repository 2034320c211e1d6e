//! Asks a model, and asks again where that helps.
//!
//! Comes in: a [`Prompt`]. Goes out: a [`Reply`] that has begun. Before the first token a busy,
//! failing or vanished server is asked again with growing pauses, and a server that refuses a schema
//! is asked one step less firmly, which is remembered for it. After the first token nothing is
//! repeated.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{
    Model, ModelError, Prompt, Reply, Structure,
    account::Sent,
    anthropic,
    http::{limited_text, reason, retry_after},
    ollama, openai,
    refusal::{self, Refusal},
};
use crate::{backoff, settings::Provider};

/// Calls of one prompt, refusals of its form left out.
const ATTEMPTS: usize = 3;

/// Longest first pause between two of them, the server's own word excepted.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A server that asks for more is not waited for.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// Why an attempt failed, whether the prompt's form may be to blame, and whether another attempt may
/// pass.
struct Failed {
    error: ModelError,
    blames: Option<Form>,
    again: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Structure,
    UsageOption,
}

impl Model {
    /// Asks; returns when the first token is there. Dropping the future or the reply closes the
    /// request.
    pub async fn ask(&self, prompt: &Prompt) -> Result<Reply, ModelError> {
        if self.endpoint.provider == Provider::Ollama && self.context_is_open() {
            self.learn_context().await;
        }
        let firmest = match self.endpoint.provider {
            Provider::Openai | Provider::Builtin => openai::structure(prompt),
            Provider::Anthropic => anthropic::structure(prompt),
            Provider::Ollama => ollama::structure(prompt),
        };
        let mut structure = self.learned().structure.map_or(firmest, |known| known.min(firmest));
        let mut usage_option = !self.learned().no_usage_option;
        let mut pauses = backoff::ceilings(FIRST_PAUSE, ATTEMPTS - 1);
        loop {
            let attempted = self.attempt(prompt, structure, usage_option).await;
            let Failed { error, blames, again } = match attempted {
                Ok(reply) => {
                    if structure < firmest {
                        self.learn(|learned| learned.structure = Some(structure));
                    }
                    return Ok(reply);
                }
                Err(failed) => failed,
            };
            match blames {
                Some(Form::UsageOption) if usage_option => {
                    usage_option = false;
                    self.learn(|learned| learned.no_usage_option = true);
                }
                Some(Form::Structure) if structure > Structure::Words => {
                    structure = self.less_firm(structure);
                    tracing::info!(server = self.server(), ?structure, %error, "asking less firmly");
                }
                _ => {
                    let ceiling = pauses.next().filter(|_| again && is_soon(&error));
                    let Some(ceiling) = ceiling else { return Err(error) };
                    tracing::info!(server = self.server(), %error, "asking again");
                    tokio::time::sleep(backoff::delay(ceiling, error.retry_after())).await;
                }
            }
        }
    }

    async fn attempt(
        &self,
        prompt: &Prompt,
        structure: Structure,
        usage_option: bool,
    ) -> Result<Reply, Failed> {
        let endpoint = &self.endpoint;
        let mut window = None;
        let (url, body) = match endpoint.provider {
            Provider::Openai | Provider::Builtin => (
                openai::chat_url(&endpoint.base),
                openai::body(endpoint, prompt, structure, usage_option),
            ),
            Provider::Anthropic => {
                (anthropic::chat_url(&endpoint.base), anthropic::body(endpoint, prompt, structure))
            }
            Provider::Ollama => {
                window = Some(self.window());
                let body = ollama::body(endpoint, prompt, structure, self.window());
                (ollama::chat_url(&endpoint.base), body)
            }
        };
        let request = self.authorised(self.client.post(url)).map_err(Failed::plain)?.json(&body);
        let asked = Instant::now();
        let sent = timeout_at(asked + endpoint.first_token, request.send()).await;
        let Ok(sent) = sent else {
            return Err(Failed::plain(ModelError::TimedOut {
                server: endpoint.server.clone(),
                waited: "sent no first token",
                after: endpoint.first_token,
                advice: "raise model.firstTokenTimeoutSeconds, or choose a faster model",
            }));
        };
        let response = sent.map_err(|error| {
            let failed = Failed::plain(self.unsent(&error));
            // Having waited once for a connection is enough.
            Failed { again: failed.again && !error.is_timeout(), ..failed }
        })?;
        if !response.status().is_success() {
            return Err(self.refused(response, structure, usage_option).await);
        }
        let (sent, body) = (Sent::of(prompt, window), response.bytes_stream());
        let most = prompt.most_bytes;
        let mut reply = Reply::new(endpoint.clone(), body, asked, sent, most, self.price);
        // Some servers begin a stream well and say in it what they refuse.
        let begun = reply.first_token().await;
        begun.map_err(|error| {
            let words = error.to_string();
            self.blamed(error, &words, structure, usage_option)
        })?;
        Ok(reply)
    }

    /// Reads an error response.
    async fn refused(
        &self,
        response: reqwest::Response,
        structure: Structure,
        usage_option: bool,
    ) -> Failed {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = limited_text(response).await;
        let error = Refusal { status, retry_after, body: &body }.error(&self.endpoint);
        self.blamed(error, &body, structure, usage_option)
    }

    /// What of the request's form the server's words may be about.
    fn blamed(
        &self,
        error: ModelError,
        words: &str,
        structure: Structure,
        usage_option: bool,
    ) -> Failed {
        let asks_usage = self.endpoint.provider == Provider::Openai && usage_option;
        let blames = match () {
            () if asks_usage && words.contains("stream_options") => Some(Form::UsageOption),
            () if structure > Structure::Words && refusal::may_mean_structure(&error, words) => {
                Some(Form::Structure)
            }
            () => None,
        };
        Failed { blames, ..Failed::plain(error) }
    }

    /// Puts the key, if there is one, where the provider expects it.
    pub(super) fn authorised(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::RequestBuilder, ModelError> {
        let anthropic = self.endpoint.provider == Provider::Anthropic;
        let request = if anthropic {
            request.header("anthropic-version", anthropic::VERSION)
        } else {
            request
        };
        let Some(key) = &self.endpoint.key else { return Ok(request) };
        let (name, value) = if anthropic {
            ("x-api-key", key.expose().to_owned())
        } else {
            ("authorization", format!("Bearer {}", key.expose()))
        };
        let mut value = reqwest::header::HeaderValue::from_str(&value).map_err(|_| {
            let said = "it holds characters that no key has".to_owned();
            ModelError::WrongKey { server: self.endpoint.server.clone(), said }
        })?;
        value.set_sensitive(true);
        Ok(request.header(name, value))
    }

    /// What it means that a request got no response at all.
    pub(super) fn unsent(&self, error: &reqwest::Error) -> ModelError {
        let server = self.endpoint.server.clone();
        let reason = reason(error);
        if error.is_connect() && error.is_timeout() {
            let reason = "no connection in time; model.connectTimeoutSeconds is the limit";
            return ModelError::Unreachable { server, reason: reason.to_owned() };
        }
        let speaks_no_http = reason.contains("HTTP") && reason.contains("parsed");
        if speaks_no_http || reason.contains("corrupt message") {
            let said = format!("it does not speak {}: {reason}", self.endpoint.base.scheme());
            return ModelError::WrongAddress { server, said };
        }
        if error.is_connect() || error.is_builder() {
            ModelError::Unreachable { server, reason }
        } else {
            ModelError::BrokenOff { server, reason }
        }
    }

    fn less_firm(&self, structure: Structure) -> Structure {
        match (self.endpoint.provider, structure) {
            (Provider::Anthropic, _) => Structure::Words,
            (_, Structure::Strict) => Structure::Schema,
            (_, Structure::Schema) => Structure::Object,
            (_, Structure::Object | Structure::Words) => Structure::Words,
        }
    }
}

impl Failed {
    fn plain(error: ModelError) -> Self {
        Self { again: error.is_transient(), error, blames: None }
    }
}

/// Whether the server can be asked again within a time that a person waits.
fn is_soon(error: &ModelError) -> bool {
    error.retry_after().is_none_or(|asked| asked <= MOST_RETRY_AFTER)
}
