//! An interpreter that is given wholly in the configuration: `[languages.ruby] command = "ruby"`, without a plugin.

use super::plugin::{PluginConfig, PluginKind};
use serde_json::Value;

/// What a table says that needs no plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interpreter {
    /// Command and leading arguments.
    pub(crate) words: Vec<String>,
    /// A program in that language that speaks the launcher protocol; from the folder of the configuration file.
    pub(crate) launcher: Option<String>,
}

impl PluginConfig {
    /// The interpreter of a language's table; none when it names no command and so wants a plugin.
    ///
    /// # Errors
    /// The key that is wrong and what is wrong with it.
    pub(crate) fn interpreter(&self) -> Result<Option<Interpreter>, (String, String)> {
        let Some(words) = self.words().map_err(|(key, message)| (key.to_owned(), message))? else {
            return Ok(None);
        };
        const KNOWN: [&str; 3] = ["command", "arguments", "launcher"];
        if let Some(key) = self.settings.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            let known = KNOWN.join("`, `");
            return Err((
                key.clone(),
                format!("no such key: without a plugin there are `{known}`"),
            ));
        }
        let launcher = match self.settings.get("launcher") {
            None => None,
            Some(Value::String(file)) if !file.is_empty() => Some(file.clone()),
            Some(other) => {
                return Err(("launcher".to_owned(), format!("{other} is not the path of a file")));
            }
        };
        Ok(Some(Interpreter { words, launcher }))
    }

    fn words(&self) -> Result<Option<Vec<String>>, (&'static str, String)> {
        let Some(command) =
            self.settings.get("command").filter(|_| self.kind == PluginKind::Language)
        else {
            return Ok(None);
        };
        let Some(command) = command.as_str().filter(|command| !command.is_empty()) else {
            return Err((
                "command",
                format!("{command} is not the name of a program: write \"ruby\""),
            ));
        };
        let mut words = vec![command.to_owned()];
        match self.settings.get("arguments") {
            None => {}
            Some(Value::String(text)) => {
                let unbalanced =
                    || ("arguments", format!("`{text}` has a quote that is not closed"));
                words.extend(shlex::split(text).ok_or_else(unbalanced)?);
            }
            Some(Value::Array(items)) => {
                for item in items {
                    let word = item.as_str();
                    let word =
                        word.ok_or_else(|| ("arguments", format!("{item} is not a text")))?;
                    words.push(word.to_owned());
                }
            }
            Some(other) => {
                return Err((
                    "arguments",
                    format!("{other} is neither a text nor a list of texts"),
                ));
            }
        }
        Ok(Some(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn interpreter(settings: Value) -> Result<Option<Interpreter>, String> {
        let mut plugin = PluginConfig::new(PluginKind::Language, "ruby", 1);
        plugin.settings = settings.as_object().cloned().unwrap_or_default();
        plugin.interpreter().map_err(|(key, _)| key)
    }

    fn check(settings: Value, expected: Result<Option<&[&str]>, &str>) {
        let found = interpreter(settings).map(|found| found.map(|found| found.words));
        let expected = expected
            .map(|words| words.map(|words| words.iter().map(ToString::to_string).collect()))
            .map_err(str::to_owned);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_launcher_is_a_file_and_other_keys_are_mistakes() {
        let found = interpreter(json!({"command": "tclsh", "launcher": "l.tcl"}));
        let launcher = found.expect("read").and_then(|found| found.launcher);
        assert_eq!(launcher.as_deref(), Some("l.tcl"));
        check(json!({"command": "x", "launcher": 1}), Err("launcher"));
        check(json!({"command": "x", "lancher": "l.tcl"}), Err("lancher"));
    }

    #[test]
    fn command_and_arguments_make_a_command_line() {
        check(json!({}), Ok(None));
        check(json!({"command": "ruby"}), Ok(Some(&["ruby"])));
        check(
            json!({"command": "java", "arguments": "-jar 'a b'"}),
            Ok(Some(&["java", "-jar", "a b"])),
        );
        check(json!({"command": "java", "arguments": ["-jar"]}), Ok(Some(&["java", "-jar"])));
        check(json!({"command": 1}), Err("command"));
        check(json!({"command": "x", "arguments": "'"}), Err("arguments"));
        check(json!({"command": "x", "arguments": [1]}), Err("arguments"));
        check(json!({"command": "x", "arguments": 1}), Err("arguments"));
    }
}
