//! One invocation as the history keeps it.

use crate::invocation::{InvocationId, Outcome, Piece, Trigger};
use bytes::Bytes;
use smol_str::SmolStr;
use std::time::{Duration, SystemTime};

/// What is kept of one invocation.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: InvocationId,
    pub(crate) function: SmolStr,
    pub(crate) started: SystemTime,
    pub(crate) duration: Duration,
    /// HTTP status of the answer; 499 when the caller had gone before there was one.
    pub(crate) status: u16,
    pub(crate) outcome: Outcome,
    pub(crate) exit_code: Option<i32>,
    /// None when no code ran.
    pub(crate) cold: Option<bool>,
    pub(crate) trigger: Trigger,
    pub(crate) identity: Option<SmolStr>,
    pub(crate) error: Box<str>,
    pub(crate) details: Option<Box<Details>>,
    pub(crate) queue: Duration,
    pub(crate) start: Duration,
    pub(crate) run: Duration,
    pub(crate) cpu: Duration,
    pub(crate) max_rss_bytes: u64,
}

/// What only the log policy `full` keeps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    pub(crate) input: Piece,
    pub(crate) output: Piece,
    pub(crate) stderr: Piece,
}

/// From this size on bytes are shared instead of copied: below it a copy costs less than what sharing keeps alive.
const SHARED_FROM_BYTES: usize = 16 * 1024;

/// At most `limit` bytes of `bytes`.
pub(crate) fn kept(bytes: &Bytes, limit: usize) -> Piece {
    let truncated = bytes.len() > limit;
    let bytes = if truncated || bytes.len() < SHARED_FROM_BYTES {
        Bytes::copy_from_slice(&bytes[..bytes.len().min(limit)])
    } else {
        bytes.clone()
    };
    Piece { bytes, truncated }
}

impl Record {
    /// Memory that the record holds, in bytes, roughly.
    pub(crate) fn weight(&self) -> u64 {
        let details = self.details.as_ref().map_or(0, |details| {
            let pieces = [&details.input, &details.output, &details.stderr];
            size_of::<Details>() + pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>()
        });
        (size_of::<Self>() + self.function.len() + self.error.len() + details) as u64
    }
}
