//! Takes secrets out of what people and logs get to see.
//!
//! A secret is what came from the keychain or the environment, every header's value, and an
//! environment value whose name says so. Short ones are left: replacing `true` or `1` everywhere
//! would hide the message and protect nothing.

use std::borrow::Cow;

const SHORTEST: usize = 6;
const COVER: &str = "•••";

/// The secrets of one server's entry.
#[derive(Default, Clone)]
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Remembers a secret, here and for the log.
    pub(super) fn add(&mut self, secret: &str) {
        crate::logging::cover(secret);
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
        if let Some((_, token)) = secret.split_once(' ') {
            self.remember(token);
        }
    }

    /// Remembers the value of an environment variable if its name says that it is a secret.
    pub(super) fn add_variable(&mut self, name: &str, value: &str) {
        const SIGNS: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "CREDENTIAL", "COOKIE"];
        let name = name.to_ascii_uppercase();
        if SIGNS.iter().any(|sign| name.contains(sign)) {
            self.add(value);
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

    /// The first `limit` characters without the secrets, of a text that may have lost its end, and
    /// with it a part of a secret.
    pub(super) fn beginning(&self, text: &str, lost_its_end: bool, limit: usize) -> String {
        let covered = self.covered(text);
        let longest = self.secrets.first().map_or(0, String::len);
        let unsure = if lost_its_end { longest } else { 0 };
        let sure = covered.chars().count().saturating_sub(unsure);
        covered.chars().take(limit.min(sure)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_and_other_words_stay() {
        let mut redactor = Redactor::default();
        redactor.add("Bearer abcdef123");
        redactor.add_variable("API_KEY", "key-0123");
        redactor.add_variable("MODE", "verbose");
        assert_eq!(
            redactor.clean("verbose: Bearer abcdef123, abcdef123 and key-0123"),
            "verbose: •••, ••• and •••"
        );
    }

    #[test]
    fn no_part_of_a_secret_is_left_at_either_cut() {
        let mut redactor = Redactor::default();
        redactor.remember("0123456789");
        assert_eq!(redactor.beginning("key 0123456789 is wrong", false, 6), "key ••");
        assert_eq!(redactor.beginning("key 0123456789 is wrong", false, 90), "key ••• is wrong");
        // Its end was cut off before.
        let lost = "a key that is wrong: 01234567";
        assert_eq!(redactor.beginning(lost, true, 90), "a key that is wrong");
    }
}
