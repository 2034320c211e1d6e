//! A planned call's arguments: whether they fit the tool, and whether two calls are the same.
//!
//! Comes in: arguments as a plan has them. Goes out: arguments that fit, or the validator's words.

use std::borrow::Cow;

use super::{RawTask, strict::without_nulls};
use crate::{
    catalog::{self, Tool},
    digest::sorted,
    event::Failure,
    failure::FailureCode,
    placeholder,
};

/// Brings arguments into the shape that the tool knows, and says whether they fit, as far as that is
/// known before placeholders are replaced.
pub(super) fn settle(tool: &Tool, raw: &mut RawTask) -> Result<(), Failure> {
    without_nulls(&tool.input_schema, &mut raw.tool_arguments);
    if !placeholder::references(&raw.tool_arguments).is_empty() {
        raw.tool_arguments = catalog::retyped(&tool.input_schema, &raw.tool_arguments);
        return Ok(());
    }
    match catalog::fitted(tool, &raw.tool_arguments) {
        Ok(Cow::Borrowed(_)) => {}
        Ok(Cow::Owned(typed)) => raw.tool_arguments = typed,
        Err(message) => return Err(FailureCode::InvalidArguments.because(message)),
    }
    Ok(())
}

/// What makes two calls the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Call {
    /// `None` for a tool that nobody has.
    server: Option<String>,
    tool: String,
    arguments: String,
}

impl Call {
    /// A task's call, its arguments settled. The order of keys and the spelling of whole numbers do
    /// not matter.
    pub(super) fn of(tool: Option<&Tool>, raw: &RawTask) -> Self {
        Self {
            server: tool.map(|tool| tool.server.clone()),
            tool: tool.map_or(&raw.tool_name, |tool| &tool.name).clone(),
            arguments: sorted(&raw.tool_arguments).to_string(),
        }
    }

    /// Whether it calls this tool.
    pub(super) fn calls(&self, tool: &Tool) -> bool {
        self.server.as_deref() == Some(tool.server.as_str()) && self.tool == tool.name
    }
}
