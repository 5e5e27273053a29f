//! A [`Site`] is a folder with a database and a workspace "skyline"; nodes and commands run on it.
//!
//! ```ignore
//! let site = Site::new();
//! let node = site.node();
//! let key = node.admin().create_key("A", &["trips:read"]);
//! site.run(&["keys", "revoke", &key.id]).is(0);
//! assert_eq!(node.with(&key).get("/api/v1/auth/whoami").status, 401);
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kit::db::Location;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::database::{Lock, TestDatabase};

pub const PASSWORD: &str = "correct horse battery";
pub const OWNER: &str = "ana@skyline.example";

/// The longest anything may take: a test that waits for it has failed.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A folder with a database, and a workspace in it.
pub struct Site {
    database: TestDatabase,
}

impl Site {
    pub fn new() -> Self {
        let site = Self::empty();
        site.make_workspace("skyline", OWNER).is(0);
        site
    }

    /// Without a database, or with an empty one.
    pub fn empty() -> Self {
        Self { database: runtime().block_on(TestDatabase::empty()) }
    }

    /// The same in a file, on whatever the suite runs.
    pub fn empty_file() -> Self {
        Self { database: TestDatabase::file() }
    }

    /// On a file in a folder of its own within `parent`.
    pub fn within(parent: &Path) -> Self {
        let site = Self { database: TestDatabase::within(parent) };
        site.make_workspace("skyline", OWNER).is(0);
        site
    }

    /// On a server of the test's own.
    pub fn at(server: &str) -> Self {
        let site = Self::empty_at(server);
        site.make_workspace("skyline", OWNER).is(0);
        site
    }

    /// The same without a schema.
    pub fn empty_at(server: &str) -> Self {
        Self { database: runtime().block_on(TestDatabase::at(server)) }
    }

    /// What holds for files only.
    pub fn file() -> Self {
        let site = Self::empty_file();
        site.make_workspace("skyline", OWNER).is(0);
        site
    }

    pub fn path(&self) -> &Path {
        self.database.folder()
    }

    pub fn location(&self) -> &Location {
        self.database.location()
    }

    pub fn url(&self) -> String {
        self.database.url()
    }

    /// What one engine says in other words than the other.
    pub fn either<'a>(&self, file: &'a str, server: &'a str) -> &'a str {
        self.database.either(file, server)
    }

    /// Everything that is stored.
    pub fn bytes(&self) -> Vec<u8> {
        runtime().block_on(self.database.bytes())
    }

    /// Alters the database behind the product's back.
    pub fn alter(&self, sql: &str) {
        runtime().block_on(self.database.alter(sql));
    }

    /// The binary, with nothing of this process's environment but where the site is.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_planeconnection"));
        command.args(arguments).env_clear().current_dir(self.path()).env("RUST_BACKTRACE", "0");
        command.env("PLANECONNECTION_DATABASE", self.url()).env("PLANECONNECTION_WORKSPACE", "skyline");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        finished(self.command(arguments), "")
    }

    /// The same, with something to read.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        finished(self.command(arguments), input)
    }

    pub fn make_workspace(&self, slug: &str, email: &str) -> Ran {
        let arguments =
            ["workspace", "create", "--name", slug, "--slug", slug, "--owner-email", email, "--owner-password-stdin", "--json"];
        self.run_with(&arguments, PASSWORD)
    }

    /// The log fits together.
    #[track_caller]
    pub fn verify(&self) {
        let verdict = self.run(&["audit", "verify", "--json"]).is(0).json();
        assert_eq!(verdict["verified"], true, "{verdict}");
    }

    pub fn node(&self) -> Node {
        self.node_with(&[])
    }

    pub fn node_with(&self, more: &[&str]) -> Node {
        self.node_at(&self.url(), more)
    }

    /// A node that reaches the database by another way.
    pub fn node_at(&self, url: &str, more: &[&str]) -> Node {
        let mut serve = self.command(&[&["serve", "--listen", "127.0.0.1:0"], more].concat());
        serve.env("PLANECONNECTION_DATABASE", url);
        Node::start(serve)
    }
}

/// Runs a command to its end.
pub fn finished(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that needs no input may have ended before it is written.
    let _unread = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("an output");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    #[track_caller]
    pub fn is(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// It failed, and said why in one line.
    #[track_caller]
    pub fn fails(self, code: i32, why: &str) -> Self {
        let ran = self.is(code);
        assert!(ran.stderr.contains(why), "{ran:?}");
        assert!(code != 1 || (ran.stderr.lines().count() == 1 && ran.stderr.starts_with("planeconnection: ")), "{ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        ran
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The key that was made.
    #[track_caller]
    pub fn key(&self) -> Key {
        Key::of(&self.json())
    }
}

/// A running `serve`, killed when dropped.
pub struct Node {
    child: Child,
    pub address: SocketAddr,
    pub stdout: Arc<Mutex<String>>,
    pub stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts it, and waits until it says where it listens.
    pub fn start(command: Command) -> Self {
        Self::launch(command).unwrap_or_else(|stderr| panic!("the node did not start: {stderr}"))
    }

    /// Starts it; what it wrote to stderr if it ends before it listens.
    pub fn launch(mut command: Command) -> Result<Self, String> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let (lines, said) = mpsc::channel();
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let readers = vec![
            collect(child.stdout.take().expect("a pipe"), Arc::clone(&stdout), Some(lines)),
            collect(child.stderr.take().expect("a pipe"), Arc::clone(&stderr), None),
        ];
        let until = Instant::now() + DEADLINE;
        let address = loop {
            let Ok(line) = said.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                let _ended = child.kill();
                let _ended = child.wait();
                join(readers);
                return Err(text(&stderr));
            };
            if let Some(address) = line.strip_prefix("Listening on http://") {
                break address.trim().parse().expect("an address");
            }
        };
        Ok(Self { child, address, stdout, stderr, readers })
    }

    /// Nobody in particular, on a connection of their own.
    pub fn anyone(&self) -> Client {
        Client::connect(self.address).expect("a connection")
    }

    /// Whoever holds this key.
    pub fn with(&self, key: &Key) -> Client {
        self.anyone().header("x-api-key", &key.secret)
    }

    /// The account owner, signed in.
    pub fn owner(&self) -> Client {
        self.owner_with(&self.sign_in())
    }

    /// The account owner's token.
    pub fn sign_in(&self) -> String {
        let body = json!({ "email": OWNER, "password": PASSWORD });
        let answer = self.anyone().post("/api/v1/auth/sign-in", &body).is(200);
        answer.json["data"]["token"].as_str().expect("a token").to_owned()
    }

    /// The account owner, on a connection more.
    pub fn owner_with(&self, token: &str) -> Client {
        self.anyone().header("authorization", &format!("Bearer {token}"))
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a signal");
    }

    /// Stops it for a while, and waits until the system says that it has stopped.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
        let stat = format!("/proc/{}/stat", self.child.id());
        until("the node is stopped", || {
            std::fs::read_to_string(&stat).expect("a process").rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        });
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills it at once.
    pub fn kill(mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("an end");
    }

    /// Asks it to stop, and waits until it has; its exit status and everything it wrote.
    pub fn stop(self) -> (ExitStatus, String, String) {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits until it has ended.
    pub fn ended(mut self) -> (ExitStatus, String, String) {
        let mut status = None;
        until("the node ends", || {
            status = self.child.try_wait().expect("a status");
            status.is_some()
        });
        join(std::mem::take(&mut self.readers));
        (status.expect("a status"), text(&self.stdout), text(&self.stderr))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn text(shared: &Mutex<String>) -> String {
    shared.lock().expect("no panic").clone()
}

fn join(readers: Vec<JoinHandle<()>>) {
    for reader in readers {
        reader.join().expect("a reader");
    }
}

fn collect(from: impl Read + Send + 'static, into: Arc<Mutex<String>>, lines: Option<mpsc::Sender<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|length| length > 0) {
            into.lock().expect("no panic").push_str(&line);
            if let Some(lines) = &lines {
                // Nobody listens once the node has started.
                let _unheard = lines.send(line.clone());
            }
            line.clear();
        }
    })
}

/// Looks again and again until it holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited too long until {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// A key with its secret.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Key {
    /// From `{secret, apiKey}`.
    #[track_caller]
    pub fn of(made: &Value) -> Self {
        let text = |pointer| made.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{made}")).to_owned();
        Self { id: text("/apiKey/id"), secret: text("/secret") }
    }
}

/// An HTTP/1.1 client on one connection that is kept alive.
pub struct Client {
    stream: BufReader<TcpStream>,
    headers: String,
}

/// An answer.
#[derive(Debug)]
pub struct JsonOk {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub json: Value,
}

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), headers: String::new() })
    }

    /// On a connection that was made before.
    pub fn on(stream: TcpStream) -> Self {
        Self { stream: BufReader::new(stream), headers: String::new() }
    }

    /// Reads so many bytes at most.
    pub fn read_some(&mut self, most: usize) -> io::Result<usize> {
        self.stream.read(&mut vec![0; most])
    }

    /// The same, with a header more on every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> JsonOk {
        self.try_send("GET", path, None).expect("an answer")
    }

    #[track_caller]
    pub fn post(&mut self, path: &str, body: &Value) -> JsonOk {
        self.try_send("POST", path, Some(&body.to_string())).expect("an answer")
    }

    /// On a connection that several keys share.
    pub fn try_get_with(&mut self, key: &Key, path: &str) -> io::Result<JsonOk> {
        let head = self.head("GET", path);
        self.write(format!("{head}x-api-key: {}\r\n\r\n", key.secret).as_bytes())?;
        self.read_answer()
    }

    pub fn try_send(&mut self, method: &str, path: &str, body: Option<&str>) -> io::Result<JsonOk> {
        self.try_send_as("application/json", method, path, body)
    }

    /// Sends what a browser sends of a form.
    pub fn try_send_form(&mut self, path: &str, fields: &str) -> io::Result<JsonOk> {
        self.try_send_as("application/x-www-form-urlencoded", "POST", path, Some(fields))
    }

    fn try_send_as(&mut self, kind: &str, method: &str, path: &str, body: Option<&str>) -> io::Result<JsonOk> {
        let mut head = self.head(method, path);
        if let Some(body) = body {
            head.extend(["content-type: ", kind, "\r\ncontent-length: ", &body.len().to_string(), "\r\n"]);
        }
        self.write(format!("{head}\r\n{}", body.unwrap_or_default()).as_bytes())?;
        self.read_answer()
    }

    /// Sends the head of a POST whose body has `length` bytes, and its beginning.
    pub fn begin_post(&mut self, path: &str, length: usize, beginning: &str) -> io::Result<()> {
        let head = self.head("POST", path) + "content-type: application/json\r\n";
        self.write(format!("{head}content-length: {length}\r\n\r\n{beginning}").as_bytes())
    }

    /// The head of a request, without the empty line that ends it.
    pub fn head(&self, method: &str, path: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{}", self.headers)
    }

    /// Whether something has arrived.
    pub fn has_answer(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).expect("a socket");
        let has = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).expect("a socket");
        has
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Whatever comes until the other side closes; an error counts as closing.
    pub fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let _closed = self.stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn read_answer(&mut self) -> io::Result<JsonOk> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let mut body = Vec::new();
        if let Some(length) = header("content-length") {
            body.resize(length.parse().map_err(|_| io::ErrorKind::InvalidData)?, 0);
            self.stream.read_exact(&mut body)?;
        } else if header("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&body).unwrap_or(Value::Null);
        Ok(JsonOk { status, headers, body, json })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// A key of this name with these scopes, without expiry or limit.
    #[track_caller]
    pub fn create_key(&mut self, name: &str, scopes: &[&str]) -> Key {
        let body = new_key(name, scopes);
        Key::of(&self.post("/api/v1/api-keys", &body).is(201).json["data"])
    }

    #[track_caller]
    pub fn revoke(&mut self, key: &Key) {
        self.post(&format!("/api/v1/api-keys/{}/revoke", key.id), &json!({})).is(200);
    }
}

/// A connection from an address of this machine.
pub fn connect_from(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let connect = async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        socket.connect(to).await?.into_std()
    };
    let stream = runtime().block_on(connect)?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    Ok(stream)
}

/// The body that makes a key.
pub fn new_key(name: &str, scopes: &[&str]) -> Value {
    json!({ "name": name, "permissions": "custom", "scopes": scopes, "expiresAt": null, "rateLimit": null })
}

impl JsonOk {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn code(self, code: &str) -> Self {
        assert_eq!(self.json["error"]["code"], code, "{}", self.body);
        self
    }
}

/// Nobody else writes to a site's database while this is held.
pub struct WriteLock {
    runtime: Runtime,
    held: Lock,
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

impl WriteLock {
    pub fn take(site: &Site) -> Self {
        let runtime = runtime();
        let held = runtime.block_on(site.database.lock());
        Self { runtime, held }
    }

    pub fn release(self) {
        self.runtime.block_on(self.held.release());
    }
}
