//! An interpreter that is given wholly in the configuration: `[languages.ruby] command = "ruby"`, without a plugin.

use super::plugin::{PluginConfig, PluginKind};
use serde_json::Value;

impl PluginConfig {
    /// Command and leading arguments of a language's table; none when it names no command and so wants a plugin.
    ///
    /// # Errors
    /// The key that is wrong and what is wrong with it.
    pub(crate) fn interpreter(&self) -> Result<Option<Vec<String>>, (&'static str, String)> {
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

    fn check(settings: Value, expected: Result<Option<&[&str]>, &str>) {
        let mut plugin = PluginConfig::new(PluginKind::Language, "ruby", 1);
        plugin.settings = settings.as_object().cloned().unwrap_or_default();
        let expected = expected
            .map(|words| words.map(|words| words.iter().map(ToString::to_string).collect()));
        assert_eq!(plugin.interpreter().map_err(|(key, _)| key), expected);
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
