//! A Postgres server on a free port of this machine, in a folder that is removed with it. For the chores, and for tests
//! that stop, start or cut off a server.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::wait::within;

/// Limit for a server to start or to stop.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Settings for tests: nothing that is written has to survive a crash of the machine.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "autovacuum_naptime=10s",
    "log_min_messages=fatal",
];

/// A file system in memory, on Linux.
const MEMORY: &str = "/dev/shm";

/// Free space from which on a server's data is kept there, in bytes: it takes some 100 MB, and its log up to 1 GB.
const ROOM: u64 = 2 << 30;

/// A running server, stopped and removed when dropped.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
}

impl Server {
    /// Creates a database cluster in a new folder and starts the server.
    pub fn start() -> io::Result<Self> {
        Self::start_with(&[])
    }

    /// Creates a database cluster in memory, if there is room, and starts the server.
    ///
    /// For thousands of short-lived databases: where the same inodes are freed and taken all the time, ext4 is slow to find one.
    pub fn start_in_memory() -> io::Result<Self> {
        let memory = Path::new(MEMORY);
        let room = rustix::fs::statvfs(memory).map_or(0, |fs| fs.f_bavail.saturating_mul(fs.f_frsize));
        let parent = if room >= ROOM { memory.to_owned() } else { std::env::temp_dir() };
        Self::start_in(&parent, &[], Self::create_data)
    }

    /// Starts a new server with more settings (`name=value`).
    pub fn start_with(settings: &[&str]) -> io::Result<Self> {
        Self::start_in(&std::env::temp_dir(), settings, Self::create_data)
    }

    /// Starts a server in a new folder within `parent`, with data that `create` provides. The server's user has to be able
    /// to enter `parent`, as it may not the temporary folder of another user.
    pub fn start_in(parent: &Path, settings: &[&str], create: impl Fn(&Self) -> io::Result<()>) -> io::Result<Self> {
        // Another process may take the port before the server does.
        let attempts = (0..2).find_map(|_| Self::try_start(parent, settings, &create).ok());
        attempts.map_or_else(|| Self::try_start(parent, settings, &create), Ok)
    }

    fn try_start(parent: &Path, settings: &[&str], create: &impl Fn(&Self) -> io::Result<()>) -> io::Result<Self> {
        let port = free_port()?;
        let folder = parent.join(format!("planeconnection-postgres-{}-{port}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let server = Self { folder, port, settings: settings.iter().map(|&setting| setting.to_owned()).collect() };
        if let Some((user, group)) = owner() {
            std::os::unix::fs::chown(&server.folder, Some(user), Some(group))?;
        }
        create(&server)?;
        server.up()?;
        Ok(server)
    }

    /// Creates an empty database cluster.
    pub fn create_data(&self) -> io::Result<()> {
        self.call("initdb", &["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
    }

    /// The URL of a database of the server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process id of the postmaster, if the server runs.
    pub fn pid(&self) -> Option<i32> {
        // The first line, by the manual's "Database File Layout".
        std::fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }

    /// Starts the server again after [`Server::down`].
    pub fn up(&self) -> io::Result<()> {
        let settings = SETTINGS.iter().copied().chain(self.settings.iter().map(String::as_str));
        let mut options: Vec<String> = settings.map(|setting| format!("-c {setting}")).collect();
        options.push(format!("-p {} -k {}", self.port, self.folder.display()));
        let log = self.folder.join("log").display().to_string();
        self.call("pg_ctl", &["start", "-w", "-t", "60", "-l", &log, "-o", &options.join(" ")])
    }

    /// Stops the server: mode `fast` aborts transactions, `immediate` is a crash.
    pub fn down(&self, mode: &str) -> io::Result<()> {
        self.call("pg_ctl", &["stop", "-w", "-t", "60", "-m", mode])
    }

    /// Runs a program of Postgres on the data of this server.
    pub fn call(&self, program: &str, arguments: &[&str]) -> io::Result<()> {
        let Some(path) = find(program) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{program} is not installed (Debian: postgresql)")));
        };
        let mut command = Command::new(path);
        command.arg("-D").arg(self.folder.join("data")).args(arguments).current_dir(&self.folder);
        if let Some((user, group)) = owner() {
            command.uid(user).gid(group);
        }
        // To a file: the server inherits it, and a pipe would stay open while the server runs.
        let file = self.folder.join("output");
        let output = std::fs::File::create(&file)?;
        let status = run(command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output))?;
        if status {
            return Ok(());
        }
        let said = std::fs::read_to_string(file).unwrap_or_default();
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(io::Error::other(format!("{program}: {said}{log}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be down already.
        let _down = self.down("immediate");
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(command: &mut Command) -> io::Result<bool> {
    let mut child = command.spawn()?;
    let mut ended = Ok(None);
    within(TIMEOUT, || {
        ended = child.try_wait();
        !matches!(ended, Ok(None))
    });
    let Some(status) = ended? else {
        child.kill()?;
        return Ok(false);
    };
    Ok(status.success())
}

/// Finds a program of Postgres: on the PATH, or in the newest folder of Debian's packages.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    on_path.or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut found: Vec<_> = versions
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("bin").join(program))
            .filter(|file| file.is_file())
            .collect();
        found.sort();
        found.pop()
    })
}

/// The user and group of the server, if this process is root: Postgres refuses to run as root.
fn owner() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if id(&["-u"])? != 0 {
        return None;
    }
    ["postgres", "nobody"].into_iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
