//! The part of the plan that is about keys, webhooks and security settings, with what goes wrong there.

use std::time::Duration;

use super::calendar::{Chance, HOUR, MINUTE};
use super::facts::{ANA, JONAS};
use super::integrations::{
    CATERING, DAYS_TO_REPLACE, FLEET_DASHBOARD, KEYS, OLD_WEBSITE, QUICKBOOKS, Rhythm, WEBHOOKS, replaces,
};
use super::plan::{Deed, Plan, Who};
use crate::scopes::{Module, Scope};
use kit::clock::Time;

/// The day on which the key of the old website is revoked.
const RETIRED: i32 = -12;

/// The days on which a forgotten server still uses that key.
const STRAGGLES: [i32; 5] = [-9, -8, -6, -5, -2];

/// The day on which second factors are recommended to members, moved to a working day.
const RECOMMENDED: i32 = -16;

/// The day on which the channel of the operations team is deleted, so that its webhook fails.
const CHANNEL_GONE: (i32, i32) = (-15, 440);

/// The day on which the server disables that webhook: more than 5 days later.
const CHANNEL_DISABLED: (i32, i32) = (-8, 470);

impl Plan {
    /// Returns the working day on which a key is created.
    fn made_on(&self, key: usize) -> i32 {
        self.calendar.workday_from(KEYS[key].made.0.max(self.founded() + 1))
    }

    /// Returns the time at which a key is created.
    pub(super) fn made_at(&self, key: usize) -> Time {
        self.calendar.at(self.made_on(key), KEYS[key].made.1)
    }

    /// Returns the end of a key's life, if it has one.
    pub(super) fn expires_at(&self, key: usize) -> Option<Time> {
        KEYS[key].good_for_days.map(|days| self.calendar.end_of(self.made_on(key) + days))
    }

    /// Returns the time at which a key is revoked, if it is.
    pub(super) fn retired_at(&self, key: usize) -> Option<Time> {
        (key == OLD_WEBSITE).then(|| self.calendar.at(self.calendar.workday_from(RETIRED), 926))
    }

    pub(super) fn keys(&mut self, chance: &Chance) {
        for (place, key) in KEYS[..CATERING].iter().enumerate() {
            let (made, who) = (self.made_at(place), Who::Key(place));
            self.add(made, Who::Member(JONAS), Deed::MakeKey(place));
            let scope = match key.rhythm {
                Rhythm::Once | Rhythm::Website(_) => Scope::read(Module::Fleet),
                Rhythm::Sync | Rhythm::Accounting => Scope::read(Module::Trips),
                Rhythm::Screen => Scope::read(Module::Safety),
            };
            self.add(chance.after(made, 6, 16), who, Deed::Read(scope, None));
            if let Some(retired) = self.retired_at(place) {
                self.add(retired.before(MINUTE), who, Deed::Read(scope, None));
                self.add(retired, Who::Member(JONAS), Deed::RetireKey(place));
            }
        }
        for place in 0..KEYS.len() {
            let Some(expiry) = self.expires_at(place) else { continue };
            for at in [expiry.before(HOUR * 24 * 7), expiry.before(HOUR * 24), expiry] {
                if at > self.made_at(place) {
                    self.add(at.after(Duration::from_secs(1)), Who::Key(place), Deed::Elapse);
                }
            }
        }
        for day in STRAGGLES {
            self.add(chance.moment(&self.calendar, day, 300, 1_200), Who::Key(OLD_WEBSITE), Deed::Straggle);
        }
        let trying = chance.after(self.made_at(FLEET_DASHBOARD), 22, 40);
        self.add(trying, Who::Key(FLEET_DASHBOARD), Deed::LackScope(Scope::read(Module::Trips)));
        let moved = chance.moment(&self.calendar, -4, 460, 500);
        let invoices = Scope::read(Module::Invoices);
        self.add(moved, Who::Key(QUICKBOOKS), Deed::Read(invoices, Some("198.51.100.77")));
        self.add(chance.moment(&self.calendar, -6, 170, 260), Who::Member(ANA), Deed::GuessPassword("192.0.2.210"));
    }

    /// A key is replaced, but an application goes on with the old one beyond its end.
    pub(super) fn rotation(&mut self) {
        for place in CATERING..KEYS.len() {
            let (made, trips) = (self.made_at(place), Scope::read(Module::Trips));
            self.add(made, Who::Member(JONAS), Deed::MakeKey(place));
            self.add(made.after(9 * MINUTE), Who::Key(place), Deed::Read(trips, None));
            if let Some(old) = replaces(place) {
                let end = made.after(HOUR * 24 * DAYS_TO_REPLACE.unsigned_abs());
                self.add(end.before(2 * HOUR), Who::Key(old), Deed::Read(trips, None));
                self.add(end.after(MINUTE), Who::Key(old), Deed::Elapse);
            }
        }
        let recommended = self.calendar.at(self.calendar.workday_from(RECOMMENDED), 1_012);
        self.add(recommended, Who::Member(JONAS), Deed::RecommendFactors);
    }

    /// Returns the time from which the channel of the operations team does not exist.
    pub(super) fn channel_gone_at(&self) -> Time {
        self.calendar.at(CHANNEL_GONE.0, CHANNEL_GONE.1)
    }

    pub(super) fn webhooks(&mut self) {
        self.add(self.calendar.at(CHANNEL_DISABLED.0, CHANNEL_DISABLED.1), Who::Member(JONAS), Deed::DisableWebhook);
        for (place, webhook) in WEBHOOKS.iter().enumerate() {
            let (day, minute) = webhook.made;
            let at = self.calendar.at(self.calendar.workday_from(day), minute);
            self.add(at, Who::Member(JONAS), Deed::MakeWebhook(place));
        }
    }
}
