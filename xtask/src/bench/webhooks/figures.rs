//! Times and percentiles.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns microseconds since 1970, as the receiver counts them.
#[expect(clippy::disallowed_methods, reason = "compared with the time of another process on this machine")]
pub(super) fn now() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Returns the value below which this part of the sorted values are, in milliseconds.
pub(super) fn percentile(sorted: &[i64], part: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "figures to be read"
    )]
    let place = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    sorted.get(place).map_or(f64::NAN, |micros| *micros as f64 / 1e3)
}

/// Returns the median and the 99th percentile in milliseconds, as two cells of a table.
pub(super) fn cells(mut micros: Vec<i64>) -> String {
    micros.sort_unstable();
    format!("{:.1} ms | {:.1} ms", percentile(&micros, 0.5), percentile(&micros, 0.99))
}
