//! The models of this process: one connection pool, what was learned of each server, keys typed
//! in this run.
//!
//! Comes in: the settings' `model`. Goes out: a [`Model`] that can be asked. Everything here lasts
//! as long as the process; nothing is written to disk.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Key, ModelError, Structure, address,
    endpoint::Endpoint,
    http,
    keys::{KeyStatus, Keys},
};
use crate::{
    loopback::is_loopback,
    settings::{ModelSettings, Price, Provider, seconds},
};

/// What a model reads where neither the settings nor its server say.
pub const USUAL_CONTEXT: u64 = 32_000;

/// What all runs of a process know of models. Clones share it.
#[derive(Clone, Default)]
pub struct Models(Arc<Known>);

#[derive(Default)]
struct Known {
    /// By time-out to connect and whether proxies are passed by: a client's own settings.
    clients: Mutex<HashMap<(Duration, bool), reqwest::Client>>,
    /// By address and model.
    learned: Mutex<HashMap<(String, String), Learned>>,
    keys: Keys,
}

/// What a server taught us.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    /// The firmest structure that it takes.
    pub(super) structure: Option<Structure>,
    /// It refuses to be asked for token counts in a stream.
    pub(super) no_usage_option: bool,
    /// It was asked how much the model reads.
    pub(super) asked_context: bool,
    /// What it said.
    pub(super) context: Option<u64>,
    /// How much of a window of so many tokens turned out to fit: by the tokens that bytes are taken
    /// for, so that a text of short tokens makes this less than the window.
    room: Option<(u64, u64)>,
}

/// One model of one server.
#[derive(Clone)]
pub struct Model {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) models: Models,
    pub(super) client: reqwest::Client,
    limits: Option<u64>,
    /// Of a million tokens.
    pub(crate) price: Price,
}

impl Models {
    /// The model of the settings; `None` when they choose the built-in planner and writer.
    /// `context_tokens` is the settings' `limits.contextTokens`.
    pub async fn chosen(
        &self,
        settings: &ModelSettings,
        context_tokens: Option<u64>,
    ) -> Result<Option<Model>, ModelError> {
        if settings.provider == Provider::Builtin {
            return Ok(None);
        }
        if settings.model.as_deref().is_none_or(|name| name.trim().is_empty()) {
            return Err(ModelError::NoModel);
        }
        let model = self.with_key(settings, context_tokens, None).await?;
        model.learn_context_soon();
        Ok(Some(model))
    }

    /// Like [`Self::chosen`], with a key that was typed but not kept yet, and without a model's name
    /// where only the server is of interest.
    pub(super) async fn with_key(
        &self,
        settings: &ModelSettings,
        context_tokens: Option<u64>,
        typed: Option<Key>,
    ) -> Result<Model, ModelError> {
        let base = address::base(settings.provider, settings.base_url.as_deref())?;
        let key = match typed {
            Some(key) => Some(key),
            None => self.0.keys.find(&base, settings.api_key_env.as_deref()).await.0,
        };
        let endpoint = Endpoint {
            provider: settings.provider,
            server: address::server(&base),
            model: settings.model.as_deref().unwrap_or_default().trim().to_owned(),
            key,
            first_token: seconds(settings.first_token_timeout_seconds, 120.0),
            idle: seconds(settings.idle_timeout_seconds, 60.0),
            base,
        };
        let connect = seconds(settings.connect_timeout_seconds, 10.0);
        Ok(Model {
            client: self.client(connect, is_loopback(&endpoint.base))?,
            endpoint: Arc::new(endpoint),
            models: self.clone(),
            limits: context_tokens,
            price: settings.price_per_million,
        })
    }

    /// Keeps a key for the settings' address, in the keychain if there is one.
    pub async fn set_key(
        &self,
        settings: &ModelSettings,
        key: Key,
    ) -> Result<KeyStatus, ModelError> {
        let base = address::base(settings.provider, settings.base_url.as_deref())?;
        Ok(self.0.keys.keep(&base, key).await)
    }

    /// Forgets the key of the settings' address, in the keychain too. One in the environment stays.
    pub async fn forget_key(&self, settings: &ModelSettings) -> Result<KeyStatus, ModelError> {
        let base = address::base(settings.provider, settings.base_url.as_deref())?;
        Ok(self.0.keys.forget(&base, settings.api_key_env.as_deref()).await)
    }

    /// Where the key of the settings' address is.
    pub async fn key_status(&self, settings: &ModelSettings) -> Result<KeyStatus, ModelError> {
        let base = address::base(settings.provider, settings.base_url.as_deref())?;
        Ok(self.0.keys.find(&base, settings.api_key_env.as_deref()).await.1)
    }

    /// A client for each kind of settings, so that connections outlive a run.
    pub(super) fn client(
        &self,
        connect: Duration,
        loopback: bool,
    ) -> Result<reqwest::Client, ModelError> {
        if let Some(client) = lock(&self.0.clients).get(&(connect, loopback)) {
            return Ok(client.clone());
        }
        let builder = reqwest::Client::builder()
            .connect_timeout(connect)
            .user_agent(concat!("trawl/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the key to another address.
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true);
        let builder = if loopback { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| ModelError::Unreachable {
            server: "the model's server".to_owned(),
            reason: http::reason(&error),
        })?;
        lock(&self.0.clients).insert((connect, loopback), client.clone());
        Ok(client)
    }
}

impl Model {
    /// Its name, as the settings have it.
    pub fn name(&self) -> &str {
        &self.endpoint.model
    }

    /// Host and port of its server.
    pub fn server(&self) -> &str {
        &self.endpoint.server
    }

    /// How many tokens it may be sent: its window, or what turned out to fit into it.
    pub fn context_tokens(&self) -> u64 {
        let window = self.window();
        match self.learned().room {
            Some((of, room)) if of == window => room.min(window),
            _ => window,
        }
    }

    /// How many tokens it reads: the settings' word, else its server's, else [`USUAL_CONTEXT`].
    pub(super) fn window(&self) -> u64 {
        self.limits.or(self.learned().context).unwrap_or(USUAL_CONTEXT)
    }

    /// No more than this fitted into its window; later prompts of this process keep to it.
    pub(crate) fn reads_at_most(&self, tokens: u64) {
        let window = self.window();
        self.learn(|learned| learned.room = Some((window, tokens)));
    }

    pub(super) fn learned(&self) -> Learned {
        lock(&self.models.0.learned).get(&self.place()).copied().unwrap_or_default()
    }

    pub(super) fn learn(&self, lesson: impl FnOnce(&mut Learned)) {
        lesson(lock(&self.models.0.learned).entry(self.place()).or_default());
    }

    /// Whether the settings leave open how much the model reads.
    pub(super) fn context_is_open(&self) -> bool {
        self.limits.is_none() && !self.learned().asked_context
    }

    fn place(&self) -> (String, String) {
        (self.endpoint.base.to_string(), self.endpoint.model.clone())
    }
}

/// A panic elsewhere leaves tables that are still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
