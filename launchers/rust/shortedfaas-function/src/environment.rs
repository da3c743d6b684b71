//! What a function learns of its call, and what it may set.

use crate::abi::{self, SfHost, SfRequest, SfSlice};
use std::ffi::c_int;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The call: who calls with what, and what else than the output is answered.
///
/// Texts live as long as the call and do not keep the environment borrowed.
#[derive(Debug)]
pub struct Environment<'call> {
    host: &'call SfHost,
    request: *mut SfRequest,
}

/// The other end of the answer is gone: stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streamed;

impl std::fmt::Display for Streamed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("nobody reads the answer any more")
    }
}

impl std::error::Error for Streamed {}

impl<'call> Environment<'call> {
    /// # Safety
    /// Both are of a call that is under way and lasts for `'call`.
    pub(crate) unsafe fn new(host: &'call SfHost, request: *mut SfRequest) -> Self {
        Self { host, request }
    }

    /// HTTP status of the answer: 200, or 202 for an asynchronous call, until it is set.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.number(abi::CODE).try_into().unwrap_or_default()
    }

    /// Sets it; one outside 200..=599 is a failed call.
    pub fn set_code(&mut self, code: u16) {
        // SAFETY: the request is under way.
        unsafe { (self.host.set_code)(self.request, code.into()) }
    }

    /// Adds a header to the answer; a name given twice has two values.
    pub fn set_header(&mut self, name: &str, value: &str) {
        let (name, value) = (SfSlice::of(name.as_bytes()), SfSlice::of(value.as_bytes()));
        // SAFETY: the request is under way, and the host copies what it is given.
        unsafe { (self.host.set_header)(self.request, name, value) }
    }

    /// The body as it came.
    #[must_use]
    pub fn input(&self) -> &'call [u8] {
        self.bytes(abi::INPUT)
    }

    /// HTTP method.
    #[must_use]
    pub fn method(&self) -> &'call str {
        self.text(abi::METHOD)
    }

    /// As requested: `/f/resize/large`.
    #[must_use]
    pub fn path(&self) -> &'call str {
        self.text(abi::PATH)
    }

    /// What follows the function's name, or empty: `/large`.
    #[must_use]
    pub fn path_info(&self) -> &'call str {
        self.text(abi::PATH_INFO)
    }

    /// As sent, without the question mark.
    #[must_use]
    pub fn query_string(&self) -> &'call str {
        self.text(abi::QUERY_STRING)
    }

    /// A parameter of the query string, decoded; of several with one name the last.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&'call str> {
        self.queries().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them.
    #[must_use]
    pub fn queries(&self) -> Pairs<'call> {
        self.pairs(abi::QUERY)
    }

    /// A header of the request; its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'call str> {
        self.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them, names in lower case.
    #[must_use]
    pub fn headers(&self) -> Pairs<'call> {
        self.pairs(abi::HEADERS)
    }

    /// Content type of the body.
    #[must_use]
    pub fn content_type(&self) -> &'call str {
        self.text(abi::CONTENT_TYPE)
    }

    /// What the caller takes.
    #[must_use]
    pub fn accept(&self) -> &'call str {
        self.text(abi::ACCEPT)
    }

    /// Who calls.
    #[must_use]
    pub fn identity(&self) -> &'call str {
        self.text(abi::IDENTITY)
    }

    /// Name of the function.
    #[must_use]
    pub fn function(&self) -> &'call str {
        self.text(abi::FUNCTION_NAME)
    }

    /// Of this call, as in `X-Invocation-Id`.
    #[must_use]
    pub fn id(&self) -> &'call str {
        self.text(abi::ID)
    }

    /// When the call must have ended: Unix time in milliseconds.
    #[must_use]
    pub fn deadline(&self) -> i64 {
        self.number(abi::DEADLINE_MS)
    }

    /// What is left until then.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(self.deadline().try_into().unwrap_or_default()).saturating_sub(now)
    }

    /// Whether nobody waits for the answer.
    #[must_use]
    pub fn asynchronous(&self) -> bool {
        self.number(abi::ASYNCHRONOUS) != 0
    }

    /// A variable that run.json declares; in a program it is in the process's environment too.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&'call str> {
        self.variables().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them.
    #[must_use]
    pub fn variables(&self) -> Pairs<'call> {
        self.pairs(abi::VARIABLES)
    }

    /// Writes a line into the call's log.
    pub fn log(&self, line: &str) {
        // SAFETY: the request is under way, and the host copies what it is given.
        unsafe { (self.host.log)(self.request, SfSlice::of(line.as_bytes())) }
    }

    /// Sends a piece of the answer now; what the function returns is the last one. Code and headers are fixed from then on.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub fn send(&mut self, piece: &[u8]) -> Result<(), Streamed> {
        // SAFETY: the request is under way, and the host has done with the piece when it returns.
        match unsafe { (self.host.chunk)(self.request, piece.as_ptr().cast(), piece.len()) } {
            0 => Ok(()),
            _ => Err(Streamed),
        }
    }

    /// Whether there was memory for it.
    pub(crate) fn reply(&mut self, kind: c_int, content: &[u8]) -> bool {
        // SAFETY: the request is under way.
        let out = unsafe { (self.host.out)(self.request, kind, content.len()) };
        if out.is_null() {
            return false;
        }
        // SAFETY: the buffer has the length that was asked for, and nothing of ours is in it.
        unsafe { std::ptr::copy_nonoverlapping(content.as_ptr(), out.cast(), content.len()) };
        true
    }

    pub(crate) fn fail(&mut self, kind: &str, message: &str) {
        let (kind, message) = (SfSlice::of(kind.as_bytes()), SfSlice::of(message.as_bytes()));
        // SAFETY: the request is under way, and the host copies what it is given.
        unsafe { (self.host.fail)(self.request, kind, message) }
    }

    fn number(&self, which: c_int) -> i64 {
        // SAFETY: the request is under way.
        unsafe { (self.host.number)(self.request, which) }
    }

    fn bytes(&self, which: c_int) -> &'call [u8] {
        // SAFETY: the request is under way; what the host hands out lives as long as it is.
        unsafe { (self.host.text)(self.request, which).bytes() }
    }

    fn text(&self, which: c_int) -> &'call str {
        std::str::from_utf8(self.bytes(which)).unwrap_or_default()
    }

    fn pairs(&self, which: c_int) -> Pairs<'call> {
        Pairs { host: self.host, request: self.request, which, index: 0 }
    }
}

/// Names and values.
#[derive(Debug, Clone)]
pub struct Pairs<'call> {
    host: &'call SfHost,
    request: *mut SfRequest,
    which: c_int,
    index: usize,
}

impl<'call> Iterator for Pairs<'call> {
    type Item = (&'call str, &'call str);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut name, mut value) = (SfSlice::of(b""), SfSlice::of(b""));
        // SAFETY: the request is under way, since its environment's lifetime is.
        let more = unsafe {
            (self.host.pair)(self.request, self.which, self.index, &mut name, &mut value)
        };
        self.index += 1;
        // SAFETY: what the host hands out lives as long as the call.
        let text =
            |slice: SfSlice| std::str::from_utf8(unsafe { slice.bytes() }).unwrap_or_default();
        (more != 0).then(|| (text(name), text(value)))
    }
}
