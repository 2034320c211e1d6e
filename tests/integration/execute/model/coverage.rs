//! What the random cases of one test covered: a rule that was tried on few of them proves little.

use std::collections::BTreeMap;
use std::fmt;

/// Plans of so many tasks are large.
pub(super) const LARGE: usize = 50;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// Higher priorities go first: of the servers that had a queue.
    Priorities,
    /// Never more calls at once than allowed, to the instant: of the servers that reached their limit.
    ExactLimit,
    /// No server rests while tasks wait for it: of the servers that had a queue.
    NoRest,
    /// A task ends as its script says: of all tasks.
    Foretold,
}

/// How often a rule could be tried, and how often it was.
#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    of: u32,
    times: u32,
}

/// Counts of one test.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// By rule, and whether the plan was large.
    tried: BTreeMap<(Rule, bool), Tried>,
    /// Cases in which something happened, by its name.
    cases: BTreeMap<String, u32>,
}

impl Coverage {
    /// A rule could have been tried on something of a plan of so many tasks, and perhaps was.
    pub(super) fn count(&mut self, rule: Rule, tasks: usize, was_tried: bool) {
        let tried = self.tried.entry((rule, tasks >= LARGE)).or_default();
        tried.of += 1;
        tried.times += u32::from(was_tried);
    }

    /// A case in which this happened.
    pub(super) fn happened(&mut self, what: impl Into<String>) {
        *self.cases.entry(what.into()).or_default() += 1;
    }

    /// Fails where less than this share of what could be tried was, in small plans or in large ones,
    /// or where that is too little to tell.
    pub(super) fn assert_share(&self, rule: Rule, in_small: f64, in_large: f64) {
        for (is_large, least) in [(false, in_small), (true, in_large)] {
            let Tried { of, times } =
                self.tried.get(&(rule, is_large)).copied().unwrap_or_default();
            let share = f64::from(times) / f64::from(of.max(1));
            assert!(of >= 4 && share >= least, "{rule:?}, large {is_large}: {share:.2}\n{self}");
        }
    }

    /// Fails where this happened in fewer cases.
    pub(super) fn assert_cases(&self, what: &str, least: u32) {
        let cases = self.cases.get(what).copied().unwrap_or_default();
        assert!(cases >= least, "{what} in {cases} cases\n{self}");
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((rule, is_large), Tried { of, times }) in &self.tried {
            let size = if *is_large { "large" } else { "small" };
            writeln!(out, "{rule:?} in {size} plans: {times} of {of}")?;
        }
        for (what, cases) in &self.cases {
            writeln!(out, "{what}: {cases} cases")?;
        }
        Ok(())
    }
}
