//! Names of functions, and of files that come and go without meaning anything.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// Longer ones do not fit into logs, paths and headers.
const LONGEST: usize = 128;

/// Folders that hold what others installed, fetched or compiled: large, and no part of the function's own files.
const SKIPPED_FOLDERS: [&str; 6] =
    [".git", "node_modules", ".venv", "venv", "__pycache__", "target"];

/// Folder of a function's builds: what comes and goes in it is told, what is in it does not count.
pub(super) const BUILDS: &str = ".build";

/// Why a folder of this name cannot be a function.
pub(crate) fn check_name(raw: &OsStr) -> Result<(), String> {
    const FORM: &str = "use letters, digits, `.`, `_` and `-`, a letter or digit first";
    let Some(name) = raw.to_str() else {
        return Err(format!("the folder's name is not UTF-8: rename it and {FORM}"));
    };
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    if let Some(wrong) =
        name.chars().find(|character| !character.is_ascii() || !allowed(&(*character as u8)))
    {
        return Err(format!("the folder's name holds {wrong:?}: rename it and {FORM}"));
    }
    if !name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
        return Err(format!("the folder's name starts wrongly: rename it and {FORM}"));
    }
    if name.len() > LONGEST {
        let length = name.len();
        return Err(format!(
            "the folder's name has {length} characters: rename it to at most {LONGEST}"
        ));
    }
    Ok(())
}

/// Hidden folders are nobody's functions: `.git`, `.releases`, what a copy is prepared in.
pub(super) fn is_hidden(raw: &OsStr) -> bool {
    raw.as_bytes().starts_with(b".")
}

pub(super) fn is_skipped_folder(raw: &OsStr) -> bool {
    SKIPPED_FOLDERS.iter().any(|skipped| raw == *skipped)
}

/// What editors, interpreters and loggers leave behind: no reason for a new generation.
pub(super) fn is_litter(raw: &OsStr) -> bool {
    let name = raw.as_bytes();
    let endings: [&[u8]; 6] = [b"~", b".swp", b".swx", b".pyc", b".log", b".tmp"];
    name.starts_with(b".#")
        || name == b"4913"
        || endings.iter().any(|ending| name.ends_with(ending))
}

/// Names that differ from another one by case only, each with that other one.
pub(super) fn case_twins<'a>(
    names: impl Iterator<Item = &'a Arc<str>>,
) -> HashMap<Arc<str>, Arc<str>> {
    let mut first_of: HashMap<String, &Arc<str>, foldhash::fast::RandomState> = HashMap::default();
    let mut twins = HashMap::new();
    for name in names {
        match first_of.entry(name.to_lowercase()) {
            std::collections::hash_map::Entry::Vacant(free) => drop(free.insert(name)),
            std::collections::hash_map::Entry::Occupied(taken) => {
                let first = *taken.get();
                twins.insert(Arc::clone(name), Arc::clone(first));
                twins.entry(Arc::clone(first)).or_insert_with(|| Arc::clone(name));
            }
        }
    }
    twins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &[u8], expected: Option<&str>) {
        let answer = check_name(OsStr::from_bytes(raw)).err();
        let fits = match (&answer, expected) {
            (None, None) => true,
            (Some(reason), Some(part)) => reason.contains(part),
            _ => false,
        };
        assert!(fits, "{raw:?}: {answer:?}");
    }

    #[test]
    fn a_name_is_made_of_harmless_characters() {
        for name in ["a", "0", "Resize-image_2.v1", "a..b"] {
            check(name.as_bytes(), None);
        }
        check(b"a b", Some("holds ' '"));
        check(b"a\nb", Some("holds '\\n'"));
        check("ä".as_bytes(), Some("holds 'ä'"));
        check(b"a\xff", Some("is not UTF-8"));
        check(b"-a", Some("starts wrongly"));
        check(b"", Some("starts wrongly"));
        check(&[b'a'; 128], None);
        check(&[b'a'; 129], Some("has 129 characters"));
    }

    #[test]
    fn names_that_differ_by_case_know_each_other() {
        let names: Vec<Arc<str>> = ["Echo", "other", "echo", "ECHO"].map(Arc::from).to_vec();
        let twins = case_twins(names.iter());
        assert_eq!(twins.len(), 3);
        assert_eq!(twins["Echo"].as_ref(), "echo");
        assert_eq!(twins["echo"].as_ref(), "Echo");
        assert_eq!(twins["ECHO"].as_ref(), "Echo");
    }
}
