//! The platform's keychain: one item an account, all under Trawl's own name.
//!
//! Its library blocks, so that every call leaves the async threads; one that does not answer is given
//! up, and for a while not asked again, so that it holds up one run and not each.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use keyring_core::{Entry, Error};

/// Name under which the platform's keychain keeps our items.
pub(crate) const SERVICE: &str = "dev.trawl.desktop";

/// How long a keychain that did not answer is left alone.
const LEFT_ALONE: Duration = Duration::from_mins(1);

/// The keychain, and whether it answers.
#[derive(Default)]
pub(crate) struct Keychain {
    silent_since: Mutex<Option<Instant>>,
}

/// Why nothing was read. The library's own errors may hold what is stored; only their kind is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The keychain did not answer in time.
    Silent,
    /// This computer offers none.
    NoKeychain,
    /// It holds nothing for the account, or is locked.
    NoItem,
    /// It cannot be read.
    Failed,
}

/// The keychain did not answer in time.
#[derive(Debug, PartialEq, Eq)]
struct Silent;

impl Keychain {
    /// What it holds for an account.
    pub(crate) async fn read(&self, account: &str, patience: Duration) -> Result<String, Unread> {
        if self.is_left_alone() {
            return Err(Unread::Silent);
        }
        let account = account.to_owned();
        let read = move || item(&account)?.get_password();
        match self.ask(patience, read).await {
            Ok(Ok(secret)) => Ok(secret),
            Ok(Err(Error::NoEntry)) => Err(Unread::NoItem),
            Ok(Err(Error::NoDefaultStore)) => Err(Unread::NoKeychain),
            Ok(Err(_)) => Err(Unread::Failed),
            Err(Silent) => Err(Unread::Silent),
        }
    }

    /// Keeps a secret and reads it back: with some keychains nothing else proves it. An error says
    /// why it is not kept.
    pub(crate) async fn write(
        &self,
        account: &str,
        secret: &str,
        patience: Duration,
    ) -> Result<(), &'static str> {
        let (account, secret) = (account.to_owned(), secret.to_owned());
        let write = move || {
            let entry = item(&account)?;
            entry.set_password(&secret)?;
            Ok(entry.get_password()? == secret)
        };
        match self.ask(patience, write).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Err(Error::NoDefaultStore)) => Err("this computer offers no keychain"),
            Ok(Err(Error::NoStorageAccess(_))) => Err("the keychain is locked"),
            Ok(Ok(false) | Err(_)) => Err("the keychain did not keep it"),
            Err(Silent) => Err("the keychain does not answer"),
        }
    }

    /// Takes an account's secret out; one that is not there is no error. An error says why it may
    /// still be there.
    pub(crate) async fn remove(
        &self,
        account: &str,
        patience: Duration,
    ) -> Result<(), &'static str> {
        let account = account.to_owned();
        let remove = move || item(&account)?.delete_credential();
        match self.ask(patience, remove).await {
            Ok(Ok(()) | Err(Error::NoEntry | Error::NoDefaultStore)) => Ok(()),
            Ok(Err(Error::NoStorageAccess(_))) => Err("the keychain is locked"),
            Ok(Err(_)) => Err("the keychain did not remove it"),
            Err(Silent) => Err("the keychain does not answer"),
        }
    }

    fn is_left_alone(&self) -> bool {
        let since = *self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < LEFT_ALONE)
    }

    async fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<keyring_core::Result<T>, Silent> {
        let answer = tokio::time::timeout(patience, tokio::task::spawn_blocking(work)).await;
        // A panic in the library is as good as no answer.
        let answer = answer.ok().and_then(Result::ok).ok_or(Silent);
        *self.silent_since.lock().unwrap_or_else(PoisonError::into_inner) =
            answer.is_err().then(Instant::now);
        answer
    }
}

/// The item of an account, whether there is one or not.
fn item(account: &str) -> keyring_core::Result<Entry> {
    // A store that the process has been given stays: a test brings its own.
    if keyring_core::get_default_store().is_none() {
        // Sets the platform's. Where there is none, asking for the item says so.
        let _ = keyring::Entry::store_status();
    }
    Entry::new(SERVICE, account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_keychain_that_hangs_holds_up_one_question_and_not_each() {
        let keychain = Keychain::default();
        let (end, hang) = std::sync::mpsc::channel::<()>();
        let patience = Duration::from_millis(20);
        let hangs = move || {
            let _ = hang.recv();
            Ok(())
        };
        assert!(matches!(keychain.ask(patience, hangs).await, Err(Silent)));
        let asked = Instant::now();
        let read = keychain.read("a", Duration::from_mins(5)).await;
        assert_eq!(read, Err(Unread::Silent));
        assert!(asked.elapsed() < Duration::from_mins(1));
        drop(end);
        assert!(matches!(keychain.ask(Duration::from_mins(1), || Ok(1)).await, Ok(Ok(1))));
        assert!(!keychain.is_left_alone());
    }
}
