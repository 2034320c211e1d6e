//! What counts as a secret: by its name, or by how it looks. Pure.
//!
//! Better one value too many is covered than a key shown; but what is covered is covered in every
//! error, event and line of the log, so that a folder or a language must not count as one.

use std::path::Path;

/// A name with one of these among its words names a secret.
const WORDS: [&str; 18] = [
    "key",
    "keys",
    "token",
    "secret",
    "secrets",
    "pass",
    "passwd",
    "password",
    "passphrase",
    "pwd",
    "pat",
    "auth",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "signature",
    "sig",
];

/// And one of which a word ends with one of these: `APIKEY`, `GITHUBTOKEN`.
const ENDINGS: [&str; 10] = [
    "key",
    "token",
    "secret",
    "pass",
    "passwd",
    "password",
    "passphrase",
    "cookie",
    "credential",
    "credentials",
];

/// As long as this without a mark between, letters and digits mixed: no word, but a key.
const SHORTEST_KEY: usize = 16;

/// Whether what has this name (an environment variable, a header, a flag, a parameter of a URL) is
/// secret.
pub fn is_named_secret(name: &str) -> bool {
    words(name).iter().any(|word| {
        WORDS.contains(&word.as_str()) || ENDINGS.iter().any(|ending| word.ends_with(ending))
    })
}

/// Whether a text looks like a key, whatever it is called.
pub fn looks_like_key(text: &str) -> bool {
    let is_uuid = text.len() == 36 && text.matches('-').count() == 4;
    let is_mixed = |run: &str| {
        run.len() >= SHORTEST_KEY
            && run.contains(|c: char| c.is_ascii_digit())
            && run.contains(|c: char| c.is_ascii_alphabetic())
    };
    is_uuid || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_mixed)
}

/// Whether a value that stands under this name is secret. What is a place on this computer is none,
/// whatever it is called: `GOOGLE_APPLICATION_CREDENTIALS` names a file.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let path = Path::new(value);
    if path.is_absolute() && path.exists() {
        return false;
    }
    is_named_secret(name) || (!path.is_absolute() && looks_like_key(value))
}

/// `GITHUB_TOKEN`, `x-api-key`, `apiKey`: the words, in lower case, without digits at their ends.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (after_lower && character.is_uppercase()) {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        after_lower = character.is_lowercase();
    }
    for word in &mut words {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        word.truncate(bare);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in [
            "API_KEY",
            "GITHUB_TOKEN",
            "GH_PAT",
            "apiKey",
            "x-api-key",
            "Authorization",
            "Cookie",
            "Proxy-Authorization",
            "--token",
            "DB_PASS",
            "SMTPPASS",
            "DBPASSWORD",
            "APIKEY",
            "TOKEN2",
            "sig",
            "PGPASSWORD",
            "client_secret",
            "SECRET_KEY_BASE",
            "--auth",
            "TS_AUTHKEY",
            "API_KEYS",
        ] {
            assert!(is_named_secret(name), "{name}");
        }
        for name in [
            "HOME",
            "PATH",
            "LANG",
            "USER",
            "AUTHOR",
            "MAX_TOKENS",
            "TOKENIZERS_PARALLELISM",
            "PATTERN",
            "PASSENGERS",
            "KEYBOARD",
            "User-Agent",
            "Accept-Language",
            "X-Tenant",
            "",
        ] {
            assert!(!is_named_secret(name), "{name}");
        }
    }

    #[test]
    fn a_value_is_secret_by_its_name_or_its_looks_unless_it_is_a_place() {
        assert!(is_secret("VAULT", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"));
        assert!(is_secret("ID", "550e8400-e29b-41d4-a716-446655440000"));
        assert!(is_secret("API_KEY", "hush"));
        let here = std::env::current_exe().unwrap();
        assert!(!is_secret("CREDENTIALS", here.to_str().unwrap()));
        assert!(!is_secret("HOME", "/home/a1b2c3d4e5f6a7b8c9d0"));
        assert!(!is_secret("LANG", "en_GB.UTF-8") && !is_secret("USER", "ann"));
    }
}
