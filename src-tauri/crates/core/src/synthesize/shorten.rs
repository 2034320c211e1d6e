//! A value in less room: texts lose whole sentences, lists whole items, objects whole fields.
//!
//! What was left out has a mark with `…` in its place, and what is left is JSON as before, so that
//! nobody who reads it takes a part for the whole.

use std::io;

use serde_json::{Map, Value, json};

/// Bytes that a mark may take.
const MARK: usize = 24;

/// Nothing is cut to less.
const LEAST: usize = 48;

/// A value as JSON of at most about `most` bytes; `None` where it fits as it is. Below [`LEAST`]
/// bytes it is left at that.
pub(super) fn shortened(value: &Value, most: usize) -> Option<Value> {
    let most = most.max(LEAST);
    if size(value) <= most {
        return None;
    }
    Some(match value {
        Value::String(text) => Value::String(shortened_text(text, most)),
        Value::Array(items) => Value::Array(shortened_list(items, most)),
        Value::Object(fields) => Value::Object(shortened_fields(fields, most)),
        // A number of so many digits.
        other => Value::String(shortened_text(&other.to_string(), most)),
    })
}

fn shortened_text(text: &str, most: usize) -> String {
    // Escapes take room too.
    let written = size(&json!(text));
    let room = (most - MARK).saturating_mul(text.len()) / written;
    let (kept, _) = cut(text, room);
    format!("{kept} […]")
}

/// Whole items as far as they fit; of the first one at least a part.
fn shortened_list(items: &[Value], most: usize) -> Vec<Value> {
    let mut left = most - MARK;
    let mut kept = Vec::new();
    for item in items {
        let needed = size(item) + 1;
        if needed > left {
            break;
        }
        left -= needed;
        kept.push(item.clone());
    }
    if let (true, Some(first)) = (kept.is_empty() && left >= LEAST, items.first()) {
        kept.extend(shortened(first, left));
    }
    let missing = items.len() - kept.len();
    if missing > 0 {
        kept.push(json!(format!("… {missing} more")));
    }
    kept
}

/// The first fields, each with its fair share; those that there is no room for are left out.
fn shortened_fields(fields: &Map<String, Value>, most: usize) -> Map<String, Value> {
    let around = |name: &str| name.len() + 4;
    let room = most - MARK;
    let mut least = 0;
    let needed: Vec<usize> = fields
        .iter()
        .map(|(name, value)| (around(name) + LEAST, around(name) + size(value)))
        .take_while(|(cut, whole)| {
            least += cut.min(whole);
            least <= room
        })
        .map(|(_, whole)| whole)
        .collect();
    let shares = shares(&needed, room);
    let mut kept = Map::new();
    for (((name, value), needed), share) in fields.iter().zip(needed).zip(shares) {
        if needed <= share {
            kept.insert(name.clone(), value.clone());
        } else if share >= around(name) + LEAST {
            let part = shortened(value, share - around(name));
            kept.insert(name.clone(), part.unwrap_or_else(|| value.clone()));
        }
    }
    let missing = fields.len() - kept.len();
    if missing > 0 {
        kept.insert("…".to_owned(), json!(format!("{missing} more")));
    }
    kept
}

/// Shares a budget: nobody gets more than needed, and nobody goes short while another has more.
pub(super) fn shares(needed: &[usize], budget: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..needed.len()).collect();
    order.sort_by_key(|place| needed[*place]);
    let mut shares = vec![0; needed.len()];
    let mut left = budget;
    for (done, place) in order.into_iter().enumerate() {
        let equal = left / (needed.len() - done);
        shares[place] = needed[place].min(equal);
        left -= shares[place];
    }
    shares
}

/// The beginning of a text that fits, up to the end of a sentence where there is one in its second
/// half; and whether anything is missing.
pub(super) fn cut(text: &str, most: usize) -> (&str, bool) {
    if text.len() <= most {
        return (text, false);
    }
    let end = text.floor_char_boundary(most);
    let start = &text[..end];
    let ends = |at: &usize| start[*at..].starts_with(char::is_whitespace) || *at == end;
    let mut spaced = start.match_indices(['.', '!', '?', '\n']).map(|(at, mark)| at + mark.len());
    // These end a sentence whatever follows.
    let mut closed = start.match_indices(['。', '！', '？']).map(|(at, mark)| at + mark.len());
    let sentence = spaced.rfind(ends).max(closed.next_back());
    let word = start.rfind(char::is_whitespace);
    let kept = sentence.filter(|at| *at > end / 2).or(word.filter(|at| *at > end / 2));
    (&text[..kept.unwrap_or(end)], true)
}

/// Bytes of a value as JSON.
pub(super) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither a value nor a counter can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_left_out_is_marked_in_its_place() {
        let check = |value: Value, most: usize, expect: Value| {
            assert_eq!(shortened(&value, most).unwrap_or(value), expect);
        };
        check(json!({"a": 1}), 10, json!({"a": 1}));
        let sentences = "One is here. Two is there. Three is gone. Four as well. Five.";
        check(json!(sentences), 60, json!("One is here. Two is there. […]"));
        let numbers = json!((0..50).collect::<Vec<_>>());
        check(numbers, 48, json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "… 39 more"]));
        let long = json!({"id": 7, "text": "One is here. ".repeat(20), "more": "short"});
        let short = "One is here. One is here. One is here. […]";
        check(long, 120, json!({"id": 7, "text": short, "more": "short"}));
        let many: Map<String, Value> =
            (0..9).map(|n| (format!("f{n}"), json!("word ".repeat(9)))).collect();
        let few = shortened(&json!(many), 200).unwrap();
        assert_eq!((few["f2"].as_str().map(str::len), &few["…"]), (Some(45), &json!("6 more")));
    }

    #[test]
    fn texts_lose_whole_sentences() {
        assert_eq!(cut("größe", 3), ("gr", true));
        assert_eq!(cut("A 3.14 b. And c", 12), ("A 3.14 b.", true));
        assert_eq!(cut("一句話。兩句話。三", 26), ("一句話。兩句話。", true));
        assert_eq!(cut("short", 5), ("short", false));
    }

    #[test]
    fn small_values_are_whole_beside_large_ones() {
        assert_eq!(shares(&[10, 1000, 20, 1000], 430), [10, 200, 20, 200]);
        assert_eq!(shares(&[10, 20], 1000), [10, 20]);
        assert_eq!(shares(&[], 5), Vec::<usize>::new());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "[a-zö\"\\n .]{0,80}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 60, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("[a-d]{1,6}", inner, 0..8)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_fits_and_says_whether_anything_is_missing(value in values(), most in 0usize..600) {
            match shortened(&value, most) {
                None => prop_assert!(size(&value) <= most.max(LEAST)),
                Some(short) => {
                    prop_assert!(size(&short) <= most.max(LEAST) + MARK, "{short} in {most}");
                    prop_assert!(short.to_string().contains('…'), "{value} became {short}");
                }
            }
        }
    }
}
