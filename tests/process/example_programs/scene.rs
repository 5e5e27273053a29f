//! A node and a network that may lose what it answers, for a program of `examples/`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use testkit::{Client, CommandOutput, Key, Node, Proxy, Relay, Site, run, until};

use super::Program;
use crate::BINARY;

pub const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

/// The fate of a part of a response. The node has done in any case what it was asked to do.
pub enum Fate {
    Arrives,
    /// The connection is closed instead.
    Lost,
    /// Nothing arrives, and the connection stays open.
    Withheld,
}

/// A network between a program and a node, on which parts of responses may not arrive.
pub struct Line {
    /// Returns the fate of a part by its number, from 0.
    fate: Box<dyn Fn(usize) -> Fate + Send + Sync>,
    parts: AtomicUsize,
    is_silent: AtomicBool,
}

impl Line {
    pub fn to(node: &Node, fate: impl Fn(usize) -> Fate + Send + Sync + 'static) -> Proxy<Self> {
        let line = Self { fate: Box::new(fate), parts: AtomicUsize::new(0), is_silent: AtomicBool::new(false) };
        Proxy::to(node.address.port(), line)
    }
}

impl Relay for Line {
    type Connection = ();

    fn carry_requests(&self, client: &TcpStream, server: &TcpStream, (): &()) -> io::Result<()> {
        io::copy(&mut &*client, &mut &*server).map(|_| ())
    }

    fn carry_responses(&self, mut server: &TcpStream, mut client: &TcpStream, (): &()) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while let count @ 1.. = server.read(&mut buffer)? {
            match (self.fate)(self.parts.fetch_add(1, Ordering::AcqRel)) {
                Fate::Arrives => client.write_all(&buffer[..count])?,
                Fate::Lost => return Ok(()),
                Fate::Withheld => self.is_silent.store(true, Ordering::Release),
            }
        }
        Ok(())
    }
}

/// A node, a key for a program, and a folder in which the program runs.
pub struct Scene {
    pub site: Site,
    pub node: Node,
    pub owner: Client,
    program: Program,
    pub key: Key,
    pub folder: tempfile::TempDir,
}

impl Scene {
    pub fn new(program: Program) -> Self {
        let site = Site::new(BINARY);
        let node = site.node_with(&["--limits", "member-writes=none,workspace-writes=none,member-reports=none"]);
        let mut owner = node.owner();
        let key = owner.create_key("Example", &[program.2]);
        Self { site, node, owner, program, key, folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    /// The program with these arguments. It reaches the node at a port: that of the node, or of a line to it.
    pub fn command(&self, port: u16, arguments: &[&str]) -> Command {
        let (language, program, _) = self.program;
        let mut command = Command::new(language);
        command.arg(Path::new(EXAMPLES).join(program)).args(arguments).current_dir(self.folder.path());
        command.env("PLANECONNECTION_URL", format!("http://127.0.0.1:{port}")).env("PLANECONNECTION_KEY", &self.key.secret);
        command.env("NO_PROXY", "127.0.0.1");
        command
    }

    /// Runs the program to its end, on a network without faults.
    pub fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.run_to_end(self.command(self.node.address.port(), arguments))
    }

    pub fn run_to_end(&self, command: Command) -> CommandOutput {
        let output = run(command, "");
        assert!(!format!("{output:?}").contains(&self.key.secret), "the output has the key");
        output
    }

    /// Runs the program until it waits for an answer in vain, does something else meanwhile, and kills the program. Returns its
    /// exit status if it has ended by itself.
    pub fn kill_when_silent(&self, line: &Proxy<Line>, arguments: &[&str], meanwhile: impl FnOnce()) -> Option<ExitStatus> {
        let log = File::create(self.path("killed.log")).expect("a file");
        let mut command = self.command(line.port(), arguments);
        let mut child = command.stdout(log.try_clone().expect("a file")).stderr(log).spawn().expect("the program runs");
        let mut ended = None;
        until("the program waits for an answer, or has ended", || {
            ended = child.try_wait().expect("a status");
            ended.is_some() || line.relay().is_silent.load(Ordering::Acquire)
        });
        meanwhile();
        child.kill().expect("a signal");
        child.wait().expect("an end");
        ended
    }

    pub fn patch(&mut self, path: &str, change: &Value) {
        self.owner.patch(path, change).is(200);
    }

    /// Returns the number of the latest change of the workspace.
    pub fn latest(&mut self) -> i64 {
        self.owner.get("/api/v1/changes?view=ids&limit=1").is(200).json["data"]["latest"].as_i64().expect("a number")
    }

    /// Asserts that no data has changed after this number.
    #[track_caller]
    pub fn assert_unchanged_since(&mut self, latest: i64) {
        let changes = self.owner.get(&format!("/api/v1/changes?view=ids&after={latest}")).is(200);
        assert_eq!(changes.json["data"]["items"], json!([]), "{}", changes.body);
    }

    /// Asserts that the key is in no file that the program has written.
    #[track_caller]
    pub fn assert_key_is_in_no_file(&self) {
        let files = files(self.folder.path());
        assert!(!files.is_empty(), "the program has written nothing");
        for file in files {
            assert!(!contains(&fs::read(&file).expect("a file"), &self.key.secret), "the key is in {}", file.display());
        }
    }

    pub fn revoke_key(&mut self) {
        self.owner.revoke(&self.key);
    }
}

/// Returns all files under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
