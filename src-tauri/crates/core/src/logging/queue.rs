//! Lines on their way to the file.
//!
//! Comes in: whole lines, from any thread. Goes out: the same to the file of the day, through a thread
//! of its own. What waits for that thread is bounded in bytes: beyond the bound, and for a large
//! result always, whoever has a result writes it himself, which makes him wait for the disk.

use std::borrow::Cow;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::daily::DailyFile;

/// Bytes that wait for the thread before results are no longer handed over to it.
const MANY: usize = 8 << 20;

/// Results above this size are on a thread that may wait already, and are written there: handed over,
/// they would be copied.
const LARGE: usize = 256 << 10;

/// How long the end of the program waits for a disk that does not answer.
const FAREWELL: Duration = Duration::from_secs(5);

/// The way into the log.
pub(super) struct Lines {
    file: Mutex<DailyFile>,
    /// Bytes handed over and not yet written.
    waiting: AtomicUsize,
    queue: Sender<Message>,
}

enum Message {
    Line(String),
    /// Nothing comes after this; says that all before it is written.
    End(Sender<()>),
}

impl Lines {
    /// Starts the thread.
    pub(super) fn start(file: DailyFile) -> io::Result<Arc<Self>> {
        let (queue, messages) = mpsc::channel();
        let (file, waiting) = (Mutex::new(file), AtomicUsize::new(0));
        let lines = Arc::new(Self { file, waiting, queue });
        let thread = Arc::clone(&lines);
        thread::Builder::new().name("log".into()).spawn(move || thread.write_all(messages))?;
        Ok(lines)
    }

    /// Whether so many bytes wait that no result is to be added to them.
    pub(super) fn are_many(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > MANY
    }

    /// Adds a line that ends with a result, which stays one line whatever blanks its server wrote.
    pub(super) fn add_result(&self, before: &str, json: &str) {
        let json = on_one_line(json);
        if json.len() > LARGE || self.are_many() {
            self.write(&[before, &json, "\n"]);
        } else {
            self.hand_over(format!("{before}{json}\n"));
        }
    }

    /// Returns when all that was handed over is written, or the disk does not answer.
    pub(super) fn end(&self) {
        self.end_within(FAREWELL);
    }

    fn end_within(&self, limit: Duration) {
        let (done, ended) = mpsc::channel();
        if self.queue.send(Message::End(done)).is_ok() {
            let _ = ended.recv_timeout(limit);
        }
    }

    fn hand_over(&self, line: String) {
        self.waiting.fetch_add(line.len(), Ordering::Relaxed);
        if let Err(SendError(Message::Line(line))) = self.queue.send(Message::Line(line)) {
            self.waiting.fetch_sub(line.len(), Ordering::Relaxed);
            self.write(&[&line]);
        }
    }

    fn write_all(&self, messages: Receiver<Message>) {
        let mut ends = None;
        while ends.is_none()
            && let Ok(message) = messages.recv()
        {
            match message {
                Message::Line(line) => {
                    self.write(&[&line]);
                    self.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                }
                Message::End(done) => ends = Some(done),
            }
        }
        // From here on, whoever has a line finds nobody to hand it over to, and writes it.
        drop(messages);
        if let Some(done) = ends {
            let _ = done.send(());
        }
    }

    fn write(&self, parts: &[&str]) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written stops nothing.
        let _ = file.write(parts);
    }
}

/// As the layer for everything else writes: one whole line each time.
impl io::Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.hand_over(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// JSON has line breaks between its parts only, where a blank says the same.
fn on_one_line(json: &str) -> Cow<'_, str> {
    if json.contains(char::is_control) {
        Cow::Owned(json.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &std::path::Path) -> String {
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn no_result_is_left_out_when_the_disk_is_slow() {
        let folder = tempfile::tempdir().unwrap();
        let lines = Lines::start(DailyFile::open(folder.path().to_owned()).unwrap()).unwrap();
        let result = "x".repeat(LARGE - "a=\n".len());
        let handed_over = MANY / LARGE + 1;
        // Nobody can write while this is held.
        let disk = lines.file.lock().unwrap();
        for _ in 0..handed_over {
            assert!(!lines.are_many());
            lines.add_result("a=", &result);
        }
        assert!(lines.are_many());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| lines.add_result("b=", "1"));
            drop(disk);
            waits.join().unwrap();
        });
        lines.end_within(Duration::MAX);
        assert!(!lines.are_many());
        let written = written(folder.path());
        assert_eq!(written.lines().count(), handed_over + 1);
        assert_eq!(written.matches("b=1\n").count(), 1);
        assert_eq!(written.matches(&format!("a={result}\n")).count(), handed_over);
    }

    #[test]
    fn a_result_is_one_line_and_a_large_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let lines = Lines::start(DailyFile::open(folder.path().to_owned()).unwrap()).unwrap();
        let large = format!("[\n\"{}\"\r\n]", "y".repeat(4 * LARGE));
        lines.add_result("a=", &large);
        lines.add_result("b=", "{\n}");
        lines.end_within(Duration::MAX);
        // After the end, too.
        lines.add_result("c=", "{}");
        let expect = format!("a={}\nb={{ }}\nc={{}}\n", large.replace(['\n', '\r'], " "));
        assert!(written(folder.path()) == expect);
    }
}
