//! Results in the log: whole, and borrowed from whoever logs them instead of copied.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::queue::Lines;

const TARGET: &str = "trawl::results";

/// The field that holds the result; the last one of its event.
const RESULT: &str = "result";

/// Whether this is the result of a tool.
pub(super) fn is_one(what: &Metadata<'_>) -> bool {
    what.target() == TARGET
}

/// Writes every event that it gets as one line, in the shape of all other lines.
pub(super) struct Whole(Arc<Lines>);

impl Whole {
    pub(super) fn in_lines(lines: &Arc<Lines>) -> Self {
        Self(Arc::clone(lines))
    }
}

impl<S: Subscriber> Layer<S> for Whole {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let (now, level) = (Timestamp::now(), event.metadata().level());
        let before = format!("{now:.6} {level:>5} {TARGET}:");
        event.record(&mut Line { before, lines: &self.0 });
    }
}

/// What stands before the result, as far as it is known.
struct Line<'a> {
    before: String,
    lines: &'a Lines,
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == RESULT {
            self.lines.add_result(&format!("{} {RESULT}=", self.before), value);
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _ = write!(self.before, " {}={value:?}", field.name());
    }
}
