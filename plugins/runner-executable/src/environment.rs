//! The environment of a process: CGI/1.1 names, declared variables, `SHORTEDFAAS_*`.

use crate::headers::Headers;
use plugin_api::{Error, ErrorKind, Request, Result};
use processes::Block;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
const SOFTWARE: &str = concat!("ShortedFaaS/", env!("CARGO_PKG_VERSION"));
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
        let folder = ground.folder.as_os_str().as_bytes();
        let own: [(&str, &[u8]); 6] = [
            ("GATEWAY_INTERFACE", b"CGI/1.1"),
            ("SERVER_SOFTWARE", SOFTWARE.as_bytes()),
            ("PWD", folder),
            ("SCRIPT_FILENAME", ground.program.as_os_str().as_bytes()),
            ("SHORTEDFAAS_FUNCTION", ground.function.as_bytes()),
            ("SHORTEDFAAS_HOST", ground.host_mark.as_bytes()),
        ];
        let search_path = ground.search_path;
        let base = processes::Ground { search_path, own: &own, reserved: RESERVED };
        let (fixed, refused) = base.with(declared, host_variable)?;
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
