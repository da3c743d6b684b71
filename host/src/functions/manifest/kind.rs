//! What a function is: its `type`, its `language`, its command line, from what is said and from file endings.

use super::fields::{Fields, did_you_mean, usable_text};
use super::problems::{short, shown};
use super::{Defaults, Refusal};
use serde_json::Value;
use std::path::Path;

/// The types of the contract, each with the runner that usually serves it.
pub(super) const KINDS: [(&str, &str); 8] = [
    ("executable", "executable"),
    ("launched", "executable"),
    ("interpreted", "process"),
    ("compiled", "process"),
    ("native", "native"),
    ("wasm", "wasm"),
    ("embedded", "embedded"),
    ("container", "container"),
];

/// Endings of source files, and what runs them.
const ENDINGS: [(&str, &str); 15] = [
    ("py", "python"),
    ("js", "node"),
    ("mjs", "node"),
    ("cjs", "node"),
    ("ts", "node"),
    ("lua", "lua"),
    ("rb", "ruby"),
    ("php", "php"),
    ("pl", "perl"),
    ("java", "java"),
    ("jar", "java"),
    ("sh", "shell"),
    ("go", "go"),
    ("c", "c"),
    ("rs", "rust"),
];

/// What starts a function.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    pub(super) command: Option<String>,
    pub(super) arguments: Vec<String>,
    command_given: bool,
}

impl CommandLine {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let command_given = fields.has("command");
        let command = fields.text("command");
        let arguments = fields.take("arguments").map(|value| split(&value));
        let arguments = arguments.unwrap_or(Ok(Vec::new())).unwrap_or_else(|error| {
            fields.problem("arguments", &error);
            Vec::new()
        });
        Self { command, arguments, command_given }
    }

    /// The language that the first file with a known ending is written in.
    fn language(&self) -> Option<&'static str> {
        self.command.iter().chain(&self.arguments).find_map(|word| {
            let ending = Path::new(word).extension()?.to_str()?.to_ascii_lowercase();
            ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, language)| *language)
        })
    }

    /// Fills in what the manifest may leave out for this type.
    pub(super) fn complete(
        &mut self,
        kind: &str,
        language: &str,
        folder: &Path,
        fields: &Fields<'_>,
        defaults: &Defaults,
    ) {
        check_language(kind, language, self.command_given, fields, defaults);
        // Given and wrong has been said already.
        if self.command_given {
            return;
        }
        match kind {
            "executable" => {
                fields.problem("command", "missing: name a file in the folder or a program on PATH")
            }
            "native" => self.only_file("so", folder, fields),
            "wasm" => self.only_file("wasm", folder, fields),
            _ => {}
        }
    }

    fn only_file(&mut self, ending: &str, folder: &Path, fields: &Fields<'_>) {
        match files_ending(folder, ending).as_slice() {
            [only] => self.command = Some(only.clone()),
            [] => fields.problem("command", &format!("missing, and the folder holds no .{ending} file")),
            [first, second, ..] => fields.problem("command", &format!(
                "missing, and the folder holds several .{ending} files: name one, such as `{}` or `{}`",
                short(first), short(second)
            )),
        }
    }
}

/// Whether a language must say how the function is started.
pub(super) fn needs_plan(kind: &str, has_command: bool) -> bool {
    match kind {
        "interpreted" | "compiled" => true,
        "launched" => !has_command,
        _ => false,
    }
}

/// A function whose language must say how it is started needs that language to be on.
fn check_language(
    kind: &str,
    language: &str,
    command_given: bool,
    fields: &Fields<'_>,
    defaults: &Defaults,
) {
    let wanted = needs_plan(kind, command_given);
    let is_on = defaults.languages.iter().any(|known| known == language);
    // A type that nothing runs is told by itself, and a missing language has been.
    if !wanted || is_on || language.is_empty() || !served(defaults).any(|served| served == kind) {
        return;
    }
    let hint = did_you_mean(language, defaults.languages.iter().map(String::as_str));
    let language = short(language);
    if kind == "launched" {
        fields.problem(
            "command",
            &format!(
                "no interpreter for language `{language}`: add it here, or [languages.{language}] \
             command = \"{language}\" to shortedfaas.toml{hint}"
            ),
        );
    } else {
        fields.problem("language", &format!(
            "no language `{language}` is enabled: add [languages.{language}] to shortedfaas.toml{hint}"
        ));
    }
}

/// The type, given or told by the files. `None`: the problem is noted.
pub(super) fn read_kind(
    fields: &mut Fields<'_>,
    line: &CommandLine,
    folder: &Path,
    defaults: &Defaults,
) -> Option<String> {
    let known = || KINDS.iter().map(|(kind, _)| *kind).chain(served(defaults));
    if !fields.has("type") {
        let kind = infer_kind(line, folder);
        if kind.is_none() {
            let all = KINDS.map(|(kind, _)| format!("`{kind}`")).join(", ");
            fields.problem("type", &format!("missing, and no file tells it: write one of {all}"));
        }
        return kind.map(str::to_owned);
    }
    let value = fields.take("type")?;
    let found = value.as_str().filter(|given| known().any(|kind| kind == *given));
    if found.is_none() {
        let hint = did_you_mean(value.as_str().unwrap_or_default(), known());
        let all = KINDS.map(|(kind, _)| format!("`{kind}`")).join(", ");
        fields.problem("type", &format!("is {}: it must be one of {all}{hint}", shown(&value)));
    }
    found.map(str::to_owned)
}

/// Whether a runner that is on takes the type; if not, the refusal says which one would.
pub(super) fn check_enabled(kind: &str, defaults: &Defaults) -> Result<(), Refusal> {
    let runner = KINDS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, runner)| *runner);
    if served(defaults).any(|served| served == kind) {
        return Ok(());
    }
    let mut refusal = Refusal::new(format!(
        "no runner for type `{kind}` is enabled: add [runners.{runner}] to shortedfaas.toml"
    ));
    refusal.not_enabled = true;
    Err(refusal)
}

/// The language, given or told by the files; empty where it does not matter.
pub(super) fn read_language(
    fields: &mut Fields<'_>,
    kind: Option<&str>,
    line: &CommandLine,
) -> String {
    if fields.has("language") {
        return fields.text("language").unwrap_or_default();
    }
    // Asked for all the same, so that `finish` knows the key.
    fields.take("language");
    if let Some(language) = line.language() {
        return language.to_owned();
    }
    match (kind, &line.command) {
        (Some("launched"), Some(command)) => base_name(command),
        (Some("launched" | "interpreted" | "compiled" | "embedded"), _) => {
            fields.problem(
                "language",
                "missing, and no file's ending tells it: add it, such as \"python\"",
            );
            String::new()
        }
        _ => String::new(),
    }
}

/// `/usr/bin/python3.11` into `python`: the version is no part of a language's name.
fn base_name(command: &str) -> String {
    let name = command.rsplit('/').next().unwrap_or(command);
    let stem =
        name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    if stem.is_empty() { name } else { stem }.to_owned()
}

fn served(defaults: &Defaults) -> impl Iterator<Item = &str> {
    defaults.types.iter().map(String::as_str)
}

fn infer_kind(line: &CommandLine, folder: &Path) -> Option<&'static str> {
    let tells = |ending: &str| match &line.command {
        Some(command) => Path::new(command).extension().is_some_and(|known| known == ending),
        None => files_ending(folder, ending).len() == 1,
    };
    match (tells("so"), tells("wasm")) {
        (true, false) => Some("native"),
        (false, true) => Some("wasm"),
        _ => None,
    }
}

/// Names of the folder's files with this ending, sorted.
fn files_ending(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|known| known == ending))
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// Words of a command line: a text as a POSIX shell splits it, nothing expanded, or an array of texts.
fn split(value: &Value) -> Result<Vec<String>, String> {
    const FORM: &str = "it must be a text, or an array of texts, without NUL";
    match value {
        Value::String(_) => {
            let text = usable_text(value, 0).ok_or(FORM)?;
            shlex::split(&text).ok_or_else(|| {
                format!("is {}: a quote or a backslash at its end is not closed", shown(value))
            })
        }
        // An empty word is a word: `[""]` is one empty argument.
        Value::Array(items) => items
            .iter()
            .map(|item| {
                usable_text(item, 0).ok_or_else(|| format!("holds {}: {FORM}", shown(item)))
            })
            .collect(),
        other => Err(format!("is {}: {FORM}", shown(other))),
    }
}
