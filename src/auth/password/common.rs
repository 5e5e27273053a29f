//! The most common passwords, in the binary.

/// A comment on the source, an empty line, then one password a line, in lower case and sorted by bytes.
const FILE: &str = include_str!("common.txt");

/// The longest of them, in bytes; longer text is not looked up.
const MAX_LENGTH: usize = 40;

/// Returns true if `text`, in lower case, is one of the most common passwords. Searches the embedded text itself, without an index.
pub(super) fn is_common(text: &str) -> bool {
    if text.is_empty() || text.len() > MAX_LENGTH {
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
            assert!(is_common(password) && password.len() <= MAX_LENGTH, "{password}");
            assert_eq!(password.to_lowercase(), **password);
        }
        for other in ["", "\n", "password\n", "#", "correct horse battery", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "!"] {
            assert_eq!(is_common(other), passwords.contains(&other), "{other}");
        }
    }
}
