//! Names of keys and of their successors, and the forms in which they are compared.

use jiff::civil::Date;

use super::KeyId;
use kit::http::FieldErrors;
use kit::text::{Line, folded};

const MAX_CHARACTERS: usize = 100;

/// Name of a key: 1 to 100 characters.
pub type KeyName = Line<1, MAX_CHARACTERS>;

/// Refuses a name of the form of a key's id: commands that take an id or a name would take it for the id.
pub(super) fn check(name: &KeyName, faults: &mut FieldErrors) {
    let is_id = folded(name.as_str()).parse::<KeyId>().is_ok();
    faults.require(!is_id, "name", "Choose a name that does not have the form of a key's id.");
}

/// Iterates over names for the successor of the key `old`: “Fleet Dashboard (2026-11-23)”, then with a number after the date. The
/// date of an earlier rotation is replaced, so that names do not grow with every rotation.
pub(in crate::keys) fn successor_names(old: &str, day: Date) -> impl Iterator<Item = String> {
    let base = match old.rsplit_once(" (") {
        Some((base, suffix)) if is_rotation_date(suffix) => base,
        _ => old,
    };
    (1_u32..).map(move |number| {
        let suffix = if number == 1 { format!(" ({day})") } else { format!(" ({day} {number})") };
        let kept: String = base.chars().take(MAX_CHARACTERS - suffix.chars().count()).collect();
        format!("{}{suffix}", kept.trim_end())
    })
}

/// True for `2026-11-23)` and `2026-11-23 2)`, the suffixes of earlier rotations.
fn is_rotation_date(suffix: &str) -> bool {
    let Some(inside) = suffix.strip_suffix(')') else { return false };
    let (day, number) = inside.split_once(' ').unwrap_or((inside, "1"));
    day.len() == 10 && day.parse::<Date>().is_ok() && number.parse::<u32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(old: &str) -> Vec<String> {
        successor_names(old, Date::constant(2026, 11, 23)).take(2).collect()
    }

    #[test]
    fn successor_is_named_by_the_date() {
        assert_eq!(names("Fleet Dashboard"), ["Fleet Dashboard (2026-11-23)", "Fleet Dashboard (2026-11-23 2)"]);
        assert_eq!(names("Website (old)"), ["Website (old) (2026-11-23)", "Website (old) (2026-11-23 2)"]);
    }

    #[test]
    fn name_does_not_grow_with_every_rotation() {
        for old in ["Dashboard (2026-08-01)", "Dashboard (2026-08-01 12)"] {
            assert_eq!(names(old)[0], "Dashboard (2026-11-23)");
        }
        assert!(names(&"ä".repeat(100)).iter().all(|name| name.chars().count() == 100));
    }
}
