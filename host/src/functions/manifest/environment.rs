//! The variables that a manifest declares: plain, copied from the host, or read from a secret file.

use super::fields::{Fields, usable_text};
use super::load::{ReadError, read_bounded};
use super::{Defaults, problems::short};
use serde_json::{Map, Value};
use std::fmt;

/// A secret is a password or a key; what is larger was put there by mistake.
const MOST_SECRET_BYTES: u64 = 64 * 1024;

/// Resolved variables. `Debug` shows their names only: any value may be a secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Environment(Box<[(String, String)]>);

impl Environment {
    /// For the runner alone.
    pub(super) fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect::<Map<_, _>>()
            .into()
    }

    pub(super) fn read(fields: &mut Fields<'_>, defaults: &Defaults) -> Self {
        let Some(object) = fields.object("environment") else { return Self::default() };
        let prefix = object.path("");
        let problems = object.problems;
        let mut variables = Vec::new();
        for (name, value) in object.into_values() {
            let path = format!("{prefix}{name}");
            match check_name(&name).and_then(|()| resolve(&path, value, fields, defaults)) {
                Ok(Some(text)) => variables.push((name, text)),
                Ok(None) => {}
                Err(error) => problems.add(&path, || error),
            }
        }
        Self(variables.into())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let mut bytes = name.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if !starts || !bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err("is no name of a variable: use letters, digits and _".to_owned());
    }
    if is_the_hosts(name) {
        return Err(
            "is one of the host's own variables: use a name without SHORTEDFAAS_".to_owned()
        );
    }
    Ok(())
}

/// Also the shared secret's variable, which no function may see.
fn is_the_hosts(name: &str) -> bool {
    name.get(.."SHORTEDFAAS_".len()).is_some_and(|start| start.eq_ignore_ascii_case("SHORTEDFAAS_"))
}

/// The text of a variable; `None` when the problem has been reported already. No error holds a value.
fn resolve(
    path: &str,
    value: Value,
    fields: &Fields<'_>,
    defaults: &Defaults,
) -> Result<Option<String>, String> {
    match value {
        Value::String(text) if text.contains('\0') => Err("holds a NUL character".to_owned()),
        Value::String(text) => Ok(Some(text)),
        Value::Object(source) => {
            let mut source = Fields::new(&format!("{path}."), source, fields.problems);
            let from = source.typed("from", "the name of a variable", |name| usable_text(name, 1));
            let secret = source.typed("secret", "the name of a file", |name| usable_text(name, 1));
            source.finish();
            match (from, secret) {
                (Some(name), None) => copied(&name, defaults).map(Some),
                (None, Some(name)) => secret_of(&name, defaults).map(Some),
                (Some(_), Some(_)) => Err("has both `from` and `secret`: keep one".to_owned()),
                (None, None) => Err(FORMS.to_owned()),
            }
        }
        // The value is not shown: it may be a secret that somebody forgot to quote.
        _ => Err(FORMS.to_owned()),
    }
}

const FORMS: &str = "must be a text, {\"from\": \"NAME\"} or {\"secret\": \"name\"}";

fn copied(name: &str, defaults: &Defaults) -> Result<String, String> {
    let shown = short(name);
    if is_the_hosts(name) {
        return Err(format!("`{shown}` belongs to the host and is not given to functions"));
    }
    (defaults.host_variable)(name).ok_or_else(|| {
        format!("the host has no variable `{shown}`: set it, or write the text here")
    })
}

fn secret_of(name: &str, defaults: &Defaults) -> Result<String, String> {
    if name.contains('/') || name.starts_with('.') {
        return Err(format!("`{}` is not the name of a file in secrets/", short(name)));
    }
    let file = defaults.secrets_folder.join(name);
    let shown = file.display();
    let bytes = read_bounded(&file, MOST_SECRET_BYTES).map_err(|error| match error {
        ReadError::Missing => format!("there is no secret file `{shown}`: create it"),
        other => format!("secret file `{shown}` {other}"),
    })?;
    // The text of a UTF-8 error or of the file itself must not get into the reason.
    let mut text = String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| format!("secret file `{shown}` is not text in UTF-8 without NUL"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::manifest::Manifest;
    use std::path::Path;

    const SECRET: &str = "hunter2-and-more";

    fn parse(environment: &str) -> Result<Manifest, String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("key"), format!("{SECRET}\r\n")).expect("written");
        std::fs::write(folder.path().join("binary"), b"\xffhunter2").expect("written");
        std::fs::create_dir(folder.path().join("folder")).expect("made");
        let mut defaults = Defaults::for_tests();
        defaults.secrets_folder = folder.path().to_owned();
        defaults.host_variable = |name| (name == "REGION").then(|| SECRET.to_owned());
        let text = format!(r#"{{"type":"executable","command":"x","environment":{environment}}}"#);
        Manifest::parse(text.as_bytes(), Path::new("/"), &defaults)
            .map_err(|refusal| refusal.reason)
    }

    fn refused(environment: &str, expected: &str) {
        let reason = parse(environment).expect_err(environment);
        assert!(reason.contains(expected), "{reason} does not contain {expected}");
        assert!(!reason.contains("hunter2"), "{reason}");
    }

    #[test]
    fn a_variable_is_plain_copied_or_secret_and_debug_shows_none_of_them() {
        let sources =
            format!(r#"{{"A":"{SECRET}","B":{{"from":"REGION"}},"C":{{"secret":"key"}}}}"#);
        let manifest = parse(&sources).expect("good");
        let told: Value = serde_json::from_str(&manifest.runner_json(None)).expect("JSON");
        for name in ["A", "B", "C"] {
            assert_eq!(told["environment"][name], SECRET);
        }
        let debug = format!("{manifest:?}");
        assert!(debug.contains(r#"["A", "B", "C"]"#) && !debug.contains("hunter2"), "{debug}");
    }

    #[test]
    fn a_variable_that_cannot_be_had_is_named_and_no_value_is_told() {
        refused(r#"{"A":{"from":"NOPE"}}"#, "`environment.A`: the host has no variable `NOPE`");
        refused(r#"{"A":{"from":"ShortedFaaS_SharedSecret"}}"#, "belongs to the host");
        refused(r#"{"A":{"secret":"nope"}}"#, "`environment.A`: there is no secret file `");
        refused(r#"{"A":{"secret":"../key"}}"#, "is not the name of a file in secrets/");
        refused(r#"{"A":{"secret":".."}}"#, "is not the name of a file in secrets/");
        refused(r#"{"A":{"secret":"folder"}}"#, "is no regular file");
        refused(r#"{"A":{"secret":"binary"}}"#, "is not text in UTF-8");
        refused(r#"{"A":["hunter2"]}"#, "must be a text, {\"from\"");
        refused(r#"{"A":{"from":"REGION","secret":"key"}}"#, "has both");
        refused(
            r#"{"A":{"form":"REGION"}}"#,
            "`environment.A.form`: unknown key; did you mean `from`?",
        );
        refused(r#"{"1A":"x"}"#, "`environment.1A`: is no name of a variable");
        refused(r#"{"shortedfaas_X":"x"}"#, "one of the host's own");
        refused(r#"{"A":"x\u0000hunter2"}"#, "holds a NUL");
        refused(r#""hunter""#, "`environment`: is \"hunter\": it must be an object");
    }
}
