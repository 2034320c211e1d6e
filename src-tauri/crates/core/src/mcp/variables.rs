//! `${env:NAME}` and `${keychain:NAME}` in a server's entry, replaced when the server starts.
//!
//! The entry in the settings is never changed. What was put in is remembered by the redactor, if it
//! is a secret: `${env:HOME}/notes` hides no folder. An error names the variable or the keychain
//! item, never a value.

use std::time::Duration;

use crate::reason::Reason;
use crate::secrets::keychain::{Keychain, SERVICE, Unread};
use crate::secrets::redact::Redactor;

/// A keychain may ask the person to unlock it; connecting has a limit of its own.
const PATIENCE: Duration = Duration::from_mins(5);

/// The text with every `${env:…}` and `${keychain:…}` replaced; other `${…}` stay as they are.
pub(super) async fn fill(text: &str, redactor: &mut Redactor) -> Result<String, Reason> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let inside = &rest[start + 2..start + length];
        filled.push_str(&rest[..start]);
        match inside.split_once(':') {
            Some(("env", name)) => {
                let value = variable(name)?;
                redactor.add_named(name, &value);
                filled.push_str(&value);
            }
            Some(("keychain", name)) => {
                let value = kept(name).await?;
                redactor.add(&value);
                filled.push_str(&value);
            }
            _ => filled.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn variable(name: &str) -> Result<String, Reason> {
    std::env::var(name).map_err(|_| {
        Reason::new(
            format!("needs the environment variable {name}, which is not set"),
            "set it before Trawl starts, or write the value into the entry",
        )
    })
}

async fn kept(name: &str) -> Result<String, Reason> {
    let unread = match Keychain::default().read(name, PATIENCE).await {
        Ok(secret) => return Ok(secret),
        Err(unread) => unread,
    };
    let needs = format!("needs the keychain item \"{name}\"");
    Err(match unread {
        Unread::NoItem => Reason::new(
            format!("{needs}, which does not exist (or the keychain is locked)"),
            format!("store it under the service \"{SERVICE}\""),
        ),
        Unread::NoKeychain => Reason::new(
            format!("{needs}, but this computer offers no keychain"),
            "use ${env:…} instead",
        ),
        Unread::Silent => format!("{needs}, but the keychain does not answer").into(),
        Unread::Failed => format!("{needs}, but the keychain cannot be read").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn variables_are_replaced_and_missing_ones_named() {
        let mut redactor = Redactor::default();
        let path = std::env::var("PATH").unwrap();
        let filled = fill("a ${env:PATH} b ${other} ${", &mut redactor).await.unwrap();
        assert_eq!(filled, format!("a {path} b ${{other}} ${{"));
        assert_eq!(redactor.clean(&path), path, "a place is no secret");
        let missing = fill("${env:TRAWL_NO_SUCH_VARIABLE}", &mut redactor).await.unwrap_err();
        assert!(missing.what.contains("TRAWL_NO_SUCH_VARIABLE"), "{missing}");
    }
}
