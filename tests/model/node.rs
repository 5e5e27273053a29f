//! A node: a process that runs a program, and its row, which outlives the process.

use crate::protocol::{Protocol, Variant};

/// One atomic step of a process.
#[derive(Clone, Copy, Debug)]
enum Statement {
    /// Writes the row, whether or not there is one.
    WriteRow,
    /// Notes the time: a heartbeat begins.
    Note,
    /// Reads the changes there are.
    Read,
    /// Applies to memory what it read. In truth that is done in parts, but nothing depends on a part being there.
    Apply,
    /// Updates the row, and takes the lease. A deleted row is inserted again, and another heartbeat has to follow.
    Renew,
}
use Statement::{Apply, Note, Read, Renew, WriteRow};

/// The program of a process, and the index from which it repeats.
fn program(variant: Variant) -> (&'static [Statement], usize) {
    match variant {
        Variant::LoadsBeforeRow => (&[Note, Read, Apply, WriteRow, Note, Read, Apply, Renew], 4),
        Variant::RenewsBeforeReading => (&[WriteRow, Note, Read, Apply, Renew, Note, Renew, Read, Apply], 5),
        _ => (&[WriteRow, Note, Read, Apply, Renew], 1),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    process: Option<Process>,
    row: Option<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Process {
    /// The place in the program.
    next: usize,
    /// Ticks since the noted time, up to the length of a lease.
    noted: u8,
    /// The last revision that was read.
    seen: usize,
    /// Ticks that are left of the lease.
    lease: u8,
    /// The revocations in memory.
    knows: Revisions,
    /// The revocations made through this node that still wait for others.
    made: Revisions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    applied: usize,
    /// Ticks since the last write, up to the length of a lease.
    age: u8,
}

/// A set of revisions, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Revisions(u8);

impl Node {
    /// Takes the next step, the first one in a new process if there is none. The database is at `revision`.
    ///
    /// Nodes take a new id when they start. Here the old row is overwritten instead, so it delays nobody any longer:
    /// answers come sooner than they really can.
    pub fn step(&mut self, protocol: &Protocol, revision: usize) {
        let process = self.process.get_or_insert_with(|| Process::new(protocol.lease));
        let (program, beat) = program(protocol.variant);
        let statement = program[process.next];
        process.next = if process.next + 1 < program.len() { process.next + 1 } else { beat };
        match statement {
            WriteRow => {
                // Nothing is left of a lease since a time that has not been noted.
                process.lease = protocol.lease - process.noted;
                self.row = Some(Row { applied: process.seen, age: 0 });
            }
            Note => process.noted = 0,
            Read => process.seen = revision,
            Apply => process.knows.add_up_to(process.seen),
            Renew if self.row.is_none() && protocol.variant != Variant::LeasesWithoutRow => {
                process.next = beat;
                process.noted = protocol.lease;
                self.row = Some(Row { applied: 0, age: 0 });
            }
            Renew => {
                let since = if protocol.variant == Variant::LeasesFromUpdate { 0 } else { process.noted };
                process.lease = protocol.lease - since;
                process.noted = protocol.lease;
                self.row = Some(Row { applied: process.seen, age: 0 });
            }
        }
    }

    pub fn tick(&mut self, protocol: &Protocol) {
        if let Some(process) = &mut self.process {
            process.noted = protocol.lease.min(process.noted + 1);
            process.lease = process.lease.saturating_sub(1);
        }
        if let Some(row) = &mut self.row {
            row.age = protocol.lease.min(row.age + 1);
        }
    }

    /// Ends the process. Its row may be deleted at once, as by a graceful stop, or stay, as after a crash.
    pub fn end(&mut self, protocol: &Protocol) {
        self.process = None;
        if let Some(row) = &mut self.row {
            row.age = protocol.lease;
        }
    }

    pub fn forget(&mut self) {
        self.row = None;
    }

    /// Revokes through this node: committed, and applied to its own memory before the wait for others begins.
    pub fn revoke(&mut self, revision: usize) {
        if let Some(process) = &mut self.process {
            process.knows.add(revision);
            process.made.add(revision);
        }
    }

    /// The wait for others is over, if it was this node that waited.
    pub fn stop_waiting(&mut self, revision: usize) {
        if let Some(process) = &mut self.process {
            process.made.remove(revision);
        }
    }

    /// Returns whether the waiter for `revision` waits for this row, which is not its own.
    pub fn is_behind(&self, revision: usize) -> bool {
        let is_waiter = self.process.is_some_and(|process| process.made.has(revision));
        !is_waiter && self.row.is_some_and(|row| row.applied < revision)
    }

    /// Returns whether others may have seen the row unchanged for a lease. They may notice later.
    pub fn is_silent(&self, protocol: &Protocol) -> bool {
        self.row.is_some_and(|row| row.age >= protocol.lease)
    }

    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    pub fn has_row(&self) -> bool {
        self.row.is_some()
    }

    pub fn is_amid_heartbeat(&self, protocol: &Protocol) -> bool {
        self.process.is_some_and(|process| process.next > program(protocol.variant).1)
    }

    pub fn has_lease(&self) -> bool {
        self.process.is_some_and(|process| process.lease > 0)
    }

    /// Returns whether a request with the key that the committed `revision` revokes would be accepted now.
    ///
    /// Past its lease a node asks the database, which has the revocation, or fails: it accepts no revoked key.
    pub fn accepts(&self, revision: usize) -> bool {
        self.process.is_some_and(|process| process.lease > 0 && !process.knows.has(revision))
    }
}

impl Process {
    fn new(lease: u8) -> Self {
        Self { next: 0, noted: lease, seen: 0, lease: 0, knows: Revisions::default(), made: Revisions::default() }
    }
}

impl Revisions {
    fn has(self, revision: usize) -> bool {
        self.0 & (1 << revision) != 0
    }

    fn add(&mut self, revision: usize) {
        self.0 |= 1 << revision;
    }

    fn add_up_to(&mut self, revision: usize) {
        (1..=revision).for_each(|each| self.add(each));
    }

    fn remove(&mut self, revision: usize) {
        self.0 &= !(1 << revision);
    }
}
