//! Limits of a run.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::section;

/// Longest time-out: a clock can still be set to its end.
const A_YEAR: Duration = Duration::from_hours(365 * 24);

/// Limits of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Limits {
    /// Tasks of one plan.
    pub max_tasks: usize,
    /// A whole run.
    pub run_timeout_seconds: f64,
    /// Tokens the model may read; `null` for what the provider reports, else 32,000.
    pub context_tokens: Option<u64>,
    /// How long a question in the window waits for servers that are not ready yet.
    pub wait_for_servers_seconds: f64,
    /// How old a read-only result of an earlier run may be to be used again; 0 is never.
    pub reuse_seconds: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tasks: 32,
            run_timeout_seconds: 600.0,
            context_tokens: None,
            wait_for_servers_seconds: 3.0,
            reuse_seconds: 0.0,
        }
    }
}

impl Limits {
    /// `reuseSeconds` as a duration; `None` for never.
    pub fn reuse(&self) -> Option<Duration> {
        let seconds = Some(self.reuse_seconds).filter(|seconds| *seconds > 0.0)?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }

    /// Reads limits that a person just typed: a wrong one is refused, in words that name its key.
    pub fn from_json(given: &Map<String, Value>) -> Result<Self, String> {
        section::strict(given, Self::checked)
    }

    pub(super) fn checked(&self) -> Result<(), &'static str> {
        if self.max_tasks == 0 {
            return Err("it must be a whole number of at least 1");
        }
        if !lasts(self.run_timeout_seconds) {
            return Err("it must be a number of seconds above 0");
        }
        if self.context_tokens == Some(0) {
            return Err("it must be a whole number of at least 1, or null");
        }
        let waits = [self.wait_for_servers_seconds, self.reuse_seconds];
        if waits.iter().any(|seconds| Duration::try_from_secs_f64(*seconds).is_err()) {
            return Err("it must be a number of seconds, 0 or above");
        }
        Ok(())
    }
}

/// Whether these seconds are a time that can pass.
pub(super) fn lasts(seconds: f64) -> bool {
    seconds > 0.0 && Duration::try_from_secs_f64(seconds).is_ok()
}

/// A time-out of the settings; one that is none is the default, and a year is for ever.
pub(crate) fn seconds(given: f64, default: f64) -> Duration {
    let given = if given > 0.0 { given } else { default };
    Duration::try_from_secs_f64(given).map_or(A_YEAR, |given| given.min(A_YEAR))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_limit_that_would_stop_every_run_is_not_used() {
        let check = |key: &str, value: Value, fine: bool| {
            let limits = json!({key: value});
            let settings = Settings::from_json(&json!({"limits": limits}));
            let typed = Limits::from_json(limits.as_object().unwrap());
            if fine {
                assert_eq!(settings.warnings, [""; 0], "{key} {value}");
                assert_eq!(typed, Ok(settings.limits), "{key} {value}");
            } else {
                assert_eq!(settings.limits, Limits::default(), "{key} {value}");
                let [warning] = settings.warnings.as_slice() else { panic!("{key} {value}") };
                assert!(warning.contains(&format!("\"limits.{key}\" is not used: ")), "{warning}");
                let refused = typed.unwrap_err();
                assert!(refused.contains(key), "{refused}");
            }
        };
        for wrong in [json!(0), json!(-5), json!(1e300), json!("600"), json!(null), json!(true)] {
            check("runTimeoutSeconds", wrong, false);
        }
        check("runTimeoutSeconds", json!(0.5), true);
        for wrong in [json!(0), json!(-1), json!(1.5), json!("8")] {
            check("maxTasks", wrong, false);
        }
        check("maxTasks", json!(1), true);
        check("contextTokens", json!(0), false);
        check("contextTokens", json!(null), true);
        for key in ["waitForServersSeconds", "reuseSeconds"] {
            check(key, json!(-1), false);
            check(key, json!(0), true);
        }
    }
}
