//! Trawl.
fn main() {}
