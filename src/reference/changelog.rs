//! The changelog of the API: the entries of CHANGELOG.md that begin with a label.

const CHANGELOG: &str = include_str!("../../CHANGELOG.md");

/// The beginning of an entry about calls, their fields and errors, limits, or payloads of webhooks.
const LABEL: &str = "- API: ";

/// References to files of the repository that a node does not serve, and the links in their place; nothing for one without a page.
const REFERENCES: &[(&str, &str)] = &[
    ("See docs/API.md, \"Webhooks\".", "See [Receive webhooks](/docs/guides/webhooks)."),
    ("See docs/API.md, \"Lists\".", "See [Lists](/docs/overview#lists)."),
    ("See docs/API.md, \"Changes\".", "See [Follow changes](/docs/overview#follow-changes)."),
    ("See docs/API.md, \"Conditional requests\".", "See [Conditional requests](/docs/overview#conditional-requests)."),
    ("See docs/API.md, \"Times and days\".", "See [Times, days and money](/docs/overview#times-days-and-money)."),
    ("docs/EVENTS.md lists types and fields.", "[Webhook events](/docs/guides/webhook-events) lists types and fields."),
    ("; docs/API.md, \"Addresses\", lists them.", "."),
    ("; see docs/OPERATIONS.md, \"Upgrade\".", "."),
    (" See docs/OPERATIONS.md, \"Email\".", ""),
    (" See docs/OPERATIONS.md, \"Storage faults\".", ""),
];

/// Returns the entries about the API as Markdown, under their headings.
pub(super) fn entries() -> String {
    REFERENCES.iter().fold(labelled(CHANGELOG), |text, (reference, link)| linked(&text, reference, link))
}

/// Replaces a reference, also where an entry continues on the next line within it.
fn linked(text: &str, reference: &str, link: &str) -> String {
    let spaces = reference.match_indices(' ').map(|(at, _)| at);
    let broken = spaces.map(|at| format!("{}\n  {}", &reference[..at], &reference[at + 1..]));
    broken.fold(text.to_owned(), |text, form| text.replace(&form, link)).replace(reference, link)
}

/// Returns the level of a heading: that of a release, a kind of change, or a subject, which is a paragraph in bold.
fn level(line: &str) -> Option<usize> {
    let is_subject = line.starts_with("**") && line.ends_with("**");
    let levels = [line.starts_with("## "), line.starts_with("### "), is_subject];
    levels.iter().position(|is_level| *is_level)
}

fn labelled(changelog: &str) -> String {
    let mut text = String::new();
    // The headings above a line, until an entry below them is kept.
    let mut headings: [Option<&str>; 3] = [None; 3];
    let mut is_kept = false;
    for line in changelog.lines() {
        if let Some(level) = level(line) {
            headings[level] = Some(line);
            headings[level + 1..].fill(None);
            is_kept = false;
        } else if let Some(entry) = line.strip_prefix(LABEL) {
            for heading in headings.iter_mut().filter_map(Option::take) {
                text.extend([if text.ends_with("\n\n") { "" } else { "\n" }, heading, "\n\n"]);
            }
            text.extend(["- ", entry, "\n"]);
            is_kept = true;
        } else if is_kept && line.starts_with("  ") {
            text.extend([line, "\n"]);
        } else {
            is_kept = false;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::errors::Errors;
    use crate::reference::site::ERRORS;

    #[test]
    fn labelled_entries_are_kept_with_the_headings_above_them() {
        let changelog = "# Changelog\n\n## 2.0.0\n\n### Added\n\n**Pages**\n\n- A page.\n\n**Lists**\n\n- API: `cursor` in\n  every list.\n\
            - A page.\n  - API: of it.\n- API: `sort`.\n\n### Changed\n\n- API: A limit.\n\n## 1.0.0\n\n- API: no changes.\n";
        let expected = "\n## 2.0.0\n\n### Added\n\n**Lists**\n\n- `cursor` in\n  every list.\n- `sort`.\n\n### Changed\n\n- A limit.\n\
            \n## 1.0.0\n\n- no changes.\n";
        assert_eq!(labelled(changelog), expected);
    }

    #[test]
    fn every_release_says_what_it_changed_in_the_api() {
        for release in CHANGELOG.split("\n## ").skip(1) {
            let name = release.lines().next().unwrap_or_default();
            assert!(
                release.contains(&format!("\n{LABEL}")),
                "{name}: label its entries about the API, or add “API: no changes.”"
            );
        }
        let page = labelled(CHANGELOG);
        assert_eq!(page.matches("\n## ").count(), CHANGELOG.matches("\n## ").count());
    }

    #[test]
    fn references_are_links_to_pages_also_across_lines() {
        let linked = |text: &str| linked(text, " See docs/API.md, \"Lists\".", " See [Lists](/docs/overview#lists).");
        for text in [
            "Order. See docs/API.md, \"Lists\".",
            "Order.\n  See docs/API.md, \"Lists\".",
            "Order. See docs/API.md,\n  \"Lists\".",
        ] {
            assert_eq!(linked(text), "Order. See [Lists](/docs/overview#lists).", "{text}");
        }
        let page = entries();
        for file in ["docs/API.md", "docs/EVENTS.md", "docs/OPERATIONS.md", "docs/PERFORMANCE.md", "docs/WEBHOOKS.md"] {
            let line = page.lines().find(|line| line.contains(file));
            assert_eq!(line, None, "name a page of the documentation in REFERENCES");
        }
    }

    /// Returns the entries with their indented lines.
    fn entries_of(changelog: &str) -> Vec<String> {
        let mut entries: Vec<String> = Vec::new();
        for line in changelog.lines() {
            if line.starts_with("- ") {
                entries.push(line.to_owned());
            } else if line.starts_with("  ")
                && let Some(entry) = entries.last_mut()
            {
                entry.extend(["\n", line]);
            }
        }
        entries
    }

    #[test]
    fn entry_that_names_a_call_or_an_error_code_has_the_label() {
        let codes: Vec<_> = Errors::parse(ERRORS).codes().map(|code| format!("`{code}`")).collect();
        assert!(codes.contains(&"`RATE_LIMITED`".to_owned()), "{codes:?}");
        for entry in entries_of(CHANGELOG) {
            let is_about_the_api = entry.contains("/api/v1/") || codes.iter().any(|code| entry.contains(code.as_str()));
            assert!(!is_about_the_api || entry.starts_with(LABEL), "begin it with “{LABEL}”: {entry}");
        }
    }
}
