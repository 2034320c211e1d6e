//! Whom a request goes to.

use std::time::Duration;

use url::Url;

use super::Key;
#[cfg(test)]
use super::address;
use crate::settings::Provider;

/// A model, its server, and how long both are waited for.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) provider: Provider,
    pub(super) base: Url,
    /// Host and port.
    pub(super) server: String,
    pub(super) model: String,
    pub(super) key: Option<Key>,
    pub(super) first_token: Duration,
    pub(super) idle: Duration,
}

impl Endpoint {
    #[cfg(test)]
    pub(super) fn for_tests(model: &str, key: Option<&str>) -> Self {
        let base = address::base(Provider::Openai, Some("http://127.0.0.1:9")).unwrap();
        Self {
            provider: Provider::Openai,
            server: address::server(&base),
            base,
            model: model.to_owned(),
            key: key.and_then(Key::new),
            first_token: Duration::from_secs(1),
            idle: Duration::from_secs(1),
        }
    }
}
