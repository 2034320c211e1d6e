//! A model's key: from the platform's keychain, else from an environment variable, else typed and
//! kept for as long as the process runs.
//!
//! A key belongs to an address: what was typed for one server is never sent to another. It is never
//! printed, logged or put into an error. Reading and writing block, so both leave the async threads.

use std::{fmt, time::Duration};

use serde::Serialize;
use url::Url;

use super::address;

/// Name under which the platform's keychain keeps our items.
const SERVICE: &str = "dev.trawl.desktop";

/// A keychain that does not answer must not hold up a run.
const PATIENCE: Duration = Duration::from_secs(10);

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
        text.replace(&self.0, "•••")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(•••)")
    }
}

/// Where a key is kept from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kept", rename_all = "camelCase")]
pub enum Kept {
    /// In the platform's keychain.
    Keychain,
    /// In this process alone.
    ThisRun {
        /// Why not in the keychain, and what to do.
        reason: String,
    },
}

/// Where the key that a request will carry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The platform's keychain.
    Keychain,
    /// The variable that the settings name.
    Environment,
    /// Typed in this process.
    ThisRun,
}

/// The key in the keychain for an address.
pub(super) async fn read(base: &Url) -> Option<Key> {
    let account = account(base);
    let read = move || keyring::Entry::new(SERVICE, &account)?.get_password();
    match blocking(read).await {
        Some(Ok(secret)) => Key::new(&secret),
        // Whatever the reason, the environment is asked next.
        Some(Err(_)) | None => None,
    }
}

/// Puts a key into the keychain and reads it back: with some keychains nothing else proves it.
pub(super) async fn write(base: &Url, key: &Key) -> Kept {
    let (account, secret) = (account(base), key.0.clone());
    let write = move || {
        let entry = keyring::Entry::new(SERVICE, &account)?;
        entry.set_password(&secret)?;
        Ok(entry.get_password()? == secret)
    };
    let reason = match blocking(write).await {
        Some(Ok(true)) => return Kept::Keychain,
        Some(Err(keyring::Error::NoDefaultStore)) => "this computer offers no keychain",
        Some(Err(keyring::Error::NoStorageAccess(_))) => "the keychain is locked",
        Some(Ok(false) | Err(_)) => "the keychain did not keep it",
        None => "the keychain does not answer",
    };
    let reason = format!(
        "{reason}: the key is kept until Trawl is closed; to keep it, unlock the keychain, or put \
         the key into an environment variable and name that in the settings"
    );
    Kept::ThisRun { reason }
}

/// Takes a key out of the keychain; one that is not there is no error.
pub(super) async fn remove(base: &Url) {
    let account = account(base);
    let remove = move || keyring::Entry::new(SERVICE, &account)?.delete_credential();
    blocking(remove).await;
}

/// The key in an environment variable.
pub(super) fn from_environment(name: Option<&str>) -> Option<Key> {
    Key::new(&std::env::var(name?).ok()?)
}

fn account(base: &Url) -> String {
    format!("model-key {}", address::origin(base))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> Option<keyring::Result<T>> {
    tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print_itself() {
        let key = Key::new("  sk-secret\n").unwrap();
        assert_eq!(format!("{key:?} {:#?}", Some(&key)).matches("secret").count(), 0);
        assert_eq!(key.cover("wrong key sk-secret!"), "wrong key •••!");
        assert_eq!(Key::new(" \t"), None);
    }
}
