//! Trawl.
