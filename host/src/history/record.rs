//! One invocation as the history keeps it.

use crate::invocation::{InvocationId, Outcome, Trigger};
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
    pub(crate) details: Option<Details>,
    pub(crate) queue: Duration,
    pub(crate) start: Duration,
    pub(crate) run: Duration,
    pub(crate) cpu: Duration,
    pub(crate) max_rss_bytes: u64,
}

/// What only the log policy `full` keeps. Input and output are shared with the request that they came from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    input: Bytes,
    output: Bytes,
    stderr: Box<[u8]>,
    truncated: [bool; 3],
}

/// Below this a copy costs less than what sharing keeps alive.
const SHARED_FROM_BYTES: usize = 256;
/// A shared input keeps alive the buffer that it was read into; hyper's is so large, in bytes.
const READ_BUFFER_BYTES: usize = 8192;

/// One of the pieces, and whether there was more than is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) truncated: bool,
}

impl Details {
    /// At most `limit` bytes of each of input, output (both may have been cut before) and standard error.
    pub(crate) fn new(
        (input, input_cut): (&Bytes, bool),
        output: (&Bytes, bool),
        stderr: Kept<'_>,
        limit: usize,
    ) -> Self {
        let (output, cut) = output;
        Self {
            input: kept(input, limit),
            output: kept(output, limit),
            stderr: stderr.bytes[..stderr.bytes.len().min(limit)].into(),
            truncated: [
                input_cut || input.len() > limit,
                cut || output.len() > limit,
                stderr.truncated || stderr.bytes.len() > limit,
            ],
        }
    }

    /// Input, output and standard error.
    pub(crate) fn pieces(&self) -> [Kept<'_>; 3] {
        let [first, second, third] = self.truncated;
        [
            Kept { bytes: &self.input, truncated: first },
            Kept { bytes: &self.output, truncated: second },
            Kept { bytes: &self.stderr, truncated: third },
        ]
    }

    fn weight(&self) -> usize {
        let shared = if self.input.len() >= SHARED_FROM_BYTES { READ_BUFFER_BYTES } else { 0 };
        self.input.len().max(shared) + self.output.len() + self.stderr.len()
    }
}

/// Shared where that is worth it and the whole is kept; else copied.
fn kept(bytes: &Bytes, limit: usize) -> Bytes {
    if bytes.len() > limit || bytes.len() < SHARED_FROM_BYTES {
        return Bytes::copy_from_slice(&bytes[..bytes.len().min(limit)]);
    }
    bytes.clone()
}

impl Record {
    /// Memory that the record holds, in bytes, roughly.
    pub(crate) fn weight(&self) -> u64 {
        let details = self.details.as_ref().map_or(0, Details::weight);
        (size_of::<Self>() + self.error.len() + details) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Details, Kept};

    #[test]
    fn pieces_come_back_cut_to_the_limit() {
        let piece = |bytes: &'static [u8], truncated| Kept { bytes, truncated };
        let (input, output) = (Bytes::from_static(b"input"), Bytes::from_static(b"ou"));
        let details = Details::new((&input, false), (&output, false), piece(b"", true), 4);
        let expected = [piece(b"inpu", true), piece(b"ou", false), piece(b"", true)];
        assert_eq!(details.pieces(), expected);
    }
}
