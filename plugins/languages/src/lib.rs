//! What language plugins share: finding the interpreter, its version, the launcher's files, the handler's file.
//!
//! A language whose functions an interpreter runs is a constant. This is a complete plugin:
//!
//! ```
//! use languages::{Describe, Language, LauncherFile, Plugin, Sample};
//!
//! struct Ruby;
//!
//! impl Describe for Ruby {
//!     const LANGUAGE: &'static Language = &Language {
//!         name: "ruby",
//!         programs: &["ruby"],
//!         install: "apt-get install ruby",
//!         // Prints the version and, on a line of its own, where the program really is: behind a version manager's shim.
//!         probe: &["-e", "puts RUBY_VERSION, RbConfig.ruby"],
//!         endings: &["rb"],
//!         // In earnest: `LauncherFile { name: "launcher.rb", content: include_bytes!("…/launchers/ruby/launcher.rb") }`.
//!         launcher: &[LauncherFile { name: "launcher.rb", content: b"..." }],
//!         samples: &[Sample {
//!             kind: "interpreted",
//!             files: &[
//!                 ("run.json", "{ \"type\": \"interpreted\", \"language\": \"ruby\", \"arguments\": \"lambda.rb\" }\n"),
//!                 ("lambda.rb", "def lambda(input, environment)\n  \"Hello, #{input}!\"\nend\n"),
//!             ],
//!         }],
//!         ..Language::PLAIN
//!     };
//! }
//!
//! plugin_api::export_plugin!(language: Plugin<Ruby>);
//! # fn main() {}
//! ```
//!
//! What the plugin then does for a function: it finds the interpreter (the function's own `command`, its local one such as a venv,
//! the one of the plugin's table, one of `programs` on PATH), asks it once for its version, finds the handler's file (from `arguments`,
//! from a `handler` of the form `file.name`, or the only file with one of the `endings`), and sees to it that the launcher's files lie in
//! a private folder. What a language needs beyond that goes into [`Language::complete`].
//!
//! Its table in shortedfaas.toml takes `command` and `arguments`. Languages that are not interpreted use the parts: [`Settings`],
//! [`Interpreters`], [`LauncherFolder`], [`handler_file`].
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod answer;
mod at_exit;
mod handler;
mod interpreter;
mod language;
mod launcher_folder;
mod paths;
mod plugin;
mod probe;
mod settings;
mod wording;

pub use handler::{HandlerFile, handler_file};
pub use interpreter::Interpreters;
pub use language::{Context, Describe, Language, LauncherFile, Sample};
pub use launcher_folder::LauncherFolder;
pub use plugin::{Keys, Plugin};
pub use probe::Program;
pub use settings::Settings;
