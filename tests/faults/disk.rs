//! A small file system for one test, mounted as root.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system that is unmounted when dropped.
pub struct Disk {
    folder: TempDir,
    is_mounted: bool,
    /// The image file of an ext4 file system.
    image: Option<PathBuf>,
}

impl Disk {
    /// A file system in memory of this size; `None`, and why on stderr, where this process may not mount one.
    pub fn mount(megabytes: u32) -> Option<Self> {
        let size = format!("size={megabytes}m,mode=0755");
        Self::folder().mounted(&["-t", "tmpfs", "-o", &size, "planeconnection-faults"])
    }

    /// A file system in memory where that can be mounted, else a folder of the machine's.
    pub fn mount_or_folder(megabytes: u32) -> Self {
        Self::mount(megabytes).unwrap_or_else(Self::folder)
    }

    /// An ext4 file system of this size, in a file.
    pub fn ext4(megabytes: u32) -> Option<Self> {
        let mut disk = Self::folder();
        let image = disk.folder.path().with_extension("ext4");
        File::create(&image).and_then(|file| file.set_len(u64::from(megabytes) << 20)).expect("a file");
        disk.image = Some(image.clone());
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output();
        if !made.as_ref().is_ok_and(|output| output.status.success()) {
            skipped(&format!("{made:?}"));
            return None;
        }
        disk.mounted(&["-o", "loop", &image.display().to_string()])
    }

    /// A folder of the machine's own file system.
    pub fn folder() -> Self {
        let folder = TempDir::with_prefix("planeconnection-faults-").expect("a temporary folder");
        Self { folder, is_mounted: false, image: None }
    }

    fn mounted(mut self, arguments: &[&str]) -> Option<Self> {
        match Command::new("mount").args(arguments).arg(self.path()).output() {
            Ok(output) if output.status.success() => {
                self.is_mounted = true;
                Some(self)
            }
            refused => {
                skipped(&format!("{refused:?}"));
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn is_mounted(&self) -> bool {
        self.is_mounted
    }

    /// Writes a file until there is no room for a byte.
    pub fn fill(&self) {
        assert!(self.is_mounted, "only a file system of the test's own is filled");
        let mut ballast = File::create(self.path().join("ballast")).expect("a file");
        for size in [64 * 1024, 1024, 1] {
            while ballast.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
        }
    }

    /// Removes the file that [`Self::fill`] wrote.
    pub fn free(&self) {
        std::fs::remove_file(self.path().join("ballast")).expect("the file is there");
    }

    /// Mounts it with other options; `ro` takes that no file is open for writing.
    pub fn remount(&self, options: &str) {
        succeeds(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.path()));
    }

    /// Unmounts an ext4 file system and mounts it again, as after a repair. No file of it may be open.
    pub fn repair(&self) {
        succeeds(Command::new("umount").arg(self.path()));
        let image = self.image.as_ref().expect("an image");
        // It corrects what the error has left behind, and says so by its exit status.
        let _corrected = Command::new("e2fsck").args(["-f", "-y"]).arg(image).output().expect("e2fsck");
        succeeds(Command::new("mount").args(["-o", "loop"]).arg(image).arg(self.path()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_mounted {
            // Lazily: a process that is being killed may still hold a file.
            let _left = Command::new("umount").arg("-l").arg(self.folder.path()).status();
        }
        if let Some(image) = &self.image {
            let _gone = std::fs::remove_file(image);
        }
    }
}

/// Said where nextest and cargo show it only for failures; CI runs as root, where nothing is skipped.
fn skipped(why: &str) {
    eprintln!("NOT TESTED: a file system of the test's own cannot be mounted, which takes root: {why}");
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
