//! What the page says of the chain: no more than was checked.

use crate::audit::compare::Latest;
use crate::audit::verify::Fault;
use crate::audit::watch::{Chain, STEP};
use kit::page::number::{grouped, plural};
use kit::page::{Moment, Moments};
use kit::text::sentence;

/// What a chain that fits does not show: all of it may have been written anew, with right hashes.
const LIMITS: &str = "No event up to there was altered, removed or moved. Verification cannot show whether the log was \
                      truncated or rewritten as a whole before this server was started. For that, the operator compares \
                      it with a signed head that was kept elsewhere.";

/// The tables in words.
pub(super) struct TablesNotice {
    /// When they were compared.
    pub(super) at: Moment,
    /// The first differences.
    pub(super) differences: Vec<String>,
    /// How many differences there are besides.
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

/// The chain in words.
pub(super) struct ChainNotice {
    /// What does not fit, and up to where the log does.
    pub(super) fault: Option<(String, Option<String>)>,
    /// What fits.
    pub(super) verdict: String,
    /// What follows from how it was checked.
    pub(super) remark: Option<String>,
    /// What follows from a chain that fits, and what does not.
    pub(super) limits: &'static str,
    /// When the first event was read, if that was for an earlier page.
    pub(super) begun: Option<Moment>,
    /// Whether a walk over the whole log is under way.
    pub(super) is_walking: bool,
    /// What the operator is to run.
    pub(super) command: String,
}

impl ChainNotice {
    pub(super) fn new(chain: &Chain, at: &Moments, slug: &str) -> Self {
        let [events, of] = [chain.events, chain.of].map(|count| u64::try_from(count).unwrap_or(0));
        let (verdict, remark) = match (events, of) {
            _ if events < of => (
                format!("Chain verified up to event {} of {}.", grouped(events), grouped(of)),
                Some(format!("Each visit to this page verifies about {} more.", grouped(STEP.unsigned_abs()))),
            ),
            _ if chain.begun.is_none() => (format!("Chain verified, {} in total.", plural(events, "event")), None),
            _ => (
                format!("Chain verified up to the latest event, {}.", grouped(events)),
                Some("This page does not read events again that were verified before.".to_owned()),
            ),
        };
        let walking = chain.walking.map(|at| {
            let at = grouped(u64::try_from(at).unwrap_or(0));
            format!("The log is being verified from its first event: {at} of {} so far. Reload to see the progress.", grouped(of))
        });
        Self {
            fault: chain.fault.as_ref().map(|fault| (sentence(fault), intact(fault, events))),
            verdict,
            limits: LIMITS,
            is_walking: walking.is_some(),
            remark: walking.or(remark),
            begun: chain.begun.map(|begun| at.ago(begun)),
            command: format!("planeconnection audit verify --workspace {slug}"),
        }
    }
}

/// What can still be relied on.
fn intact(fault: &Fault, events: u64) -> Option<String> {
    let is_found_in_order =
        matches!(fault, Fault::Altered { .. } | Fault::Missing { .. } | Fault::Unreadable { .. } | Fault::End { .. });
    let told = match events {
        1 => "The event before it is intact.".to_owned(),
        _ => format!("The {} before it are intact.", plural(events, "event")),
    };
    (is_found_in_order && events > 0).then_some(told)
}
