//! nginx in front of the nodes, by a configuration of its own.

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::NGINX;
use super::node::Node;
use crate::debian;
use crate::run::{Process, Stop, answers, until};

const CONFIGURATION: &str = include_str!("nginx.conf");

/// Makes sure that it is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    find().is_some() || debian::install_without_service("nginx-light", "nginx", "this needs nginx")
}

/// Starts it, and waits until a request gets through to a node.
pub(super) fn start(folder: &Path, listen: SocketAddr, nodes: &[Node], stop: &Stop) -> io::Result<Process> {
    let program = find().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "nginx is not installed"))?;
    let folder = folder.join(NGINX);
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("nginx.conf"), configuration(listen, nodes))?;
    let errors = folder.join("errors.log");
    let mut command = Command::new(program);
    // What it has to say before it has read where to say it would go to a file of the machine.
    command.arg("-e").arg(&errors).arg("-p").arg(&folder).args(["-c", "nginx.conf"]);
    let mut process = Process::start(&mut command, &errors)?;
    until(stop, "nginx passes requests on", || Ok(process.lives("nginx")? && answers(listen)))?;
    Ok(process)
}

fn configuration(listen: SocketAddr, nodes: &[Node]) -> String {
    let servers = nodes.iter().fold(String::new(), |mut servers, node| {
        // Writing to a String cannot fail.
        let _written = writeln!(servers, "        server {};", node.address);
        servers
    });
    CONFIGURATION.replace("@LISTEN@", &listen.to_string()).replace("@SERVERS@\n", &servers)
}

/// On the PATH, or where Debian puts it, which is not on everybody's.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("nginx")).find(|file| file.is_file())
}
