//! The disk watermark: free space below which data writes are refused, so that revocations still find room.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::fault::WritesRefused;
use crate::clock::Clock;

/// The age at which a measurement is made again.
const FRESH: Duration = Duration::from_secs(1);

/// The default watermark: 256 MiB, or 5 % of the file system if that is less.
const DEFAULT_BYTES: u64 = 256 << 20;
const DEFAULT_PERCENT: u64 = 5;

/// The room that a disk must have again after it was full, in bytes: a probe is so small that it fits where rows do not.
const ROOM: usize = 4 << 20;

/// The least free space for data writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MinFreeSpace {
    /// 256 MiB or 5 % of the file system, whichever is less.
    #[default]
    Auto,
    /// Bytes; 0 turns the watermark off.
    Bytes(u64),
    /// A share of the file system, in percent.
    Percent(u64),
}

/// A text that is no amount of space.
#[derive(Debug, thiserror::Error)]
#[error("expected bytes such as 256MiB, 2GiB or 0, a share such as 5%, or auto")]
pub struct NotSpace;

impl FromStr for MinFreeSpace {
    type Err = NotSpace;
    fn from_str(text: &str) -> Result<Self, NotSpace> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| NotSpace)?;
        let shift = match unit.trim() {
            "%" if number <= 90 => return Ok(Self::Percent(number)),
            "" | "B" => 0,
            "KiB" => 10,
            "MiB" => 20,
            "GiB" => 30,
            "TiB" => 40,
            _ => return Err(NotSpace),
        };
        number.checked_mul(1 << shift).map(Self::Bytes).ok_or(NotSpace)
    }
}

impl fmt::Display for MinFreeSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl MinFreeSpace {
    fn bytes(self, total: u64) -> u64 {
        match self {
            Self::Auto => DEFAULT_BYTES.min(total / 100 * DEFAULT_PERCENT),
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => total / 100 * percent,
        }
    }
}

/// The free space of the file system that holds the database file, measured once a second at most.
#[derive(Debug)]
pub(super) struct Space {
    folder: PathBuf,
    min: MinFreeSpace,
    /// In microseconds of the machine's clock; 0 before the first measurement.
    measured_at: AtomicU64,
    free: AtomicU64,
    required: AtomicU64,
    total: AtomicU64,
}

/// A measurement of free space, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FreeSpace {
    /// Free for this process.
    pub free: u64,
    /// The watermark in bytes.
    pub required: u64,
    /// The size of the file system; 0 if it cannot be measured.
    pub total: u64,
}

impl Space {
    pub(super) fn new(file: &Path, min: MinFreeSpace) -> Self {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
        let [measured_at, free, required, total] = [0; 4].map(AtomicU64::new);
        Self { folder, min, measured_at, free, required, total }
    }

    /// Returns the last measurement, at most a second old. A file system that cannot be measured counts as roomy.
    pub(super) fn measure(&self) -> FreeSpace {
        let now = u64::try_from(Clock::System.ticks().as_micros()).unwrap_or(u64::MAX);
        let last = self.measured_at.load(Ordering::Relaxed);
        if last == 0 || now.saturating_sub(last) >= u64::try_from(FRESH.as_micros()).unwrap_or(u64::MAX) {
            let measured = rustix::fs::statvfs(&self.folder).ok();
            let (free, total) = measured
                .map_or((u64::MAX, 0), |fs| (fs.f_bavail.saturating_mul(fs.f_frsize), fs.f_blocks.saturating_mul(fs.f_frsize)));
            let (was_low, required) = (last != 0 && self.is_low(), self.min.bytes(total));
            self.free.store(free, Ordering::Relaxed);
            self.required.store(required, Ordering::Relaxed);
            self.total.store(total, Ordering::Relaxed);
            self.measured_at.store(now, Ordering::Relaxed);
            match (was_low, self.is_low()) {
                (false, true) => tracing::error!(
                    free,
                    required,
                    "disk space is low: data writes are refused; revocations and sign-outs still work. Free space, or change \
                     --min-free-space"
                ),
                (true, false) => tracing::info!(free, required, "there is enough disk space again: data is written"),
                _ => {}
            }
        }
        let [free, required, total] = [&self.free, &self.required, &self.total].map(|bytes| bytes.load(Ordering::Relaxed));
        FreeSpace { free, required, total }
    }

    /// Fails while less than the watermark is free.
    pub(super) fn require(&self) -> Result<(), WritesRefused> {
        let FreeSpace { free, required, .. } = self.measure();
        if free < required { Err(WritesRefused::LowSpace) } else { Ok(()) }
    }

    /// Writes and syncs a temporary file beside the database, to see whether there is room for more than a probe. Blocks.
    pub(super) fn try_room(folder: &Path) -> io::Result<()> {
        let mut file = tempfile::tempfile_in(folder)?;
        file.write_all(&vec![0x5a; ROOM])?;
        file.sync_all()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_low(&self) -> bool {
        self.free.load(Ordering::Relaxed) < self.required.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_is_bytes_a_share_or_the_default() {
        let parse = |text: &str| text.parse::<MinFreeSpace>().ok();
        assert_eq!(parse("256MiB"), Some(MinFreeSpace::Bytes(256 << 20)));
        assert_eq!(parse("0"), Some(MinFreeSpace::Bytes(0)));
        assert_eq!(parse("5%"), Some(MinFreeSpace::Percent(5)));
        assert_eq!(parse("auto"), Some(MinFreeSpace::Auto));
        for wrong in ["", "5 parsecs", "-1", "200%", "99999999999999999999", "99999999TiB"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_default_watermark_is_the_lesser_of_256_mib_and_5_percent() {
        assert_eq!(MinFreeSpace::Auto.bytes(100 << 30), 256 << 20);
        assert_eq!(MinFreeSpace::Auto.bytes(100 << 20), 5 << 20);
    }

    #[test]
    fn writes_are_refused_below_the_watermark() {
        let folder = tempfile::tempdir().expect("a folder");
        let space = |min| Space::new(&folder.path().join("file"), min);
        assert!(space(MinFreeSpace::Bytes(0)).require().is_ok());
        assert_eq!(space(MinFreeSpace::Bytes(u64::MAX)).require(), Err(WritesRefused::LowSpace));
    }
}
