//! Function code out of process: workers of ours, warm and cold, their floors, and what users would pick instead.

mod cold;
mod floors;
mod ours;
mod peers;
mod promises;
mod toolchain;
mod warm;

pub(super) use cold::run as cold;
pub(super) use warm::run as warm;

/// Everybody has as many: one for each core of the machine that the goals were set on.
const WORKERS: usize = 2;
