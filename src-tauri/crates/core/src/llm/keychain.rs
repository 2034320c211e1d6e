//! Keys in the platform's keychain: one item an account.
//!
//! Its library blocks, so that every call leaves the async threads; one that does not answer is given
//! up, and for a while not asked again, so that it holds up one run and not each.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::keychain;

/// How long a keychain that did not answer is left alone.
const LEFT_ALONE: Duration = Duration::from_mins(1);

/// The keychain, and whether it answers.
#[derive(Default)]
pub(super) struct Keychain {
    silent_since: Mutex<Option<Instant>>,
}

/// The keychain did not answer in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Silent;

impl Keychain {
    /// What it holds for an account; `None` where it holds nothing, or cannot say.
    pub(super) async fn read(
        &self,
        account: &str,
        patience: Duration,
    ) -> Result<Option<String>, Silent> {
        if self.is_left_alone() {
            return Err(Silent);
        }
        let account = account.to_owned();
        let read = move || keychain::item(&account)?.get_password();
        Ok(self.ask(patience, read).await?.ok())
    }

    /// Keeps a secret and reads it back: with some keychains nothing else proves it. An error says
    /// why it is not kept.
    pub(super) async fn write(
        &self,
        account: &str,
        secret: &str,
        patience: Duration,
    ) -> Result<(), &'static str> {
        let (account, secret) = (account.to_owned(), secret.to_owned());
        let write = move || {
            let entry = keychain::item(&account)?;
            entry.set_password(&secret)?;
            Ok(entry.get_password()? == secret)
        };
        match self.ask(patience, write).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Err(keyring_core::Error::NoDefaultStore)) => Err("this computer offers no keychain"),
            Ok(Err(keyring_core::Error::NoStorageAccess(_))) => Err("the keychain is locked"),
            Ok(Ok(false) | Err(_)) => Err("the keychain did not keep it"),
            Err(Silent) => Err("the keychain does not answer"),
        }
    }

    /// Takes an account's secret out; one that is not there is no error. An error says why it may
    /// still be there.
    pub(super) async fn remove(
        &self,
        account: &str,
        patience: Duration,
    ) -> Result<(), &'static str> {
        let account = account.to_owned();
        let remove = move || keychain::item(&account)?.delete_credential();
        match self.ask(patience, remove).await {
            Ok(
                Ok(()) | Err(keyring_core::Error::NoEntry | keyring_core::Error::NoDefaultStore),
            ) => Ok(()),
            Ok(Err(keyring_core::Error::NoStorageAccess(_))) => Err("the keychain is locked"),
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
        assert_eq!(keychain.read("a", Duration::from_mins(5)).await, Err(Silent));
        assert!(asked.elapsed() < Duration::from_mins(1));
        drop(end);
        assert!(matches!(keychain.ask(Duration::from_mins(1), || Ok(1)).await, Ok(Ok(1))));
        assert!(!keychain.is_left_alone());
    }
}
