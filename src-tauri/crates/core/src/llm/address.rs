//! Where a model's server is: what a person typed, as the address that requests go to.
//!
//! Comes in: `baseUrl` as it stands in the settings, with or without scheme, `/v1` or the whole
//! path of an endpoint. Goes out: the base that a provider's paths are put behind.

use url::Url;

use super::{ModelError, preset};
use crate::settings::Provider;

/// The base for a provider's paths; `None` stands for the provider's own address.
pub(super) fn base(provider: Provider, typed: Option<&str>) -> Result<Url, ModelError> {
    let typed = typed.map(str::trim).filter(|typed| !typed.is_empty());
    let typed = typed.unwrap_or_else(|| preset::own_address(provider));
    let bad = |reason: &str| ModelError::BadAddress {
        address: without_credentials(typed),
        reason: reason.to_owned(),
    };
    let with_scheme = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("{}://{typed}", if names_loopback(typed) { "http" } else { "https" })
    };
    let mut url = Url::parse(&with_scheme).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it begins with neither http:// nor https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it holds a user name or a password; a key belongs into the key's field"));
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let path = match provider {
        Provider::Openai => match strip(&path, &["/chat/completions", "/models"]) {
            "" => "/v1",
            path => path,
        },
        Provider::Anthropic => strip(&path, &["/v1/messages", "/v1/models", "/v1"]),
        Provider::Ollama => strip(&path, &["/api/chat", "/api", "/v1"]),
        Provider::Builtin => &path,
    };
    url.set_path(path);
    Ok(url)
}

/// Host and port, as errors and the window name a server.
pub(super) fn server(base: &Url) -> String {
    let host = base.host_str().unwrap_or("the model's server");
    base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Scheme, host and port: whom a key is meant for.
pub(super) fn origin(base: &Url) -> String {
    base.origin().ascii_serialization()
}

/// A path below the base.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

fn strip<'a>(path: &'a str, endings: &[&str]) -> &'a str {
    endings.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path)
}

fn names_loopback(typed: &str) -> bool {
    ["localhost", "127.", "[::1]", "0.0.0.0"].iter().any(|start| typed.starts_with(start))
}

fn without_credentials(typed: &str) -> String {
    match (typed.split_once("://"), typed.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        (_, None) => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_type_them() {
        let of = |provider, typed| base(provider, Some(typed)).unwrap().to_string();
        let cases = [
            (Provider::Openai, "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
            (Provider::Openai, "localhost:1234/v1/", "http://localhost:1234/v1"),
            (Provider::Openai, "api.openai.com", "https://api.openai.com/v1"),
            (
                Provider::Openai,
                "https://openrouter.ai/api/v1/chat/completions",
                "https://openrouter.ai/api/v1",
            ),
            (Provider::Anthropic, "https://api.anthropic.com/v1", "https://api.anthropic.com/"),
            (Provider::Ollama, "http://localhost:11434/api/", "http://localhost:11434/"),
            (Provider::Ollama, "  ", "http://127.0.0.1:11434/"),
        ];
        for (provider, typed, expected) in cases {
            assert_eq!(of(provider, typed), expected, "{typed}");
        }
        let base = base(Provider::Ollama, None).unwrap();
        assert_eq!(below(&base, "/api/chat").as_str(), "http://127.0.0.1:11434/api/chat");
        assert_eq!(server(&base), "127.0.0.1:11434");
    }

    #[test]
    fn what_is_no_address_is_refused_without_telling_credentials() {
        for typed in ["ftp://x", "http://", "http://user:secret@host/v1", "http://a b"] {
            let error = base(Provider::Openai, Some(typed)).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
            assert_eq!(error.code(), "bad_address");
        }
    }
}
