//! The handler's file where run.json leaves it to the files of the ecosystem: `package.json`, `function.json`, a handler as Lambda writes it.

use languages::Keys;
use plugin_api::serde_json::{Value, json};
use plugin_api::{Error, FunctionSpec, Result};
use std::fs::read_dir;
use std::io::ErrorKind;
use std::path::Path;

/// The function with its file among `arguments`, and its handler's plain name; none: run.json says enough, or the kit's own rules find it.
pub(crate) fn named(function: &FunctionSpec) -> Result<Option<FunctionSpec>> {
    if function.kind != "interpreted" {
        return Ok(None);
    }
    let Some((words, handler)) = found(&function.folder, function.manifest()?)? else {
        return Ok(None);
    };
    let mut named = function.clone();
    named.manifest["arguments"] = json!(words);
    named.manifest["handler"] = json!(handler);
    Ok(Some(named))
}

/// `arguments` and `handler` as they are to be.
fn found(folder: &Path, keys: Keys) -> Result<Option<(Vec<String>, Option<String>)>> {
    let names_file = |word: &String| !word.starts_with('-');
    if keys.arguments.iter().any(names_file) {
        return Ok(None);
    }
    let (file, handler) = match nested(folder, &keys) {
        Some((file, handler)) => (Some(file), Some(handler)),
        None if keys.handler.as_deref().is_some_and(|handler| handler.contains('.')) => {
            return Ok(None);
        }
        None => (described(folder, keys.signature.as_deref())?, keys.handler),
    };
    Ok(file.map(|file| (keys.arguments.into_iter().chain([file]).collect(), handler)))
}

/// Lambda's `src/index.a.b`: the file ends at the first dot of the last part, and `a.b` is a property of a property.
fn nested(folder: &Path, keys: &Keys) -> Option<(String, String)> {
    let handler = keys.handler.as_deref()?;
    let (before, last) =
        handler.rsplit_once('/').map_or(("", handler), |(before, last)| (before, last));
    let (stem, name) = last.split_once('.')?;
    let stem = if before.is_empty() { stem.to_owned() } else { format!("{before}/{stem}") };
    let files = super::ENDINGS.iter().map(|ending| format!("{stem}.{ending}"));
    let file = files.into_iter().find(|file| folder.join(file).is_file())?;
    name.contains('.').then(|| (file, name.to_owned()))
}

/// The file that `function.json` or `package.json` names and that is there.
fn described(folder: &Path, signature: Option<&str>) -> Result<Option<String>> {
    if signature == Some("azure")
        && let Some(file) = script_file(folder)?
    {
        return Ok(Some(file));
    }
    let package = read(&folder.join("package.json"))?;
    let Some(main) = package.as_ref().and_then(|package| package["main"].as_str()) else {
        return Ok(None);
    };
    let main = main.trim_start_matches("./");
    if main.contains(['*', '{']) {
        return Ok(first_of_pattern(folder, main));
    }
    let candidates = [String::new(), ".js".to_owned(), "/index.js".to_owned()];
    let mut files = candidates.iter().map(|ending| format!("{main}{ending}"));
    Ok(files.find(|file| folder.join(file).is_file()))
}

/// Azure's model v3: `function.json` here, or in the only folder below that has one.
fn script_file(folder: &Path) -> Result<Option<String>> {
    if let Some(description) = read(&folder.join("function.json"))? {
        return Ok(script_of(folder, "", &description));
    }
    let entries = read_dir(folder)?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut below: Vec<String> =
        names.filter(|name| folder.join(name).join("function.json").is_file()).collect();
    below.sort();
    let [only] = below.as_slice() else { return Ok(None) };
    let description = read(&folder.join(only).join("function.json"))?.unwrap_or_default();
    Ok(script_of(folder, &format!("{only}/"), &description))
}

fn script_of(folder: &Path, below: &str, description: &Value) -> Option<String> {
    let usual = super::ENDINGS.iter().map(|ending| format!("{below}index.{ending}"));
    let named = description["scriptFile"].as_str().map(|name| format!("{below}{name}"));
    named.into_iter().chain(usual).find(|file| folder.join(file).is_file())
}

/// `src/{index.js,functions/*.js}`, as Azure's model v4 has it: one file of it; the launcher loads the others.
fn first_of_pattern(folder: &Path, pattern: &str) -> Option<String> {
    let (prefix, rest) = pattern.split_once('{').unwrap_or((pattern, ""));
    let alternatives = match rest.split_once('}') {
        Some((inside, after)) => {
            inside.split(',').map(|one| format!("{prefix}{one}{after}")).collect()
        }
        None => vec![pattern.to_owned()],
    };
    alternatives.iter().find_map(|path| match path.split_once('*') {
        None => folder.join(path).is_file().then(|| path.clone()),
        Some((before, after)) => {
            let (below, start) = before.rsplit_once('/').unwrap_or(("", before));
            let entries = read_dir(folder.join(below)).ok()?.flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            let fitting = names.filter(|name| name.starts_with(start) && name.ends_with(after));
            let name = fitting.min()?;
            Some(if below.is_empty() { name } else { format!("{below}/{name}") })
        }
    })
}

fn read(file: &Path) -> Result<Option<Value>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let wrong = |error| Error::config("", format!("{name} cannot be read: {error}"));
    plugin_api::serde_json::from_str(text.trim_start_matches('\u{feff}')).map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected`: `arguments` and `handler` as the kit then sees them; none: as they were.
    fn check(files: &[(&str, &str)], manifest: Value, expected: Option<(&str, Value)>) {
        let deploy = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = deploy.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let keys = plugin_api::serde_json::from_value(manifest).unwrap();
        let found = found(deploy.path(), keys).unwrap();
        let found = found.map(|(words, handler)| (words.join(" "), json!(handler)));
        assert_eq!(found, expected.map(|(words, handler)| (words.to_owned(), handler)));
    }

    #[test]
    fn what_run_json_says_is_left_as_it_is() {
        let package = ("package.json", r#"{"main": "b.js"}"#);
        check(&[package, ("b.js", "")], json!({"arguments": ["a.js"]}), None);
        check(&[package, ("b.js", "")], json!({"handler": "a.lambda"}), None);
        check(&[("a.js", "")], json!({}), None);
        check(&[package], json!({}), None);
    }

    #[test]
    fn package_json_names_the_file() {
        let main = |name: &'static str, text| vec![("package.json", text), (name, "")];
        check(
            &main("src/b.js", r#"{"main": "./src/b.js"}"#),
            json!({}),
            Some(("src/b.js", json!(null))),
        );
        check(
            &main("src/b.js", r#"{"main": "src/b"}"#),
            json!({"handler": "x"}),
            Some(("src/b.js", json!("x"))),
        );
        check(
            &main("src/index.js", r#"{"main": "src"}"#),
            json!({}),
            Some(("src/index.js", json!(null))),
        );
        check(
            &main("b.js", r#"{"main": "b.js"}"#),
            json!({"arguments": ["--smol"]}),
            Some(("--smol b.js", json!(null))),
        );
        let pattern = r#"{"main": "src/{index.js,functions/*.js}"}"#;
        check(
            &main("src/functions/hello.js", pattern),
            json!({}),
            Some(("src/functions/hello.js", json!(null))),
        );
        check(&main("src/index.js", pattern), json!({}), Some(("src/index.js", json!(null))));
    }

    #[test]
    fn lambdas_handlers_may_be_properties_of_properties() {
        check(
            &[("src/index.mjs", "")],
            json!({"handler": "src/index.a.b"}),
            Some(("src/index.mjs", json!("a.b"))),
        );
        check(&[("index.js", "")], json!({"handler": "index.handler"}), None);
    }

    #[test]
    fn function_json_names_azures_file() {
        let azure = json!({"signature": "azure"});
        let here = [("function.json", r#"{"scriptFile": "b.js"}"#), ("b.js", ""), ("a.js", "")];
        check(&here, azure.clone(), Some(("b.js", json!(null))));
        let below =
            [("hello/function.json", "\u{feff}{}"), ("hello/index.js", ""), ("host.json", "{}")];
        check(&below, azure.clone(), Some(("hello/index.js", json!(null))));
        let several = [
            ("a/function.json", "{}"),
            ("a/index.js", ""),
            ("b/function.json", "{}"),
            ("b/index.js", ""),
        ];
        check(&several, azure, None);
    }
}
