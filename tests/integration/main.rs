//! Everything that needs no window, against fakes at the far end of each wire.

mod architecture;
mod events_golden;
mod pipeline;
mod sources;
