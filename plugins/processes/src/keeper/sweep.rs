//! What the keeper does when the host has been killed: kills every group, then whoever carries the host's mark.
#![allow(unsafe_code, reason = "bare system calls: this runs in a fork without exec")]

use super::table::{MARK_BYTES, Shared};
use crate::spawn::raw::syscall;
use std::ffi::CStr;
use std::sync::atomic::Ordering;

/// A process that forks while it is looked for is met in a later round.
const KILLING_ROUNDS: usize = 5;
/// A cgroup can be removed when its dead are reaped, which is somebody else's work.
const ROUNDS: usize = 250;
const PAUSE_NANOSECONDS: i64 = 20_000_000;
const BUFFER_BYTES: usize = 8 << 10;
/// Longest path that is put together here.
const PATH_BYTES: usize = 1024;
/// Where `linux_dirent64` has its length and its name.
const ENTRY_LENGTH_AT: usize = 16;
const ENTRY_NAME_AT: usize = 19;

/// Kills all that the host has left, and removes its cgroups. A host that ended in good order has left at most those
/// that escaped from their group: one look is enough when it finds none.
pub(super) fn sweep(shared: &Shared) {
    let in_good_order = shared.ended.load(Ordering::Acquire);
    let least_rounds = if in_good_order { 1 } else { KILLING_ROUNDS };
    let most_rounds = if in_good_order { KILLING_ROUNDS } else { ROUNDS };
    for round in 1..=most_rounds {
        let found = round <= KILLING_ROUNDS && kill_all(shared);
        let removed = remove_cgroups(shared);
        if removed && !found && round >= least_rounds {
            return;
        }
        pause();
    }
}

/// True when there was somebody to kill.
fn kill_all(shared: &Shared) -> bool {
    for slot in &shared.slots {
        let id = slot.load(Ordering::Relaxed);
        if id > 1 {
            kill(-id);
        }
    }
    kill_marked(&shared.mark)
}

fn kill_marked(mark: &[u8; MARK_BYTES]) -> bool {
    let mut found = false;
    if mark.contains(&0) {
        return found;
    }
    each_entry(c"/proc", &mut |name| {
        let Some(id) = decimal(name) else { return };
        let mut path = PathBuffer::new();
        path.push(b"/proc/").push(name).push(b"/environ");
        if path.as_c_str().is_some_and(|path| contains(path, mark)) {
            kill(id);
            found = true;
        }
    });
    found
}

/// True when none is left.
fn remove_cgroups(shared: &Shared) -> bool {
    let mut removed = true;
    let count = shared.root_count.load(Ordering::Acquire) as usize;
    for root in shared.roots.iter().take(count) {
        let Ok(root) = CStr::from_bytes_until_nul(root) else { continue };
        each_entry(root, &mut |name| {
            if name.contains(&b'.') {
                return;
            }
            let mut group = PathBuffer::new();
            group.push(root.to_bytes()).push(b"/").push(name);
            let mut members = PathBuffer::new();
            members.push(root.to_bytes()).push(b"/").push(name).push(b"/cgroup.procs");
            if let Some(members) = members.as_c_str() {
                each_line(members, &mut |line| {
                    if let Some(id) = decimal(line) {
                        kill(id);
                    }
                });
            }
            remove_folder(group.as_c_str());
        });
        removed &= remove_folder(Some(root));
    }
    removed
}

/// Calls `visit` with every line of a file, without its end; lines longer than the buffer come in pieces.
pub(super) fn each_line(path: &CStr, visit: &mut dyn FnMut(&[u8])) {
    let Some(file) = open(path, libc::O_RDONLY) else { return };
    let mut buffer = [0u8; BUFFER_BYTES];
    let mut filled = 0usize;
    while let Some(free) = buffer.get_mut(filled..) {
        let read = read(file, free);
        filled = filled.wrapping_add(read);
        let content = buffer.get(..filled).unwrap_or_default();
        let complete = match content.iter().rposition(|byte| *byte == b'\n') {
            Some(last) if read > 0 => last.wrapping_add(1),
            _ => filled,
        };
        for line in content.get(..complete).unwrap_or_default().split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                visit(line);
            }
        }
        if read == 0 {
            break;
        }
        buffer.copy_within(complete..filled, 0);
        filled = filled.wrapping_sub(complete);
    }
    close(file);
}

/// Calls `visit` with the name of every entry of a folder.
fn each_entry(path: &CStr, visit: &mut dyn FnMut(&[u8])) {
    let Some(folder) = open(path, libc::O_RDONLY | libc::O_DIRECTORY) else { return };
    let mut buffer = [0u8; BUFFER_BYTES];
    loop {
        let place = buffer.as_mut_ptr() as usize;
        // SAFETY: writes into the buffer.
        let read = unsafe { syscall(libc::SYS_getdents64, [folder, place, BUFFER_BYTES, 0, 0]) };
        let Some(mut rest) = usize::try_from(read).ok().and_then(|read| buffer.get(..read)) else {
            break;
        };
        if rest.is_empty() {
            break;
        }
        while let Some(&[low, high]) = rest.get(ENTRY_LENGTH_AT..ENTRY_LENGTH_AT + 2) {
            let length = usize::from(u16::from_le_bytes([low, high]));
            let name = rest.get(ENTRY_NAME_AT..length).unwrap_or_default();
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            visit(name);
            rest = rest.get(length.max(1)..).unwrap_or_default();
        }
    }
    close(folder);
}

/// True when the file holds `mark`, which may lie across two reads.
fn contains(path: &CStr, mark: &[u8; MARK_BYTES]) -> bool {
    let Some(file) = open(path, libc::O_RDONLY) else { return false };
    let mut buffer = [0u8; BUFFER_BYTES];
    let mut kept = 0usize;
    let mut found = false;
    while let Some(free) = buffer.get_mut(kept..) {
        let read = read(file, free);
        if read == 0 {
            break;
        }
        let filled = kept.wrapping_add(read);
        if buffer.get(..filled).unwrap_or_default().windows(MARK_BYTES).any(|part| part == mark) {
            found = true;
            break;
        }
        let from = filled.saturating_sub(MARK_BYTES - 1);
        buffer.copy_within(from..filled, 0);
        kept = filled.wrapping_sub(from);
    }
    close(file);
    found
}

fn open(path: &CStr, flags: i32) -> Option<usize> {
    let flags = (flags | libc::O_CLOEXEC) as usize;
    // SAFETY: a path that ends with a NUL.
    let result = unsafe {
        syscall(libc::SYS_openat, [libc::AT_FDCWD as usize, path.as_ptr() as usize, flags, 0, 0])
    };
    usize::try_from(result).ok()
}

fn read(file: usize, buffer: &mut [u8]) -> usize {
    let place = buffer.as_mut_ptr() as usize;
    // SAFETY: writes into the buffer.
    let result = unsafe { syscall(libc::SYS_read, [file, place, buffer.len(), 0, 0]) };
    usize::try_from(result).unwrap_or(0)
}

fn close(file: usize) {
    // SAFETY: a descriptor of this file's own.
    unsafe { syscall(libc::SYS_close, [file, 0, 0, 0, 0]) };
}

fn kill(id: i32) {
    // SAFETY: no pointers.
    unsafe { syscall(libc::SYS_kill, [id as usize, libc::SIGKILL as usize, 0, 0, 0]) };
}

/// True when it is not there any more.
fn remove_folder(path: Option<&CStr>) -> bool {
    let Some(path) = path else { return true };
    let at = [libc::AT_FDCWD as usize, path.as_ptr() as usize, libc::AT_REMOVEDIR as usize, 0, 0];
    // SAFETY: a path that ends with a NUL.
    let result = unsafe { syscall(libc::SYS_unlinkat, at) };
    result == 0 || result == -(libc::ENOENT as isize)
}

fn pause() {
    let time = [0i64, PAUSE_NANOSECONDS];
    // SAFETY: seconds and nanoseconds, as the kernel wants them.
    unsafe { syscall(libc::SYS_nanosleep, [time.as_ptr() as usize, 0, 0, 0, 0]) };
}

fn decimal(text: &[u8]) -> Option<i32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0i32, |number, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit as i32)
    })
}

/// A path put together without allocating.
struct PathBuffer {
    bytes: [u8; PATH_BYTES],
    length: usize,
}

impl PathBuffer {
    fn new() -> Self {
        Self { bytes: [0; PATH_BYTES], length: 0 }
    }

    /// What does not fit makes the path invalid.
    fn push(&mut self, part: &[u8]) -> &mut Self {
        let end = self.length.saturating_add(part.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(part);
        }
        self.length = end;
        self
    }

    fn as_c_str(&self) -> Option<&CStr> {
        CStr::from_bytes_with_nul(self.bytes.get(..=self.length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    #[test]
    fn lines_and_marks_are_found_across_reads() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let path = CString::new(file.to_str().unwrap()).unwrap();
        let lines: Vec<String> = (0..5000).map(|number| format!("line {number}")).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
        let mut seen = Vec::new();
        each_line(&path, &mut |line| seen.push(String::from_utf8(line.to_vec()).unwrap()));
        assert_eq!(seen, lines);

        let mark = *b"0123456789abcdef0123456789abcdef";
        for place in [0, 100, BUFFER_BYTES - 7, 3 * BUFFER_BYTES - 40] {
            let mut content = vec![b'x'; 4 * BUFFER_BYTES];
            content[place..place + MARK_BYTES].copy_from_slice(&mark);
            std::fs::write(&file, content).unwrap();
            assert!(contains(&path, &mark), "{place}");
        }
        std::fs::write(&file, vec![b'x'; 3 * BUFFER_BYTES]).unwrap();
        assert!(!contains(&path, &mark));
    }

    #[test]
    fn every_entry_of_a_folder_is_visited() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..1000 {
            std::fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let path = CString::new(folder.path().to_str().unwrap()).unwrap();
        let mut count = 0;
        each_entry(&path, &mut |name| count += usize::from(decimal(name).is_some()));
        assert_eq!(count, 1000);
    }
}
