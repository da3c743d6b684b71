//! The little JSON that frames need: members of an object read where they stand, strings written.

use std::borrow::Cow;

/// The members of an object, each as it is written.
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
}

/// The object's members; none when it is none.
pub(crate) fn members(object: &str) -> Members<'_> {
    Members { text: object, at: 0 }
}

/// The value of a member, as it is written.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object).find(|(key, _)| key.get(1..key.len() - 1) == Some(name)).map(|(_, value)| value)
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let starts = |byte: &u8| !byte.is_ascii_whitespace() && !b"{,".contains(byte);
        let key = self.at + bytes.get(self.at..)?.iter().position(starts)?;
        let key_end = string_end(bytes, key)?;
        let colon = key_end + bytes[key_end..].iter().position(|byte| *byte == b':')?;
        let value =
            colon + 1 + bytes[colon + 1..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.at = value_end(bytes, value);
        Some((self.text.get(key..key_end)?, self.text.get(value..self.at)?.trim_end()))
    }
}

/// Behind the string that begins at `from`.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from) != Some(&b'"') {
        return None;
    }
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Behind the value that begins at `from`: at a comma, a closing bracket or the end.
fn value_end(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => break,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The text of a JSON string; of every other value: empty.
pub(crate) fn decode(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed("");
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        rest = &rest[backslash + 1..];
        let mut characters = rest.chars();
        match characters.next() {
            Some('u') => {
                rest = characters.as_str();
                text.push(unicode(&mut rest));
                continue;
            }
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some(other) => text.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character whose four digits come next, and where it is half of one, the other half too.
fn unicode(rest: &mut &str) -> char {
    let Some(first) = digits(rest, 0) else { return char::REPLACEMENT_CHARACTER };
    *rest = &rest[4..];
    if first >> 10 == 0x36 && rest.starts_with("\\u") {
        if let Some(second) = digits(rest, 2) {
            *rest = &rest[6..];
            let point = 0x1_0000 + ((first & 1023) << 10) + (second & 1023);
            return char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn digits(text: &str, from: usize) -> Option<u32> {
    u32::from_str_radix(text.get(from..from + 4)?, 16).ok()
}

/// Appends the text as a JSON string; what is no UTF-8 becomes U+FFFD.
pub(crate) fn push_string(json: &mut String, text: &[u8]) {
    json.push('"');
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_whatever_they_hold() {
        let object =
            r#" {"a" : "x,}\"" , "b":{"a":[1,{}],"c":"}"},"n": -1.5e3 ,"t":true,"e":"","u":"ü"}"#;
        let expected = [
            ("a", r#""x,}\"""#),
            ("b", r#"{"a":[1,{}],"c":"}"}"#),
            ("n", "-1.5e3"),
            ("t", "true"),
            ("e", "\"\""),
            ("u", "\"ü\""),
        ];
        for (name, value) in expected {
            assert_eq!(member(object, name), Some(value), "{name}");
        }
        assert_eq!(member(object, "c"), None);
        assert_eq!(members(object).count(), expected.len());
        for nothing in ["", "{}", " { } ", "[]", "null", "{\"a", "{\"a\"", "{\"a\":", "{\"a\\"] {
            assert_eq!(members(nothing).count(), 0, "{nothing}");
        }
    }

    #[test]
    fn strings_are_decoded() {
        let cases = [
            (r#""""#, ""),
            (r#""plain ü""#, "plain ü"),
            (r#""a\n\t\r\b\f\/\\\"""#, "a\n\t\r\u{8}\u{c}/\\\""),
            (r#""\u00fc\ud83c\udf89!""#, "ü🎉!"),
            (r#""\ud83c alone \u12""#, "\u{fffd} alone \u{fffd}12"),
            ("12", ""),
            ("null", ""),
        ];
        for (raw, text) in cases {
            assert_eq!(decode(raw), text, "{raw}");
        }
    }

    #[test]
    fn strings_are_written() {
        let mut json = String::new();
        push_string(&mut json, b"a\"\\\n\xff\xc3\xbc");
        assert_eq!(json, "\"a\\\"\\\\\\u000a\u{fffd}\u{fc}\"");
    }
}
