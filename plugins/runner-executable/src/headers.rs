//! A request's headers as `HTTP_*` variables of a process.

use processes::Block;
use std::ops::Range;

/// Headers that no process is given: credentials, what CGI passes otherwise, and `Proxy` (it would become `HTTP_PROXY`).
const WITHHELD: &[&str] =
    &["authorization", "content-length", "content-type", "proxy", "proxy-authorization"];

/// Writes headers into a block as they come; those that come again are joined at the end, as CGI wants.
pub(crate) struct Headers<'a> {
    /// Names of variables that are declared: the declaration wins.
    declared: &'a [String],
    /// Hash of each name seen and the index of its string.
    seen: Vec<(u64, usize)>,
    again: Again,
}

/// Values of headers that came again: whose they are and where in `bytes` they lie.
#[derive(Default)]
struct Again {
    bytes: Vec<u8>,
    values: Vec<(usize, Range<usize>)>,
}

impl<'a> Headers<'a> {
    pub(crate) fn new(declared: &'a [String]) -> Self {
        Self { declared, seen: Vec::with_capacity(16), again: Again::default() }
    }

    /// Takes one header; `name` is in lower case.
    pub(crate) fn take(&mut self, block: &mut Block, name: &str, value: &[u8]) {
        // With an underscore `x_real` and `x-real` would be one variable: a client could pass for a proxy in between.
        if WITHHELD.contains(&name)
            || name.contains('_')
            || value.contains(&0)
            || self.is_declared(name)
        {
            return;
        }
        let hash = hash(name);
        let of_same_name = self.seen.iter().filter(|(other, _)| *other == hash);
        let known =
            of_same_name.map(|(_, index)| *index).find(|index| is_of(block.string(*index), name));
        match known {
            None => {
                self.seen.push((hash, begin(block, name)));
                block.bytes_mut().extend_from_slice(value);
                block.bytes_mut().push(0);
            }
            Some(index) => {
                let start = self.again.bytes.len();
                self.again.bytes.extend_from_slice(value);
                self.again.values.push((index, start..self.again.bytes.len()));
            }
        }
    }

    /// Joins what came more than once: by `, `, cookies by `; `.
    pub(crate) fn join(mut self, block: &mut Block) {
        self.again.values.sort_by_key(|(index, _)| *index);
        for values in self.again.values.chunk_by(|(one, _), (other, _)| one == other) {
            let index = values[0].0;
            let first = block.string(index).to_vec();
            let separator: &[u8] = if first.starts_with(b"HTTP_COOKIE=") { b"; " } else { b", " };
            block.open();
            block.bytes_mut().extend_from_slice(&first);
            for (_, range) in values {
                block.bytes_mut().extend_from_slice(separator);
                block.bytes_mut().extend_from_slice(&self.again.bytes[range.clone()]);
            }
            block.bytes_mut().push(0);
            block.replace_by_last(index);
        }
    }

    fn is_declared(&self, name: &str) -> bool {
        self.declared.iter().any(|declared| {
            declared.strip_prefix("HTTP_").is_some_and(|rest| same(rest.as_bytes(), name))
        })
    }
}

fn begin(block: &mut Block, name: &str) -> usize {
    let index = block.open();
    block.bytes_mut().extend_from_slice(b"HTTP_");
    block.bytes_mut().extend(name.bytes().map(as_variable));
    block.bytes_mut().push(b'=');
    index
}

fn as_variable(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() }
}

fn is_of(string: &[u8], name: &str) -> bool {
    let rest = string.strip_prefix(b"HTTP_").and_then(|rest| rest.split_at_checked(name.len()));
    rest.is_some_and(|(found, after)| after.first() == Some(&b'=') && same(found, name))
}

fn same(variable: &[u8], name: &str) -> bool {
    variable.len() == name.len()
        && variable.iter().zip(name.bytes()).all(|(one, other)| *one == as_variable(other))
}

/// FNV-1a: only to pass over most of the others quickly.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(declared: &[&str], headers: &[(&str, &str)], expected: &[&str]) {
        let declared: Vec<String> = declared.iter().map(|name| (*name).to_owned()).collect();
        let mut block = Block::default();
        let mut taken = Headers::new(&declared);
        for (name, value) in headers {
            taken.take(&mut block, name, value.as_bytes());
        }
        taken.join(&mut block);
        assert_eq!(block.strings(), expected);
    }

    #[test]
    fn headers_become_variables_in_their_order() {
        check(&[], &[("host", "a"), ("x-one-two", "b=c")], &["HTTP_HOST=a", "HTTP_X_ONE_TWO=b=c"]);
    }

    #[test]
    fn credentials_and_what_could_deceive_are_withheld() {
        let withheld = [
            ("authorization", "x"),
            ("proxy-authorization", "x"),
            ("proxy", "http://evil"),
            ("content-type", "x"),
            ("content-length", "1"),
            ("x_forwarded_for", "x"),
            ("nul", "a\0b"),
        ];
        check(&[], &withheld, &[]);
    }

    #[test]
    fn a_header_that_comes_again_is_joined() {
        let headers =
            [("a", "1"), ("cookie", "x=1"), ("a", "2"), ("b", "3"), ("cookie", "y=2"), ("a", "4")];
        check(&[], &headers, &["HTTP_A=1, 2, 4", "HTTP_COOKIE=x=1; y=2", "HTTP_B=3"]);
    }

    #[test]
    fn a_declared_variable_wins_over_a_header() {
        check(
            &["HTTP_X_KEY", "HTTP_"],
            &[("x-key", "client"), ("x-keys", "a")],
            &["HTTP_X_KEYS=a"],
        );
    }
}
