//! One call of a function: whatever happens in it becomes an answer.

use crate::abi::{SfHost, SfRequest};
use crate::reply::Failure;
use crate::Environment;
use std::any::Any;
use std::ffi::c_int;
use std::io::Write;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Used by `function!`: the body of what it exports.
///
/// # Safety
/// Both are what the host called with, and the request lasts until this returns.
#[doc(hidden)]
pub unsafe fn run(
    host: *const SfHost,
    request: *mut SfRequest,
    function: impl for<'call> FnOnce(&'call [u8], &mut Environment<'call>) -> Result<(), Failure>,
) -> c_int {
    // SAFETY: the caller vouches for both.
    let mut environment = unsafe { Environment::new(&*host, request) };
    let input = environment.input();
    let called = catch_unwind(AssertUnwindSafe(|| function(input, &mut environment)));
    // What is printed belongs to this call; where it goes is nobody's concern here.
    let _ = std::io::stdout().flush();
    let failure = match called {
        Ok(Ok(())) => return 0,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure { kind: "panic", message: message(&*panic) },
    };
    environment.fail(failure.kind, &failure.message);
    1
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a text".to_owned())
}
