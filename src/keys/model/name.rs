//! What keys are called.

use jiff::civil::Date;

use kit::text::Line;

/// The most characters of a name.
const LONGEST: usize = 100;

/// What a key is called: 1 to 100 characters.
pub type KeyName = Line<1, LONGEST>;

/// What the successor of the key `old` may be called, the best first: “Fleet Dashboard (2026-11-23)”, and a number behind
/// the day for those that follow. A name that a rotation has made loses its day, not to grow with every rotation.
pub(in crate::keys) fn successor_names(old: &str, day: Date) -> impl Iterator<Item = String> {
    let base = match old.rsplit_once(" (") {
        Some((base, suffix)) if is_day_of_rotation(suffix) => base,
        _ => old,
    };
    (1_u32..).map(move |number| {
        let suffix = if number == 1 { format!(" ({day})") } else { format!(" ({day} {number})") };
        let kept: String = base.chars().take(LONGEST - suffix.chars().count()).collect();
        format!("{}{suffix}", kept.trim_end())
    })
}

/// `2026-11-23)` or `2026-11-23 2)`: what an earlier rotation put behind the name.
fn is_day_of_rotation(suffix: &str) -> bool {
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
    fn a_successor_is_called_by_its_day() {
        assert_eq!(names("Fleet Dashboard"), ["Fleet Dashboard (2026-11-23)", "Fleet Dashboard (2026-11-23 2)"]);
        assert_eq!(names("Website (old)"), ["Website (old) (2026-11-23)", "Website (old) (2026-11-23 2)"]);
    }

    #[test]
    fn a_name_does_not_grow_with_every_rotation() {
        for old in ["Dashboard (2026-08-01)", "Dashboard (2026-08-01 12)"] {
            assert_eq!(names(old)[0], "Dashboard (2026-11-23)");
        }
        assert!(names(&"ä".repeat(100)).iter().all(|name| name.chars().count() == 100));
    }
}
