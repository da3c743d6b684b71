//! What tells one program from another before it is built.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Of the hash: enough that two programs never share a folder.
const BYTES_SHOWN: usize = 16;

/// A fingerprint of parts, in their order.
#[derive(Debug, Clone)]
pub struct Fingerprint(Sha256);

impl Default for Fingerprint {
    fn default() -> Self {
        let mut new = Self(Sha256::new());
        // A program of another kind of machine is another program.
        new.add(std::env::consts::ARCH);
        new
    }
}

impl Fingerprint {
    /// Adds a part.
    pub fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        // A length before each part: "ab" + "c" is not "a" + "bc".
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Adds parts, and how many they are.
    pub fn add_all<P: AsRef<[u8]>>(&mut self, parts: impl IntoIterator<Item = P>) {
        let parts: Vec<P> = parts.into_iter().collect();
        self.add((parts.len() as u64).to_le_bytes());
        parts.iter().for_each(|part| self.add(part));
    }

    /// In hexadecimal digits.
    #[must_use]
    pub fn finish(self) -> String {
        self.0.finalize()[..BYTES_SHOWN].iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lists: &[&[&str]]) -> String {
        let mut fingerprint = Fingerprint::default();
        lists.iter().for_each(|list| fingerprint.add_all(*list));
        fingerprint.finish()
    }

    #[test]
    fn the_same_parts_and_only_they_give_the_same_fingerprint() {
        assert_eq!(of(&[&["a", "b"]]), of(&[&["a", "b"]]));
        assert_eq!(of(&[]).len(), 32);
        let different: [&[&[&str]]; 6] = [
            &[&["a", "b"]],
            &[&["ab"]],
            &[&["b", "a"]],
            &[&["a"], &["b"]],
            &[&["a", "b", ""]],
            &[],
        ];
        for (index, one) in different.iter().enumerate() {
            for other in &different[..index] {
                assert_ne!(of(one), of(other), "{one:?} {other:?}");
            }
        }
    }
}
