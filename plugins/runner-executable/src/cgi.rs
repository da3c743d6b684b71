//! The head that a CGI program prints before its body (RFC 3875, section 6).

use processes::{is_header_name, is_header_value, is_the_servers};

/// More than this is no head: the program forgot the empty line.
const HEAD_LIMIT_BYTES: usize = 64 << 10;

/// What the head said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// Where the body begins.
    pub(crate) length: usize,
}

/// Reads the head, or says what is wrong with it.
pub(crate) fn parse(output: &[u8]) -> Result<Head, String> {
    let mut head = Head { status: None, headers: Vec::new(), length: 0 };
    loop {
        let rest = &output[head.length..];
        let line_end = rest.iter().take(HEAD_LIMIT_BYTES).position(|byte| *byte == b'\n');
        let Some(line_end) = line_end.filter(|end| head.length + end < HEAD_LIMIT_BYTES) else {
            return Err(no_end(output));
        };
        let line = rest[..line_end].strip_suffix(b"\r").unwrap_or(&rest[..line_end]);
        head.length += line_end + 1;
        if line.is_empty() {
            break;
        }
        head.take_line(line)?;
    }
    let location = head.headers.iter().any(|(name, _)| name == "location");
    if head.status.is_none() && location {
        head.status = Some(302);
    }
    if head.status.is_none() && head.headers.is_empty() {
        return Err(
            "the program printed none of Content-Type, Status and Location before the empty line"
                .to_owned(),
        );
    }
    Ok(head)
}

impl Head {
    fn take_line(&mut self, line: &[u8]) -> Result<(), String> {
        let shown = || String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((name, value)) = colon.map(|at| (&line[..at], line[at + 1..].trim_ascii())) else {
            return Err(format!(
                "the program printed `{}` where a CGI header was expected",
                shown()
            ));
        };
        if !is_header_name(name) {
            return Err(format!(
                "the program printed a CGI header with a name that is none: `{}`",
                shown()
            ));
        }
        if !is_header_value(value) {
            return Err(format!(
                "the program printed a CGI header with a control character: `{}`",
                shown()
            ));
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if name == "status" {
            self.status = Some(status(value)?);
        } else if !is_the_servers(&name) {
            self.headers.push((name, value.to_vec()));
        }
        Ok(())
    }
}

fn status(value: &[u8]) -> Result<u16, String> {
    let code = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    let number = std::str::from_utf8(code).ok().and_then(|code| code.parse::<u16>().ok());
    number.filter(|number| code.len() == 3 && (200..=599).contains(number)).ok_or_else(|| {
        format!(
            "the program printed `Status: {}`: a number from 200 to 599 was expected",
            String::from_utf8_lossy(value)
        )
    })
}

fn no_end(output: &[u8]) -> String {
    if output.is_empty() {
        "the program printed nothing: `\"response\": \"cgi\"` wants headers and an empty line first"
            .to_owned()
    } else if output.len() >= HEAD_LIMIT_BYTES {
        format!(
            "the program printed {HEAD_LIMIT_BYTES} bytes without the empty line that ends CGI headers"
        )
    } else {
        "the program ended before the empty line that ends CGI headers".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, status: Option<u16>, headers: &[(&str, &str)], body: &str) {
        let head = parse(output.as_bytes()).unwrap();
        let found: Vec<(&str, &str)> = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), std::str::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(
            (head.status, found.as_slice(), &output[head.length..]),
            (status, headers, body)
        );
    }

    #[test]
    fn a_head_gives_status_headers_and_body() {
        check(
            "Content-Type: text/plain\n\nhello",
            None,
            &[("content-type", "text/plain")],
            "hello",
        );
        check("Status: 404 Not Found\r\nX: a\r\n\r\n\r\nx", Some(404), &[("x", "a")], "\r\nx");
        check("Location: /there\n\n", Some(302), &[("location", "/there")], "");
        check("Status: 301\nLocation: /there\n\n", Some(301), &[("location", "/there")], "");
        check(
            "Set-Cookie: a\nSet-Cookie: b\n\n",
            None,
            &[("set-cookie", "a"), ("set-cookie", "b")],
            "",
        );
    }

    #[test]
    fn headers_of_the_connection_are_left_out() {
        let output = "Content-Length: 99\nTransfer-Encoding: chunked\nConnection: close\nA: b\n\n";
        check(output, None, &[("a", "b")], "");
    }

    #[test]
    fn a_malformed_head_is_refused_with_the_reason() {
        let endless = "A: b\n".repeat(20_000);
        for (output, part) in [
            ("", "printed nothing"),
            ("hello", "ended before the empty line"),
            ("hello\n\n", "`hello` where a CGI header"),
            ("\nbody", "none of Content-Type"),
            ("bad name: x\n\n", "a name that is none"),
            ("A: \u{1}\n\n", "control character"),
            ("Status: 99\n\n", "200 to 599"),
            ("Status: 100 Continue\n\n", "200 to 599"),
            ("Status: twenty\n\n", "200 to 599"),
            (endless.as_str(), "65536 bytes without"),
        ] {
            let error = parse(output.as_bytes()).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
