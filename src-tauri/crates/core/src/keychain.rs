//! The platform's keychain: its items, all under Trawl's own name.
//!
//! Its library blocks, and may ask the person to unlock it: not to be called on an async thread.

use keyring_core::Entry;

/// Name under which the platform's keychain keeps our items.
pub(crate) const SERVICE: &str = "dev.trawl.desktop";

/// The item of an account, whether there is one or not.
pub(crate) fn item(account: &str) -> keyring_core::Result<Entry> {
    // A store that the process has been given stays: a test brings its own.
    if keyring_core::get_default_store().is_none() {
        // Sets the platform's. Where there is none, asking for the item says so.
        let _ = keyring::Entry::store_status();
    }
    Entry::new(SERVICE, account)
}
