//! A model's key: from the platform's keychain, else from an environment variable, else typed and
//! kept for as long as the process runs.
//!
//! A key belongs to an address: what was typed for one server is never sent to another. It is never
//! printed, logged or put into an error.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use url::Url;

use super::address;
use crate::{
    loopback::is_loopback,
    secrets::{
        keychain::{Keychain, Unread},
        redact,
    },
};

/// A keychain may ask the person to unlock it, but must not hold up a run.
const PATIENCE: Duration = Duration::from_secs(10);

/// Servers on this computer seldom want a key, and are asked for their speed.
const LOOPBACK_PATIENCE: Duration = Duration::from_secs(1);

/// A secret that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key in a text that a person typed or pasted; `None` for white space alone.
    pub fn new(typed: &str) -> Option<Self> {
        let key = typed.trim();
        (!key.is_empty()).then(|| Self(key.to_owned()))
    }

    /// The secret itself, for a request's header.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// A text without the key.
    pub(super) fn cover(&self, text: &str) -> String {
        text.replace(&self.0, redact::COVER)
    }

    /// Its last characters, by which a person tells it from another; nothing of a short one.
    fn ends(&self) -> Option<String> {
        let length = self.0.chars().count();
        (length >= 16).then(|| self.0.chars().skip(length - 4).collect())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(•••)")
    }
}

/// Where the key that a request will carry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Source {
    /// In the platform's keychain.
    Keychain,
    /// In the variable that the settings name.
    Environment {
        /// Its name.
        variable: String,
    },
    /// In this process alone.
    ThisRun {
        /// Why not in the keychain, and what to do.
        reason: String,
    },
}

/// What is known of an address's key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyStatus {
    /// Where it is; `None` where there is none.
    pub source: Option<Source>,
    /// Its last four characters, if it is long enough to tell them.
    pub ends: Option<String>,
    /// What stands in the way of finding or removing one.
    pub problem: Option<String>,
}

/// The keys of this process.
#[derive(Default)]
pub(super) struct Keys {
    /// By address, as they were typed since the process began.
    typed: Mutex<HashMap<String, (Key, Source)>>,
    keychain: Keychain,
}

impl Keys {
    /// The key for an address, and what is to be said about it.
    pub(super) async fn find(
        &self,
        base: &Url,
        variable: Option<&str>,
    ) -> (Option<Key>, KeyStatus) {
        let typed = self.typed().get(&address::origin(base)).cloned();
        if let Some((key, source)) = typed {
            return found(key, source);
        }
        let patience = if is_loopback(base) { LOOPBACK_PATIENCE } else { PATIENCE };
        let kept = self.keychain.read(&account(base), patience).await;
        if let Some(key) = kept.as_ref().ok().and_then(|secret| Key::new(secret)) {
            return found(key, Source::Keychain);
        }
        let variable = variable.map(str::trim).filter(|name| !name.is_empty());
        if let Some(key) = variable.and_then(in_environment) {
            let variable = variable.unwrap_or_default().to_owned();
            return found(key, Source::Environment { variable });
        }
        let problem = match (kept, variable) {
            (Err(Unread::Silent), _) => Some("the keychain does not answer".to_owned()),
            (_, Some(name)) => Some(format!(
                "the environment variable {name} is not set; set it before Trawl starts, or paste \
                 a key"
            )),
            (_, None) => None,
        };
        (None, KeyStatus { problem, ..KeyStatus::default() })
    }

    /// Keeps a key for an address, in the keychain if there is one.
    pub(super) async fn keep(&self, base: &Url, key: Key) -> KeyStatus {
        let source = match self.keychain.write(&account(base), key.expose(), PATIENCE).await {
            Ok(()) => Source::Keychain,
            Err(reason) => Source::ThisRun {
                reason: format!(
                    "{reason}: the key is kept until Trawl is closed; to keep it, unlock the \
                     keychain, or put the key into an environment variable and name that in the \
                     settings"
                ),
            },
        };
        self.typed().insert(address::origin(base), (key.clone(), source.clone()));
        found(key, source).1
    }

    /// Forgets the key of an address, in the keychain too. What is known of one afterwards.
    pub(super) async fn forget(&self, base: &Url, variable: Option<&str>) -> KeyStatus {
        self.typed().remove(&address::origin(base));
        let removed = self.keychain.remove(&account(base), PATIENCE).await;
        let (_, status) = self.find(base, variable).await;
        match removed {
            Ok(()) => status,
            Err(reason) => {
                let problem = format!("{reason}, so the key may still be in it");
                KeyStatus { problem: Some(problem), ..status }
            }
        }
    }

    fn typed(&self) -> MutexGuard<'_, HashMap<String, (Key, Source)>> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn found(key: Key, source: Source) -> (Option<Key>, KeyStatus) {
    // A server's own words may repeat it.
    redact::everywhere(key.expose());
    let status = KeyStatus { source: Some(source), ends: key.ends(), problem: None };
    (Some(key), status)
}

fn in_environment(name: &str) -> Option<Key> {
    Key::new(&std::env::var(name).ok()?)
}

fn account(base: &Url) -> String {
    format!("model-key {}", address::origin(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No key, and a keychain in memory: the person's own is left alone.
    fn keys() -> Keys {
        keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap());
        Keys::default()
    }

    fn key() -> Key {
        Key::new("sk-0123456789-4f2a").unwrap()
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = Key::new("  sk-secret\n").unwrap();
        assert_eq!(format!("{key:?} {:#?}", Some(&key)).matches("secret").count(), 0);
        assert_eq!(key.cover("wrong key sk-secret!"), "wrong key •••!");
        assert_eq!(Key::new(" \t"), None);
        assert_eq!((key.ends(), self::key().ends().as_deref()), (None, Some("4f2a")));
    }

    #[tokio::test]
    async fn a_key_says_where_it_really_is() {
        let base = Url::parse("http://127.0.0.1:9/v1").unwrap();
        let other = Url::parse("http://127.0.0.1:10/v1").unwrap();
        let run = Source::ThisRun { reason: "the keychain is locked".to_owned() };
        for source in [Source::Keychain, run] {
            let keys = keys();
            keys.typed().insert(address::origin(&base), (key(), source.clone()));
            let (found, status) = keys.find(&base, Some("PATH")).await;
            assert_eq!((found, status.source), (Some(key()), Some(source)));
            assert_eq!(status.ends.as_deref(), Some("4f2a"));
            assert_eq!(keys.find(&other, None).await, (None, KeyStatus::default()));
        }
    }

    #[tokio::test]
    async fn a_variable_is_named_whether_it_is_set_or_not() {
        let (keys, base) = (keys(), Url::parse("http://127.0.0.1:9/v1").unwrap());
        let (found, status) = keys.find(&base, Some(" PATH ")).await;
        assert!(found.is_some());
        assert_eq!(status.source, Some(Source::Environment { variable: "PATH".to_owned() }));
        let (found, status) = keys.find(&base, Some("TRAWL_NO_SUCH_VARIABLE")).await;
        let problem = status.problem.unwrap();
        assert!(found.is_none() && problem.contains("TRAWL_NO_SUCH_VARIABLE"), "{problem}");
    }
}
