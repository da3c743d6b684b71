//! The host's table over a [`Call`], for functions that run in a program of their own.

use crate::abi::{self, SfHost, SfRequest, SfSlice};
use crate::call::{text, texts, Call};
use crate::frames::{self, PREFIX_BYTES};
use crate::json::member;
use std::ffi::{c_char, c_int};
use std::io::Write;
use std::sync::OnceLock;

/// The header of the load frame.
pub(crate) static LOADED: OnceLock<String> = OnceLock::new();

pub(crate) static HOST: SfHost = SfHost {
    size: std::mem::size_of::<SfHost>(),
    text: host_text,
    number: host_number,
    pair: host_pair,
    out: host_out,
    set_code: host_set_code,
    set_header: host_set_header,
    chunk: host_chunk,
    log: host_log,
    fail: host_fail,
};

const TEXTS: [&str; 10] = [
    "",
    "method",
    "path",
    "path_info",
    "query_string",
    "content_type",
    "accept",
    "identity",
    "function",
    "id",
];
const PAIRS: [&str; 3] = ["headers", "query", "variables"];

fn loaded() -> &'static str {
    LOADED.get().map_or("", String::as_str)
}

/// # Safety
/// `request` is what `serve` gave to the function, which has not returned yet and calls from one thread.
unsafe fn call<'a>(request: *mut SfRequest) -> &'a mut Call {
    // SAFETY: see above.
    unsafe { &mut *request.cast() }
}

unsafe extern "C" fn host_text(request: *mut SfRequest, which: c_int) -> SfSlice {
    // SAFETY: called by the function that was given the request.
    let call = unsafe { call(request) };
    let index = match usize::try_from(which) {
        Ok(0) => return SfSlice::of(call.input()),
        Ok(index) if index < TEXTS.len() => index,
        _ => return SfSlice::of(b""),
    };
    if call.texts[index].is_none() {
        let from = if which == abi::FUNCTION_NAME { loaded() } else { call.header() };
        call.texts[index] = Some(text(from, TEXTS[index]));
    }
    SfSlice::of(call.texts[index].as_deref().unwrap_or_default().as_bytes())
}

unsafe extern "C" fn host_number(request: *mut SfRequest, which: c_int) -> i64 {
    // SAFETY: called by the function that was given the request.
    let call = unsafe { call(request) };
    match which {
        abi::CODE => call.code.unwrap_or(if call.is_asynchronous() { 202 } else { 200 }).into(),
        abi::ASYNCHRONOUS => call.is_asynchronous().into(),
        abi::DEADLINE_MS => {
            member(call.header(), "deadline").and_then(|raw| raw.parse().ok()).unwrap_or_default()
        }
        _ => 0,
    }
}

unsafe extern "C" fn host_pair(
    request: *mut SfRequest,
    which: c_int,
    index: usize,
    name: *mut SfSlice,
    value: *mut SfSlice,
) -> c_int {
    // SAFETY: called by the function that was given the request.
    let call = unsafe { call(request) };
    let Some(list) = usize::try_from(which).ok().filter(|list| *list < PAIRS.len()) else {
        return 0;
    };
    if call.pairs[list].is_none() {
        let from = if which == abi::VARIABLES { loaded() } else { call.header() };
        call.pairs[list] = Some(texts(from, PAIRS[list]));
    }
    let Some((key, text)) = call.pairs[list].as_ref().and_then(|pairs| pairs.get(index)) else {
        return 0;
    };
    // SAFETY: the function's own places.
    unsafe {
        *name = SfSlice::of(key.as_bytes());
        *value = SfSlice::of(text.as_bytes());
    }
    1
}

unsafe extern "C" fn host_out(request: *mut SfRequest, kind: c_int, bytes: usize) -> *mut c_char {
    // SAFETY: called by the function that was given the request.
    let call = unsafe { call(request) };
    call.kind = kind;
    let length = bytes.saturating_add(PREFIX_BYTES);
    let missing = length.saturating_sub(call.reply.len());
    if u32::try_from(bytes).is_err() || call.reply.try_reserve_exact(missing).is_err() {
        return std::ptr::null_mut();
    }
    call.reply.resize(length, 0);
    call.reply[PREFIX_BYTES..].as_mut_ptr().cast()
}

unsafe extern "C" fn host_set_code(request: *mut SfRequest, code: c_int) {
    // SAFETY: called by the function that was given the request.
    unsafe { call(request) }.code = Some(code);
}

unsafe extern "C" fn host_set_header(request: *mut SfRequest, name: SfSlice, value: SfSlice) {
    // SAFETY: called by the function that was given the request, with what it holds.
    let (call, name, value) = unsafe { (call(request), name.bytes(), value.bytes()) };
    call.answer_headers.push((name.into(), value.into()));
}

unsafe extern "C" fn host_chunk(
    request: *mut SfRequest,
    data: *const c_char,
    bytes: usize,
) -> c_int {
    // SAFETY: called by the function that was given the request, with what it holds.
    let (call, piece) = unsafe { (call(request), SfSlice { data, size: bytes }.bytes()) };
    let header = if call.streaming { String::new() } else { call.answer_header() };
    call.streaming = true;
    let _ = std::io::stdout().flush();
    frames::send(b'C', header.as_bytes(), piece).is_err().into()
}

unsafe extern "C" fn host_log(_request: *mut SfRequest, line: SfSlice) {
    // SAFETY: called by the function with what it holds.
    let line = unsafe { line.bytes() };
    let _ = std::io::stdout().flush();
    let _ = std::io::stderr().write_all(&[line, b"\n"].concat());
}

unsafe extern "C" fn host_fail(request: *mut SfRequest, kind: SfSlice, message: SfSlice) {
    // SAFETY: called by the function that was given the request, with what it holds.
    let (call, kind, message) = unsafe { (call(request), kind.bytes(), message.bytes()) };
    call.failure = Some((kind.into(), message.into()));
}
