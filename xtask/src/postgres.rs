//! A Postgres server of one's own, on a free port of this machine and in a folder that goes with it. For the chores, and
//! for the tests that need to stop, start or cut off a server.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Fit for tests: nothing that is written has to outlive the machine.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "autovacuum_naptime=10s",
    "log_min_messages=fatal",
];

/// A running server; dropped, it is stopped and gone.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    port: u16,
    more: Vec<String>,
}

impl Server {
    /// Makes a cluster in a new folder and starts it.
    pub fn start() -> io::Result<Self> {
        Self::start_with(&[])
    }

    /// The same, with more settings.
    pub fn start_with(more: &[&str]) -> io::Result<Self> {
        Self::start_in(&std::env::temp_dir(), more, Self::make_data)
    }

    /// In a folder within `parent`, with data that `make` provides.
    pub fn start_in(parent: &Path, more: &[&str], make: impl Fn(&Self) -> io::Result<()>) -> io::Result<Self> {
        // Somebody else may have taken the port before the server did.
        let attempts = (0..2).find_map(|_| Self::try_start(parent, more, &make).ok());
        attempts.map_or_else(|| Self::try_start(parent, more, &make), Ok)
    }

    fn try_start(parent: &Path, more: &[&str], make: &impl Fn(&Self) -> io::Result<()>) -> io::Result<Self> {
        // Not below the temporary folder of whoever runs this, which the server's user may not enter.
        let port = free_port()?;
        let folder = parent.join(format!("planeconnection-postgres-{}-{port}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let server = Self { folder, port, more: more.iter().map(|&setting| setting.to_owned()).collect() };
        if let Some((user, group)) = owner() {
            std::os::unix::fs::chown(&server.folder, Some(user), Some(group))?;
        }
        make(&server)?;
        server.up()?;
        Ok(server)
    }

    /// A new cluster.
    pub fn make_data(&self) -> io::Result<()> {
        self.call("initdb", &["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
    }

    /// How to reach a database of it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its data is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process that all others of it come from, if it has been started.
    pub fn pid(&self) -> Option<i32> {
        // The first line, by the manual's "Database File Layout".
        std::fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }

    /// Starts it again after [`Server::down`].
    pub fn up(&self) -> io::Result<()> {
        let settings = SETTINGS.iter().copied().chain(self.more.iter().map(String::as_str));
        let mut options: Vec<String> = settings.map(|setting| format!("-c {setting}")).collect();
        options.push(format!("-p {} -k {}", self.port, self.folder.display()));
        let log = self.folder.join("log").display().to_string();
        self.call("pg_ctl", &["start", "-w", "-t", "60", "-l", &log, "-o", &options.join(" ")])
    }

    /// Stops it: `fast` ends what is running, `immediate` is a crash.
    pub fn down(&self, how: &str) -> io::Result<()> {
        self.call("pg_ctl", &["stop", "-w", "-t", "60", "-m", how])
    }

    /// Runs one of the server's programs on its folder.
    pub fn call(&self, program: &str, arguments: &[&str]) -> io::Result<()> {
        let Some(path) = find(program) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{program} is not installed (Debian: postgresql)")));
        };
        let mut command = Command::new(path);
        command.arg("-D").arg(self.folder.join("data")).args(arguments).current_dir(&self.folder);
        if let Some((user, group)) = owner() {
            command.uid(user).gid(group);
        }
        // To a file: the server inherits it, and a pipe would stay open as long as it runs.
        let said = self.folder.join("said");
        let output = std::fs::File::create(&said)?;
        let status = run(command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output))?;
        if status {
            return Ok(());
        }
        let said = std::fs::read_to_string(said).unwrap_or_default();
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
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() > until {
            child.kill()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Where a program of the server is: on the PATH, or where Debian puts it.
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

/// Whom the server runs as: Postgres refuses to run as root.
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
