//! The most common passwords, in the binary.

/// A comment about where they come from, an empty line, then one password a line: lower case, sorted by bytes.
const FILE: &str = include_str!("common.txt");

/// The longest of them, in bytes; longer text is not looked up.
const LONGEST: usize = 40;

/// Whether `text`, in lower case, is one of the most common passwords. A binary search in the text itself: nothing is loaded.
pub(super) fn is_common(text: &str) -> bool {
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    let list = FILE.split_once("\n\n").map_or("", |(_, list)| list).as_bytes();
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = list[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = list[middle..].iter().position(|byte| *byte == b'\n').map_or(list.len(), |at| middle + at);
        match list[start..end].cmp(text.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_password_of_the_list_is_found_and_nothing_else() {
        let (_, list) = FILE.split_once("\n\n").expect("a list");
        let passwords: Vec<&str> = list.lines().collect();
        assert!(passwords.len() > 50_000, "{}", passwords.len());
        assert!(passwords.is_sorted(), "a binary search needs order");
        for password in &passwords {
            assert!(is_common(password) && password.len() <= LONGEST, "{password}");
            assert_eq!(password.to_lowercase(), **password);
        }
        for other in ["", "\n", "password\n", "#", "correct horse battery", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "!"] {
            assert_eq!(is_common(other), passwords.contains(&other), "{other}");
        }
    }
}
