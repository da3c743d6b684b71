//! The keeper: a small process that outlives a killed host just long enough to kill what the host has left.

mod fork;
mod sweep;
mod table;

pub(crate) use fork::Keeper;
pub(crate) use table::Table;
