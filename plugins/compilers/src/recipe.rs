//! What a plugin knows of a build, and the plan that it makes.

use crate::Fingerprint;
use languages::{Keys, Language};
use plugin_api::{Build, BuildCommand, Description, Error, FunctionSpec, Plan, Result, Sample};
use std::collections::BTreeMap;
use std::path::Path;

/// In the words of a command: the folder that the build works in, and in which it leaves `program`.
pub const BUILD: &str = "{build}";
/// Folder of all builds of a function.
const BUILDS: &str = ".build";

/// A build that is planned.
#[derive(Debug, Default)]
pub struct Recipe {
    /// Everything that the program is made of; paths only relative to the function's folder.
    pub fingerprint: Fingerprint,
    /// Commands in their order; they run in the function's folder.
    pub commands: Vec<Vec<String>>,
    /// Variables for all of them.
    pub environment: BTreeMap<String, String>,
    /// The compiler's version.
    pub version: String,
}

impl Recipe {
    /// Adds a command.
    pub fn run<W: Into<String>>(&mut self, words: impl IntoIterator<Item = W>) {
        self.commands.push(words.into_iter().map(Into::into).collect());
    }

    /// The plan.
    #[must_use]
    pub fn plan(self, function: &FunctionSpec, keys: &Keys) -> Plan {
        let output = function.folder.join(BUILDS).join(self.fingerprint.finish()).join("program");
        let folder = text(&function.folder);
        let commands = self.commands.into_iter().map(|command| BuildCommand {
            command,
            folder: folder.clone(),
            environment: self.environment.clone(),
        });
        Plan {
            command: text(&output),
            version: self.version,
            handler: keys.handler.clone(),
            build: Some(Build { commands: commands.collect(), output: text(&output) }),
            ..Plan::default()
        }
    }
}

/// A command that writes a file, whose name may begin with [`BUILD`].
#[must_use]
pub fn write_file(name: &str, content: &str) -> Vec<String> {
    ["sh", "-c", r#"printf %s "$1" >"$0""#, name, content].map(str::to_owned).to_vec()
}

/// Refuses what compiled languages cannot.
///
/// # Errors
/// Another type than `compiled`, or a foreign signature.
pub fn check(language: &Language, function: &FunctionSpec, keys: &Keys) -> Result<()> {
    let (name, kind) = (language.name, function.kind.as_str());
    if kind != "compiled" {
        let message = format!("is `{kind}`: functions in {name} are `compiled`");
        return Err(Error::config("type", message));
    }
    match keys.signature.as_deref().unwrap_or("shortedfaas") {
        "shortedfaas" => Ok(()),
        other => {
            let message = format!("is `{other}`: compiled functions take `shortedfaas`");
            Err(Error::config("signature", message))
        }
    }
}

/// What the language can do.
#[must_use]
pub fn described(language: &Language) -> Description {
    let owned = |(name, content): &(&str, &str)| ((*name).to_owned(), (*content).to_owned());
    let samples = language.samples.iter().map(|sample| Sample {
        kind: sample.kind.to_owned(),
        files: sample.files.iter().map(owned).collect(),
    });
    Description { types: vec!["compiled".to_owned()], samples: samples.collect() }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
