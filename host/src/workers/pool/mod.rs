//! The workers of one generation of a function: one mechanism for every runner that keeps some.
//!
//! `state` decides, on plain data; `shell` locks it and does what was decided; the others are parts of the two.

mod backoff;
mod growth;
mod lease;
mod look;
mod pace;
mod policy;
mod shell;
mod slots;
mod source;
mod start;
mod state;
#[cfg(test)]
mod tests;
mod upkeep;
mod wait;

pub(crate) use lease::Lease;
pub(crate) use policy::Policy;
pub(crate) use shell::Pool;
pub(crate) use slots::{Counts, Verdict};
pub(crate) use source::Source;
pub(crate) use wait::{Refused, Terms};
