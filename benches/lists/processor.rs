//! Processor time, as the kernel counts it.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of a process, and of the Postgres that it uses.
pub(super) struct Clock {
    /// `None` for this process.
    process: Option<u32>,
    /// The process whose children serve connections.
    postgres: Option<u32>,
}

impl Clock {
    /// Reads the time of a process, and of the server that `backend` is a process of.
    pub(super) fn new(process: Option<u32>, backend: Option<u32>) -> Self {
        Self { process, postgres: backend.map(parent) }
    }

    /// Returns the time so far: of the process, and of Postgres.
    pub(super) fn read(&self) -> [Duration; 2] {
        [self.process.map_or_else(own, of_process), self.postgres.map_or(Duration::ZERO, of_children)]
    }
}

fn own() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Returns the time of all threads of a process.
fn of_process(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let nanoseconds = |thread: fs::DirEntry| {
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(threads.filter_map(nanoseconds).sum())
}

fn of_children(process: u32) -> Duration {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("Postgres runs on this machine");
    children.split_whitespace().filter_map(|child| child.parse().ok()).map(of_process).sum()
}

fn parent(process: u32) -> u32 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("Postgres runs on this machine");
    // The second field is the program's name in parentheses, which may hold anything; state and parent follow.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    fields.split_whitespace().nth(1).and_then(|parent| parent.parse().ok()).expect("a process id")
}
