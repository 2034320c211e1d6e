//! A finished task's value, as other tasks' placeholders see it.
//!
//! Read from the recorder when it is needed and shared by the tasks that need it at that moment;
//! nothing is held for later.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::history::Recorder;
use crate::value::value_of;

/// One task's value, parsed at most once, by the first who asks.
pub(super) struct TaskValue {
    recorder: Recorder,
    index: usize,
    bytes: usize,
    value: OnceLock<Option<Arc<Value>>>,
}

impl TaskValue {
    /// Of a task whose result is `bytes` long.
    pub(super) fn new(recorder: &Recorder, index: usize, bytes: usize) -> Self {
        Self { recorder: recorder.clone(), index, bytes, value: OnceLock::new() }
    }

    pub(super) fn is_larger_than(&self, bytes: usize) -> bool {
        self.bytes > bytes
    }

    /// `None` if the result is not there any longer.
    pub(super) fn get(&self) -> Option<Arc<Value>> {
        let read = || self.recorder.result(self.index).map(|result| Arc::new(value_of(&result)));
        self.value.get_or_init(read).clone()
    }
}
