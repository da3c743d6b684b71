//! `shortedfaas plugins`: what the libraries of the enabled plugins say of themselves; none of their code runs.

use super::arguments::PluginsArguments;
use super::{Failure, serve};
use crate::plugins::{Libraries, inspect};
use serde_json::json;

pub(super) fn plugins(arguments: PluginsArguments) -> Result<(), Failure> {
    let config = serve::configuration(&serve::arguments(&arguments.setup))?;
    let libraries = Libraries::new(arguments.setup.plugins);
    let mut views = Vec::new();
    for plugin in &config.plugins {
        let found = libraries.find(plugin).and_then(|file| match inspect(&file) {
            Ok((_, metadata)) => Ok((file, metadata)),
            Err(error) => Err(error.to_string()),
        });
        let name = plugin.table().trim_matches(['[', ']']).to_owned();
        views.push(match found {
            Ok((file, metadata)) => json!({ "plugin": name, "file": file, "metadata": metadata }),
            Err(problem) => match plugin.interpreter() {
                Ok(Some(given)) => {
                    json!({ "plugin": name, "interpreter": given.words, "launcher": given.launcher })
                }
                _ => json!({ "plugin": name, "problem": problem }),
            },
        });
    }
    if arguments.json {
        println!("{}", json!({ "plugins": views }));
        return Ok(());
    }
    for view in &views {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let said = match (view.get("metadata"), view.get("interpreter")) {
            (Some(metadata), _) => format!(
                "{} {} (plugin-api {}) {}",
                text(&metadata["name"]),
                text(&metadata["version"]),
                text(&metadata["plugin_api"]),
                text(&view["file"])
            ),
            (None, Some(command)) => format!("interpreter {command}"),
            (None, None) => format!("not loadable: {}", text(&view["problem"])),
        };
        println!("{:<28} {said}", text(&view["plugin"]));
    }
    Ok(())
}
