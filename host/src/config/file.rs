//! The configuration file: finds it, reads it, parses it as far as it can be and finds the line of everything in it.

use super::mistakes::{Mistakes, Place};
use std::io::Read;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The name that is looked for in the working directory.
const FILE_NAME: &str = "shortedfaas.toml";

/// The configuration that serves where there is no file: the shipped one.
pub(super) const SHIPPED: &str = include_str!("../../../shortedfaas.toml");

/// Far beyond any real file; a device or a log given by mistake is not read to its end.
const MOST_BYTES: u64 = 1 << 20;

/// A file that was found, or the built-in text.
pub(super) struct Source {
    /// `None`: built in.
    pub(super) file: Option<PathBuf>,
    /// Absolute.
    pub(super) folder: PathBuf,
    pub(super) text: String,
    /// What mistakes are written with.
    pub(super) mistakes: Mistakes,
}

impl Source {
    /// Reads `--config`, else the file in the working directory, else the built-in text. What cannot be read is a mistake.
    pub(super) fn find(argument: Option<&Path>, working_directory: &Path) -> Self {
        let beside = Path::new(FILE_NAME);
        // A dangling link is a file that cannot be read, not one that is missing.
        let is_there = || working_directory.join(beside).symlink_metadata().is_ok();
        match argument {
            Some(path) => Self::read(path, working_directory),
            None if is_there() => Self::read(beside, working_directory),
            None => Self {
                file: None,
                folder: working_directory.to_owned(),
                text: SHIPPED.to_owned(),
                mistakes: Mistakes::of(FILE_NAME),
            },
        }
    }

    fn read(path: &Path, working_directory: &Path) -> Self {
        let shown = path.display().to_string();
        let mut mistakes = Mistakes::of(&shown);
        let absolute = working_directory.join(path);
        let text = read_bytes(&absolute).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| {
                let valid = error.utf8_error().valid_up_to();
                let line = Lines::of(&error.as_bytes()[..valid]).line(valid);
                (Place::Line(line), "the file is not UTF-8: save it as UTF-8".to_owned())
            })
        });
        let text = text.unwrap_or_else(|(place, message)| {
            mistakes.add(place, "", message);
            String::new()
        });
        let folder = absolute.parent().unwrap_or(working_directory).to_owned();
        Self { file: Some(absolute), folder, text, mistakes }
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, (Place, String)> {
    let mut bytes = Vec::new();
    let result = std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    match result {
        Err(error) => {
            let message =
                format!("the configuration cannot be read: {error}; name another with --config");
            Err((Place::File, message))
        }
        Ok(_) if bytes.len() as u64 > MOST_BYTES => {
            Err((Place::File, "the file is larger than 1MiB: is it a configuration?".to_owned()))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Parses what can be parsed; what cannot is added to the mistakes, one for each line.
pub(super) fn parse<'a>(text: &'a str, lines: &Lines, mistakes: &mut Mistakes) -> DeTable<'a> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let written: Vec<&str> = text.lines().collect();
    for error in errors {
        let line = error.span().map_or(1, |span| lines.line(span.start));
        let key = key_in(written.get(line - 1).copied().unwrap_or_default());
        mistakes.add_broken_line(line, key, format!("not valid TOML: {}", error.message()));
        // Under a broken heading nobody knows which section the keys belong to.
        if key.starts_with('[') {
            let is_inside = |text: &&str| !text.trim_start().starts_with('[');
            let inside = written.iter().skip(line).take_while(|text| is_inside(text)).count();
            mistakes.ignore_lines(line + 1..=line + inside);
        }
    }
    document.into_inner()
}

/// The key or heading in a line that could not be parsed, if it looks like one. Never a value: it may be a secret.
fn key_in(line: &str) -> &str {
    let line = line.trim();
    let word = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        !text.is_empty() && text.bytes().all(plain)
    };
    match line.split_once('=') {
        Some((key, _)) if word(key.trim()) => key.trim(),
        None if line.starts_with('[') && word(line.trim_matches(['[', ']'])) => line,
        _ => "",
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines {
    newlines: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &[u8]) -> Self {
        let newlines =
            text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(offset, _)| offset);
        Self { newlines: newlines.collect() }
    }

    /// The line that holds the byte at `offset`; the first is 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.newlines.partition_point(|newline| *newline < offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let lines = Lines::of(b"a\nb\r\n\nc");
        for (offset, expected) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (6, 4), (7, 4)] {
            assert_eq!(lines.line(offset), expected, "{offset}");
        }
    }

    #[test]
    fn a_broken_line_is_named_by_its_key_and_never_by_its_value() {
        for (line, expected) in [
            ("  listen = 5 5", "listen"),
            ("[server", "[server"),
            ("[a.b", "[a.b"),
            ("secret", ""),
            ("[secret = ", ""),
            ("\"k\" secret = 1", ""),
            ("", ""),
        ] {
            assert_eq!(key_in(line), expected, "{line}");
        }
    }
}
