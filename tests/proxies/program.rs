//! Reverse proxies as real programs, with the configurations of `docs/proxies/` on other ports.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use testkit::{Client, DEADLINE, until};
use tokio::net::TcpSocket;

/// A reverse proxy whose configuration is documented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Program {
    Nginx,
    Caddy,
    Traefik,
    Envoy,
}

impl Program {
    /// The configuration files, the main one first.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Nginx => &[("nginx.conf", include_str!("../../docs/proxies/nginx.conf"))],
            Self::Caddy => &[("Caddyfile", include_str!("../../docs/proxies/Caddyfile"))],
            Self::Traefik => &[
                ("traefik.yml", include_str!("../../docs/proxies/traefik.yml")),
                ("traefik-dynamic.yml", include_str!("../../docs/proxies/traefik-dynamic.yml")),
            ],
            Self::Envoy => &[("envoy.yaml", include_str!("../../docs/proxies/envoy.yaml"))],
        }
    }

    fn command(self, folder: &Path) -> Command {
        let main = folder.join(self.files()[0].0);
        let mut command = Command::new(match self {
            // Debian's folder of it is not on everybody's PATH.
            Self::Nginx => Some(PathBuf::from("/usr/sbin/nginx")).filter(|file| file.is_file()).unwrap_or("nginx".into()),
            Self::Caddy => PathBuf::from("caddy"),
            Self::Traefik => fetched("traefik-3.7.15"),
            Self::Envoy => fetched("envoy-1.40.0"),
        });
        match self {
            Self::Nginx => {
                // One process, which ends when it is killed.
                let globals = format!("daemon off; master_process off; pid {};", folder.join("nginx.pid").display());
                command.arg("-p").arg(folder).arg("-c").arg(main).args(["-e", "stderr", "-g", &globals])
            }
            Self::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]).arg(main),
            Self::Traefik => command.arg(format!("--configFile={}", main.display())),
            Self::Envoy => command.args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warn", "-c"]).arg(main),
        };
        command.current_dir(folder).env("HOME", folder);
        command
    }
}

/// A program that `cargo xtask proxies` takes out of a package of PyPI.
fn fetched(name: &str) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(name);
    assert!(program.is_file(), "{} is missing: `cargo xtask proxies` downloads it", program.display());
    program
}

/// A running proxy, killed when dropped.
pub(crate) struct RunningProxy {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl RunningProxy {
    /// Starts the program in front of a service, with the check at `check`.
    pub(crate) fn start(program: Program, check: SocketAddr, service: u16) -> Self {
        // Another process may take the free port before the program does.
        let started = (0..3).find_map(|_| Self::try_start(program, check, service));
        started.unwrap_or_else(|| panic!("{program:?} ended as soon as it was started: its messages are above"))
    }

    /// Starts the program once; `None` if it ends at once.
    fn try_start(program: Program, check: SocketAddr, service: u16) -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let address = free_address();
        for (name, text) in program.files() {
            let text = on_ports(text, [address.port(), check.port(), service]);
            let text = if program == Program::Nginx { nginx_in(folder.path(), &text) } else { text };
            std::fs::write(folder.path().join(name), text).expect("a configuration");
        }
        let mut command = program.command(folder.path());
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        let process = process.unwrap_or_else(|error| panic!("{program:?}: {error}; `cargo xtask proxies` installs it"));
        let mut proxy = Self { process, address, _folder: folder };
        until("the proxy asks for a credential, or ends", || {
            let answer = Client::connect(address).and_then(|mut client| client.try_send("GET", "/", None));
            answer.is_ok_and(|answer| answer.status == 401) || proxy.has_ended()
        });
        (!proxy.has_ended()).then_some(proxy)
    }

    fn has_ended(&mut self) -> bool {
        self.process.try_wait().is_ok_and(|status| status.is_some())
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address).expect("a connection")
    }

    /// A client with an address of its own: the proxy's is trusted.
    pub(crate) fn client_from(&self, address: [u8; 4]) -> Client {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let stream = runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind((address, 0).into()).expect("an address of this machine");
            socket.connect(self.address).await.expect("a connection").into_std().expect("a socket")
        });
        stream.set_nonblocking(false).expect("a socket");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        Client::from_stream(stream)
    }
}

impl Drop for RunningProxy {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address")
}

/// Replaces the documented ports: of clients, of the check, of the service.
fn on_ports(text: &str, ports: [u16; 3]) -> String {
    let documented = ["8000", "8080", "3000"];
    let marked = documented.iter().zip(["<clients>", "<check>", "<service>"]);
    // In two steps: a free port may contain the digits of a documented one.
    let text = marked.clone().fold(text.to_owned(), |text, (port, mark)| text.replace(port, mark));
    marked.zip(ports).fold(text, |text, ((_, mark), port)| text.replace(mark, &port.to_string()))
}

/// Moves the files that nginx writes into a folder that every user can write.
fn nginx_in(folder: &Path, text: &str) -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", folder.join(kind).display()))
        .concat();
    text.replace("http {", &format!("http {{ access_log off; {paths}"))
}
