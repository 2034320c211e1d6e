//! A keychain of the test's own, in memory: no test reads or writes the person's.
//!
//! One store for all of a process, so accounts of different tests must differ; those of a fake model
//! do, since an account is an address.

#![expect(clippy::expect_used, reason = "a test's own keychain may end the test")]

use std::sync::Once;

use trawl_core::history::History;
use trawl_core::llm::Models;
use trawl_core::mcp::Connections;
use trawl_core::pipeline::Agent;

/// An address that no bus listens at: for programs, which cannot be given a store.
pub const NO_BUS: (&str, &str) = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null/no-bus");

/// Models whose keys are kept in memory.
pub fn models() -> Models {
    in_memory();
    Models::default()
}

/// An agent whose keys are kept in memory.
pub fn agent(connections: Connections, history: Option<History>) -> Agent {
    in_memory();
    Agent::new(connections, history)
}

fn in_memory() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let store = keyring_core::mock::Store::new().expect("a store in memory");
        keyring_core::set_default_store(store);
    });
}
