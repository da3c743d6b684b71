//! A small HTTP/1.1 client over one kept connection: enough to check an echo and to count instructions.

use super::load::Load;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Under valgrind the first answer takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to one route.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Connection {
    /// Connects; nothing is sent yet.
    pub(super) fn open(
        address: &str,
        load: &Load,
        authorization: Option<&str>,
    ) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        let timeouts = stream.set_read_timeout(Some(PATIENCE)).and(stream.set_nodelay(true));
        timeouts.map_err(|error| format!("{address}: {error}"))?;
        let Load { path, content_type, .. } = load;
        let mut head =
            format!("{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\n");
        if let Some(value) = authorization {
            head += &format!("Authorization: {value}\r\n");
        }
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Status and body of one POST.
    pub(super) fn post(&mut self, body: &[u8]) -> Result<(u16, Vec<u8>), String> {
        self.call("POST", body).map_err(|error| format!("no answer: {error}"))
    }

    /// Status and body of one GET.
    pub(super) fn get(&mut self) -> Result<(u16, Vec<u8>), String> {
        self.call("GET", &[]).map_err(|error| format!("no answer: {error}"))
    }

    fn call(&mut self, method: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        let mut request =
            format!("{method} {}Content-Length: {}\r\n\r\n", self.head, body.len()).into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        read_answer(&mut self.stream)
    }
}

fn read_answer(stream: &mut impl BufRead) -> std::io::Result<(u16, Vec<u8>)> {
    let status_line = read_line(stream)?;
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status =
        status.ok_or_else(|| std::io::Error::other(format!("no status in `{status_line}`")))?;
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = read_line(stream)?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        chunked |= line.starts_with("transfer-encoding:") && line.ends_with("chunked");
    }
    let body = if chunked { read_chunks(stream)? } else { read_bytes(stream, length)? };
    Ok((status, body))
}

fn read_chunks(stream: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(stream)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        body.extend(read_bytes(stream, length)?);
        read_line(stream)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_bytes(stream: &mut impl BufRead, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_line(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(std::io::Error::other("the connection was closed"));
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::read_answer;

    fn check(answer: &str, expected: Option<(u16, &str)>) {
        let read = read_answer(&mut answer.as_bytes()).ok();
        assert_eq!(read, expected.map(|(status, body)| (status, body.into())), "{answer:?}");
    }

    #[test]
    fn answers_are_read_by_length_or_in_chunks() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", Some((200, "abc")));
        check("HTTP/1.1 500 No\r\n\r\n", Some((500, "")));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            Some((200, "abc")),
        );
        check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", None);
        check("", None);
    }
}
