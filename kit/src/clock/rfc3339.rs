//! Times and days as text, by RFC 3339 (5.6) and nothing else.
//!
//! The grammar is case-insensitive, so `t` and `z` are allowed. The blank that section 5.6 mentions as a choice of other
//! applications is not part of it. Basic formats, ordinal and week dates, a comma, hours without minutes and zone names are
//! ISO 8601 or RFC 9557.

use jiff::civil::{Date, DateTime};

use super::time::NotATime;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Parses a `full-date`: `2026-11-23`.
pub(crate) fn full_date(text: &str) -> Option<Date> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else { return None };
    let day = [*d0, *d1];
    Date::new(i16::try_from(number(&[*y0, *y1, *y2, *y3])?).ok()?, small([*m0, *m1])?, small(day)?).ok()
}

/// Parses a `date-time`, and returns the microseconds since 1970. Further digits of a fraction are dropped.
pub(super) fn date_time(text: &str) -> Result<i64, NotATime> {
    let (date, rest) = text.split_at_checked(10).ok_or(NotATime::Malformed)?;
    let (date, rest) = (full_date(date).ok_or(NotATime::Malformed)?, rest.as_bytes());
    let [b'T' | b't', h0, h1, b':', m0, m1, b':', s0, s1, rest @ ..] = rest else { return Err(NotATime::Malformed) };
    let (micros, offset) = fraction(rest).ok_or(NotATime::Malformed)?;
    let offset = offset_seconds(offset)?;
    let [hour, minute, second] = [[*h0, *h1], [*m0, *m1], [*s0, *s1]].map(small);
    let (Some(hour), Some(minute), Some(second)) = (hour, minute, second) else { return Err(NotATime::Malformed) };
    if second == 60 && hour <= 23 && minute <= 59 {
        return Err(NotATime::LeapSecond);
    }
    let local = DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, 0);
    let seconds = local.map_err(|_| NotATime::Malformed)?.duration_since(EPOCH).as_secs() - offset;
    Ok(seconds * 1_000_000 + micros)
}

/// Splits off a fraction of a second, in microseconds.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(length);
    let micros = digits.iter().chain([b'0'; 6].iter()).take(6).fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0'));
    (length > 0).then_some((micros, rest))
}

/// Parses a `time-offset`, in seconds east of Greenwich. `-00:00` is UTC as well (RFC 3339, 4.3).
fn offset_seconds(text: &[u8]) -> Result<i64, NotATime> {
    match text {
        [b'Z' | b'z'] => Ok(0),
        // An unescaped + in a query string arrives as a blank.
        [sign @ (b'+' | b'-' | b' '), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = small([*h0, *h1]).zip(small([*m0, *m1])).ok_or(NotATime::Malformed)?;
            if hours > 23 || minutes > 59 {
                return Err(NotATime::Malformed);
            }
            let seconds = (i64::from(hours) * 60 + i64::from(minutes)) * 60;
            match sign {
                b' ' => Err(NotATime::LostPlus),
                b'-' => Ok(-seconds),
                _ => Ok(seconds),
            }
        }
        _ => Err(NotATime::Malformed),
    }
}

fn small(digits: [u8; 2]) -> Option<i8> {
    number(&digits)?.try_into().ok()
}

fn number(digits: &[u8]) -> Option<i32> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    digits.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Time;

    fn read(text: &str) -> Result<String, NotATime> {
        text.parse::<Time>().map(|time| time.to_string())
    }

    #[test]
    fn every_form_of_rfc_3339_is_read() {
        for (text, utc) in [
            ("2026-11-23T09:30:00Z", "2026-11-23T09:30:00Z"),
            ("2026-11-23t09:30:00z", "2026-11-23T09:30:00Z"),
            ("2026-11-23T10:30:00+01:00", "2026-11-23T09:30:00Z"),
            ("2026-11-23T00:15:00-09:15", "2026-11-23T09:30:00Z"),
            ("2026-11-23T09:30:00-00:00", "2026-11-23T09:30:00Z"),
            ("2026-11-24T09:29:00+23:59", "2026-11-23T09:30:00Z"),
            ("2026-11-23T09:30:00.5Z", "2026-11-23T09:30:00.5Z"),
            ("2026-11-23T09:30:00.123456789012345Z", "2026-11-23T09:30:00.123456Z"),
            ("1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00Z"),
            ("9999-12-31T00:00:00+02:00", "9999-12-30T22:00:00Z"),
            ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(utc), "{text}");
        }
    }

    #[test]
    fn other_forms_of_time_are_refused() {
        for text in [
            "",
            "2026-11-23",
            "20261123T093000Z",
            "2026-11-23T09Z",
            "2026-11-23T09:30Z",
            "2026-11-23T09:30:00",
            "2026-11-23 09:30:00Z",
            "2026-11-23_09:30:00Z",
            "2026-11-23T09:30:00,5Z",
            "2026-11-23T09:30:00.Z",
            "2026-11-23T09:30:00+01",
            "2026-11-23T09:30:00+0100",
            "2026-11-23T09:30:00+01:00:30",
            "2026-11-23T09:30:00+24:00",
            "2026-11-23T09:30:00+01:60",
            "2026-07-21T00:00:00+01:00[Europe/Zurich]",
            "2026-11-23T09:30:00Z[UTC]",
            "2026-11-23T09:30:00Z[u-ca=hebrew]",
            "2026-W48-1T09:30:00Z",
            "2026-327T09:30:00Z",
            "+002026-11-23T09:30:00Z",
            "-000001-11-23T09:30:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T09:60:00Z",
            "2026-11-23T09:30:61Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-23T9:30:00Z",
            " 2026-11-23T09:30:00Z",
            "2026-11-23T09:30:00Z ",
            "2026-11-23T09:30:00ZZ",
            "2026-11-23T09:30:00 Z",
            "2026-11-23T09:30:00−01:00",
            "２026-11-23T09:30:00Z",
            "1763890200",
            "1763890200000",
            "Mon, 23 Nov 2026 09:30:00 GMT",
            "now",
            "2026-11-23T09:30:00\0Z",
        ] {
            assert_eq!(read(text), Err(NotATime::Malformed), "{text}");
        }
    }

    #[test]
    fn refusal_names_the_reason() {
        for (text, reason) in [
            ("2026-12-31T23:59:60Z", NotATime::LeapSecond),
            ("2017-01-01T00:59:60+01:00", NotATime::LeapSecond),
            ("2026-11-23T09:30:00 01:00", NotATime::LostPlus),
            ("1969-12-31T23:59:59Z", NotATime::OutOfRange),
            ("0000-01-01T00:00:00Z", NotATime::OutOfRange),
            ("9999-12-30T22:00:00.000001Z", NotATime::OutOfRange),
            ("9999-12-31T23:59:59Z", NotATime::OutOfRange),
        ] {
            assert_eq!(read(text), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn time_is_read_as_it_was_written(micros in 0..=253_402_207_200_000_000_i64) {
            let time = Time::from_micros(micros).expect("a time");
            prop_assert_eq!(time.to_string().parse::<Time>(), Ok(time));
        }

        #[test]
        fn what_is_accepted_means_the_same_elsewhere(text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-5][0-9])") {
            if let Ok(time) = text.parse::<Time>() {
                prop_assert_eq!(text.parse::<Timestamp>().map(Timestamp::as_microsecond).ok(), Some(time.micros()));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9TZtz:.+-]{0,40}") {
            let _read = text.parse::<Time>();
        }
    }
}
