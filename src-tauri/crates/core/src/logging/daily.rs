//! One file a day, those of the last seven days kept, in which only the owner can read.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::paths::private_file;
use crate::secrets::redact::covered_everywhere;

const DAYS_KEPT: i32 = 7;

/// Takes whole lines; several processes may append to the same file.
pub(super) struct DailyFile {
    folder: PathBuf,
    day: Date,
    file: File,
}

impl DailyFile {
    /// Opens today's file.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        let day = today();
        let file = open(&folder, day)?;
        remove_old(&folder, day);
        Ok(Self { folder, day, file })
    }

    /// Writes a line that is given in parts, without a copy of it where no secret is in it.
    pub(super) fn write(&mut self, parts: &[&str]) -> io::Result<()> {
        let day = today();
        if day != self.day {
            // Where the new file cannot be opened, the old one goes on.
            if let Ok(file) = open(&self.folder, day) {
                self.file = file;
                remove_old(&self.folder, day);
            }
            self.day = day;
        }
        let covered: Vec<Cow<'_, str>> =
            parts.iter().map(|part| covered_everywhere(part)).collect();
        write_at_once(&mut self.file, &covered)
    }
}

/// In one call where the system takes it, so that the lines of several processes do not mix.
fn write_at_once(file: &mut File, parts: &[Cow<'_, str>]) -> io::Result<()> {
    let mut left: Vec<IoSlice<'_>> =
        parts.iter().map(|part| IoSlice::new(part.as_bytes())).collect();
    let mut left = left.as_mut_slice();
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Days change at midnight UTC, as the times in the lines do.
fn today() -> Date {
    Timestamp::now().to_zoned_datetime(TimeZone::UTC).date()
}

fn open(folder: &Path, day: Date) -> io::Result<File> {
    private_file().append(true).open(folder.join(format!("trawl-{day}.log")))
}

fn remove_old(folder: &Path, today: Date) {
    let Ok(oldest) = today.checked_sub((DAYS_KEPT - 1).days()) else { return };
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().and_then(day_of).is_some_and(|day| day < oldest) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The day in the name of a file that is ours.
fn day_of(name: &str) -> Option<Date> {
    name.strip_prefix("trawl-")?.strip_suffix(".log")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::redact::everywhere;

    #[test]
    fn seven_days_are_kept_and_other_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let today: Date = "2026-03-08".parse().unwrap();
        let names = [
            "trawl-2026-02-28.log",
            "trawl-2026-03-01.log",
            "trawl-2026-03-02.log",
            "trawl-2026-03-08.log",
            "notes.log",
        ];
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_old(folder.path(), today);
        let left: Vec<bool> = names.iter().map(|name| folder.path().join(name).exists()).collect();
        assert_eq!(left, [false, false, true, true, true]);
    }

    #[test]
    fn secrets_are_covered_in_every_line() {
        let folder = tempfile::tempdir().unwrap();
        everywhere("hunter2-hunter2");
        everywhere("say \"open sesame\"");
        let mut file = DailyFile::open(folder.path().to_owned()).unwrap();
        file.write(&["token=hunter2-hunter2 ", "{\"a\":\"say \\\"open sesame\\\"\"}", "\n"])
            .unwrap();
        let written =
            fs::read_to_string(folder.path().join(format!("trawl-{}.log", today()))).unwrap();
        assert_eq!(written, "token=••• {\"a\":\"•••\"}\n");
    }
}
