//! The table `[languages.NAME]`.

use plugin_api::serde::{Deserialize, Deserializer, de::Error as _};

/// Keys that every language's table takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "plugin_api::serde", default, deny_unknown_fields)]
pub struct Settings {
    /// The interpreter: a name on PATH, or a path (a relative one from the configuration file's folder).
    pub command: Option<String>,
    /// Its arguments before all others: a text, split as a shell splits words, or a list.
    #[serde(deserialize_with = "words")]
    pub arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(crate = "plugin_api::serde", untagged)]
enum Words {
    Text(String),
    List(Vec<String>),
}

/// Reads a command line's words.
fn words<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    match Words::deserialize(from) {
        Ok(Words::List(words)) => Ok(words),
        Ok(Words::Text(text)) => shlex::split(&text)
            .ok_or_else(|| D::Error::custom(format!("`{text}` has a quote that is not closed"))),
        Err(_) => Err(D::Error::custom("is neither a text nor a list of texts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::serde_json::{Value, from_value, json};

    fn check(table: Value, expected: Result<&[&str], &str>) {
        let read = from_value::<Settings>(table).map(|settings| settings.arguments);
        match expected {
            Ok(words) => assert_eq!(read.unwrap(), words),
            Err(part) => assert!(read.unwrap_err().to_string().contains(part), "{part}"),
        }
    }

    #[test]
    fn arguments_are_a_text_or_a_list_and_other_keys_are_mistakes() {
        check(json!({}), Ok(&[]));
        check(json!({"command": "lua"}), Ok(&[]));
        check(json!({"arguments": "-l 'a b'"}), Ok(&["-l", "a b"]));
        check(json!({"arguments": ["-l", "a b"]}), Ok(&["-l", "a b"]));
        check(json!({"arguments": "'"}), Err("not closed"));
        check(json!({"arguments": 1}), Err("neither a text nor a list"));
        check(json!({"comand": "lua"}), Err("comand"));
    }
}
