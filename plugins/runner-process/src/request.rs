//! The header of an `I` frame: a request as JSON, written by hand into a buffer that is used again.

use percent_encoding::percent_decode;
use plugin_api::Request;
use std::borrow::Cow;
use std::io::Write;

/// Appends the header.
pub(crate) fn write_header(request: &Request, out: &mut Vec<u8>) {
    let texts = [
        ("{\"id\":", request.id()),
        (",\"method\":", request.method()),
        (",\"path\":", request.path()),
        (",\"path_info\":", request.path_info()),
        (",\"query_string\":", request.query_string()),
        (",\"identity\":", request.identity()),
        (",\"remote_address\":", request.remote_address()),
        (",\"server_name\":", request.server_name()),
        (",\"protocol\":", request.protocol()),
    ];
    for (name, value) in texts {
        out.extend_from_slice(name.as_bytes());
        text(value, out);
    }
    for (name, header) in [(",\"content_type\":", "content-type"), (",\"accept\":", "accept")] {
        out.extend_from_slice(name.as_bytes());
        text(&readable(request.header(header).unwrap_or_default()), out);
    }
    let (deadline, asynchronous) = (request.deadline_unix_ms(), request.asynchronous());
    write!(out, ",\"deadline\":{deadline},\"asynchronous\":{asynchronous},\"query\":")
        .expect("a vector takes everything");
    query(request.query_string(), out);
    out.extend_from_slice(b",\"headers\":");
    let mut headers = Headers { out, fields: Vec::new() };
    headers.out.push(b'{');
    request.each_header(|name, value| headers.take(name, value));
    out.extend_from_slice(b"}}");
}

fn text(value: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a vector takes everything");
}

/// Header values are bytes: UTF-8, or of old ISO 8859-1.
fn readable(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// The last value of a name wins.
fn query(query_string: &str, out: &mut Vec<u8>) {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    for pair in query_string.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => pairs.push((name, value)),
        }
    }
    out.push(b'{');
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        text(name, out);
        out.push(b':');
        text(value, out);
    }
    out.push(b'}');
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}

/// Writes headers as members as they come; one that comes again is joined to the first.
struct Headers<'a> {
    out: &'a mut Vec<u8>,
    fields: Vec<Field>,
}

/// Where a member lies in `out`: its name without quotes, and the quote that ends its value.
struct Field {
    name: std::ops::Range<usize>,
    value_end: usize,
}

impl Headers<'_> {
    fn take(&mut self, name: &str, value: &[u8]) {
        let out = &mut *self.out;
        let is_same = |field: &Field| out[field.name.clone()] == *name.as_bytes();
        if let Some(index) = self.fields.iter().position(is_same) {
            return self.join(index, name, value);
        }
        if !self.fields.is_empty() {
            out.push(b',');
        }
        // A name is a token in lower case: nothing in it has to be escaped.
        out.push(b'"');
        let start = out.len();
        out.extend_from_slice(name.as_bytes());
        let name = start..out.len();
        out.extend_from_slice(b"\":");
        text(&readable(value), out);
        self.fields.push(Field { name, value_end: out.len() - 1 });
    }

    fn join(&mut self, index: usize, name: &str, value: &[u8]) {
        let mut joined = Vec::new();
        let separator = if name == "cookie" { "; " } else { "," };
        text(&format!("{separator}{}", readable(value)), &mut joined);
        let inner = &joined[1..joined.len() - 1];
        let at = self.fields[index].value_end;
        self.out.splice(at..at, inner.iter().copied());
        self.fields[index].value_end += inner.len();
        for field in self.fields.iter_mut().filter(|field| field.name.start > at) {
            field.name = field.name.start + inner.len()..field.name.end + inner.len();
            field.value_end += inner.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_query(query_string: &str, expected: &str) {
        let mut out = Vec::new();
        query(query_string, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{query_string}");
    }

    #[test]
    fn a_query_is_decoded_and_its_last_value_wins() {
        check_query("", "{}");
        check_query("a=1&b&a=2&&=x", r#"{"a":"2","b":"","":"x"}"#);
        check_query("a%20b=c+d&e=%C3%A9&f=%ff", r#"{"a b":"c d","e":"é","f":"�"}"#);
        check_query("q=%22&%61=b=c", r#"{"q":"\"","a":"b=c"}"#);
    }

    #[test]
    fn a_header_that_comes_again_is_joined_to_the_first() {
        let mut out = Vec::new();
        let mut headers = Headers { out: &mut out, fields: Vec::new() };
        for (name, value) in [
            ("a", &b"1"[..]),
            ("cookie", b"x=1"),
            ("a", b"2\"\\"),
            ("b", b"\xe9"),
            ("cookie", b"y=2"),
            ("a", b"3"),
        ] {
            headers.take(name, value);
        }
        let expected = r#""a":"1,2\"\\,3","cookie":"x=1; y=2","b":"é""#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
