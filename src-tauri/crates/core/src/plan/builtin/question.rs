//! What a question says, taken apart without a model: keywords, phrases and identifiers.
//!
//! Comes in as a person's words, goes out as lower-case keywords, quoted phrases as they stand and
//! things that look like an identifier, a path or an address. Knows nothing of tools.

/// Words that carry no subject: they neither choose a tool nor are searched for.
const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "between",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "each",
    "every",
    "find",
    "for",
    "from",
    "get",
    "give",
    "had",
    "has",
    "have",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "know",
    "many",
    "may",
    "me",
    "more",
    "most",
    "much",
    "my",
    "no",
    "not",
    "of",
    "on",
    "one",
    "or",
    "our",
    "out",
    "over",
    "please",
    "search",
    "show",
    "so",
    "some",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "up",
    "us",
    "was",
    "we",
    "were",
    "what",
    "whats",
    "when",
    "where",
    "which",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
    "contain",
    "contains",
    "containing",
    "mention",
    "mentions",
    "mentioning",
    "say",
    "says",
    "said",
    "written",
    "wrote",
    "look",
    "named",
    "called",
    "used",
    "use",
    "using",
];

/// Words that speak of searching itself; a tool need not name them for them to be left out.
const SEARCH_WORDS: &[&str] = &[
    "keyword", "keywords", "word", "words", "term", "terms", "phrase", "match", "matches",
    "matching",
];

/// Words that choose a tool (`get_recent`), but are not what is searched for.
const QUALIFIERS: &[&str] = &[
    "recent", "recently", "latest", "newest", "popular", "top", "similar", "related", "list",
    "read",
];

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
    /// Numbers that identify nothing, in order.
    pub(super) numbers: Vec<i64>,
    /// The question in lower case, for values that are several words.
    pub(super) text: String,
}

/// `user 12` or `@ann`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Identifier {
    /// What it identifies (`user`), in the singular.
    pub(super) noun: String,
    /// `12` or `ann`.
    pub(super) value: String,
}

/// Takes a question apart.
pub(super) fn read(question: &str) -> Question {
    let (rest, phrases) = take_phrases(question);
    let mut read = Question { phrases, text: question.to_lowercase(), ..Question::default() };
    let tokens: Vec<&str> = rest.split_whitespace().map(trim_punctuation).collect();
    let mut previous = String::new();
    for token in tokens.into_iter().filter(|token| !token.is_empty()) {
        let lower = token.to_lowercase();
        if token.contains("://") {
            read.urls.push(token.to_owned());
        } else if looks_like_path(token) {
            read.paths.push(token.to_owned());
        } else if let Some(name) = token.strip_prefix('@').filter(|name| !name.is_empty()) {
            read.identifiers.push(Identifier { noun: "user".into(), value: name.to_owned() });
        } else if is_number(&lower) {
            let noun = singular(&previous);
            if !noun.is_empty() && !STOP_WORDS.contains(&noun.as_str()) {
                let value = lower.trim_start_matches('#').to_owned();
                read.identifiers.push(Identifier { noun, value });
            } else {
                read.numbers.extend(lower.parse::<i64>());
                push_once(&mut read.keywords, lower.clone());
            }
        } else if QUALIFIERS.contains(&lower.as_str()) {
            push_once(&mut read.qualifiers, lower.clone());
        } else if !is_noise(&lower) {
            push_once(&mut read.keywords, lower.clone());
        }
        if !matches!(lower.as_str(), "id" | "number" | "no" | "nr" | "#") {
            previous = lower;
        }
    }
    let nouns: Vec<String> = read.identifiers.iter().map(|i| i.noun.clone()).collect();
    read.keywords.retain(|word| !nouns.contains(&singular(word)) && word != "id");
    read
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

/// Whether a word carries no subject.
pub(super) fn is_noise(lower: &str) -> bool {
    STOP_WORDS.contains(&lower) || SEARCH_WORDS.contains(&lower) || lower == "'s"
}

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
        assert!(read.keywords.iter().all(|word| word == "see"), "{:?}", read.keywords);
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
