//! One value as it was given, by the file or as a word of the environment or command line, read as what it should be.

use crate::values::{nearest, parse_duration, parse_size};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::DeValue;

/// A value before it is checked. Every reader's error names the value and what is wanted.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// From the file.
    Value(&'a DeValue<'a>),
    /// From the environment or the command line.
    Word(&'a OsStr),
}

impl<'a> Given<'a> {
    pub(super) fn text(self) -> Result<&'a str, String> {
        match self {
            Self::Value(DeValue::String(text)) => Ok(text),
            Self::Word(word) => word.to_str().ok_or_else(|| self.instead_of("UTF-8 text")),
            Self::Value(_) => Err(self.instead_of("a string in quotes")),
        }
    }

    pub(super) fn boolean(self) -> Result<bool, String> {
        match self {
            Self::Value(DeValue::Boolean(value)) => Ok(*value),
            Self::Word(word) if word == "true" => Ok(true),
            Self::Word(word) if word == "false" => Ok(false),
            _ => Err(self.instead_of("true or false")),
        }
    }

    pub(super) fn whole_number(self) -> Result<u64, String> {
        let number = match self {
            Self::Value(DeValue::Integer(integer)) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            Self::Word(word) => word.to_str().and_then(|text| text.parse().ok()),
            Self::Value(_) => None,
        };
        number.ok_or_else(|| self.instead_of("a whole number from 0"))
    }

    pub(super) fn number(self) -> Result<f64, String> {
        let number: Option<f64> = match self {
            Self::Value(DeValue::Float(float)) => float.as_str().parse().ok(),
            Self::Value(DeValue::Integer(integer)) if integer.radix() == 10 => {
                integer.as_str().parse().ok()
            }
            Self::Word(word) => word.to_str().and_then(|text| text.parse().ok()),
            Self::Value(_) => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| self.instead_of("a number"))
    }

    pub(super) fn duration(self) -> Result<Duration, String> {
        match self {
            Self::Value(DeValue::String(text)) => parse_duration(text),
            Self::Word(_) => parse_duration(self.text()?),
            Self::Value(_) => Err(self.instead_of("a duration in quotes such as \"30s\"")),
        }
    }

    pub(super) fn size(self) -> Result<u64, String> {
        match self {
            Self::Value(DeValue::String(text)) => parse_size(text),
            Self::Value(DeValue::Integer(_)) => self.whole_number(),
            Self::Word(_) => parse_size(self.text()?),
            Self::Value(_) => Err(self.instead_of("a size such as \"16MiB\"")),
        }
    }

    /// A list of words: an array of strings, or words with commas between them.
    pub(super) fn list(self) -> Result<Vec<String>, String> {
        match self {
            Self::Value(DeValue::Array(items)) => items
                .iter()
                .map(|item| Given::Value(item.get_ref()).text().map(str::to_owned))
                .collect(),
            Self::Word(_) => {
                let words = self.text()?.split(',').map(str::trim);
                Ok(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
            }
            Self::Value(_) => Err(self.instead_of("an array of strings")),
        }
    }

    pub(super) fn path(self) -> Result<PathBuf, String> {
        let path = match self {
            Self::Value(_) => PathBuf::from(self.text()?),
            Self::Word(word) => PathBuf::from(word),
        };
        // A NUL ends the name for the system: `deploy\0x` would silently be `deploy`.
        match path.as_os_str().as_encoded_bytes() {
            [] => Err("the path is empty: name a file or folder, or leave the key out".to_owned()),
            bytes if bytes.contains(&0) => {
                Err("the path holds a NUL character: take it out".to_owned())
            }
            _ => Ok(path),
        }
    }

    pub(super) fn address(self) -> Result<SocketAddr, String> {
        let text = self.text()?;
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        numeric.parse().map_err(|_| {
            format!("`{text}` is not an address with a port: write 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080")
        })
    }

    /// One of a closed list of words.
    pub(super) fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Result<T, String> {
        let text = self.text()?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Ok(*choice);
        }
        let names = || choices.iter().map(|(name, _)| *name);
        let hint = match nearest(text, names()) {
            Some(name) => format!("; did you mean \"{name}\"?"),
            None => String::new(),
        };
        let list = names().collect::<Vec<_>>().join(", ");
        Err(format!("`{text}` is not known: write one of {list}{hint}"))
    }

    /// `"none"`, or what `read` makes of it.
    pub(super) fn none_or<T>(
        self,
        read: impl Fn(Self) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        match self.text() {
            Ok("none") => Ok(None),
            _ => read(self).map(Some),
        }
    }

    /// "the integer 5 stands where ... is wanted".
    pub(super) fn instead_of(self, wanted: &str) -> String {
        let found = match self {
            Self::Word(word) => format!("`{}`", word.to_string_lossy()),
            Self::Value(DeValue::String(text)) => format!("the string \"{text}\""),
            Self::Value(DeValue::Integer(integer)) => format!("the integer {integer}"),
            Self::Value(DeValue::Float(float)) => format!("the float {float}"),
            Self::Value(DeValue::Boolean(value)) => format!("the boolean {value}"),
            Self::Value(DeValue::Datetime(value)) => format!("the date {value}"),
            Self::Value(DeValue::Array(_)) => "an array".to_owned(),
            Self::Value(DeValue::Table(_)) => "a table".to_owned(),
        };
        format!("{found} stands where {wanted} is wanted")
    }
}

/// `value` where it lies in `range`, else an error that writes both.
pub(super) fn within<T: PartialOrd + Copy>(
    value: T,
    range: RangeInclusive<T>,
    write: impl Fn(T) -> String,
) -> Result<T, String> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (write(*range.start()), write(*range.end()));
    Err(format!("`{}` is out of range: at least {least}, at most {most}", write(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `text` as a TOML value and as a word with the same reader.
    fn check<T: PartialEq + std::fmt::Debug>(
        toml: &str,
        word: &str,
        read: impl Fn(Given<'_>) -> Result<T, String>,
        expected: T,
    ) {
        let value = DeValue::parse(toml).expect(toml);
        assert_eq!(read(Given::Value(value.get_ref())), Ok(expected), "{toml}");
        let from_word = read(Given::Word(OsStr::new(word)));
        assert_eq!(from_word, read(Given::Value(value.get_ref())), "{word}");
    }

    fn refuse<T: std::fmt::Debug>(
        toml: &str,
        read: impl Fn(Given<'_>) -> Result<T, String>,
        expected: &str,
    ) {
        let value = DeValue::parse(toml).expect(toml);
        assert_eq!(read(Given::Value(value.get_ref())).expect_err(toml), expected);
    }

    #[test]
    fn the_file_and_a_word_are_read_alike() {
        check("true", "true", |given| given.boolean(), true);
        check("64", "64", |given| given.whole_number(), 64);
        check("0x10", "16", |given| given.whole_number(), 16);
        check("1_000", "1000", |given| given.whole_number(), 1000);
        check("1.5", "1.5", |given| given.number(), 1.5);
        check("2", "2", |given| given.number(), 2.0);
        check("'30s'", "30s", |given| given.duration(), Duration::from_secs(30));
        check("1024", "1024", |given| given.size(), 1024);
        check("'1KiB'", "1KiB", |given| given.size(), 1024);
        check("['a', 'b']", "a, b", |given| given.list(), vec!["a".to_owned(), "b".to_owned()]);
        check("[]", "", |given| given.list(), Vec::new());
        check(
            "'[::1]:80'",
            "[::1]:80",
            |given| given.address(),
            "[::1]:80".parse().expect("an address"),
        );
        check(
            "'localhost:0'",
            "localhost:0",
            |given| given.address(),
            "127.0.0.1:0".parse().expect("an address"),
        );
        check("'none'", "none", |given| given.none_or(Given::size), None);
        check("'6MB'", "6MB", |given| given.none_or(Given::size), Some(6_000_000));
    }

    #[test]
    fn what_does_not_fit_is_named_with_what_is_wanted() {
        refuse(
            "30",
            |given| given.duration(),
            "the integer 30 stands where a duration in quotes such as \"30s\" is wanted",
        );
        refuse(
            "'yes'",
            |given| given.boolean(),
            "the string \"yes\" stands where true or false is wanted",
        );
        refuse(
            "-1",
            |given| given.whole_number(),
            "the integer -1 stands where a whole number from 0 is wanted",
        );
        refuse(
            "99999999999999999999",
            |given| given.whole_number(),
            "the integer 99999999999999999999 stands where a whole number from 0 is wanted",
        );
        refuse("nan", |given| given.number(), "the float nan stands where a number is wanted");
        refuse("1e999", |given| given.number(), "the float 1e999 stands where a number is wanted");
        refuse(
            "'a'",
            |given| given.list(),
            "the string \"a\" stands where an array of strings is wanted",
        );
        refuse(
            "[1]",
            |given| given.list(),
            "the integer 1 stands where a string in quotes is wanted",
        );
        refuse(
            "{}",
            |given| given.text().map(str::to_owned),
            "a table stands where a string in quotes is wanted",
        );
        refuse(
            "''",
            |given| given.path(),
            "the path is empty: name a file or folder, or leave the key out",
        );
        refuse(
            "'8080'",
            |given| given.address(),
            "`8080` is not an address with a port: write 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080",
        );
    }
}
