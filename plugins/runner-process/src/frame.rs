//! Frames of the launcher protocol (launchers/PROTOCOL.md): how they are made and how they are read as they come.

use bytes::Bytes;

/// Type, length of the header, length of the body.
pub(crate) const PREFIX_BYTES: usize = 9;
/// No launcher has so much to say beside the output; whoever claims it speaks nonsense.
const HEADER_LIMIT_BYTES: usize = 8 << 20;

/// Types of frames.
pub(crate) mod kind {
    pub(crate) const LOAD: u8 = b'L';
    pub(crate) const INVOKE: u8 = b'I';
    pub(crate) const SHUTDOWN: u8 = b'S';
    pub(crate) const HELLO: u8 = b'H';
    pub(crate) const BROKEN: u8 = b'B';
    pub(crate) const TEXT: u8 = b'T';
    pub(crate) const JSON: u8 = b'J';
    pub(crate) const BYTES: u8 = b'O';
    pub(crate) const CHUNK: u8 = b'C';
    pub(crate) const ERROR: u8 = b'E';
    pub(crate) const FORK: u8 = b'F';
    pub(crate) const FORKED: u8 = b'P';
    pub(crate) const REAP: u8 = b'R';
    pub(crate) const REAPED: u8 = b'X';
    pub(super) const OF_LAUNCHERS: &[u8] = b"HBTJOCEPX";
}

/// A frame from a launcher.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) header: Bytes,
    pub(crate) body: Bytes,
}

/// What is no frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    Kind(u8),
    Header(usize),
    /// More than the function may answer.
    Body,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kind(kind) => write!(
                formatter,
                "wrote a frame of the unknown type `{}` to descriptor 4",
                kind.escape_ascii()
            ),
            Self::Header(length) => {
                write!(formatter, "wrote a frame with a header of {length} bytes to descriptor 4")
            }
            Self::Body => formatter.write_str("wrote a frame with a body over `limits.output`"),
        }
    }
}

/// Room for a prefix, which [`complete`] fills in when the header has been written behind it.
pub(crate) fn begin(into: &mut Vec<u8>) {
    into.clear();
    into.extend_from_slice(&[0; PREFIX_BYTES]);
}

/// Fills in the prefix of what [`begin`] began. `None`: too large for any frame.
pub(crate) fn complete(frame: &mut [u8], kind: u8, body_bytes: usize) -> Option<()> {
    let header_bytes = u32::try_from(frame.len().checked_sub(PREFIX_BYTES)?).ok()?;
    let body_bytes = u32::try_from(body_bytes).ok()?;
    let prefix = frame.first_chunk_mut::<PREFIX_BYTES>()?;
    prefix[0] = kind;
    prefix[1..5].copy_from_slice(&header_bytes.to_be_bytes());
    prefix[5..].copy_from_slice(&body_bytes.to_be_bytes());
    Some(())
}

/// A frame with this header and no body.
pub(crate) fn with_header(kind: u8, header: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(PREFIX_BYTES + header.len());
    begin(&mut frame);
    frame.extend_from_slice(header);
    complete(&mut frame, kind, 0).expect("a header of this runner's own is far below 4 GiB");
    frame
}

struct Prefix {
    kind: u8,
    header_bytes: usize,
    body_bytes: usize,
}

impl Prefix {
    /// None: not all of it is there yet.
    fn parse(bytes: &[u8], limit: u64) -> Result<Option<Self>, Malformed> {
        let Some(&kind) = bytes.first() else { return Ok(None) };
        if !kind::OF_LAUNCHERS.contains(&kind) {
            return Err(Malformed::Kind(kind));
        }
        let Some(&[_, h0, h1, h2, h3, b0, b1, b2, b3]) = bytes.first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let header_bytes = u32::from_be_bytes([h0, h1, h2, h3]) as usize;
        let body_bytes = u32::from_be_bytes([b0, b1, b2, b3]) as usize;
        if header_bytes > HEADER_LIMIT_BYTES {
            return Err(Malformed::Header(header_bytes));
        }
        if body_bytes as u64 > limit {
            return Err(Malformed::Body);
        }
        Ok(Some(Self { kind, header_bytes, body_bytes }))
    }
}

/// Makes frames of bytes as they come. What it holds is bounded by what a frame may be.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The beginning of a frame, not yet as far as its body.
    pending: Vec<u8>,
    growing: Option<Growing>,
}

/// A frame of which a part of the body is missing.
#[derive(Debug)]
struct Growing {
    kind: u8,
    header: Bytes,
    body: Vec<u8>,
    filled: usize,
}

impl Decoder {
    /// The next frame that is whole, off the front of `bytes`; what is left of them then is kept here. `limit`: of a body.
    pub(crate) fn take(
        &mut self,
        bytes: &mut &[u8],
        limit: u64,
    ) -> Result<Option<Frame>, Malformed> {
        if self.growing.is_none() {
            if self.pending.is_empty() {
                let Some(prefix) = Prefix::parse(bytes, limit)? else {
                    self.keep(bytes, usize::MAX);
                    return Ok(None);
                };
                let body_at = PREFIX_BYTES + prefix.header_bytes;
                let end = body_at + prefix.body_bytes;
                if let Some((whole, rest)) = bytes.split_at_checked(end) {
                    *bytes = rest;
                    return Ok(Some(Frame {
                        kind: prefix.kind,
                        header: Bytes::copy_from_slice(&whole[PREFIX_BYTES..body_at]),
                        body: Bytes::copy_from_slice(&whole[body_at..]),
                    }));
                }
            }
            self.growing = self.grow(bytes, limit)?;
        }
        Ok(self.fill(bytes))
    }

    /// Where the rest of a large body may be read into directly; empty when there is none.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.growing.as_mut().map_or(&mut [], |growing| &mut growing.body[growing.filled..])
    }

    /// So much has been read into [`Decoder::room`].
    pub(crate) fn filled(&mut self, count: usize) -> Option<Frame> {
        if let Some(growing) = &mut self.growing {
            growing.filled += count;
        }
        self.fill(&mut &[][..])
    }

    /// Moves bytes to `pending` until it holds `until` of them.
    fn keep(&mut self, bytes: &mut &[u8], until: usize) {
        let missing = until.saturating_sub(self.pending.len()).min(bytes.len());
        let (moved, rest) = bytes.split_at(missing);
        self.pending.extend_from_slice(moved);
        *bytes = rest;
    }

    /// Prefix and header, as soon as they are there; the body's place is made.
    fn grow(&mut self, bytes: &mut &[u8], limit: u64) -> Result<Option<Growing>, Malformed> {
        self.keep(bytes, PREFIX_BYTES);
        let Some(prefix) = Prefix::parse(&self.pending, limit)? else { return Ok(None) };
        let body_at = PREFIX_BYTES + prefix.header_bytes;
        self.keep(bytes, body_at);
        if self.pending.len() < body_at {
            return Ok(None);
        }
        let header = Bytes::copy_from_slice(&self.pending[PREFIX_BYTES..]);
        self.pending = Vec::new();
        Ok(Some(Growing { kind: prefix.kind, header, body: vec![0; prefix.body_bytes], filled: 0 }))
    }

    fn fill(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        let growing = self.growing.as_mut()?;
        let room = &mut growing.body[growing.filled..];
        let (moved, rest) = bytes.split_at(room.len().min(bytes.len()));
        room[..moved.len()].copy_from_slice(moved);
        growing.filled += moved.len();
        *bytes = rest;
        if growing.filled < growing.body.len() {
            return None;
        }
        let Growing { kind, header, body, .. } = self.growing.take()?;
        Some(Frame { kind, header, body: body.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 1000;

    fn frame(kind: u8, header: &str, body: &str) -> Vec<u8> {
        let mut frame = Vec::new();
        begin(&mut frame);
        frame.extend_from_slice(header.as_bytes());
        complete(&mut frame, kind, body.len()).unwrap();
        frame.extend_from_slice(body.as_bytes());
        frame
    }

    fn shown(frame: Frame) -> String {
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        format!("{}{}|{}", char::from(frame.kind), text(&frame.header), text(&frame.body))
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let expected = ["T|", "J{\"code\":200}|[1]", "O|0123456789", "E{}|"];
        let stream = [
            frame(b'T', "", ""),
            frame(b'J', "{\"code\":200}", "[1]"),
            frame(b'O', "", "0123456789"),
            frame(b'E', "{}", ""),
        ]
        .concat();
        for size in 1..=stream.len() {
            let (mut decoder, mut found) = (Decoder::default(), Vec::new());
            for mut piece in stream.chunks(size) {
                while let Some(frame) = decoder.take(&mut piece, LIMIT).unwrap() {
                    found.push(shown(frame));
                }
                assert!(piece.is_empty());
            }
            assert_eq!(found, expected, "{size}");
            assert!(decoder.pending.is_empty() && decoder.growing.is_none());
        }
    }

    #[test]
    fn the_rest_of_a_body_can_be_read_into_its_place() {
        let stream = frame(b'O', "{}", "0123456789");
        let mut decoder = Decoder::default();
        assert_eq!(decoder.take(&mut &stream[..13], LIMIT), Ok(None));
        decoder.room()[..8].copy_from_slice(&stream[13..]);
        assert_eq!(decoder.filled(8).map(shown).unwrap(), "O{}|0123456789");
    }

    #[test]
    fn what_is_no_frame_is_refused_before_its_end() {
        let check = |bytes: &[u8], expected: Malformed| {
            assert_eq!(Decoder::default().take(&mut &bytes[..], LIMIT), Err(expected));
        };
        check(b"x", Malformed::Kind(b'x'));
        check(b"T\xff\0\0\0\0\0\0\0", Malformed::Header(0xff00_0000));
        check(b"T\0\0\0\0\0\0\x03\xe9", Malformed::Body);
    }
}
