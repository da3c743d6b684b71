//! What shortedfaas.h says, in Rust.

use std::ffi::{c_char, c_int};

/// Bytes that belong to the host; `data` is null where there is nothing.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct SfSlice {
    pub(crate) data: *const c_char,
    pub(crate) size: usize,
}

/// One call; only the host looks inside.
#[repr(C)]
#[derive(Debug)]
pub struct SfRequest {
    _private: [u8; 0],
}

pub(crate) const INPUT: c_int = 0;
pub(crate) const METHOD: c_int = 1;
pub(crate) const PATH: c_int = 2;
pub(crate) const PATH_INFO: c_int = 3;
pub(crate) const QUERY_STRING: c_int = 4;
pub(crate) const CONTENT_TYPE: c_int = 5;
pub(crate) const ACCEPT: c_int = 6;
pub(crate) const IDENTITY: c_int = 7;
pub(crate) const FUNCTION_NAME: c_int = 8;
pub(crate) const ID: c_int = 9;

pub(crate) const CODE: c_int = 0;
pub(crate) const DEADLINE_MS: c_int = 1;
pub(crate) const ASYNCHRONOUS: c_int = 2;

pub(crate) const HEADERS: c_int = 0;
pub(crate) const QUERY: c_int = 1;
pub(crate) const VARIABLES: c_int = 2;

pub(crate) const TEXT: c_int = 0;
pub(crate) const BYTES: c_int = 1;
pub(crate) const JSON: c_int = 2;

/// What the host can do for a call.
#[repr(C)]
#[derive(Debug)]
pub struct SfHost {
    pub(crate) size: usize,
    pub(crate) text: unsafe extern "C" fn(*mut SfRequest, c_int) -> SfSlice,
    pub(crate) number: unsafe extern "C" fn(*mut SfRequest, c_int) -> i64,
    pub(crate) pair:
        unsafe extern "C" fn(*mut SfRequest, c_int, usize, *mut SfSlice, *mut SfSlice) -> c_int,
    pub(crate) out: unsafe extern "C" fn(*mut SfRequest, c_int, usize) -> *mut c_char,
    pub(crate) set_code: unsafe extern "C" fn(*mut SfRequest, c_int),
    pub(crate) set_header: unsafe extern "C" fn(*mut SfRequest, SfSlice, SfSlice),
    pub(crate) chunk: unsafe extern "C" fn(*mut SfRequest, *const c_char, usize) -> c_int,
    pub(crate) log: unsafe extern "C" fn(*mut SfRequest, SfSlice),
    pub(crate) fail: unsafe extern "C" fn(*mut SfRequest, SfSlice, SfSlice),
}

/// A function and its name.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub(crate) name: &'static str,
    pub(crate) function: Function,
}

/// What is exported.
pub type Function = unsafe extern "C" fn(*const SfHost, *mut SfRequest) -> c_int;

impl Entry {
    /// Used by `function!`.
    #[must_use]
    pub const fn new(name: &'static str, function: Function) -> Self {
        Self { name, function }
    }
}

impl SfSlice {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr().cast(), size: bytes.len() }
    }

    /// # Safety
    /// What it points to outlives `'a`.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: not null; the caller and the header vouch for the rest.
        unsafe { std::slice::from_raw_parts(self.data.cast(), self.size) }
    }
}
