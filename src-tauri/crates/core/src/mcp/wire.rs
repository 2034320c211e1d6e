//! JSON-RPC on its way to a server and back, whatever carries it.

pub(super) mod answer;
pub(super) mod calls;
pub(super) mod handshake;
pub(super) mod lines;
pub(super) mod listing;
pub(super) mod lossy;
pub(super) mod outbox;
pub(super) mod probe;
