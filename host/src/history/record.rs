//! One invocation as the history keeps it.

use crate::invocation::{InvocationId, Outcome, Trigger};
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

/// What only the log policy `full` keeps: three pieces in one allocation, written once and in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    bytes: Box<[u8]>,
    input_bytes: usize,
    output_bytes: usize,
    truncated: [bool; 3],
}

/// One of the pieces, and whether there was more than is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) truncated: bool,
}

impl Details {
    /// At most `limit` bytes of each of input, output and standard error.
    pub(crate) fn new(pieces: [Kept<'_>; 3], limit: usize) -> Self {
        let [input, output, stderr] =
            pieces.map(|piece| &piece.bytes[..piece.bytes.len().min(limit)]);
        let mut bytes = Vec::with_capacity(input.len() + output.len() + stderr.len());
        bytes.extend_from_slice(input);
        bytes.extend_from_slice(output);
        bytes.extend_from_slice(stderr);
        Self {
            bytes: bytes.into_boxed_slice(),
            input_bytes: input.len(),
            output_bytes: output.len(),
            truncated: pieces.map(|piece| piece.truncated || piece.bytes.len() > limit),
        }
    }

    /// Input, output and standard error.
    pub(crate) fn pieces(&self) -> [Kept<'_>; 3] {
        let (input, rest) = self.bytes.split_at(self.input_bytes);
        let (output, stderr) = rest.split_at(self.output_bytes);
        let [first, second, third] = self.truncated;
        let kept = |bytes, truncated| Kept { bytes, truncated };
        [kept(input, first), kept(output, second), kept(stderr, third)]
    }
}

impl Record {
    /// Memory that the record holds, in bytes, roughly.
    pub(crate) fn weight(&self) -> u64 {
        let details = self.details.as_ref().map_or(0, |details| details.bytes.len());
        (size_of::<Self>() + self.error.len() + details) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Details, Kept};

    #[test]
    fn pieces_come_back_cut_to_the_limit() {
        let piece = |bytes, truncated| Kept { bytes, truncated };
        let details =
            Details::new([piece(b"input", false), piece(b"ou", false), piece(b"", true)], 4);
        assert_eq!(details.pieces(), [piece(b"inpu", true), piece(b"ou", false), piece(b"", true)]);
    }
}
