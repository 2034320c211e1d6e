//! Whether a call needs a person's approval, and all that it does that they should know. Pure.
//!
//! A tool that is not marked read-only needs it; so does one that reaches out into the world with
//! results of another server in its arguments, since that server's data would leave through it (what
//! a result was made from travels with it through any number of tasks); and so does every call of a
//! server that is not trusted yet, whose marks do not count.

use std::collections::BTreeSet;

use crate::catalog::Tool;
use crate::event::Effect;
use crate::reason::Reason;

/// What a person said before about a tool and its server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// The tool is always allowed: that is about what it does, not about whose data goes there.
    pub(super) always: bool,
    /// What the server's tools say of themselves counts.
    pub(super) trusted: bool,
    /// All tools of the server only read.
    pub(super) only_reads: bool,
}

/// What a person is to be asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asking {
    pub(super) effects: Vec<Effect>,
    /// Servers whose results the call would carry elsewhere.
    pub(super) sends_from: Vec<String>,
    /// Every reason for which it needs approval, for people.
    pub(super) reasons: Vec<String>,
}

/// What is to be asked about a call; `None` if it needs no approval. `carried` are the servers whose
/// results are in its arguments.
pub(super) fn asking(tool: &Tool, carried: &BTreeSet<String>, word: Word) -> Option<Asking> {
    let Tool { server, name, hints, .. } = tool;
    let Word { always, trusted, only_reads } = word;
    let (mut effects, mut reasons) = (Vec::new(), Vec::new());
    if !hints.read_only {
        let destroys = hints.destructive || !trusted;
        effects.push(if destroys { Effect::Destroys } else { Effect::Changes });
        if !always {
            reasons
                .push(format!("the tool {name} of server \"{server}\" is not marked as read-only"));
        }
    }
    let mut sends_from: Vec<String> =
        carried.iter().filter(|other| *other != server).cloned().collect();
    if trusted && !hints.open_world {
        sends_from.clear();
    }
    if !sends_from.is_empty() {
        effects.push(Effect::Sends);
        let others: Vec<String> = sends_from.iter().map(|other| format!("\"{other}\"")).collect();
        reasons.push(format!(
            "results of server {} would go to the tool {name} of server \"{server}\", which reaches \
             out into the world",
            others.join(" and ")
        ));
    }
    if !trusted && !only_reads && !always {
        effects.push(Effect::Untrusted);
        reasons.push(format!(
            "server \"{server}\" is not trusted yet, so that what its tools say of themselves does \
             not count"
        ));
    }
    (!reasons.is_empty()).then_some(Asking { effects, sends_from, reasons })
}

/// Why what nobody can be asked about fails, and how to allow it.
pub(super) fn refusal(tool: &Tool, asking: &Asking) -> Reason {
    let mut todo = "ask in the window, or with --approve all, to allow it".to_owned();
    // The person's word about the tools of a server says nothing about whose data goes there.
    if asking.sends_from.is_empty() {
        let more = format!(
            "; if every tool of \"{}\" only reads, say \"readOnly\": true in its entry",
            tool.server
        );
        todo.push_str(&more);
    }
    Reason::new(asking.reasons.join("; "), todo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Hints;
    use Effect::{Changes, Destroys, Sends, Untrusted};

    const TRUSTED: Word = Word { always: false, trusted: true, only_reads: false };

    fn tool(read_only: bool, open_world: bool) -> Tool {
        Tool {
            server: "web".into(),
            name: "fetch".into(),
            hints: Hints { read_only, open_world, destructive: false, ..Hints::default() },
            ..Tool::default()
        }
    }

    fn asked(tool: &Tool, carried: &[&str], word: Word) -> Option<Asking> {
        asking(tool, &carried.iter().map(ToString::to_string).collect(), word)
    }

    fn effects(tool: &Tool, carried: &[&str], word: Word) -> Vec<Effect> {
        asked(tool, carried, word).map(|asking| asking.effects).unwrap_or_default()
    }

    #[test]
    fn writing_and_carrying_out_need_approval() {
        let always = Word { always: true, ..TRUSTED };
        assert_eq!(effects(&tool(false, true), &[], TRUSTED), [Changes]);
        assert_eq!(effects(&tool(false, false), &[], TRUSTED), [Changes]);
        assert_eq!(effects(&tool(true, true), &[], TRUSTED), []);
        assert_eq!(effects(&tool(true, true), &["web"], TRUSTED), []);
        assert_eq!(effects(&tool(true, true), &["notes", "web"], TRUSTED), [Sends]);
        assert_eq!(effects(&tool(true, false), &["notes"], TRUSTED), []);
        assert_eq!(effects(&tool(false, true), &[], always), []);
        let destructive = Hints { open_world: false, ..Hints::default() };
        let remove = Tool { hints: destructive, ..tool(false, false) };
        assert_eq!(effects(&remove, &["notes"], TRUSTED), [Destroys]);
    }

    #[test]
    fn every_reason_is_named_with_both_ends() {
        let both = asked(&tool(false, true), &["files", "notes"], TRUSTED).unwrap();
        assert_eq!(both.effects, [Changes, Sends]);
        assert_eq!(both.sends_from, ["files", "notes"]);
        let [changes, sends] = both.reasons.as_slice() else { panic!("{both:?}") };
        assert!(changes.contains("fetch of server \"web\" is not marked"), "{changes}");
        let ends = "results of server \"files\" and \"notes\" would go to the tool fetch of server \"web\"";
        assert!(sends.starts_with(ends), "{sends}");
        // What it does is told, also where it is no reason to ask.
        let again =
            asked(&tool(false, true), &["notes"], Word { always: true, ..TRUSTED }).unwrap();
        assert_eq!((again.effects, again.reasons.len()), (vec![Changes, Sends], 1));
    }

    #[test]
    fn the_marks_of_a_server_that_is_not_trusted_count_for_nothing() {
        let strange = Word { trusted: false, ..TRUSTED };
        assert_eq!(effects(&tool(true, false), &[], strange), [Untrusted]);
        assert_eq!(effects(&tool(false, false), &[], strange), [Destroys, Untrusted]);
        assert_eq!(effects(&tool(true, false), &["notes"], strange), [Sends, Untrusted]);
        // The person's own word about the server, or about the tool, does.
        let reads = Word { only_reads: true, ..strange };
        assert_eq!(effects(&tool(true, false), &[], reads), []);
        assert_eq!(effects(&tool(true, false), &["notes"], reads), [Sends]);
        assert_eq!(effects(&tool(false, false), &[], Word { always: true, ..strange }), []);
    }

    #[test]
    fn what_is_advised_would_help() {
        let writes = tool(false, true);
        let words =
            |carried| refusal(&writes, &asked(&writes, carried, TRUSTED).unwrap()).to_string();
        assert!(words(&[]).contains("\"readOnly\": true") && words(&[]).contains("--approve all"));
        assert!(!words(&["notes"]).contains("readOnly"), "{}", words(&["notes"]));
        assert!(words(&["notes"]).contains("results of server \"notes\""), "{}", words(&["notes"]));
    }
}
