//! The environment of a process: one buffer, made for `execve`.

use plugin_api::{Error, Result};
use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;

/// All that a process inherits of the host's own environment.
const INHERITED: &[&str] = &["PATH", "HOME", "LANG", "TZ", "TMPDIR"];
const OWN_PREFIX: &str = "SHORTEDFAAS_";
/// The kernel takes no string longer than this, with its end.
pub const STRING_LIMIT_BYTES: usize = 128 << 10;

/// `NAME=value` strings, each ended by a NUL, and where each begins.
#[derive(Debug, Clone, Default)]
pub struct Block {
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

/// What a function's environment is made of, besides its variables.
#[derive(Debug)]
pub struct Ground<'a> {
    /// PATH of the child.
    pub search_path: &'a OsStr,
    /// Variables of the platform, after the inherited ones, which they replace; a declared one wins unless its name is reserved.
    pub own: &'a [(&'a str, &'a [u8])],
    /// Names that no declared variable takes, besides `SHORTEDFAAS_…`.
    pub reserved: &'a [&'a str],
}

impl Ground<'_> {
    /// The block, and which declared variables are not in it.
    ///
    /// # Errors
    /// A variable that no process can have.
    pub fn with(
        &self,
        declared: &BTreeMap<String, String>,
        host_variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Block, Vec<String>)> {
        let is_own = |name: &str| self.own.iter().any(|(own, _)| *own == name);
        let is_reserved =
            |name: &str| self.reserved.contains(&name) || name.starts_with(OWN_PREFIX);
        let mut block = Block::default();
        for name in INHERITED.iter().filter(|name| !declared.contains_key(**name) && !is_own(name))
        {
            let value = if *name == "PATH" {
                Some(self.search_path.to_owned())
            } else {
                host_variable(name)
            };
            if let Some(value) = value {
                block.push(name, value.as_bytes());
            }
        }
        for (name, value) in self.own {
            if is_reserved(name) || !declared.contains_key(*name) {
                block.push(name, value);
            }
        }
        let mut refused = Vec::new();
        for (name, value) in declared {
            check_declared(name, value)?;
            if is_reserved(name) {
                refused.push(name.clone());
            } else {
                block.push(name, value.as_bytes());
            }
        }
        Ok((block, refused))
    }
}

/// What the operator is told of a declared variable that is not passed.
#[must_use]
pub fn not_passed(name: &str) -> String {
    format!("the variable `{name}` of `environment` is not passed: its name is the platform's")
}

impl Block {
    /// A value with a NUL in it is left out: what follows would be read as another variable.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        if value.contains(&0) {
            return;
        }
        self.begin();
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b'=');
        self.bytes.extend_from_slice(value);
        self.bytes.push(0);
    }

    /// Unless it is empty.
    pub fn push_known(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.push(name, value.as_bytes());
        }
    }

    /// In decimal.
    pub fn push_number(&mut self, name: &str, number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit is below ten");
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(name, &digits[at..]);
    }

    /// A copy with room for the variables of a call.
    #[must_use]
    pub fn with_room(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 1024);
        bytes.extend_from_slice(&self.bytes);
        let mut starts = Vec::with_capacity(self.starts.len() + 32);
        starts.extend_from_slice(&self.starts);
        Self { bytes, starts }
    }

    fn begin(&mut self) {
        let start = u32::try_from(self.bytes.len()).expect("a request's head is far below 4 GiB");
        self.starts.push(start);
    }

    /// Begins a string that [`Block::bytes_mut`] fills; its index.
    pub fn open(&mut self) -> usize {
        self.begin();
        self.starts.len() - 1
    }

    /// What has been written, with its NULs.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The string at `index`, without its NUL.
    #[must_use]
    pub fn string(&self, index: usize) -> &[u8] {
        let from = &self.bytes[self.starts[index] as usize..];
        CStr::from_bytes_until_nul(from).map_or(from, CStr::to_bytes)
    }

    /// Lets the string at `index` be the last one written, which gives up its own index.
    pub fn replace_by_last(&mut self, index: usize) {
        if let Some(start) = self.starts.pop() {
            self.starts[index] = start;
        }
    }

    /// Pointers for `execve`, ended by a null, into `pointers`; valid while the block is.
    pub fn pointers(&self, pointers: &mut Vec<*const c_char>) {
        pointers.clear();
        let strings = self.starts.iter().map(|start| self.bytes[*start as usize..].as_ptr().cast());
        pointers.extend(strings);
        pointers.push(std::ptr::null());
    }

    /// All of them, for tests.
    #[must_use]
    pub fn strings(&self) -> Vec<String> {
        (0..self.starts.len())
            .map(|index| String::from_utf8_lossy(self.string(index)).into_owned())
            .collect()
    }
}

fn check_declared(name: &str, value: &str) -> Result<()> {
    let wrong = |text: &str| Err(Error::config(format!("environment.{name}"), text));
    if name.is_empty() || name.contains(['=', '\0']) {
        return wrong(
            "a variable's name is not empty and has neither `=` nor NUL in it: rename it",
        );
    }
    if value.contains('\0') {
        return wrong("a variable's value cannot hold a NUL: encode it, as base64 for instance");
    }
    if name.len() + value.len() + 2 > STRING_LIMIT_BYTES {
        return wrong("a variable longer than 128 KiB cannot be passed to a process: use a file");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(declared: &[(&str, &str)]) -> Result<(Vec<String>, Vec<String>)> {
        let ground = Ground {
            search_path: OsStr::new("/usr/bin"),
            own: &[("PWD", b"/deploy/f"), ("LANG", b"C"), ("RUBYLIB", b"/lib")],
            reserved: &["PWD"],
        };
        let declared = declared
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (block, refused) =
            ground.with(&declared, |name| Some(format!("host {name}").into()))?;
        Ok((block.strings(), refused))
    }

    #[test]
    fn a_declared_variable_wins_over_the_platforms_and_this_over_an_inherited_one() {
        let (strings, refused) =
            checked(&[("HOME", "/mine"), ("PWD", "/"), ("RUBYLIB", "own"), ("SHORTEDFAAS_X", "")])
                .unwrap();
        let expected = [
            "PATH=/usr/bin",
            "TZ=host TZ",
            "TMPDIR=host TMPDIR",
            "PWD=/deploy/f",
            "LANG=C",
            "HOME=/mine",
            "RUBYLIB=own",
        ];
        assert_eq!(strings, expected);
        assert_eq!(refused, ["PWD", "SHORTEDFAAS_X"]);
    }

    #[test]
    fn a_variable_that_no_process_can_have_is_an_error_at_its_key() {
        let long = "x".repeat(STRING_LIMIT_BYTES);
        for (name, value) in [("", "x"), ("A=B", "x"), ("A", "x\0"), ("A", &long)] {
            let error = checked(&[(name, value)]).unwrap_err();
            assert!(error.to_string().starts_with(&format!("`environment.{name}`")), "{error}");
        }
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 65_535, u64::MAX] {
            let mut block = Block::default();
            block.push_number("N", number);
            assert_eq!(block.strings(), [format!("N={number}")]);
        }
    }

    #[test]
    fn the_pointers_end_with_a_null() {
        let mut block = Block::default();
        block.push("A", b"1");
        block.push("NUL", b"a\0b");
        let mut pointers = Vec::new();
        block.pointers(&mut pointers);
        assert_eq!(pointers.len(), 2);
        assert!(pointers[1].is_null());
    }
}
