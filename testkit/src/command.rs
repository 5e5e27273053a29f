//! Commands that run to their end.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::key::Key;

/// The output and the exit code of a command.
#[derive(Debug)]
pub struct CommandOutput {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end, with `input` on its stdin.
pub fn run(mut command: Command, input: &str) -> CommandOutput {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that needs no input may have ended before it is written.
    let _unread = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("an output");
    CommandOutput {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl CommandOutput {
    /// Asserts the exit code.
    #[track_caller]
    pub fn is(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Asserts a failure with this exit code, with one line on stderr that contains `reason` where the code is 1.
    #[track_caller]
    pub fn fails(self, code: i32, reason: &str) -> Self {
        let output = self.is(code);
        assert!(output.stderr.contains(reason), "{output:?}");
        let is_one_line = output.stderr.lines().count() == 1 && output.stderr.starts_with("planeconnection: ");
        assert!(code != 1 || is_one_line, "{output:?}");
        assert!(!output.stderr.contains("panicked"), "{output:?}");
        output
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The key that the command has created.
    #[track_caller]
    pub fn key(&self) -> Key {
        Key::from_json(&self.json())
    }
}
