//! Reads a plan while a model writes it, and hands each task on the moment it is whole.
//!
//! Comes in: a reply. Goes out: tasks through the [`Checker`], and what there is to say of the plan
//! at its end. What the tasks mean is the checker's part, what becomes of a bad plan the planner's.

use super::{
    check::{Checked, Checker},
    elements::{Cut, Parser, Rest},
    spent::Spent,
};
use crate::llm::{ModelError, Reply};

/// Elements in a row that lead to no further task, before a plan is taken to repeat itself.
const MOST_IDLE: usize = 64;

/// What was read of a plan.
pub(super) struct Read {
    pub(super) rest: Rest,
    /// The reply did not end well.
    pub(super) broken: Option<ModelError>,
    /// The server stopped the model at a limit of length.
    pub(super) cut_off: bool,
    /// It had more tasks than it may.
    pub(super) full: bool,
    /// Elements that were no tasks.
    pub(super) unreadable: usize,
    /// The server read only a part of the prompt.
    pub(super) unread: bool,
}

/// Sends tasks on until the plan ends, breaks off or is full.
pub(super) async fn read(reply: &mut Reply, checker: &mut Checker<'_>, spent: &mut Spent) -> Read {
    let mut parser = Parser::default();
    let (mut full, mut unreadable, mut idle, mut broken) = (false, 0, 0, None);
    'plan: loop {
        let piece = reply.text().await;
        spent.update(reply);
        let piece = match piece {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(error) => {
                broken = Some(error);
                break;
            }
        };
        for cut in parser.push(&piece) {
            let checked = match cut {
                Cut::Task(raw) => checker.take(raw),
                Cut::Unreadable(text) => {
                    tracing::warn!(text, "an entry of the plan is no task");
                    checker.skip();
                    unreadable += 1;
                    Checked::Alias
                }
            };
            idle = if checked == Checked::Taken { 0 } else { idle + 1 };
            full = checked == Checked::Full;
            if full || idle >= MOST_IDLE {
                break 'plan;
            }
        }
    }
    Read {
        rest: parser.finish(),
        broken,
        cut_off: reply.was_cut_off(),
        full,
        unreadable,
        unread: reply.read_too_little(),
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tokio::sync::mpsc;
    use uuid::Uuid;

    use super::*;
    use crate::{
        catalog::Catalog, history::Recorder, llm::reply::for_tests, settings::Provider,
        task::Planned,
    };

    const PROVIDERS: [Provider; 3] = [Provider::Openai, Provider::Anthropic, Provider::Ollama];

    /// A text of a model in a provider's bytes, a few letters an event.
    fn wire(provider: Provider, text: &str) -> Vec<u8> {
        let letters: Vec<char> = text.chars().collect();
        let pieces = letters.chunks(3).map(|piece| piece.iter().collect::<String>());
        let event = |value: Value| match provider {
            Provider::Ollama => format!("{value}\n"),
            _ => format!(": alive\r\nevent: x\r\ndata: {value}\r\n\r\n"),
        };
        let piece = |text: String| match provider {
            Provider::Anthropic => json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "text_delta", "text": text}}),
            Provider::Ollama => json!({"message": {"content": text}, "done": false}),
            _ => json!({"choices": [{"index": 0, "delta": {"content": text}}]}),
        };
        let last = match provider {
            Provider::Anthropic => json!({"type": "message_stop"}),
            Provider::Ollama => json!({"done": true, "done_reason": "stop"}),
            _ => json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        };
        let done = if provider == Provider::Openai { "data: [DONE]\n\n" } else { "" };
        let events: String = pieces.map(piece).chain([last]).map(event).collect();
        (events + done).into_bytes()
    }

    /// What is sent of a plan that arrives in these packets, and what is said of it at its end.
    fn planned(provider: Provider, packets: Vec<Vec<u8>>) -> (Vec<Planned>, Rest, usize) {
        let (catalog, recorder) =
            (Catalog::default(), Recorder::start(None, Uuid::nil(), "?", None));
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let mut checker = Checker::new(&catalog, &recorder, &sender, 9);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let read = runtime.block_on(async {
            let packets = packets.into_iter().map(|packet| Ok(packet.into()));
            let mut reply = for_tests(provider, stream::iter(packets));
            read(&mut reply, &mut checker, &mut Spent::default()).await
        });
        assert_eq!(read.broken, None);
        checker.finish();
        drop(sender);
        let mut sent = Vec::new();
        while let Ok(planned) = receiver.try_recv() {
            sent.push(planned);
        }
        (sent, read.rest, read.unreadable)
    }

    fn plan() -> String {
        let task =
            |name: &str, text: &str| json!({"tool_name": name, "tool_arguments": {"q": text}});
        let tasks =
            json!([task("a", "größer }]\" 😀"), 7, task("b", "\n\\ö"), task("b", "${t1:/x}")]);
        let thought = "<think>{\"tasks\": [no], ö} < als</thin </think>";
        format!(
            "{thought}Sure, {{it}}:\n```json\n{{\"tasks\": {tasks}, \"answer\": null}}\n```\nDone."
        )
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_tasks(
            which in 0..PROVIDERS.len(),
            cuts in prop::collection::vec(0.0..1.0_f64, 0..60),
        ) {
            let bytes = wire(PROVIDERS[which], &plan());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss,
                clippy::cast_precision_loss, reason = "a place within a few kilobytes")]
            let mut cuts: Vec<usize> =
                cuts.into_iter().map(|at| (at * bytes.len() as f64) as usize).collect();
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([bytes.len()]);
            let starts = std::iter::once(0).chain(cuts.iter().copied());
            let packets = starts.zip(ends).map(|(start, end)| bytes[start..end].to_vec()).collect();
            let (sent, rest, unreadable) = planned(PROVIDERS[which], packets);
            prop_assert_eq!((sent.len(), unreadable, rest.whole), (3, 1, true));
            prop_assert_eq!((sent, rest, unreadable), planned(PROVIDERS[which], vec![bytes]));
        }
    }
}
