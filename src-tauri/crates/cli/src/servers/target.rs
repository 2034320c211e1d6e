//! How a server is reached, as a list shows it: without what looks like a secret.
//!
//! Comes in: an entry's program and arguments, or its URL. Goes out: one line. Better one value too
//! many is covered than a key shown to whoever looks at the terminal; `${env:…}` and `${keychain:…}`
//! stay, since they only name one.

use std::borrow::Cow;

use trawl_core::secrets::{is_named_secret, looks_like_key};
use trawl_core::settings::Transport;

const COVER: &str = "•••";

/// What may stand before a secret without being one.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];

/// One line about the entry's end of the wire.
pub(super) fn target(transport: &Transport) -> String {
    match transport {
        Transport::Builtin { builtin } => format!("built-in {builtin}"),
        Transport::Stdio { command, args, .. } => {
            let mut shown = command.clone();
            let mut flag = "";
            for argument in args {
                let is_flag = argument.starts_with('-');
                let is_secret = !is_flag && says_secret(flag);
                shown.push(' ');
                shown.push_str(&if is_secret { covered(argument) } else { public(argument) });
                flag = if is_flag { argument } else { "" };
            }
            shown
        }
        Transport::Http { url, .. } => public(url).into_owned(),
    }
}

/// An argument, a URL or a part of one, with what looks like a secret in it covered.
fn public(text: &str) -> Cow<'_, str> {
    if let Some((scheme, address)) = text.split_once("://") {
        return Cow::Owned(format!("{scheme}://{}", public_address(address)));
    }
    // `--token=…`, `API_KEY=…`, `Authorization: …`
    if let Some(mark) = text.find(['=', ':'])
        && says_secret(&text[..mark])
    {
        let value = text[mark + 1..].trim_start();
        let name = &text[..text.len() - value.len()];
        return Cow::Owned(format!("{name}{}", covered(value)));
    }
    if looks_like_key(text) { covered(text) } else { Cow::Borrowed(text) }
}

/// What follows a URL's scheme: the password, parts of the path, values of the query.
fn public_address(address: &str) -> String {
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let mut parts = place.split('/');
    let host = parts.next().unwrap_or_default();
    let mut shown = match host.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", covered(user)),
        None => host.to_owned(),
    };
    for part in parts {
        shown.push('/');
        shown.push_str(&public(part));
    }
    if !query.is_empty() {
        let pairs: Vec<Cow<'_, str>> = query.split('&').map(public).collect();
        shown.push('?');
        shown.push_str(&pairs.join("&"));
    }
    shown
}

fn says_secret(name: &str) -> bool {
    !name.contains("${") && is_named_secret(name)
}

/// A value behind its cover, unless it only says where the secret comes from.
fn covered(value: &str) -> Cow<'_, str> {
    let mut rest = String::new();
    let mut parts = value.split("${");
    rest.push_str(parts.next().unwrap_or_default());
    for part in parts {
        rest.push_str(part.split_once('}').map_or(part, |(_, after)| after));
    }
    let rest = rest.trim().to_ascii_lowercase();
    let tells_nothing = rest.is_empty() || SCHEMES.contains(&rest.as_str());
    Cow::Borrowed(if tells_nothing { value } else { COVER })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use trawl_core::settings::ServerEntry;

    use super::*;

    fn check(entry: &Value, expect: &str) {
        assert_eq!(target(&ServerEntry::from_json(entry).unwrap().transport), expect);
    }

    fn program(args: &[&str]) -> Value {
        json!({"command": "npx", "args": args})
    }

    fn url(url: &str) -> Value {
        json!({"url": url})
    }

    #[test]
    fn what_looks_like_a_secret_is_covered() {
        check(&program(&["-y", "x", "--api-key", "abc"]), "npx -y x --api-key •••");
        check(&program(&["--token=abc", "-e", "DB_PASS=p w"]), "npx --token=••• -e DB_PASS=•••");
        check(&program(&["Authorization: Bearer abc"]), "npx Authorization: •••");
        check(&program(&["--auth", "Bearer abc${env:X}"]), "npx --auth •••");
        check(&program(&["sk-proj-a1B2c3D4e5F6g7H8"]), "npx •••");
        check(&program(&["postgres://me:pw@host/db"]), "npx postgres://•••@host/db");
        check(&url("https://h/mcp?api_key=abc&q=x"), "https://h/mcp?api_key=•••&q=x");
        check(&url("https://h:80/s/0123456789abcdef01/mcp"), "https://h:80/s/•••/mcp");
        check(&url("https://h/550e8400-e29b-41d4-a716-446655440000"), "https://h/•••");
        check(&url("https://h/mcp?x=0123456789abcdef01"), "https://h/mcp?•••");
    }

    #[test]
    fn everything_else_is_shown() {
        for line in [
            "npx -y @modelcontextprotocol/server-filesystem /home/me/notes",
            "docker run -i --rm -e API_KEY mcp/server:1.2.3 --port=8080 --tokens",
            "uvx x --api-key ${env:KEY} --header Authorization:${keychain:web}",
            "uvx x --header Authorization:Bearer${env:KEY} ${keychain:all} -",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            check(&json!({"command": words[0], "args": words[1..]}), line);
        }
        for address in ["http://127.0.0.1:3000/mcp?key=${env:KEY}", "https://h/${keychain:web}/mcp"]
        {
            check(&url(address), address);
        }
        check(&json!({"builtin": "stories"}), "built-in stories");
    }
}
