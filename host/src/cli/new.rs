//! `shortedfaas new NAME --type T --language L`: a first function in the deploy folder.

use super::Failure;
use super::arguments::NewArguments;
use super::build::languages;
use crate::functions::check_name;
use crate::plugins::{Plugins, Sample};
use rustix::fs::{CWD, RenameFlags};
use serde_json::json;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What needs no language.
const SHELL_RUN: &str =
    "{ \"type\": \"executable\", \"language\": \"shell\", \"command\": \"hello.sh\" }\n";
const SHELL_FILE: &str = "#!/bin/sh\nread -r name\necho \"Hello, ${name:-World}!\"\n";

pub(super) fn new(arguments: NewArguments) -> Result<(), Failure> {
    let name = arguments.name.as_str();
    check_name(OsStr::new(name)).map_err(|reason| {
        Failure::Usage(format!("`{name}` cannot be a function's name: {reason}"))
    })?;
    let (config, plugins, mistakes) = languages(&arguments.places)?;
    let files = sample(&arguments, &plugins, mistakes)?;
    let deploy = &config.deploy.folder;
    let folder = deploy.join(name);
    if folder.symlink_metadata().is_ok() {
        let message = format!("`{}` is there already: take another name", folder.display());
        return Err(Failure::Usage(message));
    }
    write(deploy, &folder, &files).map_err(|error| {
        Failure::Failed(format!("`{}` cannot be written: {error}", folder.display()))
    })?;
    tell(&arguments, &folder, &files);
    Ok(())
}

fn tell(arguments: &NewArguments, folder: &Path, files: &[(String, String)]) {
    let route = format!("/f/{}", arguments.name);
    if arguments.json {
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        println!("{}", json!({ "folder": folder, "files": names, "route": route }));
        return;
    }
    for (name, _) in files {
        println!("wrote {}", folder.join(name).display());
    }
    println!("a running host serves it at {route}: shortedfaas invoke {} -d World", arguments.name);
}

/// The files of the language's sample for the type.
fn sample(
    arguments: &NewArguments,
    plugins: &Plugins,
    mistakes: Vec<String>,
) -> Result<Vec<(String, String)>, Failure> {
    let (kind, language) = (arguments.kind.as_str(), arguments.language.as_deref());
    if kind == "executable" {
        let own = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        return Ok(vec![own("run.json", SHELL_RUN), own("hello.sh", SHELL_FILE)]);
    }
    let known = plugins.language_names().join(", ");
    let language = language.ok_or_else(|| {
        Failure::Usage(format!("name a --language for type `{kind}`: {known} are on"))
    })?;
    let plugin = plugins.language(language).ok_or_else(|| {
        let missing = format!(
            "no language `{language}` is enabled: add [languages.{language}] to shortedfaas.toml, or take one of {known}"
        );
        Failure::Usage(if mistakes.is_empty() { missing } else { mistakes.join("\n") })
    })?;
    let described = plugin.describe().map_err(|fault| Failure::Failed(fault.to_string()))?;
    let kinds: Vec<String> =
        described.samples.iter().map(|sample| format!("`{}`", sample.kind)).collect();
    let of_kind = described.samples.into_iter().find(|sample| sample.kind == kind);
    let Sample { files, .. } = of_kind.ok_or_else(|| {
        let kinds = if kinds.is_empty() { "no type".to_owned() } else { kinds.join(", ") };
        Failure::Usage(format!("{language} has no first function of type `{kind}`, it has {kinds}"))
    })?;
    Ok(files)
}

/// All at once: a running host sees no half of it.
fn write(deploy: &Path, folder: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    std::fs::create_dir_all(deploy)?;
    let hidden = Hidden::make(deploy)?;
    for (name, content) in files {
        let path = hidden.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&hidden.0))?;
        std::fs::write(&path, content)?;
        if content.starts_with("#!") {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755))?;
        }
    }
    let done = rustix::fs::renameat_with(CWD, &hidden.0, CWD, folder, RenameFlags::NOREPLACE);
    done.map_err(Into::into)
}

/// A folder that no host takes for a function; removed when it has not been renamed.
struct Hidden(PathBuf);

impl Hidden {
    fn make(deploy: &Path) -> std::io::Result<Self> {
        let path = deploy.join(format!(".new-{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
