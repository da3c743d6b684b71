//! Which file of a function holds its handler, and which words stand around it.

use crate::paths::inside;
use crate::wording::alternatives;
use crate::{Keys, Language};
use plugin_api::{Error, Result};
use std::path::Path;

/// Names, without the ending, that are taken where a folder holds several files of the language.
const USUAL_NAMES: [&str; 4] = ["lambda", "handler", "main", "index"];

/// The handler's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandlerFile {
    /// Relative to the function's folder.
    pub file: String,
    /// Name of the handler in it; none: the language's usual names.
    pub handler: Option<String>,
    /// Words of `arguments` before the file: options of the interpreter.
    pub before: Vec<String>,
    /// Words of `arguments` after the file: arguments of the program.
    pub after: Vec<String>,
}

/// Finds the handler's file: the first word of `arguments` that is a file of the folder, else the one that a `handler` of the form
/// `file.name` names, else the folder's only file with one of the language's endings.
///
/// # Errors
/// There is none, or several would do; it lies outside of the function's folder.
pub fn handler_file(
    language: &Language,
    folder: &Path,
    deploy_folder: &Path,
    keys: &Keys,
) -> Result<HandlerFile> {
    let folder = Folder { path: folder, deploy: deploy_folder, language };
    let dotted = keys.handler.as_deref().and_then(|handler| folder.dotted(handler));
    let words = &keys.arguments;
    if let Some(at) = words.iter().position(|word| folder.holds(word)) {
        let file = folder.file(&words[at])?;
        let handler = match dotted {
            Some((named, name)) if named == file => Some(name),
            Some((named, _)) => return Err(wrong("handler", contradiction(keys, &named, &file))),
            None => keys.handler.clone(),
        };
        let (before, after) = (words[..at].to_vec(), words[at + 1..].to_vec());
        return Ok(HandlerFile { file, handler, before, after });
    }
    if let Some(word) = folder.meant(words) {
        return Err(wrong("arguments", folder.why_not(word)));
    }
    let before = words.clone();
    if let Some((file, name)) = dotted {
        let file = folder.file(&file)?;
        return Ok(HandlerFile { file, handler: Some(name), before, after: Vec::new() });
    }
    let file = folder.only_file(keys)?;
    Ok(HandlerFile { file, handler: keys.handler.clone(), before, after: Vec::new() })
}

struct Folder<'a> {
    path: &'a Path,
    deploy: &'a Path,
    language: &'a Language,
}

impl Folder<'_> {
    fn holds(&self, word: &str) -> bool {
        inside(word, self.path).is_some_and(|relative| self.path.join(relative).is_file())
    }

    /// The word that is meant to be the file although it is not there: it has the language's ending, or it is the only one.
    fn meant<'w>(&self, words: &'w [String]) -> Option<&'w String> {
        let has_ending = |word: &&String| {
            let ending = Path::new(word.as_str()).extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| self.language.endings.contains(&ending))
        };
        let no_option = |word: &&String| !word.starts_with('-');
        words.iter().find(has_ending).or_else(|| words.last().filter(no_option))
    }

    fn why_not(&self, word: &str) -> String {
        match inside(word, self.path) {
            None => format!(
                "the handler's file `{word}` lies outside of the function's folder: move it into it"
            ),
            Some(relative) if self.path.join(&relative).is_dir() => {
                format!("`{word}` is a directory: name the handler's file in it")
            }
            Some(_) => format!(
                "the handler's file `{word}` is not in the folder: add it, or correct `arguments`"
            ),
        }
    }

    /// The file as it is passed on. A link may not lead out of `deploy/`.
    fn file(&self, word: &str) -> Result<String> {
        let relative = inside(word, self.path).expect("a word that names a file of the folder");
        let real = self.path.join(&relative).canonicalize()?;
        let deploy = self.deploy.canonicalize().unwrap_or_else(|_| self.deploy.to_owned());
        if !real.starts_with(deploy) {
            let message = format!(
                "the handler's file `{word}` leads out of the deploy folder, to {}: copy it into the function's folder",
                real.display()
            );
            return Err(wrong("arguments", message));
        }
        let not_unicode =
            || wrong("arguments", format!("the name of `{word}` is not UTF-8: rename it"));
        relative.to_str().map(str::to_owned).ok_or_else(not_unicode)
    }

    /// `src/app.lambda` or `src.app.lambda` into the file `src/app.lua` and the name `lambda`, where that file is there.
    fn dotted(&self, handler: &str) -> Option<(String, String)> {
        let (stem, name) = handler.rsplit_once('.')?;
        let stems = [stem.to_owned(), stem.replace('.', "/")];
        let endings = self.language.endings.iter();
        let files =
            endings.flat_map(|ending| stems.iter().map(move |stem| format!("{stem}.{ending}")));
        let file = files.into_iter().find(|file| self.holds(file))?;
        let plain = inside(&file, self.path)?.to_str()?.to_owned();
        Some((plain, name.to_owned()))
    }

    fn only_file(&self, keys: &Keys) -> Result<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
                ending.is_some_and(|ending| self.language.endings.contains(&ending))
                    && self.path.join(name).is_file()
            })
            .collect();
        names.sort();
        let usual = || {
            let named = |usual: &&str| {
                names
                    .iter()
                    .find(|name| Path::new(name).file_stem().is_some_and(|stem| stem == *usual))
            };
            USUAL_NAMES.iter().find_map(named)
        };
        match names.as_slice() {
            [only] => self.file(only),
            [] => Err(wrong("arguments", self.none(keys))),
            [first, second, ..] => match usual() {
                Some(name) => self.file(name),
                None => Err(wrong(
                    "arguments",
                    format!(
                        "names no file, and the folder holds several of {}: name the handler's, such as `{first}` or `{second}`",
                        self.language.name
                    ),
                )),
            },
        }
    }

    fn none(&self, keys: &Keys) -> String {
        let endings: Vec<String> =
            self.language.endings.iter().map(|ending| format!(".{ending}")).collect();
        let endings: Vec<&str> = endings.iter().map(String::as_str).collect();
        let handler = match &keys.handler {
            Some(handler) if handler.contains('.') => {
                format!(", `handler` (`{handler}`) names none that is there")
            }
            _ => String::new(),
        };
        format!(
            "names no file{handler}, and the folder holds no file that ends with {}: add the handler's file",
            alternatives(&endings)
        )
    }
}

fn contradiction(keys: &Keys, named: &str, file: &str) -> String {
    let handler = keys.handler.as_deref().unwrap_or_default();
    format!(
        "is `{handler}`, the file `{named}`, but `arguments` names `{file}`: name the same file, or just the name"
    )
}

fn wrong(key: &str, message: impl Into<String>) -> Error {
    Error::config(key, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &Language = &Language { name: "test", endings: &["t", "tt"], ..Language::PLAIN };

    /// `expected`: the file and the handler, or a part of the error.
    fn check(
        files: &[&str],
        arguments: &[&str],
        handler: Option<&str>,
        expected: Result<(&str, Option<&str>), &str>,
    ) {
        let deploy = tempfile::tempdir().unwrap();
        let folder = deploy.path().join("f");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        std::fs::write(deploy.path().join("outside.t"), "").unwrap();
        for file in files {
            std::fs::write(folder.join(file), "").unwrap();
        }
        let keys = Keys {
            arguments: arguments.iter().map(ToString::to_string).collect(),
            handler: handler.map(str::to_owned),
            ..Keys::default()
        };
        let found = handler_file(TEST, &folder, deploy.path(), &keys);
        match (found, expected) {
            (Ok(found), Ok((file, handler))) => {
                assert_eq!((found.file.as_str(), found.handler.as_deref()), (file, handler));
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn the_first_argument_that_is_a_file_is_the_handlers() {
        check(&["a.t", "b.t"], &["b.t"], None, Ok(("b.t", None)));
        check(&["a.t", "b.t"], &["./sub/../b.t"], Some("f"), Ok(("b.t", Some("f"))));
        check(&["a.other"], &["a.other"], None, Ok(("a.other", None)));
        check(&["a.t"], &["-O", "a.t", "more"], None, Ok(("a.t", None)));
        check(&["sub/a.t"], &["sub/a.t"], Some("a.f"), Ok(("sub/a.t", Some("a.f"))));
        check(&["a.t"], &["a.t"], Some("a.f"), Ok(("a.t", Some("f"))));
    }

    #[test]
    fn a_handler_may_name_its_file() {
        check(&["a.t", "b.t"], &[], Some("b.f"), Ok(("b.t", Some("f"))));
        check(&["a.t", "sub/b.tt"], &[], Some("sub/b.f"), Ok(("sub/b.tt", Some("f"))));
        check(&["a.t", "sub/b.t"], &[], Some("sub.b.f"), Ok(("sub/b.t", Some("f"))));
        check(&["a.t", "b.t"], &["-O"], Some("b.f"), Ok(("b.t", Some("f"))));
        check(&["a.t", "b.t"], &["a.t"], Some("b.f"), Err("`b.t`, but `arguments` names `a.t`"));
    }

    #[test]
    fn else_the_only_file_of_the_language_or_the_usual_one_is_taken() {
        check(&["a.t", "x.other"], &[], None, Ok(("a.t", None)));
        check(&["a.t"], &["-O"], Some("f"), Ok(("a.t", Some("f"))));
        check(&["a.t", "handler.t", "lambda.tt"], &[], None, Ok(("lambda.tt", None)));
        check(&["a.t", "b.t"], &[], None, Err("such as `a.t` or `b.t`"));
        check(&["x.other"], &[], None, Err("no file that ends with `.t` or `.tt`"));
        check(&["x.other"], &[], Some("x.f"), Err("`handler` (`x.f`) names none that is there"));
    }

    #[test]
    fn a_missing_file_is_named() {
        check(&["a.t"], &["b.t"], None, Err("the handler's file `b.t` is not in the folder"));
        check(&["a.t"], &["b"], None, Err("the handler's file `b` is not in the folder"));
        check(&["a.t"], &["-O", "b.t", "x"], None, Err("`b.t` is not in the folder"));
        check(&["a.t"], &["sub"], None, Err("`sub` is a directory"));
        check(
            &["a.t"],
            &["../outside.t"],
            None,
            Err("`../outside.t` lies outside of the function's folder"),
        );
        check(&["a.t"], &["/etc/passwd"], None, Err("lies outside of the function's folder"));
    }

    #[test]
    fn a_link_may_not_lead_out_of_the_deploy_folder() {
        let deploy = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", deploy.path().join("a.t")).unwrap();
        let keys = Keys { arguments: vec!["a.t".to_owned()], ..Keys::default() };
        let error = handler_file(TEST, deploy.path(), deploy.path(), &keys).unwrap_err();
        assert!(
            error.to_string().contains("leads out of the deploy folder, to /etc/passwd"),
            "{error}"
        );
    }
}
