//! Cuts the tasks out of a plan while it is being written.
//!
//! Comes in: text, in pieces of any size, with code fences or prose around the JSON. Goes out: each
//! element of `tasks` the moment its last byte is there, handed to `serde_json` as a whole, and the
//! `answer` of a plan that needs no tool. What an element means is [`super::lenient`]'s concern.

use super::{RawTask, lenient};

/// A parser of one plan.
#[derive(Debug, Default)]
pub(super) struct Parser {
    text: String,
    /// First byte not looked at yet.
    at: usize,
    place: Place,
    /// Beginning of the key, value or element that is being read.
    start: usize,
    /// Beginning of the outermost object.
    root: usize,
    nesting: Nesting,
    key: String,
    saw_tasks: bool,
    answer: Option<String>,
}

/// What a piece of text completed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cut {
    /// An element of `tasks`.
    Task(RawTask),
    /// An element that is no task; its text.
    Unreadable(String),
}

/// What there is to say once no text will follow.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rest {
    /// The plan's JSON was closed.
    pub(super) whole: bool,
    /// There was the beginning of a plan at least.
    pub(super) begun: bool,
    /// The plan's `answer`, if it is a text, as far as it came.
    pub(super) answer: Option<String>,
    /// It came to its end.
    pub(super) answer_is_whole: bool,
    /// Everything that came.
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before any JSON, or after some that was no plan.
    #[default]
    Outside,
    /// After a `{` that may begin the plan.
    Object,
    /// After a `[` that may begin a list of tasks without the object around it.
    List,
    Key,
    Colon,
    /// Before a value.
    Value,
    /// Within a value that is only skipped.
    Skipped,
    /// Between elements of `tasks`.
    Tasks,
    Element,
    /// After a value.
    Comma,
    /// After a comma.
    NextKey,
    Done,
}

/// Depth and strings within a value.
#[derive(Debug, Clone, Copy, Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Parser {
    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &str) -> Vec<Cut> {
        self.text.push_str(piece);
        let mut cuts = Vec::new();
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            if self.step(byte, &mut cuts) {
                self.at += 1;
            }
        }
        cuts
    }

    /// Ends the plan.
    pub(super) fn finish(self) -> Rest {
        let answer_is_whole = self.answer.is_some();
        let answer = self.answer.or_else(|| {
            let within = self.place == Place::Skipped && self.key == "answer";
            within.then(|| beginning(&self.text[self.start..])).flatten()
        });
        Rest {
            whole: self.place == Place::Done,
            begun: self.saw_tasks || answer.is_some(),
            answer: answer.filter(|answer| !answer.trim().is_empty()),
            answer_is_whole,
            text: self.text,
        }
    }

    /// Looks at one byte; `false` leaves it for the next place.
    fn step(&mut self, byte: u8, cuts: &mut Vec<Cut>) -> bool {
        let space = byte.is_ascii_whitespace();
        match (self.place, byte) {
            (Place::Done, _) => {}
            (Place::Outside, b'{') => {
                self.root = self.at;
                self.place = Place::Object;
            }
            (Place::Outside, b'[') => self.place = Place::List,
            (Place::Outside, _) => {}
            (Place::Key, _) => {
                if self.nesting.within(byte) {
                    self.key = text(&self.text[self.start..=self.at]).unwrap_or_default();
                    self.place = Place::Colon;
                }
            }
            (Place::Skipped | Place::Element, _) => return self.inside(byte, cuts),
            (_, _) if space => {}
            (Place::Object | Place::NextKey, b'"') => {
                self.start = self.at;
                self.nesting = Nesting { in_string: true, ..Nesting::default() };
                self.place = Place::Key;
            }
            (Place::NextKey | Place::Comma, b'}') => self.root_closed(cuts),
            (Place::List, b'{') => {
                self.saw_tasks = true;
                // Closed by its `]` alone: there is no object around it.
                self.key.clear();
                self.place = Place::Tasks;
                return false;
            }
            (Place::Colon, b':') => self.place = Place::Value,
            (Place::Value, b'[') if self.key == "tasks" => {
                self.saw_tasks = true;
                self.place = Place::Tasks;
            }
            // Some models put a plan into an object of its own.
            (Place::Value, b'{') if matches!(self.key.as_str(), "plan" | "response" | "output") => {
                self.place = Place::Object;
            }
            (Place::Value, _) => return self.begin(Place::Skipped),
            (Place::Comma, b',') => self.place = Place::NextKey,
            (Place::Tasks, b',') => {}
            (Place::Tasks, b']') => {
                let bare = self.key.is_empty();
                self.place = if bare { Place::Done } else { Place::Comma };
            }
            (Place::Tasks, b'}') => self.place = Place::Done,
            (Place::Tasks, _) => return self.begin(Place::Element),
            // No JSON after all, or no more: what follows may still be a plan.
            (Place::Object | Place::List | Place::Colon | Place::NextKey | Place::Comma, _) => {
                self.place = if self.saw_tasks { Place::Done } else { Place::Outside };
                return false;
            }
        }
        true
    }

    fn begin(&mut self, place: Place) -> bool {
        self.start = self.at;
        self.nesting = Nesting::default();
        self.place = place;
        false
    }

    /// Within a value: ends at its own closing bracket or quote, or before what cannot belong to it.
    fn inside(&mut self, byte: u8, cuts: &mut Vec<Cut>) -> bool {
        let top = self.nesting.depth == 0 && !self.nesting.in_string;
        if top && matches!(byte, b',' | b']' | b'}') {
            self.ended(self.at, cuts);
            return false;
        }
        if self.nesting.within(byte) {
            self.ended(self.at + 1, cuts);
        }
        true
    }

    fn ended(&mut self, end: usize, cuts: &mut Vec<Cut>) {
        let value = self.text[self.start..end].trim();
        if self.place == Place::Element {
            cuts.push(
                lenient::task(value).map_or_else(|| Cut::Unreadable(value.to_owned()), Cut::Task),
            );
            self.place = Place::Tasks;
            return;
        }
        if self.key == "answer" {
            self.answer = text(value);
        }
        self.place = Place::Comma;
    }

    fn root_closed(&mut self, cuts: &mut Vec<Cut>) {
        if self.saw_tasks || self.answer.is_some() {
            self.place = Place::Done;
            return;
        }
        // A plan of one task may come without the list around it.
        match lenient::task(&self.text[self.root..=self.at]) {
            Some(task) => {
                self.saw_tasks = true;
                cuts.push(Cut::Task(task));
                self.place = Place::Done;
            }
            None => self.place = Place::Outside,
        }
    }
}

impl Nesting {
    /// Takes a byte of a value; `true` when it was the value's last one.
    fn within(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    return self.depth == 0;
                }
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// A JSON string's text.
fn text(json: &str) -> Option<String> {
    match lenient::lenient(json)? {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    }
}

/// The text of a JSON string that broke off; what is left of an escape at its end is dropped.
fn beginning(json: &str) -> Option<String> {
    // The longest one, `\ud83d\ude00`, has twelve letters.
    let ends = json.char_indices().map(|(at, _)| at).chain([json.len()]).rev();
    ends.take(12).find_map(|end| text(&format!("{}\"", &json[..end])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (Vec<Cut>, Rest) {
        let mut parser = Parser::default();
        let cuts = pieces.into_iter().flat_map(|piece| parser.push(piece)).collect();
        (cuts, parser.finish())
    }

    fn names(text: &str) -> Vec<String> {
        let name = |cut| match cut {
            Cut::Task(task) => task.tool_name,
            Cut::Unreadable(_) => "?".to_owned(),
        };
        parse([text]).0.into_iter().map(name).collect()
    }

    const PLAN: &str = "Sure! Here {it} is, [1]:\n```json\n{\"reasoning\": \"a \\\"}]{[ b\", \"tasks\" : [\r\n\
        {\"tool_name\":\"a\",\"tool_arguments\":{\"q\":\"}]\\\\\\\"ö😀\",\"n\":[1,{\"x\":[]}]}},\
        {\"id\":\"t2\",\"tool_name\":\"b\",\"tool_arguments\":{}} , 7, \"x,]\",\
        {\"tool_name\":\"c\",\"depends_on\":[\"t1\"]}],\"answer\":null}\n```\nDone {\"tasks\":[{\"tool_name\":\"no\"}]}";

    #[test]
    fn tasks_are_found_whatever_is_around_them() {
        assert_eq!(names(PLAN), ["a", "b", "?", "?", "c"]);
        assert_eq!(names("[{\"tool_name\":\"a\"},{\"tool_name\":\"b\"}]"), ["a", "b"]);
        assert_eq!(names("{\"tool_name\":\"a\",\"tool_arguments\":{\"x\":1}}"), ["a"]);
        assert_eq!(names("{\"plan\":{\"tasks\":[{\"tool_name\":\"a\"}]}}"), ["a"]);
        assert_eq!(names("{\"x\":1} {\"tasks\":[{\"tool_name\":\"a\"},]}"), ["a"]);
        assert_eq!(names("{\"answer\":null,\"tasks\":[{\"tool_name\":\"a\"}]}"), ["a"]);
        assert_eq!(
            names("{\"tasks\":[{\"tool_name\":\"a\",\"description\":\"two\nlines\",}]}"),
            ["a"]
        );
        for none in [
            "",
            "no plan",
            "{",
            "[[",
            "{}",
            "{\"tasks\":[}",
            "{\"x\":]",
            "{\"tasks\":null}",
            "}{][",
        ] {
            assert!(names(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn a_task_comes_with_its_last_byte_and_not_before() {
        let mut parser = Parser::default();
        assert!(parser.push("{\"tasks\":[{\"tool_name\":\"a\"").is_empty());
        assert_eq!(parser.push("}").len(), 1);
        assert!(parser.push(",{\"tool_name\":").is_empty());
        let rest = parser.finish();
        assert!(rest.begun && !rest.whole);
    }

    #[test]
    fn a_direct_answer_is_found() {
        let (cuts, rest) = parse(["{\"answer\":\"4 \\u00f6\\n\",\"tasks\":[]}"]);
        assert!(cuts.is_empty() && rest.whole);
        assert_eq!(rest.answer.as_deref(), Some("4 ö\n"));
        assert!(rest.answer_is_whole);
        for (broken, expected) in [
            ("It is **fo", Some("It is **fo")),
            ("so \\", Some("so ")),
            ("ö \\ud83d\\ude", Some("ö ")),
            ("", None),
        ] {
            let (_, rest) = parse([&format!("{{\"tasks\":[],\"answer\":\"{broken}")[..]]);
            assert_eq!(
                (rest.answer.as_deref(), rest.answer_is_whole),
                (expected, false),
                "{broken}"
            );
        }
        let (_, prose) = parse(["It is four."]);
        assert_eq!((prose.begun, prose.whole, prose.answer), (false, false, None));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_tasks(
            cuts in prop::collection::vec(0..PLAN.len(), 0..40),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|at| PLAN.is_char_boundary(*at)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut start = 0;
            for cut in cuts {
                pieces.push(&PLAN[start..cut]);
                start = cut;
            }
            pieces.push(&PLAN[start..]);
            prop_assert_eq!(parse(pieces), parse([PLAN]));
        }

        #[test]
        fn no_text_breaks_it(text in "[\\[\\]{}\",:a1\\\\ ts]{0,60}") {
            parse([text.as_str()]);
        }
    }
}
