//! Events stay small, whatever a server or a model writes: no message, progress text or arguments in
//! one are longer than [`LONGEST`].
//!
//! What is longer is cut there on a whole character, and says so. The history has the whole: the
//! recorder cuts what it tells and keeps, not what it stores.

use std::borrow::Cow;
use std::{io, iter};

use serde_json::{Map, Value, json};

use super::EventKind;

/// Most bytes of a message, a progress text, or the arguments of a call in an event.
pub const LONGEST: usize = 16 << 10;

/// An argument of many is not cut to less.
const LEAST: usize = 64;

/// What an event holds that may be long.
enum Part<'a> {
    Text(&'a mut String),
    Arguments(&'a mut Value),
}

impl EventKind {
    /// Cuts whatever is too long; gives back the event as it was, if anything is.
    pub(crate) fn cut(&mut self) -> Option<Self> {
        if !self.parts().iter().any(Part::is_too_long) {
            return None;
        }
        let whole = self.clone();
        self.parts().into_iter().filter(Part::is_too_long).for_each(Part::cut);
        Some(whole)
    }

    fn parts(&mut self) -> Vec<Part<'_>> {
        match self {
            Self::ServerFailed { message, todo, .. } | Self::Failed { message, todo, .. } => {
                spoken(message, todo)
            }
            Self::TaskRetrying { reason, .. } => vec![Part::Text(reason)],
            Self::Planned { note: text, .. } | Self::TaskProgress { message: text, .. } => {
                text.iter_mut().map(Part::Text).collect()
            }
            Self::TaskPlanned { arguments, description, .. } => {
                vec![Part::Arguments(arguments), Part::Text(description)]
            }
            Self::TaskStarted { arguments, .. } => {
                arguments.iter_mut().map(Part::Arguments).collect()
            }
            Self::ApprovalRequested { reason, arguments, .. } => {
                let real = arguments.iter_mut().map(|of| Part::Arguments(&mut of.arguments));
                real.chain([Part::Text(reason)]).collect()
            }
            Self::TaskFinished { error, .. } => {
                let error = error.iter_mut();
                error.flat_map(|error| spoken(&mut error.message, &mut error.todo)).collect()
            }
            Self::Finished(finished) => {
                let gaps = finished.not_consulted.iter_mut();
                gaps.map(|gap| Part::Text(&mut gap.reason)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn spoken<'a>(message: &'a mut String, todo: &'a mut Option<String>) -> Vec<Part<'a>> {
    std::iter::once(message).chain(todo).map(Part::Text).collect()
}

impl Part<'_> {
    fn is_too_long(&self) -> bool {
        match self {
            Self::Text(text) => text.len() > LONGEST,
            Self::Arguments(arguments) => !fits(arguments, LONGEST),
        }
    }

    fn cut(self) {
        match self {
            Self::Text(text) => *text = shortened(text, LONGEST).into_owned(),
            Self::Arguments(arguments) => *arguments = shortened_arguments(arguments),
        }
    }
}

/// A text of at most `most` bytes; what is left of a longer one says so at its end.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let mark = format!(" … [cut here; {} bytes in all]", text.len());
    let end = text.floor_char_boundary(most.saturating_sub(mark.len()));
    Cow::Owned(format!("{}{mark}", &text[..end]))
}

/// The same arguments with the long ones cut, as many as must be: what is no text becomes the
/// beginning of its JSON.
fn shortened_arguments(arguments: &Value) -> Value {
    let each_cut = |given: &Map<String, Value>, most| {
        let cut = given.iter().map(|(name, value)| {
            let kept = if fits(value, most) { value.clone() } else { told(value, most).into() };
            (name.clone(), kept)
        });
        Value::Object(cut.collect())
    };
    // So many, or with such names, that they only fit together.
    let as_one = |most| json!({"…": told(arguments, most)});
    match arguments {
        Value::Object(given) => first_that_fits(LEAST, |most| each_cut(given, most))
            .or_else(|| first_that_fits(1, as_one)),
        other => first_that_fits(1, |most| told(other, most).into()),
    }
    .unwrap_or_default()
}

/// Made with less and less room for each part, until all of it fits.
fn first_that_fits(least: usize, make: impl Fn(usize) -> Value) -> Option<Value> {
    let rooms = iter::successors(Some(LONGEST / 2), |room| Some(room / 2));
    rooms.take_while(|room| *room >= least).map(make).find(|value| fits(value, LONGEST))
}

fn told(value: &Value, most: usize) -> String {
    match value {
        Value::String(text) => shortened(text, most).into_owned(),
        other => shortened(&other.to_string(), most).into_owned(),
    }
}

/// Whether a value's JSON is of at most `most` bytes; does not look at more of it.
fn fits(value: &Value, most: usize) -> bool {
    struct Room(usize);
    impl io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Room(most), value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_on_a_whole_character_and_says_so() {
        for unit in ["a", "ä", "€", "😀"] {
            let long = unit.repeat(LONGEST + 1);
            let cut = shortened(&long, LONGEST);
            assert!(cut.len() <= LONGEST && cut.len() > LONGEST - 4, "{}", cut.len());
            let mark = format!(" … [cut here; {} bytes in all]", long.len());
            assert!(long.starts_with(cut.strip_suffix(&mark).unwrap()));
        }
        let fitting = "a".repeat(LONGEST);
        assert_eq!(shortened(&fitting, LONGEST), fitting);
    }

    #[test]
    fn long_arguments_are_cut_and_the_others_stay() {
        let long = "\"\n😀".repeat(LONGEST);
        let list: Vec<usize> = (0..LONGEST).collect();
        let check = |arguments: Value| {
            assert!(!fits(&arguments, LONGEST));
            let cut = shortened_arguments(&arguments);
            assert!(fits(&cut, LONGEST), "{} bytes", cut.to_string().len());
            assert!(cut.to_string().contains("bytes in all]"), "{cut}");
            cut
        };
        let cut = check(json!({"query": "rust", "size": 5, "text": long, "list": list}));
        assert_eq!((&cut["query"], &cut["size"]), (&json!("rust"), &json!(5)));
        assert!(long.starts_with(cut["text"].as_str().unwrap().split(" … [").next().unwrap()));
        assert!(cut["list"].as_str().unwrap().starts_with("[0,1,2,"));
        check(json!(long));
        check(json!("\u{1}".repeat(LONGEST)));
        check(json!({long.clone(): 1}));
        let many = (0..LONGEST).map(|n| (n.to_string(), json!(n)));
        check(Value::Object(many.collect()));
        check(Value::Object((0..200).map(|n| (n.to_string(), json!("x".repeat(500)))).collect()));
    }

    #[test]
    fn what_is_short_is_left_alone() {
        let mut kind =
            EventKind::Failed { code: "a".into(), message: "b".repeat(LONGEST), todo: None };
        let before = kind.clone();
        assert_eq!(kind.cut(), None);
        assert_eq!(kind, before);
    }
}
