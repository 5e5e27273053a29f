//! The times of attempts and of retention that the operator has set, in words.

use std::time::Duration;

use kit::page::number::plural;

/// Describes the standard schedule: “5 attempts within about 2 hours 36 minutes”.
pub(super) fn attempts(waits: &[Duration]) -> String {
    let total: Duration = waits.iter().sum();
    match (waits.len(), total.as_secs()) {
        (1, 0) => "1 attempt, at once".to_owned(),
        (1, _) => format!("1 attempt, after {}", span(total)),
        (count, _) => format!("{count} attempts within about {}", span(total)),
    }
}

/// Describes a time by its two largest units: “2 hours 36 minutes”.
pub(super) fn span(of: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut seconds = of.as_secs();
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let count = seconds / size;
        seconds %= size;
        if count > 0 {
            parts.push(plural(count, unit));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { plural(0, "second") } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_is_described_by_its_attempts_and_its_length() {
        let minutes = |waits: &[u64]| attempts(&waits.iter().copied().map(Duration::from_mins).collect::<Vec<_>>());
        assert_eq!(minutes(&[0, 1, 5, 30, 120]), "5 attempts within about 2 hours 36 minutes");
        assert_eq!(minutes(&[0]), "1 attempt, at once");
        assert_eq!(minutes(&[10]), "1 attempt, after 10 minutes");
        assert_eq!(minutes(&[0, 7 * 1440 + 1]), "2 attempts within about 7 days");
    }

    #[test]
    fn span_has_at_most_two_units_that_follow_each_other() {
        let spans = [0, 1, 61, 3_600, 3_660, 90_061].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["0 seconds", "1 second", "1 minute 1 second", "1 hour", "1 hour 1 minute", "1 day 1 hour"]);
    }
}
