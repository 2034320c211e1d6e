//! Secrets of servers and models alike: what counts as one, where they are kept, and that nobody gets
//! to see them.

mod looks;

pub(crate) mod keychain;
pub(crate) mod redact;

pub use self::looks::{is_named_secret, looks_like_key};
