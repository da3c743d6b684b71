//! A run of the program that has ended.

use super::patience::eventually;
use std::io::Read;
use std::path::Path;
use std::process::Command;

/// What it said and how it ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) exit_code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Finished {
    /// Runs a command whose standard error goes to the file `errors`.
    #[track_caller]
    pub(crate) fn of(mut command: Command, errors: &Path) -> Self {
        let mut child = command.spawn().unwrap();
        let mut ended = None;
        let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually("the program ends", || {
                ended = child.try_wait().unwrap();
                ended
            })
        }));
        if waited.is_err() {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{command:?} goes on: {}", std::fs::read_to_string(errors).unwrap_or_default());
        }
        let mut output = String::new();
        child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        let errors = String::from_utf8_lossy(&std::fs::read(errors).unwrap()).into_owned();
        Self { exit_code: ended.and_then(|status| status.code()), output, errors }
    }

    /// It was used wrongly, and says all of this.
    #[track_caller]
    pub(crate) fn expect_refusal(&self, parts: &[&str]) -> &Self {
        assert_eq!(self.exit_code, Some(64), "{self:#?}");
        for part in parts {
            assert!(self.errors.contains(part), "says nothing of {part:?}: {self:#?}");
        }
        self
    }
}
