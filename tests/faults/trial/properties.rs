//! The properties that a trial asserts.

use std::time::{Duration, Instant};

use testkit::wait::within;
use testkit::{run, until};

use super::{Expected, LASTS, Trial};
use crate::caller::Call;
use crate::ledger::Totals;

/// The time for which revoked keys are presented repeatedly.
const LONG_AFTER: Duration = Duration::from_secs(3);

/// Limit for a node to recover by itself.
const RECOVERY: Duration = Duration::from_secs(30);

impl Trial {
    /// Asserts that every kind of write succeeds.
    #[track_caller]
    pub fn everything_works(&mut self) {
        self.drives += 1;
        let mut caller = self.caller(&format!("well-{}", self.drives));
        for call in Call::WRITES {
            let outcome = caller.call(call);
            assert!(outcome.is_done(), "{call:?}: {outcome:?}, {}", self.last_lines());
        }
    }

    /// Runs a fault and asserts all properties: before it, while it lasts, after recovery and after a restart.
    #[track_caller]
    pub fn survives(&mut self, what: &str, expected: Expected, begin: impl Fn(&Self), end: impl Fn(&Self)) {
        self.everything_works();
        let before = self.totals();
        self.drive(|trial| {
            let started = Instant::now();
            begin(trial);
            if expected.refuses {
                until("a write is refused", || trial.is_refused(&before));
                trial.expects("/readiness is 503 while writes are refused", || trial.status("/readiness") == Some(503));
                let error = format!("the log has an ERROR line with “{}”", expected.words);
                trial.expects(&error, || trial.has_error(expected.words));
            }
            until("the fault has lasted", || started.elapsed() > LASTS);
            end(trial);
        });
        self.heals();
        self.everything_works();
        self.revoked_keys_stay_refused();
        self.restarts();
        self.report(what);
    }

    /// Waits until the node takes writes and says that it is ready.
    #[track_caller]
    pub fn heals(&mut self) {
        let begun = Instant::now();
        self.drives += 1;
        let mut caller = self.caller(&format!("heals-{}", self.drives));
        let is_answered = within(RECOVERY, || caller.call(Call::UpsertTrip).is_done());
        assert!(is_answered, "no write is answered; {}", self.last_lines());
        let is_ready = within(RECOVERY, || self.status("/readiness") == Some(200));
        assert!(is_ready, "the node is not ready; {}", self.last_lines());
        self.healed.push(begun.elapsed());
    }

    /// Presents every key for three seconds.
    #[track_caller]
    pub fn revoked_keys_stay_refused(&self) {
        let begun = Instant::now();
        while begun.elapsed() < LONG_AFTER {
            self.presents_all();
        }
    }

    /// Presents every key once.
    #[track_caller]
    pub fn presents_all(&self) {
        let mut caller = self.caller("presents");
        let names: Vec<_> = self.ledger().keys.keys().cloned().collect();
        for name in &names {
            caller.presents(name);
        }
    }

    /// Kills the node, looks at what is stored, and starts it again.
    #[track_caller]
    pub fn restarts(&mut self) {
        self.kill();
        self.compare();
        self.restart();
        self.heals();
        self.everything_works();
        self.presents_all();
        self.caller("presents").call(Call::Session);
        self.stops();
        self.compare();
        self.holds();
        self.verifies();
    }

    /// The audit log of what is stored is whole.
    #[track_caller]
    fn verifies(&self) {
        let mut verify = self.site.command(&["audit", "verify"]);
        if let Some(url) = &self.read_url {
            verify.env("PLANECONNECTION_DATABASE", url);
        }
        run(verify, "").is(0);
    }

    #[track_caller]
    pub fn compare(&self) {
        let stored = self.stored();
        self.ledger().compare(&stored);
    }

    /// No promise has been broken.
    #[track_caller]
    pub fn holds(&self) {
        let ledger = self.ledger();
        let some: Vec<_> = ledger.broken.iter().take(20).collect();
        assert!(some.is_empty(), "{} broken promises, such as {some:#?}\n{}", ledger.broken.len(), ledger.totals);
    }

    /// A write was refused since `before`; the node has to be there for that.
    #[track_caller]
    fn is_refused(&self, before: &Totals) -> bool {
        let now = self.totals();
        assert!(now.cut < before.cut + 50, "the node has ended by itself; {}", self.last_lines());
        now.unavailable > before.unavailable
    }

    /// Notes what does not come true in time; the trial goes on, and fails at its end.
    pub fn expects(&self, what: &str, mut holds: impl FnMut() -> bool) {
        if !within(Duration::from_secs(10), &mut holds) {
            self.ledger().breaks(format!("not so: {what}; {}", self.last_lines()));
        }
    }
}
