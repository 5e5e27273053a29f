//! The document: a frame that is written by hand here, and sections that are measured.

use std::io;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use super::Part;

const PAGE: &str = "docs/PERFORMANCE.md";

/// The document around the figures.
const FRAME: &str = include_str!("page.md");

/// Puts what was measured in its place, and leaves the other places as they were.
pub(super) fn replace(part: Part, text: &str) -> io::Result<()> {
    let before = std::fs::read_to_string(PAGE).unwrap_or_default();
    let (mut page, measured) = (FRAME.to_owned(), format!("{}\n\n{}", machine()?, text.trim()));
    for place in Part::value_variants().iter().copied() {
        let (begin, end) = marks(place);
        let known = before.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(known, _)| known.trim());
        let content = if place == part { &measured } else { known.unwrap_or("Not measured yet.") };
        page = page.replace(&format!("{begin}\n{end}"), &format!("{begin}\n{content}\n{end}"));
    }
    if !page.contains(text.trim()) {
        return Err(io::Error::other(format!("there is no place for {part:?} in page.md")));
    }
    std::fs::write(PAGE, page)
}

fn marks(part: Part) -> (String, String) {
    let name = format!("{part:?}").to_lowercase();
    (format!("<!-- measured: {name} -->"), format!("<!-- /measured: {name} -->"))
}

/// Describes the day and the machine of the measurement.
fn machine() -> io::Result<String> {
    let say = |program: &str, arguments: &[&str]| -> io::Result<String> {
        let output = Command::new(program).args(arguments).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let cpu = std::fs::read_to_string(Path::new("/proc/cpuinfo"))?;
    let field = |name: &str| cpu.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':')).unwrap_or("").trim();
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0);
    Ok(format!(
        "*{}, commit {}, {}; {cores} cores of an {}, {} GiB, Linux {}.*",
        say("date", &["--utc", "+%Y-%m-%d"])?,
        say("git", &["describe", "--always", "--dirty", "--abbrev=10"])?,
        say("rustc", &["--version"])?,
        field("model name"),
        kib.div_ceil(1024 * 1024),
        say("uname", &["--kernel-release"])?,
    ))
}
