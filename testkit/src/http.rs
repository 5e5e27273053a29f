//! A small HTTP/1.1 client on one kept-alive connection. It can also do what a library would not: send half a request,
//! leave a response unread, or read whatever comes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use crate::KEYS;
use crate::key::{Key, create_key_body};
use crate::wait::DEADLINE;

pub struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    headers: String,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The body, or `null` if it is not JSON.
    pub json: Value,
}

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self::new(address, stream))
    }

    pub fn from_stream(stream: TcpStream) -> Self {
        Self::new(stream.peer_addr().expect("a connected socket"), stream)
    }

    fn new(address: SocketAddr, stream: TcpStream) -> Self {
        Self { address, stream: BufReader::new(stream), headers: String::new() }
    }

    /// Adds a header to every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, None)
    }

    #[track_caller]
    pub fn post(&mut self, path: &str, body: &Value) -> Response {
        self.send("POST", path, Some(body))
    }

    #[track_caller]
    pub fn patch(&mut self, path: &str, body: &Value) -> Response {
        self.send("PATCH", path, Some(body))
    }

    /// Sends a request, on a new connection if the node has closed this one, as it does when a connection was idle for long.
    #[track_caller]
    fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Response {
        if self.is_closed() {
            self.stream = Self::connect(self.address).expect("a connection").stream;
        }
        self.try_send(method, path, body.map(Value::to_string).as_deref()).expect("a response")
    }

    /// Creates a key with these scopes, without expiry or rate limit.
    #[track_caller]
    pub fn create_key(&mut self, name: &str, scopes: &[&str]) -> Key {
        Key::from_json(&self.post(KEYS, &create_key_body(name, scopes)).is(201).json["data"])
    }

    #[track_caller]
    pub fn revoke(&mut self, key: &Key) {
        self.post(&format!("{KEYS}/{}/revoke", key.id), &json!({})).is(200);
    }

    /// Sends a request with a key, on a connection that several keys share.
    pub fn try_get_with(&mut self, key: &Key, path: &str) -> io::Result<Response> {
        let head = self.head("GET", path);
        self.write(format!("{head}x-api-key: {}\r\n\r\n", key.secret).as_bytes())?;
        self.read_response()
    }

    /// Sends a request, with a body of JSON if there is one.
    pub fn try_send(&mut self, method: &str, path: &str, body: Option<&str>) -> io::Result<Response> {
        self.try_send_as("application/json", method, path, body)
    }

    /// Submits a form as a browser does.
    pub fn try_send_form(&mut self, path: &str, fields: &str) -> io::Result<Response> {
        self.try_send_as("application/x-www-form-urlencoded", "POST", path, Some(fields))
    }

    fn try_send_as(&mut self, content_type: &str, method: &str, path: &str, body: Option<&str>) -> io::Result<Response> {
        let mut head = self.head(method, path);
        if let Some(body) = body {
            head.extend(["content-type: ", content_type, "\r\ncontent-length: ", &body.len().to_string(), "\r\n"]);
        }
        self.write(format!("{head}\r\n{}", body.unwrap_or_default()).as_bytes())?;
        self.read_response()
    }

    /// Sends the head of a POST whose body has `length` bytes, and the beginning of the body.
    pub fn begin_post(&mut self, path: &str, length: usize, beginning: &str) -> io::Result<()> {
        let head = self.head("POST", path) + "content-type: application/json\r\n";
        self.write(format!("{head}content-length: {length}\r\n\r\n{beginning}").as_bytes())
    }

    /// The head of a request, without the empty line that ends it.
    pub fn head(&self, method: &str, path: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{}", self.headers)
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Returns whether bytes of a response have arrived.
    pub fn has_response(&self) -> bool {
        self.peek().is_ok()
    }

    /// Returns whether the node has closed the connection.
    fn is_closed(&self) -> bool {
        match self.peek() {
            Ok(bytes) => bytes == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Looks for bytes that have arrived, without waiting. Returns 0 at the end of the stream.
    fn peek(&self) -> io::Result<usize> {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true)?;
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        peeked
    }

    /// Reads `limit` bytes at most.
    pub fn read_some(&mut self, limit: usize) -> io::Result<usize> {
        self.stream.read(&mut vec![0; limit])
    }

    /// Reads until the node closes the connection; an error counts as closing.
    pub fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let _closed = self.stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn read_response(&mut self) -> io::Result<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let headers = self.read_headers()?;
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let body = if let Some(length) = header("content-length") {
            let mut body = vec![0; length.parse().map_err(|_| io::ErrorKind::InvalidData)?];
            self.stream.read_exact(&mut body)?;
            body
        } else if header("transfer-encoding") == Some("chunked") {
            self.read_chunks()?
        } else {
            Vec::new()
        };
        let body = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&body).unwrap_or(Value::Null);
        Ok(Response { status, headers, body, json })
    }

    fn read_headers(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { return Ok(headers) };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..])?;
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Response {
    /// Asserts the status code.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Asserts the error code.
    #[track_caller]
    pub fn code(self, code: &str) -> Self {
        assert_eq!(self.json["error"]["code"], code, "{}", self.body);
        self
    }
}
