//! Version and place of a program in what it prints of itself.

use crate::paths::is_program;
use std::path::{Path, PathBuf};

/// The first word that looks like `3.11.7`, `v22.1.0` or `2.1.0-beta3`.
pub(crate) fn version_in(text: &str) -> Option<String> {
    let words =
        text.split(|character: char| character.is_whitespace() || "\"(),;".contains(character));
    let mut versions = words.filter_map(|word| {
        let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
        let (major, rest) = word.split_once('.')?;
        let numbers =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+_~".contains(&byte);
        let starts = rest.starts_with(|first: char| first.is_ascii_digit());
        (numbers(major) && starts && rest.bytes().all(plain)).then(|| word.to_owned())
    });
    versions.next()
}

/// Whether a version is `oldest` or newer; one that tells none is taken at its word.
pub(crate) fn is_at_least(version: &str, oldest: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map(|part| {
        let digits = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
        part[..digits].parse::<u32>().unwrap_or(0)
    });
    version.is_empty() || (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= oldest
}

/// The last line that is the path of a program.
pub(crate) fn real_program(stdout: &str) -> Option<PathBuf> {
    let mut lines = stdout.lines().rev().map(|line| Path::new(line.trim_end()));
    lines.find(|path| path.is_absolute() && is_program(path)).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{is_at_least, version_in};

    #[test]
    fn versions_are_found_in_what_programs_print() {
        let check = |text, expected: Option<&str>| {
            assert_eq!(version_in(text).as_deref(), expected, "{text}")
        };
        check("Lua 5.4.4  Copyright (C) 1994-2022 Lua.org, PUC-Rio", Some("5.4.4"));
        check(
            "LuaJIT 2.1.0-beta3 -- Copyright (C) 2005-2022 Mike Pall. https://luajit.org/",
            Some("2.1.0-beta3"),
        );
        check("Python 3.11.2", Some("3.11.2"));
        check("v22.1.0", Some("22.1.0"));
        check("openjdk version \"17.0.9\" 2023-10-17", Some("17.0.9"));
        check("PHP 8.2.36 (cli) (built: Nov 18 2026 20:02:04) (NTS)", Some("8.2.36"));
        check("no version", None);
        check("a.b 1. .5", None);
    }

    #[test]
    fn versions_are_compared_by_number() {
        let check = |version, oldest, expected| {
            assert_eq!(is_at_least(version, oldest), expected, "{version}")
        };
        check("3.10.2", (3, 8), true);
        check("3.8rc1", (3, 8), true);
        check("3.7.9", (3, 8), false);
        check("4.0", (3, 8), true);
        check("2.9", (3, 8), false);
        check("", (3, 8), true);
    }
}
