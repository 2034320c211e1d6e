//! What keeping and finding costs: the file's size by its parts, the time to write, the time to search.
//!
//! JSON results of several sizes, their words as rare and as frequent as in a language. A small round
//! by default; `-- --megabytes 250` writes so many of each size, `--size 200000` of this size alone, with
//! `--keep FOLDER` they stay.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "the numbers are small")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use trawl_core::event::{EventKind, Finished, RunId};
use trawl_core::history::{History, ListQuery, Recorder};
use trawl_tests::bench::median;
use uuid::Uuid;

/// Results of a run.
const TASKS: usize = 10;

/// Of one result, in bytes, about.
const SIZES: [usize; 4] = [2_000, 20_000, 200_000, 2_000_000];

/// Different words.
const WORDS: u64 = 30_000;

/// As many as a page of the window's list.
const PAGE: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1))
    };
    let megabytes: usize =
        after("--megabytes").map_or(4, |number| number.parse().expect("a number"));
    let only: Option<usize> = after("--size").map(|number| number.parse().expect("a number"));
    let keep = after("--keep").map(PathBuf::from);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("| results | runs | file | results' part | text | index | the rest | written in |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut searches = String::new();
    let sizes = only.map_or_else(|| SIZES.to_vec(), |size| vec![size]);
    for size in sizes {
        let folder = tempfile::tempdir().expect("a folder");
        let folder =
            keep.as_ref().map_or(folder.path().to_owned(), |keep| keep.join(size.to_string()));
        let runs = (megabytes * 1_000_000).div_ceil(size * TASKS);
        let (results, took) = runtime.block_on(write(&folder, runs, size));
        println!("{}", parts(&folder, size, runs, results, took));
        searched(&folder, size, &mut searches);
    }
    println!("\n| results of | words | runs | found in |\n|---|---|---|---|\n{searches}");
}

/// Bytes of all results, and how long it took until all of them were committed.
async fn write(folder: &Path, runs: usize, size: usize) -> (usize, Duration) {
    let history = History::open(folder).expect("a history");
    let mut text = Text(1);
    let (mut bytes, mut took) = (0, Duration::ZERO);
    for n in 0..runs {
        let results: Vec<String> = (0..TASKS).map(|_| text.result(size)).collect();
        bytes += results.iter().map(String::len).sum::<usize>();
        let (question, answer) = (format!("{}?", text.words(8)), text.words(120));
        let began = Instant::now();
        let marker = if n == runs / 2 { " periwinkles" } else { "" };
        keep(&history, &format!("{question}{marker}"), answer, &results).await;
        took += began.elapsed();
    }
    (bytes, took)
}

async fn keep(history: &History, question: &str, answer: String, results: &[String]) -> RunId {
    let recorder = Recorder::start(Some(history), Uuid::new_v4(), question, None);
    for (index, result) in results.iter().enumerate() {
        recorder.emit(EventKind::TaskPlanned {
            index,
            id: format!("t{}", index + 1),
            server: Some("stories".into()),
            tool: "search_stories".into(),
            arguments: json!({"query": question}),
            description: "Search the stories".into(),
            depends_on: Vec::new(),
            priority: 0,
        });
        recorder.emit(EventKind::TaskStarted { index, attempt: 1, arguments: None });
        recorder.keep_result(index, result);
        let preview = result.chars().take(500).collect();
        recorder.emit(EventKind::completed(index, 12.5, result.len() as u64, preview));
    }
    recorder.emit(EventKind::Finished(Box::new(Finished { answer, ..Finished::default() })));
    recorder.flush().await;
    recorder.run_id()
}

/// The file's size by what is in it.
fn parts(folder: &Path, size: usize, runs: usize, results: usize, took: Duration) -> String {
    let file = folder.join("history.db");
    let database = rusqlite::Connection::open(&file).expect("the history");
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("nobody else");
    let of = |tables: &str| -> f64 {
        let select = format!(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1 AND name IN ({tables})"
        );
        database.query_row(&select, [], |row| row.get::<_, f64>(0)).expect("sizes") / 1e6
    };
    let whole = std::fs::metadata(&file).expect("the history").len() as f64 / 1e6;
    let packed = of("'results', 'sqlite_autoindex_results_1'");
    let text = of("'found_content'");
    let index = of("'found_data', 'found_idx', 'found_docsize', 'found_config'");
    let (results, seconds) = (results as f64 / 1e6, took.as_secs_f64());
    format!(
        "| {results:.0} MB of {size} bytes | {runs} | {whole:.1} MB | {packed:.1} MB | {text:.1} MB | {index:.1} MB | {:.1} MB | {seconds:.1} s ({:.0} MB/s) |",
        whole - packed - text - index,
        results / seconds,
    )
}

fn searched(folder: &Path, size: usize, table: &mut String) {
    let history = History::open(folder).expect("the history");
    let common = word(0);
    let (some, few) = (word(900), word(20_000));
    let both = format!("{common} {some}");
    for words in ["periwinkles", &few, &some, &common, &both, &common[..2]] {
        let query = ListQuery { words: words.to_owned(), limit: PAGE, ..ListQuery::default() };
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..5 {
            let began = Instant::now();
            total = history.list(&query).expect("a search").total;
            times.push(began.elapsed());
        }
        let milliseconds = median(times).as_secs_f64() * 1000.0;
        let _ = writeln!(table, "| {size} | `{words}` | {total} | {milliseconds:.1} ms |");
    }
}

/// Words at random, always the same ones.
struct Text(u64);

impl Text {
    fn number(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// The n-th word is about n times as rare as the first one, as in a language.
    fn word(&mut self) -> String {
        let mut below = WORDS;
        while below > 1 && self.number(4) > 0 {
            below = below * 2 / 5;
        }
        word(self.number(below.max(1)))
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    /// A list of things with fields, as most servers give.
    fn result(&mut self, bytes: usize) -> String {
        let mut json = String::from(r#"{"content":[],"structuredContent":{"results":["#);
        while json.len() < bytes {
            let comma = if json.ends_with('[') { "" } else { "," };
            let item = json!({
                "id": self.number(1 << 30),
                "title": self.words(7),
                "author": self.word(),
                "url": format!("https://example.com/{}/{}", self.word(), self.number(1 << 30)),
                "createdAt": format!("2026-0{}-1{}T0{}:00:00Z", 1 + self.number(9), self.number(10), self.number(10)),
                "points": self.number(500),
                "tags": [self.word(), self.word()],
                "text": self.words(60),
            });
            let _ = write!(json, "{comma}{item}");
        }
        json.push_str("]}}");
        json
    }
}

/// A word that is no other one's beginning too often.
fn word(n: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ka", "lo", "mi", "ter", "an", "sel", "du", "ri", "pon", "ve", "sta", "ge", "ful", "ing",
        "bor", "che", "na", "oth", "wes", "qui",
    ];
    let (mut n, mut text) = (n + 20, String::new());
    while n > 0 {
        text.push_str(SYLLABLES[usize::try_from(n % 20).unwrap_or_default()]);
        n /= 20;
    }
    text
}
