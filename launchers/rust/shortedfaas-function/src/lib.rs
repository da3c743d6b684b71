//! A function for ShortedFaaS in Rust.
//!
//! ```
//! use shortedfaas_function::{function, Environment};
//!
//! function!(lambda);
//!
//! fn lambda(input: &str, environment: &mut Environment) -> Result<String, std::num::ParseIntError> {
//!     let number: i64 = input.trim().parse()?;
//!     environment.set_header("x-doubled", "yes");
//!     Ok(format!("{}\n", number * 2))
//! }
//! ```
//!
//! The same source is built into a program (`"type": "compiled"`, `shortedfaas build FOLDER`) or, as a `cdylib`, into a
//! library (`"type": "native"`): [`function!`] defines both what the host looks up in a library and the program's `main`.
//!
//! - The input is `&str` or `&[u8]` (then say `"input": "bytes"` in run.json).
//! - What is returned: text, bytes, `()`, a [`Reply`], or a `Result` of these with any error that can be displayed.
//! - An error or a panic is a failed call: 500 without a body, the message in the history. The function lives on.
//! - What is printed goes to the call's log.
#![warn(missing_docs)]

mod abi;
mod call;
mod environment;
mod frames;
mod json;
mod reply;
mod run;
mod serve;
mod table;

pub use environment::{Environment, Pairs, Streamed};
pub use reply::{Answer, Input, Reply};

/// Used by [`function!`].
#[doc(hidden)]
pub mod hidden {
    pub use crate::abi::{Entry, SfHost, SfRequest};
    pub use crate::run::run;
    pub use crate::serve::serve;
}

/// Makes functions of this file callable, once, with all of them: `function!(lambda)` or `function!(resize, rotate)`.
///
/// Each is exported under its name, which `handler` of run.json gives where it is not `lambda`. The program's `main` is
/// defined too.
#[macro_export]
macro_rules! function {
    ($($name:ident),+ $(,)?) => {
        // In a library nobody calls it; what is inside is exported all the same.
        #[allow(dead_code)]
        fn main() {
            $crate::hidden::serve(&[$(
                $crate::hidden::Entry::new(stringify!($name), {
                    #[export_name = stringify!($name)]
                    extern "C" fn exported(
                        host: *const $crate::hidden::SfHost,
                        request: *mut $crate::hidden::SfRequest,
                    ) -> ::core::ffi::c_int {
                        // SAFETY: the host calls with its table and a request that lasts until this returns.
                        unsafe {
                            $crate::hidden::run(host, request, |input, environment| {
                                let output = $name($crate::Input::take(input)?, environment);
                                $crate::Answer::give(output, environment)
                            })
                        }
                    }
                    exported
                })
            ),+])
        }
    };
}
