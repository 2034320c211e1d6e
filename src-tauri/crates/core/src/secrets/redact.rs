//! Takes secrets out of what people and logs get to see.
//!
//! A secret is what came from the keychain, and what [`looks`] calls one by its name or its looks.
//! Short ones are left: replacing `true` or `1` everywhere would hide the message and protect
//! nothing.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

use super::looks;

const SHORTEST: usize = 6;
/// What stands in the place of a secret.
pub(crate) const COVER: &str = "•••";

/// What stands before a secret without being one.
const SCHEMES: [&str; 4] = ["bearer", "basic", "token", "apikey"];

/// A beginning of a secret that is as short as this tells nothing of it.
const TELLING: usize = 4;

/// Secrets of the whole process, as they become known.
static EVERYWHERE: RwLock<Option<Redactor>> = RwLock::new(None);

/// The secrets of one server's entry.
#[derive(Default, Clone)]
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Remembers a secret, here and for the log.
    pub(crate) fn add(&mut self, secret: &str) {
        everywhere(secret);
        self.remember(secret);
    }

    /// Remembers a secret here alone.
    pub(crate) fn remember(&mut self, secret: &str) {
        if secret.len() >= SHORTEST && !self.secrets.iter().any(|known| known == secret) {
            self.secrets.push(secret.to_owned());
            // The longest first, so that none is left in part.
            self.secrets.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
        // `Bearer x` is sent whole, but a server may print `x` alone.
        if let Some((scheme, token)) = secret.split_once(' ')
            && SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())
        {
            self.remember(token);
        }
    }

    /// Remembers the value of a variable, a header or a parameter, if it is a secret; whether it is.
    pub(crate) fn add_named(&mut self, name: &str, value: &str) -> bool {
        let is_secret = looks::is_secret(name, value);
        if is_secret {
            self.add(value);
        }
        is_secret
    }

    /// Remembers what is secret of a program's arguments: the value of a flag that says so, and what
    /// looks like a key.
    pub(crate) fn add_arguments(&mut self, arguments: &[String]) {
        let mut flag = "";
        for argument in arguments {
            let (name, value) = argument.split_once(['=', ':']).unwrap_or((flag, argument));
            // `https://…` has no name.
            let name = if value.starts_with("//") { "" } else { name };
            self.add_named(name, value.trim_start());
            let takes_the_next = argument.starts_with('-') && !argument.contains('=');
            flag = if takes_the_next { argument } else { "" };
        }
    }

    /// The text without the secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.covered(text).into_owned()
    }

    /// The same; a text without any secret is not copied.
    pub(crate) fn covered<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut covered = Cow::Borrowed(text);
        for secret in &self.secrets {
            if covered.contains(secret.as_str()) {
                covered = Cow::Owned(covered.replace(secret, COVER));
            }
        }
        covered
    }

    /// A text's beginning without the secrets, and without the beginning of one at its end, where it
    /// was cut.
    pub(crate) fn covered_beginning<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let covered = self.covered(text);
        let partly = |secret: &String| {
            let ends = (TELLING..secret.len()).rev().filter(|end| secret.is_char_boundary(*end));
            ends.into_iter().find(|end| covered.ends_with(&secret[..*end]))
        };
        match self.secrets.iter().filter_map(partly).max() {
            Some(part) => Cow::Owned(format!("{}{COVER}", &covered[..covered.len() - part])),
            None => covered,
        }
    }

    /// The first `limit` characters without the secrets, of a text that may have lost its end, and
    /// with it a part of a secret.
    pub(crate) fn beginning(&self, text: &str, lost_its_end: bool, limit: usize) -> String {
        let covered = self.covered(text);
        let longest = self.secrets.first().map_or(0, String::len);
        let unsure = if lost_its_end { longest } else { 0 };
        let sure = covered.chars().count().saturating_sub(unsure);
        covered.chars().take(limit.min(sure)).collect()
    }
}

/// From now on the secret is covered in every line of the log, also as JSON writes it.
pub(crate) fn everywhere(secret: &str) {
    let mut known = EVERYWHERE.write().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    known.remember(secret);
    let json = Value::from(secret).to_string();
    known.remember(&json[1..json.len() - 1]);
}

/// The text without any secret of the process.
pub(crate) fn covered_everywhere(text: &str) -> Cow<'_, str> {
    let known = EVERYWHERE.read().unwrap_or_else(PoisonError::into_inner);
    known.as_ref().map_or(Cow::Borrowed(text), |known| known.covered(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_and_other_words_stay() {
        let mut redactor = Redactor::default();
        redactor.add("Bearer abcdef123");
        redactor.add_named("API_KEY", "key-0123");
        redactor.add_named("MODE", "verbose");
        redactor.add_named("PASSPHRASE", "correct horse battery");
        assert_eq!(
            redactor.clean("verbose: Bearer abcdef123, abcdef123, key-0123, a battery"),
            "verbose: •••, •••, •••, a battery"
        );
        assert_eq!(redactor.clean("correct horse battery"), "•••");
    }

    #[test]
    fn what_is_secret_of_arguments_is_covered() {
        let mut redactor = Redactor::default();
        let arguments = [
            "-y",
            "some-server",
            "--token",
            "s3cr3t",
            "--api-key=hush-hush",
            "/home/me/notes",
            "https://example.org/path",
            "Authorization: Bearer t0psecret",
            "--mode",
            "quietly",
        ];
        redactor.add_arguments(&arguments.map(str::to_owned));
        let said = "some-server s3cr3t hush-hush /home/me/notes https://example.org/path \
                    t0psecret quietly";
        let expect = "some-server ••• ••• /home/me/notes https://example.org/path ••• quietly";
        assert_eq!(redactor.clean(said), expect);
    }

    #[test]
    fn no_part_of_a_secret_is_left_at_either_cut() {
        let mut redactor = Redactor::default();
        redactor.remember("0123456789");
        assert_eq!(redactor.beginning("key 0123456789 is wrong", false, 6), "key ••");
        assert_eq!(redactor.beginning("key 0123456789 is wrong", false, 90), "key ••• is wrong");
        assert_eq!(redactor.covered_beginning("a key: 01234"), "a key: •••");
        assert_eq!(redactor.covered_beginning("0123456789, 012"), "•••, 012");
        // Its end was cut off before.
        let lost = "a key that is wrong: 01234567";
        assert_eq!(redactor.beginning(lost, true, 90), "a key that is wrong");
    }
}
