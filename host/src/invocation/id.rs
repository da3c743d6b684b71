//! The id of an invocation: a UUID of version 7, so that ids sort by time and cannot be guessed.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 36 characters of lower-case hexadecimal with dashes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct InvocationId([u8; 36]);

impl InvocationId {
    /// A new id for a moment.
    pub(crate) fn new(now: SystemTime) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let stamp =
            uuid::Timestamp::from_unix(uuid::NoContext, since.as_secs(), since.subsec_nanos());
        let mut text = [0; 36];
        uuid::Uuid::new_v7(stamp).as_hyphenated().encode_lower(&mut text);
        Self(text)
    }

    /// The id that a caller wrote, or none when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut canonical = [0; 36];
        uuid::Uuid::try_parse(text).ok()?.as_hyphenated().encode_lower(&mut canonical);
        Some(Self(canonical))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a UUID is ASCII")
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for InvocationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for InvocationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
