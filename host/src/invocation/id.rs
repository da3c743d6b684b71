//! The id of an invocation: a UUID of version 7, so that ids sort by time (to a quarter of a microsecond) and cannot be guessed.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 36 characters of lower-case hexadecimal with dashes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InvocationId([u8; 36]);

impl InvocationId {
    /// A new id for a moment. RFC 9562, method 3: the 12 bits after the milliseconds are their fraction.
    pub(crate) fn new(now: SystemTime) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let fraction = u64::from(since.subsec_nanos() % 1_000_000) * 4096 / 1_000_000;
        let random = uuid::Uuid::new_v4().into_bytes();
        let mut tail: [u8; 10] = [0; 10];
        tail[..8].copy_from_slice(&random[8..]);
        tail.rotate_right(2);
        tail[..2].copy_from_slice(&u16::try_from(fraction).unwrap_or(0).to_be_bytes());
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid();
        let mut text = [0; 36];
        uuid.as_hyphenated().encode_lower(&mut text);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::InvocationId;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn ids_sort_by_time_within_a_millisecond() {
        let moment =
            |nanos: u64| UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_000 + nanos);
        let ids: Vec<_> = (0..2_000).map(|step| InvocationId::new(moment(step * 500))).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(&ids[0].as_str()[14..15], "7");
    }

    #[test]
    fn a_written_id_is_read_in_any_form() {
        let id = InvocationId::new(UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(InvocationId::parse(&id.as_str().to_uppercase()), Some(id));
        assert_eq!(InvocationId::parse("x"), None);
    }
}
