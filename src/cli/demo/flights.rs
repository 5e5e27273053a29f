//! The flights of four months. An aircraft leaves its base, and is back before it leaves again.

use super::calendar::{Calendar, Chance};
use super::facts::{AIRCRAFT, AIRPORTS, BASES};
use kit::clock::Time;

pub(super) const FIRST_DAY: i32 = -112;
const LAST_DAY: i32 = 14;

/// One leg, which is a trip in the product.
pub(super) struct Flight {
    pub(super) aircraft: usize,
    pub(super) kind: &'static str,
    pub(super) origin: &'static str,
    pub(super) destination: &'static str,
    pub(super) day: i32,
    pub(super) departs: Time,
    pub(super) arrives: Time,
    /// The time from block to block.
    pub(super) minutes: i32,
    pub(super) passengers: i32,
}

/// A flight out and the flight back.
pub(super) struct Mission {
    /// The place of the flight out; the flight back is the next one.
    pub(super) first: usize,
    /// The client of a charter.
    pub(super) client: Option<usize>,
    pub(super) is_cancelled: bool,
}

#[derive(Default)]
pub(super) struct Schedule {
    pub(super) flights: Vec<Flight>,
    pub(super) missions: Vec<Mission>,
}

/// The minute of the day from which no flight is under way.
const CLOSING: i32 = 22 * 60;

/// The places of the clients, twice of those that fly often.
const CLIENT_PLACES: [usize; 10] = [0, 0, 1, 2, 3, 3, 4, 5, 6, 6];

impl Schedule {
    pub(super) fn new(calendar: &Calendar, chance: &Chance) -> Self {
        let mut schedule = Self::default();
        // The last day of each aircraft's latest mission.
        let mut busy = [i32::MIN; AIRCRAFT.len()];
        for day in FIRST_DAY..=LAST_DAY {
            let missions: &[i32] = if calendar.is_workday(day) { &[0, 1, 1, 1, 2] } else { &[0, 0, 1] };
            for _ in 0..*chance.one_of(missions) {
                let is_free = |place: &usize| busy[*place] < day && AIRCRAFT[*place].leaves.is_none_or(|leaves| day + 1 < leaves);
                let free: Vec<usize> = (0..AIRCRAFT.len()).filter(is_free).collect();
                if !free.is_empty() {
                    let aircraft = *chance.one_of(&free);
                    busy[aircraft] = schedule.fly(calendar, chance, aircraft, day);
                }
            }
        }
        schedule
    }

    /// Adds a mission, and returns the day on which the aircraft is back.
    fn fly(&mut self, calendar: &Calendar, chance: &Chance, aircraft: usize, day: i32) -> i32 {
        let demo = &AIRCRAFT[aircraft];
        let kind = *chance.one_of(&["charter", "charter", "charter", "charter", "owner", "training"]);
        let longest = if kind == "training" { 160 } else { demo.range };
        let reached: Vec<_> = AIRPORTS.iter().filter(|airport| (60..=longest).contains(&airport.miles[demo.base])).collect();
        let there = *chance.one_of(&reached);
        let minutes = block_minutes(there.miles[demo.base], demo.knots);
        let leaves = 5 * chance.between(78, 138);
        // Some clients stay where they are: the aircraft is positioned back at once.
        let (is_drop, stays) = (kind == "charter" && chance.percent(30), chance.percent(30));
        let ground = match kind {
            "training" => 45,
            _ if is_drop => 50,
            _ => 5 * chance.between(24, 66),
        };
        let returns = leaves + minutes + ground;
        let is_overnight = !is_drop && kind != "training" && (stays || returns + minutes > CLOSING);
        let (back_day, back) = if is_overnight { (day + 1, 5 * chance.between(96, 150)) } else { (day, returns) };
        let passengers = if kind == "training" { 0 } else { chance.between(1, demo.seats) };
        let (base, first) = (BASES[demo.base], self.flights.len());
        let leg = |kind, from: &'static str, to: &'static str, day, minute, passengers| Flight {
            aircraft,
            kind,
            origin: from,
            destination: to,
            day,
            departs: calendar.at(day, minute),
            arrives: calendar.at(day, minute + minutes),
            minutes,
            passengers,
        };
        self.flights.push(leg(kind, base, there.code, day, leaves, passengers));
        let (kind_back, passengers_back) = if is_drop { ("positioning", 0) } else { (kind, passengers) };
        self.flights.push(leg(kind_back, there.code, base, back_day, back, passengers_back));
        let client = (kind == "charter").then(|| *chance.one_of(&CLIENT_PLACES));
        let is_cancelled = kind != "training" && chance.percent(7);
        self.missions.push(Mission { first, client, is_cancelled });
        back_day
    }
}

/// Returns the block time: the flight at cruising speed, and 22 minutes for taxiing, climb and approach, in steps of five.
fn block_minutes(miles: i32, knots: i32) -> i32 {
    (miles * 60 / knots + 22 + 4) / 5 * 5
}
