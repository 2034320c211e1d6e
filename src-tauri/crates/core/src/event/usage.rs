//! What a model's calls took: tokens, times, money, and what did not fit into what it reads.

use serde::{Deserialize, Serialize};

/// Tokens, as counted by the provider.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Read by the model.
    pub input_tokens: u64,
    /// Written by the model.
    pub output_tokens: u64,
    /// Calls made.
    pub calls: u32,
    /// The provider did not count everything; what it left out was estimated from the text's size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// Of one call: from the request to its first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<f64>,
    /// Of one call: tokens written a second, after the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// By the settings' price, in the person's own currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Usage {
    /// Both together. What is said of one call alone is left out once there are two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let one = |a: Option<f64>, b: Option<f64>| match (self.calls, other.calls) {
            (_, 0) => a,
            (0, _) => b,
            _ => None,
        };
        let cost = match (self.cost, other.cost) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)),
        };
        Self {
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            calls: self.calls + other.calls,
            estimated: self.estimated || other.estimated,
            first_token_ms: one(self.first_token_ms, other.first_token_ms),
            tokens_per_second: one(self.tokens_per_second, other.tokens_per_second),
            cost,
        }
    }
}

/// A result of which the model read a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// The task.
    pub index: usize,
    /// How much the model read.
    pub read: usize,
    /// Of how much.
    pub of: usize,
    /// Of what.
    pub unit: CutUnit,
}

/// What a [`Cut`] is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CutUnit {
    /// Whole items of a list.
    Items,
    /// Bytes of a text.
    Bytes,
}
