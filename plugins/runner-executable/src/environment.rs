//! The environment of a process: CGI/1.1 names, declared variables, `SHORTEDFAAS_*`; one buffer, made for `execve`.

use crate::headers::Headers;
use plugin_api::{Error, ErrorKind, Request, Result};
use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// All that a process inherits of the host's own environment.
const INHERITED: &[&str] = &["PATH", "HOME", "LANG", "TZ", "TMPDIR"];
/// Names that belong to CGI or to this runner: neither a declared variable nor a client takes them.
const RESERVED: &[&str] = &[
    "AUTH_TYPE",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "GATEWAY_INTERFACE",
    "PATH_INFO",
    "PWD",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "SCRIPT_FILENAME",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
];
const OWN_PREFIX: &str = "SHORTEDFAAS_";
const SOFTWARE: &str = concat!("ShortedFaaS/", env!("CARGO_PKG_VERSION"));
/// The kernel takes no string longer than this, with its end.
pub(crate) const STRING_LIMIT_BYTES: usize = 128 << 10;

/// `NAME=value` strings, each ended by a NUL, and where each begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

/// What is the same for every call of a function.
#[derive(Debug)]
pub(crate) struct Environment {
    fixed: Block,
    /// Declared names that a header could take (`HTTP_…`): the declaration wins.
    declared_headers: Vec<String>,
}

/// What a function's environment is made of, besides its variables.
pub(crate) struct Ground<'a> {
    pub(crate) function: &'a str,
    pub(crate) folder: &'a Path,
    pub(crate) program: &'a Path,
    /// PATH of the child.
    pub(crate) search_path: &'a OsStr,
    /// `SHORTEDFAAS_HOST`: by this the keeper knows whose process it is.
    pub(crate) host_mark: &'a str,
}

impl Environment {
    /// Also says which declared variables are not passed.
    pub(crate) fn new(
        ground: &Ground<'_>,
        declared: &BTreeMap<String, String>,
        host_variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Self, Vec<String>)> {
        let mut fixed = Block::default();
        for name in INHERITED.iter().filter(|name| !declared.contains_key(**name)) {
            let value = if *name == "PATH" {
                Some(ground.search_path.to_owned())
            } else {
                host_variable(name)
            };
            if let Some(value) = value {
                fixed.push(name, value.as_bytes());
            }
        }
        fixed.push("GATEWAY_INTERFACE", b"CGI/1.1");
        fixed.push("SERVER_SOFTWARE", SOFTWARE.as_bytes());
        fixed.push("PWD", ground.folder.as_os_str().as_bytes());
        fixed.push("SCRIPT_FILENAME", ground.program.as_os_str().as_bytes());
        fixed.push("SHORTEDFAAS_FUNCTION", ground.function.as_bytes());
        fixed.push("SHORTEDFAAS_HOST", ground.host_mark.as_bytes());
        let mut refused = Vec::new();
        for (name, value) in declared {
            check_declared(name, value)?;
            if RESERVED.contains(&name.as_str()) || name.starts_with(OWN_PREFIX) {
                refused.push(name.clone());
            } else {
                fixed.push(name, value.as_bytes());
            }
        }
        let declared_headers =
            declared.keys().filter(|name| name.starts_with("HTTP_")).cloned().collect();
        Ok((Self { fixed, declared_headers }, refused))
    }

    /// The environment of one call; `content_length` where the body's length is known.
    pub(crate) fn of_call(&self, request: &Request, content_length: Option<u64>) -> Result<Block> {
        let mut block = self.fixed.with_room();
        block.push("REQUEST_METHOD", request.method().as_bytes());
        block.push("SCRIPT_NAME", request.script_name().as_bytes());
        block.push("PATH_INFO", &percent_decoded(request.path_info())?);
        block.push("QUERY_STRING", request.query_string().as_bytes());
        block.push("SERVER_NAME", request.server_name().as_bytes());
        block.push_number("SERVER_PORT", u64::from(request.server_port()));
        block.push("SERVER_PROTOCOL", request.protocol().as_bytes());
        block.push_known("REMOTE_ADDR", request.remote_address());
        if request.remote_port() != 0 {
            block.push_number("REMOTE_PORT", u64::from(request.remote_port()));
        }
        block.push_known("AUTH_TYPE", request.auth_type());
        block.push_known("REMOTE_USER", request.identity());
        if let Some(content_type) = request.header("content-type") {
            block.push("CONTENT_TYPE", content_type);
        }
        if let Some(length) = content_length {
            block.push_number("CONTENT_LENGTH", length);
        }
        let mut headers = Headers::new(&self.declared_headers);
        request.each_header(|name, value| headers.take(&mut block, name, value));
        headers.join(&mut block);
        block.push("SHORTEDFAAS_INVOCATION_ID", request.id().as_bytes());
        block.push_number("SHORTEDFAAS_DEADLINE_MS", request.deadline_unix_ms());
        block.push("SHORTEDFAAS_IDENTITY", request.identity().as_bytes());
        block.push_number("SHORTEDFAAS_ASYNCHRONOUS", u64::from(request.asynchronous()));
        Ok(block)
    }
}

impl Block {
    /// A value with a NUL in it is left out: what follows would be read as another variable.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) {
        if value.contains(&0) {
            return;
        }
        self.begin();
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b'=');
        self.bytes.extend_from_slice(value);
        self.bytes.push(0);
    }

    fn push_known(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.push(name, value.as_bytes());
        }
    }

    fn push_number(&mut self, name: &str, number: u64) {
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

    fn with_room(&self) -> Self {
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
    pub(crate) fn open(&mut self) -> usize {
        self.begin();
        self.starts.len() - 1
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The string at `index`, without its NUL.
    pub(crate) fn string(&self, index: usize) -> &[u8] {
        let from = &self.bytes[self.starts[index] as usize..];
        CStr::from_bytes_until_nul(from).map_or(from, CStr::to_bytes)
    }

    /// Lets the string at `index` be the last one written, which gives up its own index.
    pub(crate) fn replace_by_last(&mut self, index: usize) {
        if let Some(start) = self.starts.pop() {
            self.starts[index] = start;
        }
    }

    /// Pointers for `execve`, ended by a null, into `pointers`; valid while the block is.
    pub(crate) fn pointers(&self, pointers: &mut Vec<*const c_char>) {
        pointers.clear();
        let strings = self.starts.iter().map(|start| self.bytes[*start as usize..].as_ptr().cast());
        pointers.extend(strings);
        pointers.push(std::ptr::null());
    }

    #[cfg(test)]
    pub(crate) fn strings(&self) -> Vec<String> {
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

/// `%41` becomes `A`; what is no such triple stays. `%00` cannot be passed on.
fn percent_decoded(text: &str) -> Result<Vec<u8>> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits"));
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    if decoded.contains(&0) {
        return Err(Error::new(
            ErrorKind::BadRequest,
            "the path holds `%00`, which no process can be given",
        ));
    }
    Ok(decoded)
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
