//! Starting, bounding, watching and ending processes: what the runners of processes share.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod adopted;
mod arguments;
mod blueprint;
mod bounds;
mod death;
mod environment;
mod fault;
mod fields;
mod format;
mod keeper;
mod limits;
mod lookup;
mod pipes;
mod pool;
mod process;
mod registry;
mod replaced;
mod spawn;
mod starter;
mod watch;

pub use adopted::Adopted;
pub use arguments::Arguments;
pub use blueprint::Blueprint;
pub use bounds::{Allow, Bounds, Limits, Needs};
pub use death::{exit_code, killed_by, signal};
pub use environment::{Block, Ground, STRING_LIMIT_BYTES, not_passed};
pub use fault::LaunchError;
pub use fields::{is_header_name, is_header_value, is_the_servers};
pub use lookup::{Place, resolve, search_path};
pub use pipes::{LARGEST_PIPE_BYTES, PIPE_BYTES, Read, enlarge, pipe, read_some, set_nonblocking};
pub use pool::{Answer, Pool};
pub use process::{Exit, Process};
pub use registry::{Registry, random_mark};
pub use replaced::was_replaced;
pub use spawn::{SpawnError, Step};
pub use starter::{Started, Starter, open_folder};
pub use watch::{Watched, readable, readable_and_writable, writable};
