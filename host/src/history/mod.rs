//! The bounded record of what happened: every invocation, also those that were refused.

mod record;
mod ring;

pub(crate) use record::{Details, Kept, Record};
pub(crate) use ring::{Bounds, Filter, History};
