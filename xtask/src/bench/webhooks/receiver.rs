//! The receiver's process, and questions to it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Programs;
use crate::run::{Process, Stop, ask, until};

/// A running receiver with a port for each endpoint.
pub(super) struct Receiver {
    _process: Process,
    questions: SocketAddr,
    ports: Vec<u16>,
    authority: PathBuf,
}

/// A request as it arrived.
pub(super) struct Arrival {
    /// The place of the port among those of the receiver.
    pub(super) endpoint: usize,
    pub(super) trip: String,
    /// Microseconds since 1970 until its first byte was read.
    pub(super) micros: i64,
}

impl Receiver {
    /// Starts a receiver with ports that answer, and after them ports that never do.
    pub(super) fn start(programs: &Programs, folder: &Path, answering: usize, silent: usize, stop: &Stop) -> io::Result<Self> {
        let log = folder.join("receiver.log");
        let mut command = Command::new(&programs.receiver);
        command.arg(folder).args([answering.to_string(), silent.to_string()]);
        let mut process = Process::start(&mut command, &log)?;
        let mut said = String::new();
        until(stop, "the receiver listens", || {
            said = std::fs::read_to_string(&log)?;
            Ok(process.lives("the receiver")? && said.ends_with('\n'))
        })?;
        let mut ports = said.split_whitespace().filter_map(|port| port.parse().ok());
        let questions = ports.next().ok_or_else(|| io::Error::other("the receiver has no ports"))?;
        let questions = (Ipv4Addr::LOCALHOST, questions).into();
        Ok(Self { _process: process, questions, ports: ports.collect(), authority: folder.join("ca.pem") })
    }

    /// Returns the file with the authority that signed its certificate.
    pub(super) fn authority(&self) -> &Path {
        &self.authority
    }

    /// Returns the URL of an endpoint.
    pub(super) fn url(&self, endpoint: usize) -> String {
        format!("https://127.0.0.1:{}/webhooks", self.ports[endpoint])
    }

    /// Returns the number of requests so far, without those that hang.
    pub(super) fn count(&self) -> io::Result<u64> {
        self.question("/count")?.trim().parse().map_err(io::Error::other)
    }

    /// Returns the arrivals since the last question. The first question begins to keep them.
    pub(super) fn arrivals(&self) -> io::Result<Vec<Arrival>> {
        let parse = |line: &str| {
            let mut fields = line.split(' ');
            let (endpoint, trip, micros) = (fields.next()?, fields.next()?, fields.next()?);
            Some(Arrival { endpoint: endpoint.parse().ok()?, trip: trip.to_owned(), micros: micros.parse().ok()? })
        };
        Ok(self.question("/arrivals")?.lines().filter_map(parse).collect())
    }

    fn question(&self, path: &str) -> io::Result<String> {
        ask(self.questions, &format!("GET {path}"), &[], "").map(|(_, body)| body)
    }
}
