//! Which interpreter runs a function.

use crate::paths::{all_on_path, inside, is_program};
use crate::probe::Probes;
use crate::wording::alternatives;
use crate::{Language, Program, Settings};
use plugin_api::{Error, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Finds and remembers the interpreters of a language. Nothing is kept that is not looked at again:
/// one that is installed, replaced or removed later is noticed with the next plan.
#[derive(Debug)]
pub struct Interpreters {
    language: &'static Language,
    /// The command of the plugin's table.
    configured: Option<String>,
    config_folder: PathBuf,
    probes: Probes,
}

impl Interpreters {
    /// For a language and its table; `config_folder` is [`plugin_api::Folders::config`].
    #[must_use]
    pub fn new(language: &'static Language, settings: &Settings, config_folder: &Path) -> Self {
        let configured = settings.command.clone().filter(|command| !command.is_empty());
        Self {
            language,
            configured,
            config_folder: config_folder.to_owned(),
            probes: Probes::default(),
        }
    }

    /// The interpreter for the function in `folder` whose run.json says `command`. Blocks while a new one is asked for its version.
    ///
    /// # Errors
    /// There is none, with the command that installs it; or it does not work.
    pub fn find(&self, command: Option<&str>, folder: &Path) -> Result<Program> {
        self.find_on(command, folder, &std::env::var_os("PATH").unwrap_or_default())
    }

    fn find_on(&self, command: Option<&str>, folder: &Path, search: &OsStr) -> Result<Program> {
        // One of the usual names means the language's interpreter, wherever that is.
        if let Some(command) = command.filter(|command| !self.language.programs.contains(command)) {
            return self.own(command, folder, search);
        }
        if let Some(local) = self.local(folder)? {
            return self.ask(&local).map_err(|fault| Error::config("", fault));
        }
        if let Some(command) = &self.configured {
            return self.configured(command, search);
        }
        let programs = self.language.programs;
        let found = programs.iter().flat_map(|name| all_on_path(name, search));
        self.first_that_works(found).unwrap_or_else(|| {
            let (install, name) = (self.language.install, self.language.name);
            Err(Error::config("", format!(
                "no interpreter for {name}: {} is not on PATH: run `{install}`, or name one as `command` in [languages.{name}]",
                alternatives(programs)
            )))
        })
    }

    /// The one that run.json names: a file of the folder, or a name on PATH.
    fn own(&self, command: &str, folder: &Path, search: &OsStr) -> Result<Program> {
        let in_folder = inside(command, folder).map(|relative| folder.join(relative));
        let absolute = Path::new(command).is_absolute().then(|| PathBuf::from(command));
        let direct = in_folder.filter(|path| is_program(path)).or(absolute);
        let found = match direct {
            Some(path) => vec![path],
            None => all_on_path(command, search),
        };
        let found = found.into_iter().filter(|path| is_program(path));
        self.first_that_works(found)
            .unwrap_or_else(|| Err(self.missing(command, "the function's run.json")))
    }

    fn configured(&self, command: &str, search: &OsStr) -> Result<Program> {
        let found = match command.contains('/') {
            true => vec![self.config_folder.join(command)],
            false => all_on_path(command, search),
        };
        let found = found.into_iter().filter(|path| is_program(path));
        let table = format!("[languages.{}]", self.language.name);
        self.first_that_works(found).unwrap_or_else(|| Err(self.missing(command, &table)))
    }

    /// The function's own environment; one that leads to nothing is a mistake, not a reason to take another.
    fn local(&self, folder: &Path) -> Result<Option<PathBuf>> {
        for name in self.language.local_programs {
            let path = folder.join(name);
            if is_program(&path) {
                return Ok(Some(path));
            }
            if let Ok(target) = path.read_link() {
                return Err(Error::config(
                    "",
                    format!(
                        "`{name}` of the function's folder leads to {}, which is not a program: make that environment anew",
                        target.display()
                    ),
                ));
            }
        }
        Ok(None)
    }

    /// None: there is nothing to try. A version manager may have a name on PATH that it does not serve.
    fn first_that_works(&self, found: impl Iterator<Item = PathBuf>) -> Option<Result<Program>> {
        let mut first_fault = None;
        for path in found {
            match self.ask(&path) {
                Ok(program) => return Some(Ok(program)),
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        let hint = |fault| format!("{fault}; mend it, or run `{}`", self.language.install);
        first_fault.map(|fault| Err(Error::config("", hint(fault))))
    }

    fn ask(&self, path: &Path) -> Result<Program, String> {
        self.probes.ask(path, self.language.probe)
    }

    fn missing(&self, command: &str, place: &str) -> Error {
        let where_sought =
            if command.contains('/') { "is not a program" } else { "is not on PATH" };
        Error::config(
            "command",
            format!(
                "the interpreter `{command}` of {place} {where_sought}: run `{}`, or correct it there",
                self.language.install
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const TEST: &Language = &Language {
        name: "test",
        programs: &["test9", "test"],
        local_programs: &[".venv/bin/test", "venv/bin/test"],
        install: "apt-get install test",
        ..Language::PLAIN
    };

    /// `path/` is PATH, `config/` holds the configuration, `f/` is the function.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            for name in ["path", "config", "f"] {
                std::fs::create_dir(machine.at(name)).unwrap();
            }
            machine
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// A program that calls itself so.
        fn program(&self, name: &str, version: &str) {
            self.script(name, &format!("echo {version}"));
        }

        fn script(&self, name: &str, text: &str) {
            let path = self.at(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }

        fn find(&self, configured: Option<&str>, command: Option<&str>) -> Result<Program> {
            let settings =
                Settings { command: configured.map(str::to_owned), ..Settings::default() };
            let interpreters = Interpreters::new(TEST, &settings, &self.at("config"));
            interpreters.find_on(command, &self.at("f"), self.at("path").as_os_str())
        }

        fn check(
            &self,
            configured: Option<&str>,
            command: Option<&str>,
            expected: Result<&str, &str>,
        ) {
            match (self.find(configured, command), expected) {
                (Ok(found), Ok(place)) => assert_eq!(found.path, self.at(place)),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn a_missing_interpreter_is_an_error_with_the_command_that_installs_it_until_it_is_there() {
        let machine = Machine::new();
        machine.check(
            None,
            None,
            Err("`test9` or `test` is not on PATH: run `apt-get install test`"),
        );
        machine.check(Some("other"), None, Err("`other` of [languages.test] is not on PATH"));
        machine.check(
            Some("bin/other"),
            None,
            Err("`bin/other` of [languages.test] is not a program"),
        );
        machine.check(None, Some("own"), Err("`own` of the function's run.json is not on PATH"));
        machine.program("path/test", "1.0");
        machine.check(None, None, Ok("path/test"));
        machine.program("path/test9", "9.0");
        machine.check(None, None, Ok("path/test9"));
    }

    #[test]
    fn the_functions_own_command_comes_first_then_its_environment_then_the_table_then_path() {
        let machine = Machine::new();
        for (place, version) in [("path/test", "1.0"), ("path/table", "2.0"), ("path/own", "3.0")] {
            machine.program(place, version);
        }
        machine.check(Some("table"), None, Ok("path/table"));
        machine.program("config/bin/table", "2.1");
        machine.check(Some("bin/table"), None, Ok("config/bin/table"));
        machine.check(Some("table"), Some("own"), Ok("path/own"));
        machine.check(Some("table"), Some("test"), Ok("path/table"));
        machine.program("f/venv/bin/test", "4.0");
        machine.check(Some("table"), Some("test"), Ok("f/venv/bin/test"));
        machine.program("f/own", "5.0");
        machine.check(Some("table"), Some("own"), Ok("f/own"));
        assert_eq!(machine.find(None, Some("./own")).unwrap().version, "5.0");
    }

    #[test]
    fn an_environment_that_leads_to_nothing_is_no_reason_to_take_another_interpreter() {
        let machine = Machine::new();
        machine.program("path/test", "1.0");
        std::fs::create_dir_all(machine.at("f/.venv/bin")).unwrap();
        symlink("/nowhere/test", machine.at("f/.venv/bin/test")).unwrap();
        machine.check(
            None,
            None,
            Err("`.venv/bin/test` of the function's folder leads to /nowhere/test"),
        );
    }

    #[test]
    fn a_name_that_a_version_manager_does_not_serve_is_passed_over() {
        let machine = Machine::new();
        machine.script("path/test9", "echo 'shim: test9 is not chosen' >&2; exit 127");
        machine.check(
            None,
            None,
            Err("shim: test9 is not chosen; mend it, or run `apt-get install test`"),
        );
        machine.program("path/test", "1.0");
        machine.check(None, None, Ok("path/test"));
    }
}
