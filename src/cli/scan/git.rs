//! The history of a git repository: every object that it stores, each once, as `git cat-file` prints them. Objects that no branch
//! leads to any more are among them: they are in every copy of the repository.
//!
//! Git runs nothing that the repository configures: neither filters nor drivers of diffs nor a monitor of files. An object or a
//! history that cannot be read to its end takes away nothing that was found before.

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

/// The longest line of `git log` that is kept.
const LONGEST_LOG_LINE: u64 = 64 << 10;

/// Variables that would make git read another repository than the one that is named, or run with settings of a caller. Those of
/// the object store stay: a hook that runs before a push is accepted finds the new objects by them.
const INHERITED: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS"];

/// The first commit, and the path in it, of each object.
type Places = HashMap<String, (String, String)>;

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
    let mut objects = Vec::new();
    if let Err(error) = search_objects(path, &file, scanner, &mut objects) {
        scanner.findings.problem(&file, format!("cannot read the history to its end: {error}"));
    }
    if objects.is_empty() {
        return;
    }
    let mut places = Places::new();
    if let Err(error) = find_places(path, &objects, &mut places) {
        scanner.findings.problem(&file, format!("cannot find out all commits that the secrets are in: {error}"));
    }
    report(&file, objects, &places, &mut scanner.findings);
}

/// Returns the command for a repository, without input and questions.
fn git(path: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("--no-pager").arg("-C").arg(path);
    for setting in [
        "core.fsmonitor=false",
        "core.quotePath=false",
        "log.showSignature=false",
        "color.ui=false",
        // Git streams larger files and does not hold them in memory.
        "core.bigFileThreshold=16m",
    ] {
        git.args(["-c", setting]);
    }
    for variable in INHERITED {
        git.env_remove(variable);
    }
    git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none").env("GIT_NO_REPLACE_OBJECTS", "1");
    git.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
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

/// Adds the objects with secrets. On an error, those that were found before it stay.
fn search_objects(path: &Path, file: &str, scanner: &mut Scanner, objects: &mut Vec<Object>) -> io::Result<()> {
    let (mut child, mut output) = start(path, &["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"])?;
    let read = read_objects(&mut output, file, scanner, objects);
    drop(output);
    if read.is_err() || scanner.findings.is_full() {
        // It may wait for a reader of its output.
        let _ended = child.kill();
    }
    let status = child.wait()?;
    read?;
    if status.success() || scanner.findings.is_full() { Ok(()) } else { Err(io::Error::other("git failed")) }
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
        let (id, kind, size) = match (words.next(), words.next(), words.next()) {
            (Some(id), Some("missing"), None) => {
                scanner.findings.problem(&format!("{file}, object {}", shown_text(id)), "it is damaged, and was not read");
                continue;
            }
            (Some(id), Some(kind), Some(size)) => (id, kind, size),
            _ => return Err(broken()),
        };
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
            return Err(io::Error::other("it has too many secrets"));
        }
        // An archive may not have been read to its end.
        io::copy(&mut content, &mut io::sink())?;
        let mut end = [0; 1];
        output.read_exact(&mut end)?;
    }
}

/// Finds the first commit, and the path in it, of each file. On an error, those that were found before it stay.
fn find_places(path: &Path, objects: &[Object], places: &mut Places) -> io::Result<()> {
    let wanted: HashSet<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    let arguments = ["log", "--all", "--reflog", "-m", "--root", "--raw", "--no-abbrev", "--no-renames", "--no-color"];
    let (mut child, mut output) = start(path, &[&arguments[..], &["--format=commit %H"]].concat())?;
    let read = read_places(&mut output, &wanted, places);
    drop(output);
    if read.is_err() {
        // It may wait for a reader of its output.
        let _ended = child.kill();
    }
    let status = child.wait()?;
    match read? {
        _ if !status.success() => Err(io::Error::other("git log failed")),
        0 => Ok(()),
        cut => Err(io::Error::other(format!("{cut} lines of git log are too long"))),
    }
}

/// Reads the output of `git log`. Returns the number of lines of which only the beginning was read.
fn read_places(output: &mut impl BufRead, wanted: &HashSet<&str>, places: &mut Places) -> io::Result<u64> {
    let (mut line, mut commit, mut cut) = (Vec::new(), String::new(), 0);
    loop {
        line.clear();
        if output.by_ref().take(LONGEST_LOG_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(cut);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if output.skip_until(b'\n')? > 0 {
            cut += 1;
        }
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
}

fn report(file: &str, objects: Vec<Object>, places: &Places, findings: &mut Findings) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use key_format::PlainSecret;
    use kit::random::Random;

    fn secret(seed: u64) -> String {
        let random = Random::seeded(seed);
        PlainSecret::generate(|bytes| random.fill(bytes)).expose().to_owned()
    }

    fn object(id: &str, content: &str) -> String {
        format!("{id} blob {}\n{content}\n", content.len())
    }

    /// Reads the output of `git cat-file`. Returns the ids of objects with secrets, the problems, and whether it was read to its end.
    fn read(output: &str) -> (Vec<String>, u64, bool) {
        let (mut scanner, mut objects) = (Scanner::default(), Vec::new());
        let is_whole = read_objects(&mut output.as_bytes(), ".", &mut scanner, &mut objects).is_ok();
        (objects.into_iter().map(|object| object.id).collect(), scanner.findings.problems(), is_whole)
    }

    #[test]
    fn damaged_object_is_a_problem_and_the_others_are_read() {
        let output = [object("aa", &secret(1)), "bb missing\n".to_owned(), object("cc", &secret(2))].concat();
        assert_eq!(read(&output), (vec!["aa".to_owned(), "cc".to_owned()], 1, true));
    }

    #[test]
    fn secrets_before_the_end_of_a_torn_output_are_kept() {
        let whole = object("aa", &secret(1));
        for torn in ["bb blob 100\nshort", "bb\n", "bb blob many\n"] {
            assert_eq!(read(&format!("{whole}{torn}")), (vec!["aa".to_owned()], 0, false), "{torn}");
        }
    }

    #[test]
    fn too_many_secrets_end_the_scan_and_are_kept() {
        let fakes = format!("{}\n", secret(1)).repeat(MOST + 1);
        let output = [object("aa", &secret(2)), object("bb", &fakes), object("cc", &secret(3))].concat();
        assert_eq!(read(&output), (vec!["aa".to_owned(), "bb".to_owned()], 0, false));
    }

    #[test]
    fn long_line_of_the_log_is_cut_off_and_counted() {
        let raw = |id: &str, name: &str| format!(":000000 100644 00 {id} A\t{name}\n");
        let log = [format!("commit c1\n\n{}", raw("aa", &"x".repeat(200_000))), raw("bb", "b.txt")].concat();
        let mut places = Places::new();
        let cut = read_places(&mut log.as_bytes(), &HashSet::from(["aa", "bb"]), &mut places).expect("a log");
        assert_eq!(cut, 1);
        assert_eq!(places["bb"], ("c1".to_owned(), "b.txt".to_owned()));
        assert!(places["aa"].1.starts_with("xxx"));
    }

    #[test]
    fn variables_of_a_caller_do_not_choose_the_repository() {
        let git = git(Path::new("."));
        for variable in INHERITED {
            assert!(git.get_envs().any(|(name, value)| name == variable && value.is_none()), "{variable}");
        }
        assert!(git.get_envs().all(|(name, _)| !name.to_string_lossy().contains("OBJECT_DIR")));
    }
}
