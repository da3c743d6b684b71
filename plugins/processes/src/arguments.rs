//! `argv` of a function's processes, made once.
#![allow(unsafe_code, reason = "holds pointers into its own strings")]

use std::ffi::{CString, c_char};

/// Strings and the pointers to them that `execve` wants.
#[derive(Debug)]
pub struct Arguments {
    _strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

// SAFETY: the pointers lead to the strings' own memory, which nobody changes and which moves with the value nowhere.
unsafe impl Send for Arguments {}
// SAFETY: as above.
unsafe impl Sync for Arguments {}

impl Arguments {
    /// `argv`, its first string being what the program finds as its own name.
    #[must_use]
    pub fn new(strings: Vec<CString>) -> Self {
        let ends = std::iter::once(std::ptr::null());
        let pointers = strings.iter().map(|string| string.as_ptr()).chain(ends).collect();
        Self { _strings: strings, pointers }
    }

    /// Ended by a null.
    pub(crate) fn pointers(&self) -> &[*const c_char] {
        &self.pointers
    }
}
