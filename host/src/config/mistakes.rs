//! What is wrong with a configuration: every mistake at once, each with its place and key.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

/// More lines than this help nobody: the file is no configuration.
const MOST_SHOWN: usize = 100;

/// Everything that was found wrong; never empty where it is returned. One line each when written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Mistakes {
    /// The file as it was named, for the lines' beginning.
    file: String,
    list: Vec<Mistake>,
    /// Lines that could not be parsed, or not told the section of: what is left of them is noise.
    broken_lines: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mistake {
    place: Place,
    /// `server.listen`; empty where no key is concerned.
    key: String,
    message: String,
}

/// Where something was written. The order is the order of the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The file as a whole.
    File,
    /// A line of the file, the first being 1.
    Line(usize),
    /// A variable of the environment.
    Variable(String),
    /// An argument of the command line.
    Argument(&'static str),
}

impl Place {
    /// The line in the file, 0 where it is not in the file.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Line(line) => *line,
            Self::File | Self::Variable(_) | Self::Argument(_) => 0,
        }
    }
}

impl Mistakes {
    pub(super) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), list: Vec::new(), broken_lines: BTreeSet::new() }
    }

    pub(super) fn add(&mut self, place: Place, key: impl Into<String>, message: impl Into<String>) {
        if !self.broken_lines.contains(&place.line()) {
            self.list.push(Mistake { place, key: key.into(), message: message.into() });
        }
    }

    /// Adds a line that could not be parsed; only its first mistake counts.
    pub(super) fn add_broken_line(&mut self, line: usize, key: &str, message: String) {
        self.add(Place::Line(line), key, message);
        self.broken_lines.insert(line);
    }

    /// From now on nothing that stands in these lines counts.
    pub(super) fn ignore_lines(&mut self, lines: RangeInclusive<usize>) {
        self.broken_lines.extend(lines);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the value of `key` is among what is wrong.
    pub(super) fn concern(&self, key: &str) -> bool {
        self.list.iter().any(|mistake| mistake.key == key)
    }

    /// `Ok` with `value` where nothing is wrong, else the mistakes in the order of their places.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort_by(|one, other| one.place.cmp(&other.place));
        Err(self)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Mistake { place, key, message }) in
            self.list.iter().take(MOST_SHOWN).enumerate()
        {
            if index > 0 {
                writeln!(formatter)?;
            }
            match place {
                Place::File => write!(formatter, "{}: ", self.file)?,
                Place::Line(line) => write!(formatter, "{}:{line}: ", self.file)?,
                Place::Variable(name) => write!(formatter, "{name}: ")?,
                Place::Argument(name) => write!(formatter, "{name}: ")?,
            }
            // A variable and an argument name their key themselves.
            if !key.is_empty() && matches!(place, Place::File | Place::Line(_)) {
                write!(formatter, "{key}: ")?;
            }
            formatter.write_str(message)?;
        }
        match self.list.len().saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "\n{}: {more} mistakes more", self.file),
        }
    }
}
