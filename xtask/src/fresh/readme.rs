//! Commands that the README shows.

/// The lines of the `sh` blocks of a section, without their comments.
pub(super) fn commands(readme: &str, heading: &str) -> Vec<String> {
    let lines = readme.lines().skip_while(|line| line.strip_prefix("## ") != Some(heading)).skip(1);
    let mut is_shell = false;
    let mut found = Vec::new();
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        match line {
            "```sh" => is_shell = true,
            "```" => is_shell = false,
            command if is_shell => found.push(command.split(" #").next().unwrap_or_default().trim().to_owned()),
            _ => {}
        }
    }
    found.retain(|command| !command.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn readme_has_one_command_to_try_it_and_one_to_run_the_tests() {
        let readme = include_str!("../../../README.md");
        assert_eq!(commands(readme, "Try it"), ["cargo run -- demo"]);
        assert_eq!(commands(readme, "Run the tests"), ["cargo xtask test"]);
    }

    #[test]
    fn commands_are_the_shell_lines_of_their_section_without_comments() {
        let readme = "## A\n```sh\none # first\n\ntwo\n```\n```json\n{}\n```\n## B\n```sh\nthree\n```\n";
        assert_eq!(commands(readme, "A"), ["one", "two"]);
        assert_eq!(commands(readme, "C"), Vec::<String>::new());
    }
}
