//! The notices about the chain and the tables. They claim no more than was checked.

use crate::audit::chain_verifier::{ChainState, STEP};
use crate::audit::compare::Latest;
use crate::audit::verify::Fault;
use kit::page::number::{grouped, plural};
use kit::page::{Moment, Moments};
use kit::text::sentence;

/// The limits of the check: an attacker may have rewritten the whole chain, with correct hashes.
const LIMITS: &str = "No event up to there was altered, removed or moved. Verification cannot show whether the log was \
                      truncated or rewritten as a whole before this server was started. For that, the operator compares \
                      it with a signed head that was kept elsewhere.";

pub(super) struct TablesNotice {
    pub(super) at: Moment,
    pub(super) differences: Vec<String>,
    /// The number of further differences.
    pub(super) more: Option<String>,
}

impl TablesNotice {
    pub(super) fn new(latest: Latest, at: &Moments) -> Self {
        let more = latest.total.saturating_sub(latest.first.len() as u64);
        Self {
            at: at.ago(latest.at),
            differences: latest.first.iter().map(sentence).collect(),
            more: (more > 0).then(|| format!("And {} more.", grouped(more))),
        }
    }
}

pub(super) struct ChainNotice {
    /// The first event that does not fit, and the part of the log that does.
    pub(super) fault: Option<(String, Option<String>)>,
    pub(super) verdict: String,
    pub(super) remark: Option<String>,
    pub(super) limits: &'static str,
    /// The time at which the first event was read, if that was for an earlier page.
    pub(super) started_at: Option<Moment>,
    pub(super) is_scanning: bool,
    /// The command that the operator runs for a full check.
    pub(super) command: String,
}

impl ChainNotice {
    pub(super) fn new(chain: &ChainState, at: &Moments, slug: &str) -> Self {
        let [events, of] = [chain.verified, chain.last].map(|count| u64::try_from(count).unwrap_or(0));
        let (verdict, remark) = match (events, of) {
            _ if events < of => (
                format!("Chain verified up to event {} of {}.", grouped(events), grouped(of)),
                Some(format!("Each visit to this page verifies about {} more.", grouped(STEP.unsigned_abs()))),
            ),
            _ if chain.started_at.is_none() => (format!("Chain verified, {} in total.", plural(events, "event")), None),
            _ => (
                format!("Chain verified up to the latest event, {}.", grouped(events)),
                Some("This page does not read events again that were verified before.".to_owned()),
            ),
        };
        let progress = chain.scanned.map(|at| {
            let at = grouped(u64::try_from(at).unwrap_or(0));
            format!("The log is being verified from its first event: {at} of {} so far. Reload to see the progress.", grouped(of))
        });
        Self {
            fault: chain.fault.as_ref().map(|fault| (sentence(fault), intact(fault, events))),
            verdict,
            limits: LIMITS,
            is_scanning: progress.is_some(),
            remark: progress.or(remark),
            started_at: chain.started_at.map(|time| at.ago(time)),
            command: format!("planeconnection audit verify --workspace {slug}"),
        }
    }
}

/// Returns the sentence about the events before the fault.
fn intact(fault: &Fault, events: u64) -> Option<String> {
    let is_found_in_order =
        matches!(fault, Fault::Altered { .. } | Fault::Missing { .. } | Fault::Unreadable { .. } | Fault::End { .. });
    let text = match events {
        1 => "The event before it is intact.".to_owned(),
        _ => format!("The {} before it are intact.", plural(events, "event")),
    };
    (is_found_in_order && events > 0).then_some(text)
}
