//! Counts, formatted for people.

/// “1 request”, “14 requests”, “1,204 requests”.
pub fn plural(count: u64, of: &str) -> String {
    // The one noun whose plural has no ending.
    let ending = if count == 1 || of == "aircraft" { "" } else { "s" };
    format!("{} {of}{ending}", grouped(count))
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

/// Formats a number in at most six characters: “1,204”, “123k”, “1.2M”.
pub fn short(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    match UNITS.into_iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) if count >= 100_000 => {
            let (whole, tenth) = (count / size, count % size / (size / 10));
            if whole < 10 && tenth > 0 { format!("{whole}.{tenth}{unit}") } else { format!("{}{unit}", grouped(whole)) }
        }
        _ => grouped(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1_204].map(|count| plural(count, "request")), ["0 requests", "1 request", "1,204 requests"]);
        assert_eq!([1, 2].map(|count| plural(count, "aircraft")), ["1 aircraft", "2 aircraft"]);
    }

    #[test]
    fn a_large_count_is_shortened_and_never_rounded_up() {
        let counts = [0, 9_999, 99_999, 100_000, 999_999, 1_000_000, 1_299_999, 12_345_678, 4_200_000_000];
        let texts = ["0", "9,999", "99,999", "100k", "999k", "1M", "1.2M", "12M", "4.2G"];
        assert_eq!(counts.map(short), texts);
    }
}
