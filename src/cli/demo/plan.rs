//! The plan of four months: what each member and each integration does, and when.
//!
//! The plan of a day is always the same. The demo carries out the part of it that lies in the past.

use std::time::Duration;

use super::calendar::{Calendar, Chance, MINUTE};
use super::facts::{AIRCRAFT, ANA, CLIENTS, GROUNDINGS, JONAS, MIRA, PEOPLE, TOM};
use super::flights::{Flight, Schedule};
use super::integrations::{FLIGHT_PLAN, LEGACY_IMPORT, QUICKBOOKS};
use super::reports::REPORTS;
use crate::scopes::Scope;
use kit::clock::Time;

/// The day on which the workspace is created, moved to a working day.
const FOUNDED: i32 = -120;

/// The days for which the trips have every status; earlier ones are booked and completed.
const DETAILED: i32 = -14;

/// The days that a client has to pay an invoice.
pub(super) const DAYS_TO_PAY: i32 = 30;

/// A member or an API key, by its place in the facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Who {
    Member(usize),
    Key(usize),
}

/// A use case of the product. Numbers are places in the facts and in the plan.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Deed {
    AddMember(usize),
    SignIn,
    AddAircraft(usize),
    Ground(usize),
    MakeKey(usize),
    RetireKey(usize),
    MakeWebhook(usize),
    /// The server disables the webhook that has failed for days.
    DisableWebhook,
    RecommendFactors,
    /// Time has passed: keys that expire, rotations that end and invoices that are overdue are recorded.
    Elapse,
    Book(usize, &'static str),
    Move(usize, &'static str),
    Bill(usize),
    Send(usize),
    Pay(usize),
    File(usize),
    Assess(usize, &'static str),
    /// A request that only reads, from another address if one is given.
    Read(Scope, Option<&'static str>),
    /// Requests without the scope that they need.
    LackScope(Scope),
    /// Requests with a revoked key.
    Straggle,
    GuessPassword(&'static str),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Step {
    pub(super) at: Time,
    pub(super) who: Who,
    pub(super) deed: Deed,
}

/// An invoice for a mission.
pub(super) struct Bill {
    pub(super) mission: usize,
    pub(super) client: usize,
    /// The day on which it is written.
    pub(super) day: i32,
}

pub(super) struct Plan {
    pub(super) calendar: Calendar,
    pub(super) schedule: Schedule,
    pub(super) bills: Vec<Bill>,
    /// In the order of their times.
    pub(super) steps: Vec<Step>,
}

impl Plan {
    pub(super) fn new(calendar: Calendar) -> Self {
        let chance = Chance::new();
        let schedule = Schedule::new(&calendar, &chance);
        let mut plan = Self { calendar, schedule, bills: Vec::new(), steps: Vec::new() };
        plan.found(&chance);
        plan.keys(&chance);
        plan.rotation();
        plan.webhooks();
        plan.trips(&chance);
        plan.invoices(&chance);
        plan.reports(&chance);
        plan.steps.sort_by_key(|step| step.at);
        plan
    }

    /// Returns the time at which the workspace is created.
    pub(super) fn founded_at(&self) -> Time {
        self.calendar.at(self.founded(), 542)
    }

    pub(super) fn founded(&self) -> i32 {
        self.calendar.workday_from(FOUNDED)
    }

    pub(super) fn add(&mut self, at: Time, who: Who, deed: Deed) {
        self.steps.push(Step { at, who, deed });
    }

    fn found(&mut self, chance: &Chance) {
        let day = self.founded();
        let mut at = self.founded_at();
        for member in 1..PEOPLE.len() {
            at = chance.after(at, 3, 9);
            let by = if member == JONAS { ANA } else { JONAS };
            self.add(at, Who::Member(by), Deed::AddMember(member));
        }
        let mut at = chance.after(self.made_at(LEGACY_IMPORT), 18, 24);
        for aircraft in 0..AIRCRAFT.len() {
            at = at.after(chance.seconds(2));
            self.add(at, Who::Key(LEGACY_IMPORT), Deed::AddAircraft(aircraft));
        }
        for (place, grounding) in GROUNDINGS.iter().enumerate() {
            let leaves = AIRCRAFT[grounding.aircraft].leaves.unwrap_or_default();
            let at = self.calendar.at(leaves, grounding.minute).after(chance.seconds(59));
            self.add(at, Who::Member(grounding.member), Deed::Ground(place));
        }
        for (member, person) in PEOPLE.iter().enumerate() {
            let mut next = day + 1 + chance.between(0, 5);
            while next <= 0 {
                let at = chance.moment(&self.calendar, self.calendar.workday_from(next), 7 * 60 + 35, 9 * 60 + 20);
                self.add(at, Who::Member(member), Deed::SignIn);
                next += person.signs_in_every;
            }
        }
    }

    /// Returns whether the scheduling software writes the trips at this time. Before it, the dispatcher does.
    fn scheduler(&self, at: Time) -> Who {
        if at > self.made_at(FLIGHT_PLAN).after(MINUTE * 20) { Who::Key(FLIGHT_PLAN) } else { Who::Member(TOM) }
    }

    fn trips(&mut self, chance: &Chance) {
        for mission in 0..self.schedule.missions.len() {
            let first = self.schedule.missions[mission].first;
            let day = self.schedule.flights[first].day;
            let lead = if chance.percent(12) { 1 } else { chance.between(4, 12) };
            let booked_day = self.calendar.workday_until(day - lead).max(self.founded() + 2).min(day - 1);
            let closing = if booked_day == day - 1 { 720 } else { 1_045 };
            let mut booked = chance.moment(&self.calendar, booked_day, 500, closing);
            let who = self.scheduler(booked);
            let is_detailed = day >= DETAILED;
            let status = match (is_detailed, chance.percent(50)) {
                (false, _) => "scheduled",
                (true, true) => "quoted",
                (true, false) => "requested",
            };
            for flight in [first, first + 1] {
                self.add(booked, who, Deed::Book(flight, status));
                booked = booked.after(chance.seconds(2));
            }
            if self.schedule.missions[mission].is_cancelled {
                let planned = chance.moment(&self.calendar, day - chance.between(1, 3), 540, 1_000);
                let mut at = planned.max(chance.after(booked, 60, 110));
                for flight in [first, first + 1] {
                    self.add(at, who, Deed::Move(flight, "cancelled"));
                    at = at.after(chance.seconds(3));
                }
            } else {
                for flight in [first, first + 1] {
                    self.fly(chance, flight, who, (booked_day, booked), is_detailed);
                }
            }
        }
    }

    /// Adds the statuses of a trip from its booking to its completion.
    fn fly(&mut self, chance: &Chance, place: usize, who: Who, (booked_day, booked): (i32, Time), is_detailed: bool) {
        let Flight { day, departs, arrives, .. } = self.schedule.flights[place];
        let mut last = booked;
        let mut next = |plan: &mut Self, planned: Time, who, status| {
            last = planned.max(last.after(MINUTE * 12));
            plan.add(last, who, Deed::Move(place, status));
        };
        if is_detailed {
            let confirmed = self.calendar.workday_from(booked_day + 1);
            if confirmed < day - 2 {
                let at = chance.moment(&self.calendar, confirmed, 540, 960);
                next(self, at, who, "confirmed");
            }
            if booked_day < day - 2 {
                let at = chance.moment(&self.calendar, day - 2, 850, 1_000);
                next(self, at, who, "scheduled");
            }
            let released = chance.moment(&self.calendar, day - 1, 960, 1_100);
            next(self, released, Who::Member(TOM), "released");
            let briefed = departs.before(MINUTE * chance.between(55, 75).unsigned_abs());
            next(self, briefed, Who::Member(TOM), "dispatched");
            next(self, chance.after(departs, 1, 9), who, "active");
        }
        let closed = chance.after(arrives, 18, 70);
        next(self, closed, who, "completed");
    }

    /// Returns whether the accounting software writes the invoices at this time. Before it, the account owner does.
    fn has_accounting(&self, at: Time) -> bool {
        at > self.made_at(QUICKBOOKS).after(MINUTE * 20)
    }

    fn invoices(&mut self, chance: &Chance) {
        for place in 0..self.schedule.missions.len() {
            let mission = &self.schedule.missions[place];
            let (Some(client), false) = (mission.client, mission.is_cancelled) else { continue };
            let flown = self.schedule.flights[mission.first + 1].day;
            let day = self.calendar.workday_from(flown + 1);
            let automatic = chance.moment(&self.calendar, day, 460, 500);
            let (is_automatic, number) = (self.has_accounting(automatic), self.bills.len());
            let by_hand = chance.moment(&self.calendar, day, 600, 960);
            let (by, written) = if is_automatic { (Who::Key(QUICKBOOKS), automatic) } else { (Who::Member(ANA), by_hand) };
            self.bills.push(Bill { mission: place, client, day });
            self.add(written, by, Deed::Bill(number));
            let reviewed = self.calendar.workday_from(day + chance.between(1, 4));
            let (sender, sent) = if is_automatic {
                (JONAS, chance.moment(&self.calendar, reviewed, 600, 985))
            } else {
                (ANA, chance.after(written, 4, 9))
            };
            self.add(sent, Who::Member(sender), Deed::Send(number));
            let paid = self.calendar.workday_from(day + CLIENTS[client].pays_after + chance.between(-2, 3));
            let received = chance.moment(&self.calendar, paid, 460, 500);
            let by_hand = chance.moment(&self.calendar, paid, 560, 700);
            let (by, received) =
                if self.has_accounting(received) { (Who::Key(QUICKBOOKS), received) } else { (Who::Member(ANA), by_hand) };
            self.add(received, by, Deed::Pay(number));
            let overdue = self.calendar.at(day + DAYS_TO_PAY + 1, 0).after(Duration::from_secs(1));
            self.add(overdue, Who::Member(ANA), Deed::Elapse);
        }
    }

    fn reports(&mut self, chance: &Chance) {
        for (place, report) in REPORTS.iter().enumerate() {
            let (day, minute) = report.filed;
            let filed = self.calendar.at(day, minute).after(chance.seconds(59));
            self.add(filed, Who::Member(report.member), Deed::File(place));
            for &(status, after) in report.course {
                let at = chance.moment(&self.calendar, self.calendar.workday_from(day + after), 515, 1_010);
                self.add(at.max(chance.after(filed, 30, 60)), Who::Member(MIRA), Deed::Assess(place, status));
            }
        }
    }
}
