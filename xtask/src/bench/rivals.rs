//! The servers that are measured beside one another.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use super::libraries;
use super::load::Target;
use crate::cluster::nginx;
use crate::run::{OWNER, Process, Product, Stop, answers, ask, until};

/// Keys that nginx is configured with.
const STATIC_KEYS: u32 = 10_000;

/// Trips in the list that is asked for; a page of it has 20.
const TRIPS: u32 = 200;

const NGINX: &str = include_str!("nginx.conf");

/// All that run, each a process of its own.
pub(super) struct Rivals {
    bare: Server,
    product: Server,
    quiet: Server,
    nginx: Server,
    libraries: Vec<(&'static str, Server)>,
    key: String,
    left_out: Vec<String>,
}

pub(super) struct Server {
    pub(super) process: Process,
    pub(super) address: SocketAddr,
    /// If it is not the product's.
    pub(super) key: Option<String>,
}

impl Rivals {
    /// Builds and starts them.
    pub(super) fn start(folder: &Path, stop: &Stop) -> io::Result<Self> {
        if !nginx::prepare() {
            return Err(io::Error::other("nginx is not there"));
        }
        let binary = super::servers()?;
        let bare = Server::start(folder, "bare", stop, |at| {
            let mut command = Command::new(binary.with_file_name("examples").join("bare"));
            command.arg(at.to_string());
            command
        })?;
        let serve = |name: &str, more: &[&str]| {
            let product = Product { binary: binary.clone(), database: format!("sqlite://{}/{name}.db", folder.display()) };
            let password = product.make_workspace()?;
            let server = Server::start(folder, name, stop, |at| product_command(&product, at, more))?;
            let key = fill(server.address, &password)?;
            Ok::<_, io::Error>((server, key))
        };
        let (product, key) = serve("product", &[])?;
        let (mut quiet, quiet_key) = serve("quiet", &["--log", "warn"])?;
        quiet.key = Some(quiet_key);
        let nginx = start_nginx(folder, &key, stop)?;
        let (libraries, left_out) = libraries::start(folder, stop);
        Ok(Self { bare, product, quiet, nginx, libraries, key, left_out })
    }

    /// The servers and the requests that they get, the bare server first.
    pub(super) fn targets(&self) -> Vec<Target> {
        let target = |name: &str, server: &Server, path: &str, is_keyed: bool| Target {
            name: name.to_owned(),
            url: format!("http://{}{path}", server.address),
            key: is_keyed.then(|| server.key.clone().unwrap_or_else(|| self.key.clone())),
            processes: vec![server.process.id()],
        };
        let targets = [
            target("a bare axum server, one static answer", &self.bare, "/bare", false),
            target("`/health`", &self.product, "/health", false),
            target("`/api/v1/auth/whoami`", &self.product, "/api/v1/auth/whoami", true),
            target("the same, `--log warn`", &self.quiet, "/api/v1/auth/whoami", true),
            target("`/api/v1/auth/check`", &self.product, "/api/v1/auth/check?scope=trips:read", true),
            target("`/api/v1/ops/trips`, 20 of 200", &self.product, "/api/v1/ops/trips", true),
            target("nginx, 10,000 static keys in a `map`", &self.nginx, "/", true),
        ];
        let libraries = self.libraries.iter().map(|(name, server)| target(name, server, "/", true));
        targets.into_iter().chain(libraries).collect()
    }

    /// Which were not there, and why.
    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl Server {
    /// Starts what `command` makes of an address, and waits until it answers.
    pub(super) fn start(folder: &Path, name: &str, stop: &Stop, command: impl FnOnce(SocketAddr) -> Command) -> io::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut process = Process::start(command(address).current_dir(folder), &folder.join(format!("{name}.log")))?;
        until(stop, name, || Ok(process.lives(name)? && answers(address)))?;
        Ok(Self { process, address, key: None })
    }
}

/// Returns the command that serves the product at an address.
pub(super) fn product_command(product: &Product, at: SocketAddr, more: &[&str]) -> Command {
    let mut command = product.command(&[&["serve", "--listen", &at.to_string()], more].concat());
    // One member fills it with trips. By the environment, as a product of before is measured, too.
    command.env("PLANECONNECTION_LIMITS", "member-writes=none,key-writes=none,stored-bytes=none");
    command
}

/// Makes trips, and a key without a limit; its secret.
fn fill(address: SocketAddr, password: &str) -> io::Result<String> {
    let token = sign_in(address, password)?;
    let secret = make_key(address, &token, "Bench", "null")?;
    for number in 0..TRIPS {
        let (day, hour) = (number % 28 + 1, number % 12);
        let trip = format!(
            r#"{{"tripType":"charter","origin":"LSZH","destination":"EGLL","departureDate":"2027-01-{day:02}T{hour:02}:00:00Z"}}"#
        );
        post(address, "/ops/trips", Some(&token), &trip)?;
    }
    Ok(secret)
}

/// Signs the owner in; the token.
pub(super) fn sign_in(address: SocketAddr, password: &str) -> io::Result<String> {
    sign_in_as(address, OWNER, password)
}

/// Signs a member in; the token.
pub(super) fn sign_in_as(address: SocketAddr, email: &str, password: &str) -> io::Result<String> {
    let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
    field(&post(address, "/auth/sign-in", None, &body)?, "token")
}

/// Makes a key that reads, with a limit as JSON has it; its secret.
pub(super) fn make_key(address: SocketAddr, token: &str, name: &str, limit: &str) -> io::Result<String> {
    make_key_with(address, token, name, "read_only", limit)
}

/// Makes a key with these permissions, and a limit as JSON has it; its secret.
pub(super) fn make_key_with(address: SocketAddr, token: &str, name: &str, permissions: &str, limit: &str) -> io::Result<String> {
    let key = format!(r#"{{"name":"{name}","permissions":"{permissions}","expiresAt":null,"rateLimit":{limit}}}"#);
    field(&post(address, "/api-keys", Some(token), &key)?, "secret")
}

/// Posts to a path of the API; the body of the answer.
pub(super) fn post(address: SocketAddr, path: &str, token: Option<&str>, body: &str) -> io::Result<String> {
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
    match ask(address, &format!("POST /api/v1{path}"), &headers, body)? {
        (200 | 201, body) => Ok(body),
        (status, body) => Err(io::Error::other(format!("POST {path}: {status} {body}"))),
    }
}

/// Returns the text of a field in JSON.
pub(super) fn field(body: &str, name: &str) -> io::Result<String> {
    let found = body.split_once(&format!("\"{name}\":\"")).and_then(|(_, rest)| rest.split_once('"'));
    found.map(|(value, _)| value.to_owned()).ok_or_else(|| io::Error::other(format!("no {name} in {body}")))
}

fn start_nginx(folder: &Path, key: &str, stop: &Stop) -> io::Result<Server> {
    let program = nginx::find().ok_or_else(|| io::Error::other("nginx is not installed"))?;
    let keys: Vec<String> = (0..STATIC_KEYS).map(|number| format!("        \"pck_{number:038}\" 1;")).collect();
    let keys = format!("{}\n        \"{key}\" 1;\n", keys.join("\n"));
    Server::start(folder, "nginx", stop, |at| {
        let configuration = NGINX.replace("@LISTEN@", &at.to_string()).replace("@KEYS@\n", &keys);
        // If it cannot be written, nginx says so.
        let _written = std::fs::write(folder.join("nginx.conf"), configuration);
        let mut command = Command::new(program);
        command.arg("-e").arg(folder.join("nginx-errors.log")).arg("-p").arg(folder).args(["-c", "nginx.conf"]);
        command
    })
}
