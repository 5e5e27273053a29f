//! Counts, formatted for people.

/// “1 request”, “14 requests”, “1,204 requests”.
pub fn plural(count: u64, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{} {of}s", grouped(count)) }
}

/// Formats with thousands separators: “1,204”.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1_204].map(|count| plural(count, "request")), ["0 requests", "1 request", "1,204 requests"]);
    }
}
