//! Random calls and faults against the model.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::caller::{Call, Caller, Outcome};
use super::disk::Disk;
use super::ledger::Totals;
use super::shim::{Errno, Failing, Files, Power};
use super::trial::Trial;

/// The environment variable with the number of calls of a long run.
pub const CALLS: &str = "FAULT_CALLS";

/// The environment variable with the seed of a run to repeat.
const SEED: &str = "FAULT_SEED";

/// Calls in a usual run.
const USUAL: u64 = 4_000;

/// A step of a run.
#[derive(Clone, Copy, Debug)]
enum Step {
    Call(Call),
    Fail(Files, Failing),
    Fill,
    /// Ends all faults at once.
    Mend,
    /// Ends all faults, and waits until the node has recovered.
    Heal,
    Kill,
    KillAt(u64, bool, Power),
    Stop,
}

fn any_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        1 => Just(Call::SignIn),
        1 => Just(Call::SignOut),
        12 => Just(Call::CreateKey),
        4 => Just(Call::RotateKey),
        14 => Just(Call::RevokeKey),
        25 => Just(Call::UpsertTrip),
        6 => Just(Call::UpsertBatch),
        6 => Just(Call::PostTrip),
        5 => Just(Call::Report),
        5 => Just(Call::Invoice),
        7 => Just(Call::Repeat),
        25 => Just(Call::WhoAmI),
        5 => Just(Call::Session),
    ]
}

fn any_failing() -> impl Strategy<Value = (Files, Failing)> {
    let errno = || prop_oneof![Just(None), Just(Some(Errno::Io)), Just(Some(Errno::Full)), Just(Some(Errno::ReadOnly))];
    let files = prop_oneof![Just(Files::ALL), Just(Files::LOG), Just(Files::DATABASE)];
    let one_in = prop_oneof![Just(1_u64), 2..40_u64];
    (files, errno(), errno(), prop::option::of(Just(Errno::Io)), any::<bool>(), one_in)
        .prop_map(|(files, write, sync, read, torn, one_in)| (files, Failing { write, sync, read, torn, one_in }))
}

fn any_step() -> impl Strategy<Value = Step> {
    let power = prop_oneof![Just(Power::Stays), Just(Power::LosesAll), Just(Power::LosesSome)];
    prop_oneof![
        1_000 => any_call().prop_map(Step::Call),
        3 => any_failing().prop_map(|(files, failing)| Step::Fail(files, failing)),
        1 => Just(Step::Fill),
        1 => Just(Step::Mend),
        6 => Just(Step::Heal),
        1 => Just(Step::Kill),
        2 => (1..200_u64, any::<bool>(), power).prop_map(|(count, torn, power)| Step::KillAt(count, torn, power)),
        1 => Just(Step::Stop),
    ]
}

/// A run of steps on one database, by one client.
struct Run {
    trial: Trial,
    caller: Caller,
    is_full: bool,
    faults: u64,
    restarts: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut trial = Trial::on(Disk::mount_or_folder(256));
        trial.start();
        let caller = Caller::new("random", seed, trial.access(), &trial.ledger);
        Self { trial, caller, is_full: false, faults: 0, restarts: 0 }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Call(call) => {
                let outcome = self.caller.call(call);
                self.trial.adopt(&self.caller);
                if matches!(outcome, Outcome::Cut) {
                    assert!(self.trial.was_killed(), "the node ended by itself");
                    self.goes_on();
                }
                return;
            }
            Step::Fail(files, failing) => self.trial.shim.fail(files, failing),
            Step::Fill if self.trial.disk.is_mounted() && !self.is_full => {
                self.trial.disk.fill();
                self.is_full = true;
            }
            Step::KillAt(count, torn, power) => self.trial.shim.kill_at(count, torn, power),
            Step::Kill => {
                self.trial.kill();
                self.goes_on();
            }
            Step::Stop => {
                self.mend();
                self.trial.heals();
                self.trial.stops();
                self.goes_on();
            }
            Step::Heal => {
                self.mend();
                self.trial.heals();
                return;
            }
            Step::Mend | Step::Fill => {
                self.mend();
                return;
            }
        }
        self.faults += 1;
    }

    fn mend(&mut self) {
        self.trial.shim.clear();
        if std::mem::take(&mut self.is_full) {
            self.trial.disk.free();
        }
    }

    /// Holds what is stored against the model, and starts the node again.
    fn goes_on(&mut self) {
        self.trial.compare();
        self.mend();
        self.trial.restart();
        self.caller.moves_to(self.trial.access().address);
        self.restarts += 1;
    }

    fn ends(&mut self) {
        self.mend();
        self.trial.heals();
        self.trial.presents_all();
        self.trial.restarts();
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[test]
fn no_acknowledged_write_is_lost_under_random_faults() {
    let (calls, seed) = (number(CALLS).unwrap_or(USUAL), number(SEED).unwrap_or(14));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let strategy = prop::collection::vec(any_step(), 500..3_000);
    let (mut all, mut faults, mut restarts) = (Totals::default(), 0, 0);
    println!("{SEED}={seed} repeats this run");
    while all.calls < calls {
        let steps = strategy.new_tree(&mut runner).expect("steps").current();
        let mut run = Run::new(seed);
        for step in steps {
            run.take(step);
            run.trial.holds();
        }
        run.ends();
        all.add(&run.trial.totals());
        faults += run.faults;
        restarts += run.restarts;
        println!("{all}, {faults} faults, {restarts} restarts so far");
    }
    assert_eq!(all.lost, 0);
}
