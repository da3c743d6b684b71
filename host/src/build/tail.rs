//! The end of what a build prints: what is wrong stands there.

/// Kept of it, in bytes.
const KEPT: usize = 4096;

/// The last lines of an output.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    cut: bool,
}

impl Tail {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
        // Not at every piece: moving 4 KiB for each line would cost more than the line.
        if self.bytes.len() > 2 * KEPT {
            self.cut();
        }
    }

    /// Whole lines, where it was cut.
    pub(super) fn text(mut self) -> String {
        self.cut();
        let text = String::from_utf8_lossy(&self.bytes);
        match text.split_once('\n').filter(|_| self.cut) {
            Some((_, whole)) => format!("…\n{}", whole.trim_end()),
            None => text.trim_end().to_owned(),
        }
    }

    fn cut(&mut self) {
        let surplus = self.bytes.len().saturating_sub(KEPT);
        self.cut |= surplus > 0;
        self.bytes.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str], expected: &str) {
        let mut tail = Tail::default();
        pieces.iter().for_each(|piece| tail.push(piece.as_bytes()));
        assert_eq!(tail.text(), expected);
    }

    #[test]
    fn the_last_lines_are_kept_whole() {
        check(&[], "");
        check(&["a\n", "b\n\n"], "a\nb");
        let line = format!("{}\n", "x".repeat(1023));
        let four = [line.as_str(); 4].concat();
        check(&[&four], four.trim_end());
        let three = [line.as_str(); 3].concat();
        check(&["first\n", &four, "last\n"], &format!("…\n{three}last"));
        check(&[&"y".repeat(20_000)], &"y".repeat(4096));
    }
}
