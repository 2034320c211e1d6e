//! The conversation that a run follows up: what was asked and answered before, in a model's size.
//!
//! Long texts are cut before turns are left out, the newest turn stays, and the model is told of both.

use crate::llm::Message;

/// Nothing shorter is cut, and no text to less.
const SHORTEST: usize = 200;

/// Where a long text was cut.
const CUT: &str = " [… the rest is left out here]";

/// An earlier question of the same thread and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// What was asked.
    pub(crate) question: String,
    /// What was answered.
    pub(crate) answer: String,
}

impl Turn {
    /// The conversation as a model reads it in about `room` bytes, with the new question, which is
    /// not counted, last.
    pub(crate) fn messages(turns: &[Self], room: usize, question: &str) -> Vec<Message> {
        // A turn that was cancelled has no answer; some servers refuse an empty message.
        let ended: Vec<&Self> =
            turns.iter().filter(|turn| !turn.answer.trim().is_empty()).collect();
        let (kept, left_out) = fitting(&ended, room);
        let mut messages: Vec<Message> = kept
            .iter()
            .flat_map(|turn| [Message::user(&turn.question), Message::assistant(&turn.answer)])
            .collect();
        messages.push(Message::user(question));
        if left_out > 0 {
            let first = &mut messages[0].text;
            *first =
                format!("({left_out} earlier turns of this conversation are left out.)\n\n{first}");
        }
        messages
    }

    fn size(&self) -> usize {
        self.question.len() + self.answer.len()
    }
}

/// The turns that fit, oldest first, and how many did not.
fn fitting(turns: &[&Turn], room: usize) -> (Vec<Turn>, usize) {
    if turns.iter().map(|turn| turn.size()).sum::<usize>() <= room {
        return (turns.iter().map(|turn| (*turn).clone()).collect(), 0);
    }
    // Half of the room for the longest turn, so that it does not push out all others.
    let longest = (room / 4).max(SHORTEST);
    let (mut kept, mut left) = (Vec::new(), room);
    for turn in turns.iter().rev() {
        let short =
            Turn { question: cut(&turn.question, longest), answer: cut(&turn.answer, longest) };
        if short.size() > left {
            break;
        }
        left -= short.size();
        kept.push(short);
    }
    kept.reverse();
    let left_out = turns.len() - kept.len();
    (kept, left_out)
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = most.saturating_sub(CUT.len());
    format!("{}{CUT}", &text[..text.floor_char_boundary(end)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(answers: &[usize]) -> Vec<Turn> {
        let turn = |(n, size): (usize, &usize)| Turn {
            question: format!("Question {n}?"),
            answer: "é".repeat(*size / 2),
        };
        answers.iter().enumerate().map(turn).collect()
    }

    fn texts(turns: &[Turn], room: usize) -> Vec<String> {
        Turn::messages(turns, room, "Now?").into_iter().map(|message| message.text).collect()
    }

    #[test]
    fn a_conversation_that_fits_is_whole() {
        let said = texts(&turns(&[10, 0, 10]), 100);
        assert_eq!(said, ["Question 0?", "ééééé", "Question 2?", "ééééé", "Now?"]);
        assert_eq!(texts(&[], 0), ["Now?"]);
    }

    #[test]
    fn long_answers_are_cut_and_old_turns_left_out_and_both_is_said() {
        let said = texts(&turns(&[400, 400, 9_000, 300]), 1_200);
        assert!(said.iter().map(String::len).sum::<usize>() < 1_400, "{said:?}");
        assert!(said[0].starts_with("(1 earlier turns"), "{said:?}");
        assert!(said[3].ends_with(CUT) && said[3].len() <= 300, "{said:?}");
        assert_eq!((said[4].as_str(), said[5].len()), ("Question 3?", 300));
    }

    #[test]
    fn without_room_the_question_is_alone_and_told_of_what_is_missing() {
        let said = texts(&turns(&[4_000; 10]), 100);
        assert_eq!(said, ["(10 earlier turns of this conversation are left out.)\n\nNow?"]);
    }
}
