//! The rules at their bounds.

use std::net::IpAddr;
use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::kinds::{Unusual, UnusualKind};
use super::networks::{AddressUse, network_of, unusual_networks};
use super::rules::{HourOfUse, Past, Profile, Sample, WINDOW, sample_hours, unusual_in};
use kit::clock::{Time, zone};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn zurich() -> TimeZone {
    zone("Europe/Zurich")
}

/// Monday, 10:00 in Zurich.
fn monday() -> Time {
    "2026-11-23T09:00:00Z".parse().expect("a time")
}

fn hour(start: Time, allowed: u64, denied: u64, writes: u64) -> HourOfUse {
    HourOfUse { start, allowed, denied, writes }
}

/// Reads on workdays from 8 to 18 in Zurich, 20 an hour, in the days before `now`.
fn office(now: Time, days: u32) -> Vec<HourOfUse> {
    let hours = (1..=days * 24).rev().map(|back| now.before(HOUR * back));
    let is_office = |time: &Time| {
        let local = time.in_zone(&zurich());
        local.weekday().to_monday_zero_offset() < 5 && (8..18).contains(&local.hour())
    };
    hours.filter(is_office).map(|start| hour(start, 20, 0, 0)).collect()
}

/// A key that was created and first used before these hours, and did nothing else.
fn past(hours: &[HourOfUse], before: Time) -> Past {
    let first = hours.first().map_or(before, |hour| hour.start);
    let mut past = Past::new(first.before(HOUR), Some(first), Profile::new(hours, &zurich()));
    past.earlier_write = Some(None);
    past
}

fn kinds(now: HourOfUse, past: &Past) -> Vec<UnusualKind> {
    unusual_in(&now, Some(past), &zurich()).iter().map(Unusual::kind).collect()
}

#[test]
fn usual_hour_raises_nothing() {
    let now = monday();
    assert_eq!(kinds(hour(now, 20, 0, 0), &past(&office(now, 28), now)), []);
    assert_eq!(kinds(hour(now, 100, 25, 0), &past(&office(now, 28), now)), [UnusualKind::Spike], "20 % are not more than 20 %");
}

#[test]
fn spike_is_above_five_times_the_most_and_at_least_a_hundred() {
    let now = monday();
    let busy = past(&office(now, 28), now);
    assert_eq!(kinds(hour(now, 100, 0, 0), &busy), []);
    assert_eq!(kinds(hour(now, 101, 0, 0), &busy), [UnusualKind::Spike]);
    let quiet: Vec<_> = office(now, 28).into_iter().map(|used| hour(used.start, 1, 0, 0)).collect();
    assert_eq!(kinds(hour(now, 99, 0, 0), &past(&quiet, now)), []);
    assert_eq!(kinds(hour(now, 100, 0, 0), &past(&quiet, now)), [UnusualKind::Spike]);
    assert_eq!(kinds(hour(now, 5_000, 0, 0), &past(&office(now, 6), now)), [], "a key in its first week");
}

#[test]
fn refusals_are_more_than_a_fifth_of_at_least_fifty_requests() {
    let now = monday();
    let refused = |allowed, denied| {
        let unusual = unusual_in(&hour(now, allowed, denied, 0), None, &zurich());
        unusual.iter().any(|unusual| unusual.kind() == UnusualKind::Refusals)
    };
    assert_eq!(
        [(39, 11), (40, 10), (0, 49), (0, 50), (38, 11)].map(|(allowed, denied)| refused(allowed, denied)),
        [true, false, false, true, false]
    );
}

#[test]
fn use_after_thirty_days_is_unusual_and_a_first_use_is_not() {
    let now = monday();
    let quiet = |since: Duration| {
        let mut past = past(&[], now.before(DAY * 90));
        past.earlier_use = Some(now.before(since));
        kinds(hour(now, 1, 0, 0), &past)
    };
    assert_eq!(quiet(DAY * 30), [UnusualKind::Dormant]);
    assert_eq!(quiet((DAY * 30).saturating_sub(HOUR)), []);
    assert_eq!(kinds(hour(now, 1, 0, 0), &past(&[], now.before(DAY * 90))), [], "never used before");
    let mut asleep = past(&[], now.before(DAY * 90));
    asleep.earlier_use = Some(now.before(DAY * 60));
    assert_eq!(kinds(hour(now, 0, 9, 0), &asleep), [], "a refused request is no use");
}

#[test]
fn first_write_is_unusual_for_a_key_that_read_for_a_week() {
    let now = monday();
    let reader = past(&office(now, 28), now);
    assert_eq!(kinds(hour(now, 20, 0, 1), &reader), [UnusualKind::FirstWrite]);
    assert_eq!(kinds(hour(now, 20, 0, 1), &past(&office(now, 6), now)), [], "a key in its first week");
    let mut wrote = reader.clone();
    wrote.earlier_write = Some(Some(now.before(DAY * 60)));
    assert_eq!(kinds(hour(now, 20, 0, 1), &wrote), []);
    let mut unknown = reader;
    unknown.earlier_write = None;
    assert!(unknown.needs_earlier_write(&hour(now, 20, 0, 1)));
    assert_eq!(kinds(hour(now, 20, 0, 1), &unknown), [], "nothing is said before the past is known");
}

#[test]
fn unusual_hour_needs_two_weeks_of_a_pattern() {
    let now = monday();
    let night = now.after(HOUR * 17);
    let at_night = |hours: &[HourOfUse]| kinds(hour(night, 1, 0, 0), &past(hours, night));
    assert_eq!(at_night(&office(night, 28)), [UnusualKind::UnusualHour]);
    assert_eq!(at_night(&office(night, 13)), [], "less than two weeks");
    let all: Vec<_> = (1..=28 * 24).rev().map(|back| hour(night.before(HOUR * back), 1, 0, 0)).collect();
    let most: Vec<_> = all.iter().copied().filter(|used| used.start.in_zone(&zurich()).hour() != 3).collect();
    assert_eq!(at_night(&most), [], "used in more than half of the hours");
    let irregular: Vec<_> =
        (0..28_u32).rev().map(|day| hour(night.before(DAY * day + HOUR * (1 + day * 5 % 23)), 1, 0, 0)).collect();
    assert_eq!(at_night(&irregular), [], "hours that do not recur are no pattern");
}

#[test]
fn hours_of_the_week_are_those_of_the_zone_across_a_change_of_the_clocks() {
    // The clocks went back on 25 October 2026.
    let now: Time = "2026-11-02T07:00:00Z".parse().expect("a time");
    let hours = office(now, 28);
    assert_eq!(kinds(hour(now, 20, 0, 0), &past(&hours, now)), []);
    let sampled: Vec<_> = sample_hours(now, &zurich()).map(|time| time.in_zone(&zurich()).hour()).collect();
    assert_eq!(sampled, [7, 8, 8, 8, 8]);
    assert_eq!(kinds(hour(now.before(HOUR), 20, 0, 0), &past(&hours, now)), [UnusualKind::UnusualHour]);
}

fn used(address: &str, first: Time, last: Time) -> AddressUse {
    AddressUse { address: address.parse().expect("an address"), first, last }
}

fn network_kinds(uses: &[AddressUse], now: Time) -> Vec<UnusualKind> {
    unusual_networks(uses, now.before(HOUR)).unwrap_or_default().iter().map(|(_, unusual)| unusual.kind()).collect()
}

#[test]
fn new_network_is_unusual_after_a_week_of_use() {
    let now = monday();
    let home = |days| used("198.51.100.7", now.before(DAY * days), now.before(HOUR));
    let new = used("203.0.113.9", now, now);
    assert_eq!(network_kinds(&[home(7), new], now), [UnusualKind::NewNetwork]);
    assert_eq!(network_kinds(&[home(6), new], now), []);
    assert_eq!(network_kinds(&[home(7), used("198.51.100.200", now, now)], now), [], "another address of the network");
    assert_eq!(network_kinds(&[home(7), used("203.0.113.9", now.before(DAY), now)], now), [], "since yesterday");
    assert_eq!(network_kinds(&[used("203.0.113.9", now, now)], now), [], "the first use of the key");
    let six = |address| used(address, now.before(DAY * 9), now.before(DAY));
    assert_eq!(network_kinds(&[six("2001:db8:1:1::"), used("2001:db8:1:2::", now, now)], now), []);
    assert_eq!(network_kinds(&[six("2001:db8:1:1::"), used("2001:db8:2:1::", now, now)], now), [UnusualKind::NewNetwork]);
}

#[test]
fn two_places_are_networks_of_which_one_is_new_within_a_minute() {
    let now = monday();
    let both = |first: Duration, last: Duration| {
        let uses = [used("198.51.100.7", now.before(first), now.before(last)), used("203.0.113.9", now, now)];
        network_kinds(&uses, now)
    };
    let second = Duration::from_secs(1);
    assert_eq!(both(DAY * 2, second * 60), [UnusualKind::TwoPlaces]);
    assert_eq!(both(DAY * 2, second * 61), []);
    assert_eq!(both(DAY.saturating_sub(second), second), [], "a key on its first day");
    assert_eq!(both(DAY * 9, second), [UnusualKind::NewNetwork, UnusualKind::TwoPlaces]);
    let known = [used("198.51.100.7", now.before(DAY * 9), now), used("203.0.113.9", now.before(DAY * 5), now)];
    assert_eq!(network_kinds(&known, now), [], "both are known");
}

#[test]
fn networks_of_addresses_are_a_24_and_a_48() {
    let of = |address: &str| network_of(address.parse::<IpAddr>().expect("an address")).to_string();
    assert_eq!(of("203.0.113.9"), "203.0.113.0/24");
    assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.0/24");
    assert_eq!(of("2001:db8:1:2::7"), "2001:db8:1::/48");
}

proptest! {
    /// A sample spares reading the past of a key: it must never hide what the past would show.
    #[test]
    fn sample_that_leaves_nothing_open_hides_nothing(
        hours in proptest::collection::vec((1_u32..28 * 24, 0_u64..40, 0_u64..3, 0_u64..2), 0..120),
        age in 0_u32..60,
        now in (0_u64..260, 0_u64..3, 0_u64..2),
    ) {
        let (at, zone) = (monday(), zurich());
        let mut hours: Vec<_> = hours.into_iter().map(|(back, allowed, denied, writes)| {
            hour(at.before(HOUR * back), allowed, denied, writes.min(allowed))
        }).collect();
        hours.sort_by_key(|hour| hour.start);
        hours.dedup_by_key(|hour| hour.start);
        hours.retain(|hour| hour.start >= at.before(DAY * age));
        let now = hour(at, now.0, now.1, now.2.min(now.0));
        let mut past = Past::new(at.before(DAY * age), Some(at.before(DAY * age)), Profile::new(&hours, &zone));
        past.earlier_use = Some(at.before(WINDOW + DAY * 10)).filter(|used| *used >= at.before(DAY * age));
        past.earlier_write = Some(None);
        let mut sample = Sample::default();
        for start in sample_hours(at, &zone) {
            for past in hours.iter().filter(|hour| hour.start == start) {
                sample.add(past, at, &zone);
            }
        }
        let unusual = unusual_in(&now, Some(&past), &zone);
        if !sample.leaves_open(&now, DAY * age) {
            prop_assert!(unusual.iter().all(|unusual| unusual.kind() == UnusualKind::Refusals), "{:?}", unusual);
        }
    }
}
