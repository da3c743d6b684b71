//! Frames on descriptors 3 and 4, as launchers/PROTOCOL.md says.

use std::fs::File;
use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

/// Type, length of the header, length of the body.
pub(crate) const PREFIX_BYTES: usize = 9;

const FROM_HOST: i32 = 3;
const TO_HOST: i32 = 4;

/// Never dropped: the function may have closed it, and the end of the process closes it anyway.
fn descriptor(number: i32) -> ManuallyDrop<File> {
    // SAFETY: whoever starts the program gives it these two; if not, reading and writing fail.
    ManuallyDrop::new(unsafe { File::from_raw_fd(number) })
}

/// Keeps both from the function's children.
pub(crate) fn keep_from_children() {
    extern "C" {
        fn fcntl(descriptor: i32, command: i32, ...) -> i32;
    }
    const F_SETFD: i32 = 2;
    const FD_CLOEXEC: i32 = 1;
    for number in [FROM_HOST, TO_HOST] {
        // SAFETY: a call of the system that only changes a flag.
        unsafe { fcntl(number, F_SETFD, FD_CLOEXEC) };
    }
}

/// The next frame's type; header and body are in `into`, which the second part of the answer divides.
///
/// No more is read than the frame has: the next call stays where another process may have it.
pub(crate) fn receive(into: &mut Vec<u8>) -> Result<(u8, usize)> {
    let mut prefix = [0; PREFIX_BYTES];
    descriptor(FROM_HOST).read_exact(&mut prefix)?;
    let [kind, h0, h1, h2, h3, b0, b1, b2, b3] = prefix;
    let header = u32::from_be_bytes([h0, h1, h2, h3]) as usize;
    let length = header + u32::from_be_bytes([b0, b1, b2, b3]) as usize;
    into.clear();
    into.try_reserve_exact(length).map_err(|_| Error::from(ErrorKind::OutOfMemory))?;
    let mut from = descriptor(FROM_HOST);
    let read = Read::by_ref(&mut *from).take(length as u64).read_to_end(into)?;
    match read == length {
        true => Ok((kind, header)),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// One frame.
pub(crate) fn send(kind: u8, header: &[u8], body: &[u8]) -> Result<()> {
    let prefix = prefix(kind, header.len(), body.len());
    let mut parts = [IoSlice::new(&prefix), IoSlice::new(header), IoSlice::new(body)];
    let mut parts = &mut parts[..];
    while !parts.is_empty() {
        match descriptor(TO_HOST).write_vectored(parts) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(written) => IoSlice::advance_slices(&mut parts, written),
        }
    }
    Ok(())
}

/// A frame without a header whose body has room before it, in one piece.
pub(crate) fn send_whole(kind: u8, frame: &mut [u8]) -> Result<()> {
    let body = frame.len() - PREFIX_BYTES;
    frame[..PREFIX_BYTES].copy_from_slice(&prefix(kind, 0, body));
    descriptor(TO_HOST).write_all(frame)
}

fn prefix(kind: u8, header: usize, body: usize) -> [u8; PREFIX_BYTES] {
    // The body's length was checked when it was asked for; a header that long does not fit into memory.
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let ([h0, h1, h2, h3], [b0, b1, b2, b3]) = (length(header), length(body));
    [kind, h0, h1, h2, h3, b0, b1, b2, b3]
}
