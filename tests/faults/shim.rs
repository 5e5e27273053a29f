//! The C library `shim.c`, compiled once, and its switches.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// In the order of `enum word` in `shim.c`.
#[derive(Clone, Copy)]
enum Word {
    WriteErrno,
    SyncErrno,
    ReadErrno,
    Torn,
    OneIn,
    Files,
    Calls,
    KillAt,
    Power,
    Failed,
    Hang,
    Hanging,
}

const WORDS: u64 = Word::Hanging as u64 + 1;

/// The files of a database, as bits.
#[derive(Clone, Copy, Debug)]
pub struct Files(u64);

impl Files {
    pub const ALL: Self = Self(7);
    pub const DATABASE: Self = Self(1);
    pub const LOG: Self = Self(2);
}

/// The error of failing calls.
#[derive(Clone, Copy, Debug)]
pub enum Errno {
    Io = 5,
    Full = 28,
    ReadOnly = 30,
}

/// Calls that fail until [`Shim::clear`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Failing {
    pub write: Option<Errno>,
    pub sync: Option<Errno>,
    pub read: Option<Errno>,
    /// A write that fails has done half.
    pub torn: bool,
    /// One call in this many fails; 0 makes every call fail.
    pub one_in: u64,
}

/// The fate of unsynced writes when the process is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// The machine goes on: they stay.
    Stays,
    /// Power fails, and all of them are lost.
    LosesAll,
    /// Power fails, and half of them are lost, in no order.
    LosesSome,
}

/// The switches of one process.
pub struct Shim {
    path: PathBuf,
    control: File,
}

impl Shim {
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("faults");
        let control = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).expect("a file");
        control.set_len(WORDS * 8).expect("a length");
        Self { path, control }
    }

    /// Loads the library into a process, for files whose paths contain `marked`.
    pub fn load(&self, command: &mut Command, marked: &str) {
        command.env("LD_PRELOAD", library()).env("FAULTS_CONTROL", &self.path).env("FAULTS_FILE", marked);
    }

    pub fn fail(&self, files: Files, failing: Failing) {
        self.set(Word::Files, files.0);
        self.set(Word::OneIn, failing.one_in);
        self.set(Word::Torn, failing.torn.into());
        for (word, errno) in [(Word::WriteErrno, failing.write), (Word::SyncErrno, failing.sync), (Word::ReadErrno, failing.read)]
        {
            self.set(word, errno.map_or(0, |errno| errno as u64));
        }
    }

    /// Lets no read of a file return until [`Shim::clear`].
    pub fn hang(&self) {
        self.set(Word::Hang, 1);
    }

    /// Returns the number of reads that have waited for that.
    pub fn hanging(&self) -> u64 {
        self.get(Word::Hanging)
    }

    /// Ends all faults of the library.
    pub fn clear(&self) {
        self.fail(Files::ALL, Failing::default());
        self.set(Word::Hang, 0);
        self.set(Word::KillAt, 0);
    }

    /// Kills the process instead of the `count`th call from now on that changes a file.
    pub fn kill_at(&self, count: u64, torn: bool, power: Power) {
        self.set(Word::Torn, torn.into());
        self.set(Word::Power, power as u64);
        self.set(Word::KillAt, self.get(Word::Calls) + count);
    }

    /// Calls so far that were made to fail.
    pub fn failed(&self) -> u64 {
        self.get(Word::Failed)
    }

    fn set(&self, word: Word, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), word as u64 * 8).expect("a word");
    }

    fn get(&self, word: Word) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word as u64 * 8).expect("a word");
        u64::from_ne_bytes(bytes)
    }
}

/// The library, compiled by the C compiler that the build needs, too.
fn library() -> OsString {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Tests are processes that may do this at once: each renames its own.
        let (own, library) = (folder.join(format!("faults-{}.so", std::process::id())), folder.join("faults.so"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/shim.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", source, "-o"]).arg(&own);
        let compiled = cc.args(["-ldl", "-lpthread"]).output().expect("cc, the C compiler");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        std::fs::rename(own, &library).expect("a name");
        library
    };
    LIBRARY.get_or_init(build).clone().into_os_string()
}
