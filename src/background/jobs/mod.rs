//! The jobs of the product.
//!
//! - `flushes` write what is held in memory; `commits` finds commits of other processes; `announcements` record what the passing of
//!   time brings; `heads` reports heads of audit logs; `mail` sends emails; `rotations` revokes old keys; `search_texts` derives texts for search; `sweeps` delete expired rows;
//!   `event_authentication` fields of audit events that earlier versions do not know; `findings` checks of keys by their usage, and the
//!   weekly digest; `leaks` pauses and revokes leaked keys;
//!   `unusual` compares the use of keys with their past; `database_size` measures for the metrics; `webhooks` disables endpoints that fail
//!   for days, deletes old deliveries, and counts what is due

mod announcements;
mod commits;
mod database_size;
mod event_authentication;
mod findings;
mod flushes;
mod heads;
mod leaks;
mod mail;
mod rotations;
mod search_texts;
mod sweeps;
mod unusual;
mod webhooks;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use heads::AuditHeads;
pub use mail::SendMail;

use super::job::Job;
use super::runner::{Runner, attempt};
use super::schedule::Schedule;
use crate::app::App;
use crate::keys::Flush;
use announcements::{ExpiringKeys, HeldPauses, OverdueInvoices};
use commits::PollCommits;
use database_size::DatabaseSize;
use event_authentication::EventAuthentication;
use findings::{KeyChecks, OldDismissals, WeeklyDigests};
use flushes::{FailedSignIns, KeyExpiries, KeyPauses, LogSummaries, RequestLogFlush, SessionUse, UsageFlush};
use leaks::LeakRemedies;
use mail::OldMail;
use rotations::EndedRotations;
use search_texts::SearchTexts;
use sweeps::{ExpiredSessions, OldRequests, OldResponses};
use unusual::UnusualActivity;
use webhooks::{MeasureWebhooks, TidyWebhooks};

/// Starts all jobs. Each task ends after `stop` is set to true.
pub fn start(app: App, stop: watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    Runner::new(app, stop)
        .job(LogSummaries)
        .job(UsageFlush)
        .job(RequestLogFlush)
        .job(FailedSignIns)
        .job(SessionUse)
        .job(KeyExpiries)
        .job(KeyPauses)
        .job(HeldPauses)
        .job(ExpiringKeys)
        .job(EndedRotations)
        .job(OverdueInvoices)
        .job(AuditHeads)
        .job(DatabaseSize)
        .job(ExpiredSessions)
        .job(OldResponses)
        .job(OldRequests)
        .job(SearchTexts)
        .job(EventAuthentication)
        .job(SendMail)
        .job(OldMail)
        .job(TidyWebhooks)
        .job(MeasureWebhooks)
        .job(KeyChecks)
        .job(OldDismissals)
        .job(WeeklyDigests)
        .job(LeakRemedies)
        .job(UnusualActivity::default())
        .job(PollCommits::default())
        .into_tasks()
}

/// Runs the jobs that write what is held in memory, one after another. [`Flush::Last`] is for a process that stops.
pub async fn flush(app: &App, flush: Flush) {
    run_once(app, LogSummaries, flush).await;
    run_once(app, UsageFlush, flush).await;
    run_once(app, RequestLogFlush, flush).await;
    run_once(app, FailedSignIns, flush).await;
    run_once(app, SessionUse, flush).await;
    run_once(app, KeyExpiries, flush).await;
    run_once(app, KeyPauses, flush).await;
}

async fn run_once<J: Job>(app: &App, job: J, flush: Flush) {
    let _pause = attempt(app, &job, flush, &mut Schedule::new(J::INTERVAL)).await;
}
