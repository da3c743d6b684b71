//! From `command` to the file that is executed, once per generation of a function.

use crate::format::{fault, is_executable_file, on_path};
use plugin_api::{Error, Result};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders of a function whose programs come before those of PATH.
const OWN_PROGRAM_FOLDERS: &[&str] = &[".venv/bin", "venv/bin", "node_modules/.bin"];
/// Folders of a function whose links may lead anywhere: package managers make them so.
const LINKING_FOLDERS: &[&str] = &[".venv", "venv", "node_modules"];

/// Where the program is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the function's folder: path relative to it, so that a call whose folder moves away goes on in it.
    Folder(PathBuf),
    /// Anywhere else: absolute.
    System(PathBuf),
}

impl Place {
    /// What is given to `execve` by a process that stands in the function's folder.
    #[must_use]
    pub fn executed_path(&self) -> PathBuf {
        match self {
            Self::Folder(relative) => Path::new(".").join(relative),
            Self::System(absolute) => absolute.clone(),
        }
    }

    /// Absolute path, as long as the folder stays where it is.
    #[must_use]
    pub fn absolute_path(&self, folder: &Path) -> PathBuf {
        match self {
            Self::Folder(relative) => folder.join(relative),
            Self::System(absolute) => absolute.clone(),
        }
    }
}

/// Finds `command`; `search` is the PATH of the child, [`search_path`].
///
/// # Errors
/// It is not there, or cannot be executed.
pub fn resolve(
    command: &str,
    folder: &Path,
    deploy_folder: &Path,
    search: &OsString,
) -> Result<Place> {
    if command.is_empty() || command.contains('\0') {
        return Err(wrong(
            "`command` names no program: name a file of the folder or a program on PATH",
        ));
    }
    let place = find(command, folder, deploy_folder, search)?;
    let absolute = place.absolute_path(folder);
    if let Some(fault) = fault(&absolute) {
        return Err(wrong(format!("`{command}` ({}) {fault}", absolute.display())));
    }
    Ok(without_shim(place))
}

/// The function's own program folders, then PATH of the host.
#[must_use]
pub fn search_path(folder: &Path, host_path: OsString) -> OsString {
    let own = OWN_PROGRAM_FOLDERS.iter().map(|name| folder.join(name)).filter(|own| own.is_dir());
    let folders: Vec<PathBuf> = own.chain(std::env::split_paths(&host_path)).collect();
    // A folder with a colon in its name cannot be on a PATH; the host's own PATH still serves.
    std::env::join_paths(folders).unwrap_or(host_path)
}

fn find(command: &str, folder: &Path, deploy_folder: &Path, search: &OsString) -> Result<Place> {
    let path = Path::new(command);
    if path.is_absolute() {
        check_file(command, path)?;
        return Ok(Place::System(path.to_owned()));
    }
    let in_folder = folder.join(path);
    if in_folder.symlink_metadata().is_ok() {
        check_file(command, &in_folder)?;
        check_inside(command, path, &in_folder, deploy_folder)?;
        return Ok(Place::Folder(path.to_owned()));
    }
    if command.contains('/') {
        return Err(wrong(format!(
            "`{command}` is not in the function's folder: put it there or fix `command`"
        )));
    }
    let Some(found) = on_path(command.as_ref(), search) else {
        return Err(wrong(format!(
            "`{command}` is neither in the function's folder nor on PATH: install it or fix `command`"
        )));
    };
    Ok(match found.strip_prefix(folder) {
        Ok(relative) => Place::Folder(relative.to_owned()),
        Err(_) => Place::System(found),
    })
}

fn check_file(command: &str, path: &Path) -> Result<()> {
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = if path.is_symlink() { "is a link to nothing" } else { "does not exist" };
            return Err(wrong(format!("`{command}` {what}: install it or fix `command`")));
        }
        Err(error) => return Err(wrong(format!("`{command}` cannot be looked at: {error}"))),
    };
    if found.is_dir() {
        return Err(wrong(format!("`{command}` is a directory: name the program in it")));
    }
    if !found.is_file() {
        return Err(wrong(format!("`{command}` is not a regular file: name a program")));
    }
    if !is_executable_file(path) {
        return Err(wrong(format!("`{command}` is not executable: run `chmod +x {command}`")));
    }
    Ok(())
}

/// A link may lead out of `deploy/` only from where package managers put such links.
fn check_inside(command: &str, relative: &Path, path: &Path, deploy_folder: &Path) -> Result<()> {
    let real = path.canonicalize().map_err(|error| wrong(format!("`{command}`: {error}")))?;
    let deploy_folder = deploy_folder.canonicalize().unwrap_or_else(|_| deploy_folder.to_owned());
    let climbs = relative.components().any(|part| part == Component::ParentDir);
    let links = LINKING_FOLDERS.iter().any(|folder| relative.starts_with(folder)) && !climbs;
    if links || real.starts_with(deploy_folder) {
        return Ok(());
    }
    Err(wrong(format!(
        "`{command}` leads out of the deploy folder, to {}: copy the program into the function's folder",
        real.display()
    )))
}

/// A version manager's `python3` is a script that takes 100 ms to find the real one: ask it once.
fn without_shim(place: Place) -> Place {
    let Place::System(path) = &place else { return place };
    let is_script = std::fs::read(path).is_ok_and(|content| content.starts_with(b"#!"));
    let in_shims = path.components().any(|part| part.as_os_str() == "shims");
    let python = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    if !(is_script && in_shims && python) {
        return place;
    }
    let answer = Command::new(path)
        .args(["-I", "-c", "import sys; print(sys.executable)"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let real = answer.ok().filter(|answer| answer.status.success()).map(|answer| {
        PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim_end_matches('\n'))
    });
    match real.filter(|real| real.is_absolute() && is_executable_file(real)) {
        Some(real) => Place::System(real),
        None => place,
    }
}

fn wrong(text: impl Into<String>) -> Error {
    Error::config("command", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    struct Deploy(tempfile::TempDir);

    impl Deploy {
        fn new() -> Self {
            let deploy = Self(tempfile::tempdir().unwrap());
            std::fs::create_dir(deploy.folder()).unwrap();
            deploy
        }

        fn folder(&self) -> PathBuf {
            self.0.path().join("f")
        }

        fn file(&self, name: &str, content: &str, mode: u32) {
            let path = self.folder().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }

        fn resolve(&self, command: &str) -> Result<Place> {
            let search = search_path(&self.folder(), "/usr/bin:/bin".into());
            resolve(command, &self.folder(), self.0.path(), &search)
        }

        fn check_fault(&self, command: &str, part: &str) {
            let error = self.resolve(command).unwrap_err().to_string();
            assert!(error.starts_with("`command`: ") && error.contains(part), "{error}");
        }
    }

    const SCRIPT: &str = "#!/bin/sh\n";

    #[test]
    fn a_file_of_the_folder_comes_first_then_its_environments_then_path() {
        let deploy = Deploy::new();
        assert_eq!(deploy.resolve("sh").unwrap(), Place::System("/usr/bin/sh".into()));
        deploy.file(".venv/bin/sh", SCRIPT, 0o755);
        assert_eq!(deploy.resolve("sh").unwrap(), Place::Folder(".venv/bin/sh".into()));
        deploy.file("sh", SCRIPT, 0o755);
        assert_eq!(deploy.resolve("sh").unwrap(), Place::Folder("sh".into()));
        assert_eq!(deploy.resolve("./sh").unwrap().executed_path(), Path::new("./sh"));
        assert_eq!(deploy.resolve("/bin/sh").unwrap(), Place::System("/bin/sh".into()));
    }

    #[test]
    fn what_cannot_be_executed_is_named_with_the_way_out() {
        let deploy = Deploy::new();
        deploy.file("plain", SCRIPT, 0o644);
        deploy.file("lost", "#!/nowhere/sh\n", 0o755);
        std::fs::create_dir(deploy.folder().join("sub")).unwrap();
        symlink("nothing", deploy.folder().join("dangling")).unwrap();
        deploy.check_fault("", "names no program");
        deploy.check_fault("no-such-program", "nor on PATH: install it or fix `command`");
        deploy.check_fault("bin/none", "not in the function's folder");
        deploy.check_fault("plain", "chmod +x plain");
        deploy.check_fault("sub", "is a directory");
        deploy.check_fault("dangling", "is a link to nothing");
        deploy.check_fault("lost", "`/nowhere/sh`");
        deploy.check_fault("/nowhere/at/all", "does not exist");
    }

    #[test]
    fn a_version_managers_script_is_asked_once_for_the_real_interpreter() {
        let deploy = Deploy::new();
        let shims = deploy.0.path().join("shims");
        deploy.file("../shims/python3", "#!/bin/sh\necho /bin/sh\n", 0o755);
        deploy.file("../shims/node", "#!/bin/sh\necho /bin/sh\n", 0o755);
        let find = |command| {
            let search = shims.clone().into_os_string();
            resolve(command, &deploy.folder(), deploy.0.path(), &search).unwrap()
        };
        assert_eq!(find("python3"), Place::System("/bin/sh".into()));
        assert_eq!(find("node"), Place::System(shims.join("node")));
    }

    #[test]
    fn a_link_out_of_deploy_is_refused_except_in_an_environment() {
        let deploy = Deploy::new();
        deploy.file(".venv/bin/keep", SCRIPT, 0o755);
        symlink("/bin/sh", deploy.folder().join("escape")).unwrap();
        symlink("/bin/sh", deploy.folder().join(".venv/bin/python3")).unwrap();
        deploy.check_fault("escape", "leads out of the deploy folder");
        deploy.check_fault(".venv/../escape", "leads out of the deploy folder");
        deploy.check_fault("../../../../bin/sh", "leads out of the deploy folder");
        assert_eq!(deploy.resolve("python3").unwrap(), Place::Folder(".venv/bin/python3".into()));
        let named = deploy.resolve(".venv/bin/python3").unwrap();
        assert_eq!(named, Place::Folder(".venv/bin/python3".into()));
    }
}
