//! What one call takes: tokens, times and money, and whether its server read all that it was sent.
//!
//! Comes in: the size of what was sent, each piece of the reply with the time of its packet, and the
//! provider's own counts. Goes out: [`Usage`]. Reads no stream.

use std::time::Duration;

use tokio::time::Instant;

use super::{BYTES_A_TOKEN, Prompt};
use crate::{event::Usage, settings::Price};

/// Writing that took no longer says nothing of a model's speed: its packets were held back together.
const SHORTEST_WRITING: Duration = Duration::from_millis(50);

/// Shorter prompts fit anywhere, and the few tokens that a server adds weigh too much in them.
const SHORT_PROMPT: u64 = 8_000;

/// More letters a token than any long text has: English prose has 4 to 5, long German words 6, JSON 3,
/// Chinese less than 2. Bytes would not do: a letter of Hindi or Thai has three, and a newer
/// tokenizer puts several of them into one token.
const PLAINLY_FEWER: u64 = 8;

/// What was sent, and the window that the server was told to read it with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    bytes: u64,
    letters: u64,
    window: Option<u64>,
}

/// What is counted of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    asked: Instant,
    sent: Sent,
    price: Price,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Bytes written, thinking included; and those of the first packet among them.
    written: u64,
    written_at_first: u64,
    /// Bytes of it that were thinking in the open.
    thought: u64,
    counted: Counted,
}

/// Tokens, as far as the provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    /// Those of the output that were thinking.
    pub(super) thinking: Option<u64>,
}

impl Sent {
    /// A prompt; `window` is how many tokens the server was told to read, where it is told.
    pub(super) fn of(prompt: &Prompt, window: Option<u64>) -> Self {
        let texts = || {
            let said = prompt.messages.iter().map(|message| message.text.as_str());
            std::iter::once(prompt.system.as_str()).chain(said)
        };
        Self { bytes: prompt.bytes() as u64, letters: texts().map(letters).sum(), window }
    }
}

/// Letters of a text, a run of one and the same mark counted once: rules of dashes and indents are a
/// token each, however long they are.
fn letters(text: &str) -> u64 {
    let mut before = None;
    let is_counted = |letter: &char| {
        let again = before.replace(*letter) == Some(*letter);
        !again || letter.is_alphanumeric()
    };
    text.chars().filter(is_counted).count() as u64
}

impl Account {
    pub(super) fn new(asked: Instant, sent: Sent, price: Price) -> Self {
        Self {
            asked,
            sent,
            price,
            first: None,
            last: None,
            written: 0,
            written_at_first: 0,
            thought: 0,
            counted: Counted::default(),
        }
    }

    /// The model wrote (or thought) something, in a packet that came at `now`.
    pub(super) fn wrote(&mut self, now: Instant, bytes: usize, is_thinking: bool) {
        let bytes = bytes as u64;
        self.written += bytes;
        if *self.first.get_or_insert(now) == now {
            self.written_at_first += bytes;
        }
        if is_thinking {
            self.thought += bytes;
        }
        self.last = Some(now);
    }

    /// The provider counted, in full up to now.
    pub(super) fn counted(&mut self, counted: Counted) {
        let known = &mut self.counted;
        *known = Counted {
            input: counted.input.or(known.input),
            output: counted.output.or(known.output),
            thinking: counted.thinking.or(known.thinking),
        };
    }

    /// Whether anything was written yet.
    pub(super) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Bytes of thinking in the open.
    pub(super) fn thought(&self) -> u64 {
        self.thought
    }

    /// Whether the server cut the prompt without saying so: it read plainly fewer tokens than were
    /// sent, or as many as its window holds.
    ///
    /// A count that leaves out what the server had in its cache would look the same; the providers'
    /// files add those. A prompt that fills its window by itself leaves no room for a reply, so less
    /// of it is right either way.
    pub(super) fn read_too_little(&self) -> bool {
        let Some(read) = self.counted.input.filter(|read| *read > 0) else { return false };
        let filled = self.sent.window.is_some_and(|window| read * 50 >= window * 49);
        self.sent.letters > SHORT_PROMPT && (filled || read * PLAINLY_FEWER < self.sent.letters)
    }

    /// Tokens and times until now; estimated where the provider counts nothing.
    pub(super) fn usage(&self) -> Usage {
        let guess = |bytes: u64| bytes.div_ceil(BYTES_A_TOKEN);
        let Counted { input, output, .. } = self.counted;
        let input_tokens = input.unwrap_or_else(|| guess(self.sent.bytes));
        let output_tokens = output.unwrap_or_else(|| guess(self.written));
        let Price { input: input_price, output: output_price } = self.price;
        let priced = input_price.is_some() || output_price.is_some();
        let cost = number(input_tokens) * input_price.unwrap_or(0.0)
            + number(output_tokens) * output_price.unwrap_or(0.0);
        Usage {
            input_tokens,
            output_tokens,
            calls: 1,
            estimated: input.is_none() || output.is_none(),
            first_token_ms: self.first.map(|first| (first - self.asked).as_secs_f64() * 1000.0),
            tokens_per_second: self.tokens_per_second(output_tokens),
            cost: priced.then_some(cost / 1_000_000.0),
        }
    }

    /// How fast it wrote after the first packet, whose part of the tokens is left out; `None` where
    /// the writing was too short to tell.
    fn tokens_per_second(&self, output_tokens: u64) -> Option<f64> {
        let writing = self.last?.saturating_duration_since(self.first?);
        if writing < SHORTEST_WRITING || self.written == 0 {
            return None;
        }
        // Thinking behind closed doors was over before the first token came.
        let hidden = self.counted.thinking.filter(|_| self.thought == 0).unwrap_or(0);
        let seen = number(output_tokens.saturating_sub(hidden));
        let later = number(self.written - self.written_at_first) / number(self.written);
        Some(seen * later / writing.as_secs_f64())
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes and tokens of a call are far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Message;

    fn account(text: &str, window: Option<u64>) -> Account {
        let prompt = Prompt { messages: vec![Message::user(text)], ..Prompt::default() };
        Account::new(Instant::now(), Sent::of(&prompt, window), Price::default())
    }

    #[test]
    fn speed_is_told_by_packets_and_only_where_it_can_be() {
        let tokens = Counted { output: Some(100), ..Counted::default() };
        let speed = |packets: &[(u64, usize)], counted: Counted| {
            let mut account = account("q", None);
            let began = account.asked;
            for (ms, bytes) in packets {
                account.wrote(began + Duration::from_millis(*ms), *bytes, false);
            }
            account.counted(counted);
            account.usage().tokens_per_second
        };
        // Everything in one packet, however many events it holds.
        assert_eq!(speed(&[(5, 200), (5, 200)], tokens), None);
        assert_eq!(speed(&[(5, 200), (6, 200)], tokens), None);
        // The first packet's half does not count.
        assert_eq!(speed(&[(0, 200), (1000, 100), (2000, 100)], tokens), Some(25.0));
        let thought = Counted { thinking: Some(60), ..tokens };
        assert_eq!(speed(&[(0, 200), (1000, 100), (2000, 100)], thought), Some(10.0));
    }

    #[test]
    fn a_prompt_that_was_cut_is_told_from_one_that_was_read() {
        let read = |text: &str, window: Option<u64>, tokens: u64| {
            let mut account = account(text, window);
            account.counted(Counted { input: Some(tokens), ..Counted::default() });
            account.read_too_little()
        };
        let (english, german) = ("He said so. ".repeat(2_000), "Donaudampfschiff ".repeat(1_000));
        let cases = [
            ("English as it is counted", english.as_str(), None, 6_000, false),
            ("the same in a window of 2,048", &english, None, 2_048, true),
            ("long words", &german, None, 3_000, false),
            ("Chinese, two letters a token", &"上游故事".repeat(3_000), None, 6_000, false),
            ("Hindi, four letters a token", &"कहानियाँ ".repeat(2_000), None, 4_500, false),
            ("rules of dashes", &"-".repeat(60_000), None, 900, false),
            ("a short prompt", &"word ".repeat(400), None, 10, false),
            ("a server that counts nothing", &english, None, 0, false),
            ("a window that is full", &english, Some(6_000), 5_990, true),
            ("a window with room left", &english, Some(8_000), 6_000, false),
        ];
        for (what, text, window, tokens, expected) in cases {
            assert_eq!(read(text, window, tokens), expected, "{what}");
        }
    }
}
