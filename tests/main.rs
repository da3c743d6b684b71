//! Black-box tests: the real binary, real plugins, HTTP and files only.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod cases;
mod support;
