//! The history of a git repository: every object that it stores, each once, as `git cat-file` prints them. Objects that no branch
//! leads to any more are among them: they are in every copy of the repository.
//!
//! Git runs nothing that the repository configures: neither filters nor drivers of diffs nor a monitor of files.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::Scanner;
use super::archive::search;
use super::findings::{Findings, Place, shown, shown_text};
use key_format::FoundKey;

/// The secrets of objects that are kept until their commits are known.
const MOST: usize = 100_000;

/// The longest line in front of an object.
const LONGEST_HEADER: u64 = 1_000;

/// An object with secrets.
struct Object {
    id: String,
    kind: String,
    keys: Vec<FoundKey>,
}

/// Searches the history of the repository at a path.
pub(super) fn scan(path: &Path, scanner: &mut Scanner) {
    let file = shown(path);
    match run(path, &["rev-parse", "--is-shallow-repository"]) {
        Err(error) => return scanner.findings.problem(&file, error),
        Ok(answer) if answer.trim() == "true" => {
            scanner.findings.note(&file, "this clone is shallow: the history before it is not there (git fetch --unshallow)");
        }
        Ok(_) => {}
    }
    let objects = match search_objects(path, &file, scanner) {
        Ok(objects) => objects,
        Err(error) => return scanner.findings.problem(&file, format!("cannot read the history to its end: {error}")),
    };
    if objects.is_empty() {
        return;
    }
    let places = places(path, &objects).unwrap_or_else(|error| {
        scanner.findings.problem(&file, format!("cannot find out which commits the secrets are in: {error}"));
        HashMap::new()
    });
    report(&file, objects, &places, &mut scanner.findings);
}

/// Returns the command for a repository, without input and questions.
fn git(path: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("--no-pager").arg("-C").arg(path);
    for setting in ["core.fsmonitor=false", "core.quotePath=false", "log.showSignature=false", "color.ui=false"] {
        git.args(["-c", setting]);
    }
    git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    git.stdin(Stdio::null());
    git
}

fn failed_to_start(error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => io::Error::other("--git needs the program git, which is not installed"),
        _ => io::Error::other(format!("git cannot be started: {error}")),
    }
}

fn run(path: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = git(path).args(arguments).output().map_err(|error| failed_to_start(&error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(shown_text(said.lines().next().unwrap_or("git failed").trim())))
}

/// Starts git, and returns it with its output.
fn start(path: &Path, arguments: &[&str]) -> io::Result<(Child, BufReader<ChildStdout>)> {
    let mut command = git(path);
    command.args(arguments).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed_to_start(&error))?;
    let output = child.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
    Ok((child, BufReader::with_capacity(1 << 16, output)))
}

fn search_objects(path: &Path, file: &str, scanner: &mut Scanner) -> io::Result<Vec<Object>> {
    let (mut child, mut output) = start(path, &["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"])?;
    let mut objects = Vec::new();
    let read = read_objects(&mut output, file, scanner, &mut objects);
    drop(output);
    if read.is_err() || scanner.findings.is_full() {
        // It may wait for a reader of its output.
        let _ended = child.kill();
    }
    let status = child.wait()?;
    read?;
    if status.success() || scanner.findings.is_full() { Ok(objects) } else { Err(io::Error::other("git failed")) }
}

fn read_objects(output: &mut impl BufRead, file: &str, scanner: &mut Scanner, objects: &mut Vec<Object>) -> io::Result<()> {
    let mut kept = 0;
    let broken = || io::Error::other("git printed something else than objects");
    loop {
        let mut header = String::new();
        if output.by_ref().take(LONGEST_HEADER).read_line(&mut header)? == 0 {
            return Ok(());
        }
        let mut words = header.split_whitespace();
        let (Some(id), Some(kind), Some(size)) = (words.next(), words.next(), words.next()) else { return Err(broken()) };
        let size: u64 = size.parse().map_err(|_| broken())?;
        let mut object = Object { id: id.to_owned(), kind: kind.to_owned(), keys: Vec::new() };
        let mut content = output.by_ref().take(size);
        let name = format!("{file}, object {id}");
        search(&mut scanner.finder, &mut scanner.findings, &name, &mut content, |_, key| {
            object.keys.push(key);
            kept += 1;
            if kept < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if !object.keys.is_empty() {
            objects.push(object);
        }
        if kept >= MOST {
            scanner.findings.problem(file, "the history has too many secrets, so the scan of it ends here");
            return Err(io::Error::other("too many secrets"));
        }
        // An archive may not have been read to its end.
        io::copy(&mut content, &mut io::sink())?;
        let mut end = [0; 1];
        output.read_exact(&mut end)?;
    }
}

/// Finds the first commit, and the path in it, of each file.
fn places(path: &Path, objects: &[Object]) -> io::Result<HashMap<String, (String, String)>> {
    let wanted: HashSet<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    let arguments = ["log", "--all", "--reflog", "-m", "--root", "--raw", "--no-abbrev", "--no-renames", "--no-color"];
    let (mut child, output) = start(path, &[&arguments[..], &["--format=commit %H"]].concat())?;
    let mut places = HashMap::new();
    let mut commit = String::new();
    for line in output.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if let Some(id) = line.strip_prefix("commit ") {
            id.clone_into(&mut commit);
            continue;
        }
        // `:100644 100644 0123… 4567… M<tab>path`; the newest commit comes first.
        let Some((about, name)) = line.strip_prefix(':').and_then(|line| line.split_once('\t')) else { continue };
        if let Some(id) = about.split(' ').nth(3).filter(|id| wanted.contains(id)) {
            places.insert(id.to_owned(), (commit.clone(), shown_text(name)));
        }
    }
    if child.wait()?.success() { Ok(places) } else { Err(io::Error::other("git log failed")) }
}

fn report(file: &str, objects: Vec<Object>, places: &HashMap<String, (String, String)>, findings: &mut Findings) {
    let mut list: Vec<(String, FoundKey)> = Vec::new();
    for Object { id, kind, keys } in objects {
        let name = match (places.get(&id), kind.as_str()) {
            (Some((commit, path)), _) => format!("{commit}:{path}"),
            (None, "commit") => format!("{id}:(commit message)"),
            (None, "tag") => format!("{id}:(tag message)"),
            (None, "tree") => format!("{id}:(names of files)"),
            (None, _) => format!("{id}:(a file that no branch, tag or stash leads to)"),
        };
        list.extend(keys.into_iter().map(|key| (name.clone(), key)));
    }
    list.sort_by(|(one, a), (two, b)| (one, a.line).cmp(&(two, b.line)));
    let is_here = file == ".";
    for (name, key) in list {
        let name = if is_here { name } else { format!("{file}:{name}") };
        if findings.add(Place { file: name, line: Some(key.line) }, key).is_break() {
            return;
        }
    }
}
