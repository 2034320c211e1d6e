//! Exported runs as files: named after their question, never over a file that is there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// Of a question, so that the name stays readable in a list of files.
const LONGEST_NAME: usize = 60;

/// Files of the same name before another name is to be found by the person.
const MOST: usize = 1000;

/// Writes a new file into the folder, which is made if it is missing. Blocks.
pub(crate) fn write(
    folder: &Path,
    question: &str,
    extension: &str,
    text: &str,
) -> Result<PathBuf, CommandError> {
    write_new(folder, &stem(question), extension, text).map_err(|error| {
        let message = format!("the run could not be saved in {}: {error}", folder.display());
        CommandError::new("not_saved", message)
    })
}

fn write_new(folder: &Path, stem: &str, extension: &str, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    for count in 1..=MOST {
        let suffix = if count == 1 { String::new() } else { format!(" {count}") };
        let path = folder.join(format!("{stem}{suffix}.{extension}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("there are {MOST} files named \"{stem}\" already")))
}

/// The question's words, without what some file systems refuse in a name.
fn stem(question: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_'’@+&,".contains(c) { c } else { ' ' };
    let words: String = question.chars().map(kept).collect();
    let mut stem = String::from("Trawl");
    for word in words.split_whitespace() {
        let length = stem.chars().count() + 1 + word.chars().count();
        if length > LONGEST_NAME {
            break;
        }
        stem.push(' ');
        stem.push_str(word);
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_question() {
        assert_eq!(
            stem("How many stories have upstream keyword?"),
            "Trawl How many stories have upstream keyword"
        );
        assert_eq!(stem("../../etc/passwd\n\0 C:\\x"), "Trawl etc passwd C x");
        assert_eq!(stem("Größe <b>µ</b>: \"5|6\""), "Trawl Größe b µ b 5 6");
        assert_eq!(stem("???"), "Trawl");
        let long = stem(&"abcdefghi ".repeat(100));
        assert!(long.len() <= LONGEST_NAME && long.ends_with("abcdefghi"), "{long}");
        assert_eq!(stem(&"x".repeat(300)), "Trawl");
    }

    #[test]
    fn no_file_is_ever_written_over() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("new/downloads");
        let first = write(&folder, "Why?", "md", "1").unwrap();
        let second = write(&folder, "Why?", "md", "2").unwrap();
        let third = write(&folder, "Why?", "json", "3").unwrap();
        let names = [&first, &second, &third].map(|path| path.file_name().unwrap().to_owned());
        assert_eq!(names, ["Trawl Why.md", "Trawl Why 2.md", "Trawl Why.json"]);
        assert_eq!(fs::read_to_string(first).unwrap(), "1");
        let blocked = write(&second, "Why?", "md", "4");
        assert!(format!("{blocked:?}").contains("could not be saved in"), "{blocked:?}");
    }
}
