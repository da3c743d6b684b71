//! What a function takes and what it may return.

use crate::abi::{BYTES, JSON, TEXT};
use crate::Environment;
use std::ffi::c_int;
use std::fmt::Display;

/// Why a call fails.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Failure {
    fn no_memory() -> Self {
        Self { kind: "memory", message: "no memory for the reply".to_owned() }
    }
}

/// What a function takes: `&str` or `&[u8]`.
pub trait Input<'call>: Sized {
    /// Made of the body.
    #[doc(hidden)]
    fn take(body: &'call [u8]) -> Result<Self, Failure>;
}

impl<'call> Input<'call> for &'call [u8] {
    fn take(body: &'call [u8]) -> Result<Self, Failure> {
        Ok(body)
    }
}

impl<'call> Input<'call> for &'call str {
    fn take(body: &'call [u8]) -> Result<Self, Failure> {
        std::str::from_utf8(body).map_err(|error| Failure {
            kind: "input",
            message: format!("the input is no text ({error}): take `&[u8]` instead of `&str`"),
        })
    }
}

/// An output with its kind; `From` makes one of your own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    kind: c_int,
    content: Vec<u8>,
}

impl Reply {
    /// Text: `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: TEXT, content: text.into().into_bytes() }
    }

    /// Bytes: `application/octet-stream`.
    #[must_use]
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { kind: BYTES, content: bytes.into() }
    }

    /// JSON, already encoded: `application/json`.
    #[must_use]
    pub fn json(json: impl Into<String>) -> Self {
        Self { kind: JSON, content: json.into().into_bytes() }
    }
}

/// What a function may return.
pub trait Answer {
    /// Hands it to the host.
    #[doc(hidden)]
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure>;
}

fn give(environment: &mut Environment<'_>, kind: c_int, content: &[u8]) -> Result<(), Failure> {
    match environment.reply(kind, content) {
        true => Ok(()),
        false => Err(Failure::no_memory()),
    }
}

impl Answer for () {
    fn give(self, _: &mut Environment<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

impl Answer for &str {
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure> {
        give(environment, TEXT, self.as_bytes())
    }
}

impl Answer for String {
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure> {
        self.as_str().give(environment)
    }
}

impl Answer for &[u8] {
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure> {
        give(environment, BYTES, self)
    }
}

impl Answer for Vec<u8> {
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure> {
        self.as_slice().give(environment)
    }
}

impl Answer for Reply {
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure> {
        give(environment, self.kind, &self.content)
    }
}

impl<T: Answer, E: Display> Answer for Result<T, E> {
    fn give(self, environment: &mut Environment<'_>) -> Result<(), Failure> {
        match self {
            Ok(answer) => answer.give(environment),
            // The alternate form has the causes where an error type knows them.
            Err(error) => Err(Failure { kind: "error", message: format!("{error:#}") }),
        }
    }
}
