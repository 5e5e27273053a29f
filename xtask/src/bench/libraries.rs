//! Alternatives: libraries of other languages that check API keys, each behind a server of its language. They are installed
//! once, under `target`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::rivals::Server;
use crate::run::Stop;
use crate::{debian, run_aloud};

const BETTER_AUTH: [(&str, &str); 2] =
    [("package.json", include_str!("better-auth.json")), ("server.mjs", include_str!("better-auth.mjs"))];

const REST_FRAMEWORK: (&str, &str) = ("server.py", include_str!("rest-framework.py"));
const PACKAGES: [&str; 4] =
    ["django==5.2.19", "djangorestframework==3.18.3", "djangorestframework-api-key==3.1.0", "gunicorn==27.0.1"];

/// Those that are here, by their names, and why the others are not.
pub(super) fn start(folder: &Path, stop: &Stop) -> (Vec<(&'static str, Server)>, Vec<String>) {
    let (mut here, mut left_out) = (Vec::new(), Vec::new());
    for (name, started) in [
        ("better-auth 1.7.5, API-key plugin on SQLite", better_auth(folder, stop)),
        ("Django REST framework API Key 3.1.0 on SQLite", rest_framework(folder, stop)),
    ] {
        match started {
            Ok(server) => here.push((name, server)),
            Err(error) => left_out.push(format!("{name} was left out: {error}.")),
        }
    }
    (here, left_out)
}

fn better_auth(folder: &Path, stop: &Stop) -> io::Result<Server> {
    let installed = room("better-auth", &BETTER_AUTH)?;
    if !debian::is_on_path("node") || !debian::is_on_path("npm") {
        return Err(io::Error::other("Node.js and npm are not installed"));
    }
    if !installed.join("node_modules").exists()
        && !run_aloud(Command::new("npm").args(["install", "--no-audit", "--no-fund"]).current_dir(&installed))
    {
        return Err(io::Error::other("npm did not install it"));
    }
    serve(folder, "better-auth", stop, || {
        let mut command = Command::new("node");
        command.arg(installed.join("server.mjs")).env("NODE_ENV", "production");
        command
    })
}

fn rest_framework(folder: &Path, stop: &Stop) -> io::Result<Server> {
    let installed = room("rest-framework", &[REST_FRAMEWORK])?;
    let environment = installed.join("environment");
    let python = environment.join("bin/python");
    let is_installed = environment.join("bin/gunicorn").exists()
        || (run_aloud(Command::new("python3").args(["-m", "venv"]).arg(&environment))
            && run_aloud(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES)));
    if !is_installed {
        return Err(io::Error::other("Python did not install it"));
    }
    serve(folder, "rest-framework", stop, || {
        let mut command = Command::new(&python);
        command.arg(installed.join(REST_FRAMEWORK.0));
        command
    })
}

/// Returns the folder that a library is installed in, with these files of ours.
fn room(name: &str, files: &[(&str, &str)]) -> io::Result<PathBuf> {
    let room = std::path::absolute(PathBuf::from("target/bench").join(name))?;
    std::fs::create_dir_all(&room)?;
    for (name, content) in files {
        std::fs::write(room.join(name), content)?;
    }
    Ok(room)
}

/// Starts what takes an address and a database, and says its key.
fn serve(folder: &Path, name: &str, stop: &Stop, command: impl FnOnce() -> Command) -> io::Result<Server> {
    let mut server = Server::start(folder, name, stop, |at| {
        let mut command = command();
        command.arg(at.to_string()).arg(folder.join(format!("{name}.db")));
        command
    })?;
    let said = std::fs::read_to_string(folder.join(format!("{name}.log")))?;
    server.key = said.lines().find_map(|line| line.strip_prefix("key ")).map(str::to_owned);
    Ok(server)
}
