//! Three nodes behind nginx, on a database server of their own, all on this machine: to try by hand what happens when one
//! of them is frozen, killed or started again. It stays until Ctrl+C, and nothing is left of it then.
//!
//! - here what starts and stops after what; `guide` what is printed
//! - `node` a node, started again when it has ended; `nginx` what is in front of them, and `database` behind

pub(crate) mod database;
mod guide;
pub(crate) mod nginx;
mod node;

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use database::Database;
use node::Node;

use crate::run::{self, Folder, Process, Product, Profile, Stop};

const NAMES: [&str; 3] = ["one", "two", "three"];

/// The folder of nginx, in the temporary one.
const NGINX: &str = "nginx";

/// The interval of checks whether a process has ended.
const LOOK: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub(crate) struct Cluster {
    /// Address of nginx; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Build for the dev profile, which takes less time, and serve slower
    #[arg(long)]
    debug: bool,
}

/// All that runs. The fields are dropped from first to last: a node's last words go to the database.
struct Running {
    nodes: Vec<Node>,
    nginx: Process,
    product: Product,
    database: Database,
    folder: Folder,
}

impl Cluster {
    /// Builds it, runs it and stops it; false, and why on stderr, if it did not come to that or did not last.
    pub(crate) fn run(&self) -> bool {
        // Better known before a build than after.
        if let Err(error) = addresses(self.listen) {
            eprintln!("cannot listen on {}: {error}", self.listen);
            return false;
        }
        if !database::prepare() || !nginx::prepare() {
            return false;
        }
        let profile = if self.debug { Profile::Dev } else { Profile::Release };
        let Some(binary) = run::build(profile, &[]) else { return false };
        let ended = Stop::on_signals().and_then(|stop| match self.stay(binary, &stop) {
            // What was interrupted may have failed in any way.
            Err(_) if stop.is_asked() => Ok(()),
            ended => ended,
        });
        if let Err(error) = &ended {
            eprintln!("the cluster has stopped: {error}");
        }
        ended.is_ok()
    }

    /// Starts everything, and stays until asked to stop; when this returns, nothing runs any more.
    fn stay(&self, binary: PathBuf, stop: &Stop) -> io::Result<()> {
        say("== starting the database, the nodes and nginx");
        let folder = Folder::make("cluster")?;
        let database = Database::start()?;
        let product = Product { binary, database: database.url() };
        let password = product.make_workspace()?;
        let key = product.make_key()?;

        let [listen, at @ ..] = addresses(self.listen)?;
        let front = format!("http://{listen}");
        let started = NAMES.into_iter().zip(at).map(|(name, at)| Node::start(&product, folder.path(), name, at, &front));
        let mut nodes = started.collect::<io::Result<Vec<_>>>()?;
        nodes.iter_mut().try_for_each(|node| node.wait(stop))?;
        let nginx = nginx::start(folder.path(), listen, &nodes, stop)?;

        let mut running = Running { nodes, nginx, product, database, folder };
        guide::print(&running, &front, &password, &key);
        let ended = running.watch(stop);
        say("== stopping");
        ended
    }
}

impl Running {
    /// Until asked to stop. A node may end, that is what this is for; without one of the others nothing is left to try.
    fn watch(&mut self, stop: &Stop) -> io::Result<()> {
        while !stop.is_asked() {
            self.nodes.iter_mut().try_for_each(Node::look_after)?;
            self.nginx.lives("nginx")?;
            self.database.lives()?;
            sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.database.thaw();
        // All at once; then each is waited for.
        self.nodes.iter_mut().for_each(Node::ask_to_end);
    }
}

/// Returns the addresses of nginx and of the nodes, all with different free ports.
fn addresses(listen: SocketAddr) -> io::Result<[SocketAddr; 1 + NAMES.len()]> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut held = Vec::new();
    let mut addresses = [listen, any, any, any];
    for address in &mut addresses {
        let listener = TcpListener::bind(*address)?;
        *address = listener.local_addr()?;
        held.push(listener);
    }
    Ok(addresses)
}

/// Prints a line, if there is still a terminal to print it on.
fn say(line: impl Display) {
    let _unheard = writeln!(io::stdout(), "{line}");
}
