//! What a question says, taken apart without a model: keywords, phrases and identifiers.
//!
//! Comes in as a person's words, goes out as lower-case keywords, quoted phrases as they stand and
//! things that look like an identifier, a path or an address. Knows nothing of tools.

use super::noise::{QUALIFIERS, STOP_WORDS, is_noise};

/// Words that a name follows: `user ann`.
const NAMED: &[&str] = &["user", "author", "username"];

/// Words between a noun and its number: `user no. 12`.
const BEFORE_NUMBERS: &[&str] = &["id", "number", "no", "nr", "#"];

/// Identifiers that are looked at; a pasted list has many.
const MOST_IDENTIFIERS: usize = 16;

/// Things that any tool lists: `5 results`.
const ITEMS: &[&str] = &["result", "item", "hit", "match", "entry"];

/// A question, taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Question {
    /// Lower-case words of meaning, in order, each once.
    pub(super) keywords: Vec<String>,
    /// Words that choose a tool, but are not searched for.
    pub(super) qualifiers: Vec<String>,
    /// What stood in quotation marks, without them.
    pub(super) phrases: Vec<String>,
    /// Identifiers with the noun they were said of.
    pub(super) identifiers: Vec<Identifier>,
    /// Things that look like a path of a file system.
    pub(super) paths: Vec<String>,
    /// Web addresses.
    pub(super) urls: Vec<String>,
    /// Numbers, in order.
    pub(super) numbers: Vec<i64>,
    /// Numbers before what they count: `5 stories`.
    amounts: Vec<(i64, String)>,
    /// Words of the names of each server's tools, in the singular.
    vocabulary: Vec<(String, String)>,
    /// The question in lower case, for values that are several words.
    pub(super) text: String,
}

/// `user 12`, `user ann` or `@ann`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Identifier {
    /// What it identifies (`user`), in the singular.
    pub(super) noun: String,
    /// `12` or `ann`.
    pub(super) value: String,
    /// The words it was said in, lower case.
    said: Vec<String>,
    /// A word after a noun may be its name, or the next word of the sentence.
    is_word: bool,
}

impl Question {
    /// Leaves those identifiers that some tool takes; the others are words and numbers like any.
    pub(super) fn settle(
        &mut self,
        vocabulary: Vec<(String, String)>,
        is_taken: impl Fn(&Identifier) -> bool,
    ) {
        let of_tools = |word: &str| vocabulary.iter().any(|(_, known)| *known == singular(word));
        let is_name = |i: &Identifier| !i.is_word || !of_tools(&i.value);
        self.identifiers.retain(|identifier| is_name(identifier) && is_taken(identifier));
        for identifier in &self.identifiers {
            self.keywords.retain(|word| !identifier.said.contains(word));
            self.numbers.retain(|number| number.to_string() != identifier.value);
            self.amounts.retain(|(amount, _)| amount.to_string() != identifier.value);
        }
        self.vocabulary = vocabulary;
    }

    /// Whether a word is one of those that a server's tools are named by.
    pub(super) fn names_a_tool(&self, server: &str, word: &str) -> bool {
        self.vocabulary.iter().any(|(of, known)| of == server && *known == singular(word))
    }

    /// The same question about one of several things.
    pub(super) fn about(&self, thing: &Identifier, among: &[&Identifier]) -> Self {
        let others = self.identifiers.iter().filter(|other| !among.contains(other));
        Self {
            identifiers: std::iter::once(thing).chain(others).cloned().collect(),
            ..self.clone()
        }
    }

    /// How many of what a tool of this name lists are asked for.
    pub(super) fn amount_of(&self, tool_name: &[String]) -> Option<i64> {
        let lists = |noun: &String| tool_name.contains(noun) || ITEMS.contains(&noun.as_str());
        self.amounts.iter().find(|(_, noun)| lists(noun)).map(|(amount, _)| *amount)
    }
}

/// Takes a question apart.
pub(super) fn read(question: &str) -> Question {
    let (rest, phrases) = take_phrases(&question.replace("(s)", "s"));
    let mut read = Question { phrases, text: question.to_lowercase(), ..Question::default() };
    let tokens: Vec<&str> = rest
        .split(|c: char| c.is_whitespace() || SEPARATORS.contains(c))
        .map(trim_punctuation)
        .filter(|token| !token.is_empty())
        .collect();
    let lower: Vec<String> = tokens.iter().map(|token| token.to_lowercase()).collect();
    for (at, token) in tokens.iter().enumerate() {
        let word = &lower[at];
        if token.contains("://") {
            read.urls.push((*token).to_owned());
        } else if looks_like_path(token) {
            read.paths.push((*token).to_owned());
        } else if let Some(name) = token.strip_prefix('@').filter(|name| !name.is_empty()) {
            let said = vec![name.to_lowercase()];
            push_once(&mut read.keywords, name.to_lowercase());
            read.identifiers.push(Identifier {
                noun: "user".into(),
                value: name.to_owned(),
                said,
                is_word: false,
            });
        } else if is_number(word) {
            take_number(&mut read, &lower, at);
        } else if QUALIFIERS.contains(&word.as_str()) {
            push_once(&mut read.qualifiers, word.clone());
        } else if !is_noise(word) {
            if let Some(before) = at.checked_sub(1).filter(|at| NAMED.contains(&&*lower[*at])) {
                read.identifiers.push(Identifier {
                    noun: "user".into(),
                    value: (*token).to_owned(),
                    said: vec![lower[before].clone(), word.clone()],
                    is_word: true,
                });
            }
            push_once(&mut read.keywords, word.clone());
        }
    }
    read.keywords.retain(|word| word != "id");
    read.identifiers.truncate(MOST_IDENTIFIERS);
    read
}

/// A number may identify what stands before it, and count what stands behind it.
fn take_number(read: &mut Question, lower: &[String], at: usize) {
    let digits = lower[at].trim_start_matches('#').to_owned();
    push_once(&mut read.keywords, digits.clone());
    let Ok(number) = digits.parse::<i64>() else { return };
    read.numbers.push(number);
    if let Some(next) = lower.get(at + 1).filter(|next| !is_noise(next) && !is_number(next)) {
        read.amounts.push((number, singular(next)));
    }
    let before = (0..at).rev().find(|at| !BEFORE_NUMBERS.contains(&lower[*at].as_str()));
    let Some(before) = before else { return };
    let continues = matches!(lower[before].as_str(), "and" | "or" | "&") && before > 0;
    let number_before = lower[if continues { before - 1 } else { before }].trim_start_matches('#');
    let last = read.identifiers.last().filter(|last| last.value == number_before);
    let (noun, from) = match last {
        Some(last) => (last.noun.clone(), at),
        None => (singular(&lower[before]), before),
    };
    if STOP_WORDS.contains(&noun.as_str()) || is_number(&noun) {
        return;
    }
    let said = lower[from..=at].to_vec();
    read.identifiers.push(Identifier { noun, value: digits, said, is_word: false });
}

/// `stories` and `story` are one word, as far as choosing a tool goes.
pub(super) fn singular(word: &str) -> String {
    match word {
        w if w.len() > 4 && w.ends_with("ies") => format!("{}y", &w[..w.len() - 3]),
        w if w.len() > 4 && ["ches", "shes", "sses", "xes"].iter().any(|end| w.ends_with(end)) => {
            w[..w.len() - 2].to_owned()
        }
        w if w.len() > 3 && w.ends_with('s') && !w.ends_with("ss") && !w.ends_with("us") => {
            w[..w.len() - 1].to_owned()
        }
        w => w.to_owned(),
    }
}

/// Words of a text in their singular, lower case; `camelCase` and `snake_case` are taken apart.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut lower_before = false;
    for c in text.chars() {
        if c.is_uppercase() && lower_before {
            spaced.push(' ');
        }
        lower_before = c.is_lowercase() || c.is_numeric();
        spaced.extend(c.to_lowercase());
    }
    spaced
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(singular)
        .collect()
}

/// Signs that end a word wherever they stand.
const SEPARATORS: &str = "()[]{}<>\"“”„«»;|";

fn take_phrases(question: &str) -> (String, Vec<String>) {
    let mut rest = String::with_capacity(question.len());
    let mut phrases = Vec::new();
    let mut chars = question.char_indices();
    while let Some((at, c)) = chars.next() {
        let close = match c {
            '"' => '"',
            '“' | '„' => '”',
            '«' => '»',
            '`' => '`',
            _ => {
                rest.push(c);
                continue;
            }
        };
        let after = at + c.len_utf8();
        let Some(length) = question[after..].find(close) else {
            rest.push(' ');
            continue;
        };
        let phrase = question[after..after + length].trim();
        if !phrase.is_empty() {
            phrases.push(phrase.to_owned());
        }
        rest.push(' ');
        while chars.offset() < after + length + close.len_utf8() {
            chars.next();
        }
    }
    (rest, phrases)
}

/// `c++` and `c#` keep their signs; a full stop inside a word stays.
fn trim_punctuation(token: &str) -> &str {
    let token = token.trim_start_matches(|c: char| !(c.is_alphanumeric() || "@#/~.".contains(c)));
    let token = token.trim_end_matches(|c: char| !(c.is_alphanumeric() || "+#/*".contains(c)));
    token.strip_suffix("'s").or_else(|| token.strip_suffix("’s")).unwrap_or(token)
}

fn looks_like_path(token: &str) -> bool {
    let rooted = token.starts_with('/') || token.starts_with("~/") || token.starts_with("./");
    (rooted && token.len() > 1) || (token.contains('/') && token.contains('.'))
}

fn is_number(token: &str) -> bool {
    let digits = token.strip_prefix('#').unwrap_or(token);
    !digits.is_empty() && digits.len() < 19 && digits.chars().all(|c| c.is_ascii_digit())
}

fn push_once(words: &mut Vec<String>, word: String) {
    if !words.contains(&word) {
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_its_words_of_meaning() {
        let read = read("How many stories have upstream keyword?");
        assert_eq!(read.keywords, ["stories", "upstream"]);
        assert!(read.phrases.is_empty() && read.identifiers.is_empty());
    }

    #[test]
    fn phrases_identifiers_paths_and_addresses_are_told_apart() {
        let read = read(
            "What did user 12 and @ann say about “night trains” in ~/notes/a.md, \
                         see https://example.com/x?",
        );
        assert_eq!(read.phrases, ["night trains"]);
        let pairs: Vec<_> = read.identifiers.iter().map(|i| (&*i.noun, &*i.value)).collect();
        assert_eq!(pairs, [("user", "12"), ("user", "ann")]);
        assert_eq!(read.paths, ["~/notes/a.md"]);
        assert_eq!(read.urls, ["https://example.com/x"]);
        assert_eq!(read.keywords, ["user", "12", "ann", "see"]);
    }

    #[test]
    fn what_no_tool_takes_for_an_identifier_is_searched_for() {
        let mut python = read("How many stories mention Python 3?");
        python.settle(Vec::new(), |identifier| identifier.noun == "user");
        assert_eq!((python.keywords.len(), python.identifiers.len()), (3, 0));
        let mut user = read("What did user no. 12 write in March 2026?");
        user.settle(Vec::new(), |identifier| identifier.noun == "user");
        assert_eq!(user.keywords, ["march", "2026"]);
        assert_eq!((user.identifiers[0].value.as_str(), user.numbers), ("12", vec![2026]));
        assert_eq!(read("Add 3 and 4").numbers, [3, 4]);
    }

    #[test]
    fn several_of_a_kind_are_several_identifiers() {
        let pairs = |question: &str| -> Vec<String> {
            let pair = |i: &Identifier| format!("{} {}", i.noun, i.value);
            read(question).identifiers.iter().map(pair).collect()
        };
        assert_eq!(pairs("Show stories 5 and 8"), ["story 5", "story 8"]);
        assert_eq!(pairs("stories 5, 8, 13"), ["story 5", "story 8", "story 13"]);
        assert_eq!(pairs("Compare user 3 and user 7"), ["user 3", "user 7"]);
        assert_eq!(pairs("What did user ann write?"), ["user ann"]);
        assert_eq!(pairs("stories of user 5 with between 10 and 20 points"), ["user 5"]);
        let pasted: String = (0..6000).fold("stories".into(), |list, n| format!("{list} {n}"));
        assert_eq!(read(&pasted).identifiers.len(), MOST_IDENTIFIERS);
    }

    #[test]
    fn a_word_of_the_tools_is_nobodys_name() {
        let mut question = read("user comments by user ann");
        let names = words("get_user_comments").into_iter().map(|word| ("s".to_owned(), word));
        question.settle(names.collect(), |_| true);
        let values: Vec<&str> = question.identifiers.iter().map(|i| i.value.as_str()).collect();
        assert_eq!((values, question.keywords), (vec!["ann"], vec!["comments".to_owned()]));
    }

    #[test]
    fn a_number_counts_what_stands_behind_it() {
        let read = read("Show me 5 stories");
        assert_eq!(read.amount_of(&words("search_stories")), Some(5));
        assert_eq!(read.amount_of(&words("list_tags")), None);
        let mut user = super::read("Show user 3 comments");
        user.settle(Vec::new(), |_| true);
        assert_eq!(user.amount_of(&words("get_user_comments")), None);
    }

    #[test]
    fn signs_inside_words_are_kept() {
        assert_eq!(read("c++, node.js: c#?").keywords, ["c++", "node.js", "c#"]);
    }

    #[test]
    fn any_text_is_read() {
        for odd in ["", "\"", "“”", "@", "#", "user", "”“", "🦀 'x", "a\"b\"c\"", "user #", "////"]
        {
            read(odd);
        }
    }
}
