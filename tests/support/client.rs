//! An HTTP/1.1 client that does what it is told, also what no client should do.

use super::{Answer, PATIENCE};
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// One connection, read with patience and not for ever.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes as they are.
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.stream.get_mut().write_all(bytes.as_ref())
    }

    /// Says that nothing more will be sent.
    pub(crate) fn end_of_sending(&mut self) -> Result<()> {
        self.stream.get_mut().shutdown(Shutdown::Write)
    }

    /// Sends a request with a body and reads the answer; the connection stays open.
    pub(crate) fn exchange(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
        let length = body.len();
        let mut bytes =
            format!("{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n")
                .into_bytes();
        bytes.extend_from_slice(body);
        self.write(bytes)?;
        self.read_answer(method)
    }

    /// Reads status and headers, whichever status it is (100 too).
    pub(crate) fn read_head(&mut self) -> Result<Answer> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status else {
            return Err(std::io::Error::other(format!("no status line but {status_line:?}")));
        };
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None => return Ok(Answer { status, headers, body: Vec::new() }),
            }
        }
    }

    /// Reads a whole answer to a request of `method`.
    pub(crate) fn read_answer(&mut self, method: &str) -> Result<Answer> {
        let mut answer = self.read_head()?;
        if method == "HEAD" || answer.status == 204 || answer.status == 304 || answer.status < 200 {
            return Ok(answer);
        }
        let chunked = answer.header("transfer-encoding").is_some_and(|coding| coding == "chunked");
        if chunked {
            while let Some(chunk) = self.read_chunk()? {
                answer.body.extend(chunk);
            }
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().map_err(std::io::Error::other)?;
            answer.body = self.read_exactly(length)?;
        } else {
            self.stream.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// One chunk of a chunked body, or none at its end.
    pub(crate) fn read_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        let chunk = self.read_exactly(length)?;
        self.line()?;
        Ok((length > 0).then_some(chunk))
    }

    pub(crate) fn read_exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// True when the other side has closed and nothing is left to read.
    pub(crate) fn is_at_end(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]) | Err(_))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&line);
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// A request in the making: `host.request("GET", "/f/x").header("a", "b").send()`.
pub(crate) struct Call {
    address: SocketAddr,
    method: String,
    head: String,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        Self { address, method: method.to_owned(), head, body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// The answer, or what went wrong on the way.
    pub(crate) fn try_send(self) -> Result<Answer> {
        let mut connection = Connection::open(self.address)?;
        connection.write(format!("{}Content-Length: {}\r\n\r\n", self.head, self.body.len()))?;
        // A host that refuses a body does not read it: what counts is what it answers.
        let _ = connection.write(&self.body);
        connection.read_answer(&self.method)
    }

    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let what = self.head.lines().next().unwrap_or_default().to_owned();
        self.try_send().unwrap_or_else(|error| panic!("{what}: {error}"))
    }
}
