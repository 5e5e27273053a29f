//! SIGKILL between every two calls that change a file, and a machine that loses its power there; with one client, and with many
//! whose writes share commits.

use testkit::until;

use super::caller::{Call, Outcome};
use super::disk::Disk;
use super::shim::Power;
use super::trial::Trial;

/// The calls that are under way when the process ends.
const SCENARIO: [Call; 5] = [Call::SignIn, Call::CreateKey, Call::UpsertBatch, Call::RevokeKey, Call::UpsertTrip];

/// Kills the node at each `step`th call of the scenario, until it outlives it.
fn killed_everywhere(torn: bool, power: Power, step: u64) {
    let mut trial = Trial::on(Disk::mount_or_folder(64));
    trial.start();
    let (mut kills, mut at) = (0, 1);
    loop {
        trial.shim.kill_at(at, torn, power);
        let mut caller = trial.caller(&format!("at-{at}"));
        let is_killed = SCENARIO.into_iter().any(|call| matches!(caller.call(call), Outcome::Cut));
        trial.adopt(&caller);
        if !is_killed {
            break;
        }
        assert!(trial.was_killed(), "it ended by itself");
        kills += 1;
        trial.shim.clear();
        trial.compare();
        trial.restart();
        trial.presents_all();
        trial.holds();
        at += step;
    }
    trial.shim.clear();
    trial.revoked_keys_stay_refused();
    trial.restarts();
    assert!(kills > 3, "killed {kills} times");
    trial.report(&format!("killed {kills} times, once in {step} calls; torn: {torn}; power: {power:?}"));
}

/// Kills the node at some of its writes while many clients write.
fn killed_under_load(torn: bool, power: Power) {
    let mut trial = Trial::on(Disk::mount_or_folder(64));
    trial.start();
    trial.everything_works();
    for at in [1, 9, 30, 90, 270, 810] {
        let cut = trial.totals().cut;
        trial.drive(|trial| {
            trial.shim.kill_at(at, torn, power);
            until("the node is killed", || trial.totals().cut > cut);
        });
        assert!(trial.was_killed(), "it ended by itself");
        trial.shim.clear();
        trial.compare();
        trial.restart();
        trial.presents_all();
        trial.holds();
    }
    trial.restarts();
    trial.report(&format!("killed under load; torn: {torn}; power: {power:?}"));
}

/// Every call in a long run, some in a usual one.
fn step(usual: u64) -> u64 {
    if std::env::var_os(super::random::CALLS).is_some() { 1 } else { usual }
}

#[test]
fn killed_between_any_two_writes() {
    killed_everywhere(false, Power::Stays, step(13));
}

#[test]
fn killed_in_the_middle_of_a_write() {
    killed_everywhere(true, Power::Stays, step(29));
}

#[test]
fn power_lost_with_everything_that_was_not_synced() {
    killed_everywhere(false, Power::LosesAll, step(19));
}

#[test]
fn power_lost_with_some_of_what_was_not_synced() {
    killed_everywhere(true, Power::LosesSome, step(19));
}

#[test]
fn killed_while_many_clients_write() {
    killed_under_load(true, Power::Stays);
}

#[test]
fn power_lost_while_many_clients_write() {
    killed_under_load(false, Power::LosesAll);
    killed_under_load(true, Power::LosesSome);
}
