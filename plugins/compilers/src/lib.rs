//! What plugins of compiled languages share: the sources, their fingerprint, the plan that builds them.
//!
//! A program is built into `.build/FINGERPRINT/program` in the function's folder. The fingerprint is one of everything that
//! the program is made of: the same sources give the same program, in every copy of the folder, and others give another,
//! beside the one that is still running.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod compiler;
mod fingerprint;
mod recipe;
mod sources;
mod words;

pub use compiler::{can_link_statically, compiler};
pub use fingerprint::Fingerprint;
pub use recipe::{BUILD, Recipe, check, described, write_file};
pub use sources::{Source, sources};
pub use words::{Words, words};
