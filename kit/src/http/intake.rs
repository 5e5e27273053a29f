//! Request bodies on their way in: as long as they may be, in time, and so many bytes of all of them at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use uuid::Uuid;

use crate::lock::lock;

/// The largest body where no credential was admitted, 8 KiB.
pub const LARGEST_ANONYMOUS: usize = 8 << 10;

/// The longest that a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The reason why a body was not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotTaken {
    /// The body is larger than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive before the deadline.
    #[error("the body did not arrive in time")]
    Late,
    /// The connection broke off.
    #[error("the body did not arrive whole")]
    Broken,
    /// The node holds as many bytes as it may.
    #[error("there are too many bodies at once")]
    Busy,
}

/// The sender of a body, as far as bytes are shared out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sender {
    /// No credential was admitted: the network of the address.
    Client(IpAddr),
    /// A group of callers with credentials, which has a share.
    Group(Uuid),
}

/// The bytes of request bodies that a node holds at once. Callers without a credential have a quarter of them, and one such client
/// a quarter of that; a group of callers has half.
#[derive(Clone, Debug)]
pub struct BodyBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    total: usize,
    anonymous: usize,
    senders: HashMap<Sender, usize>,
}

/// Bytes that are held until this is dropped.
#[derive(Debug)]
pub struct Held {
    budget: BodyBudget,
    sender: Sender,
    bytes: usize,
}

impl BodyBudget {
    /// A budget of `most` bytes.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Inner { most, state: Mutex::default() }))
    }

    /// Begins to hold bytes of this sender.
    pub fn hold(&self, sender: Sender) -> Held {
        Held { budget: self.clone(), sender, bytes: 0 }
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        lock(&self.0.state).total
    }
}

impl Held {
    fn add(&mut self, bytes: usize) -> Result<(), NotTaken> {
        let Inner { most, state } = &*self.budget.0;
        let State { total, anonymous, senders } = &mut *lock(state);
        let (all, share) = match self.sender {
            Sender::Client(_) => (most / 4, most / 16),
            Sender::Group(_) => (usize::MAX, most / 2),
        };
        let of_sender = senders.entry(self.sender).or_default();
        let left = [(*most, *total), (all, *anonymous), (share, *of_sender)].map(|(most, held)| most.saturating_sub(held));
        // An empty entry that is left by a refusal goes when this is dropped.
        if left.iter().any(|left| bytes > *left) {
            return Err(NotTaken::Busy);
        }
        *total += bytes;
        *of_sender += bytes;
        if let Sender::Client(_) = self.sender {
            *anonymous += bytes;
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let State { total, anonymous, senders } = &mut *lock(&self.budget.0.state);
        *total -= self.bytes;
        if let Sender::Client(_) = self.sender {
            *anonymous -= self.bytes;
        }
        if let Some(of_sender) = senders.get_mut(&self.sender) {
            *of_sender -= self.bytes;
            if *of_sender == 0 {
                senders.remove(&self.sender);
            }
        }
    }
}

/// The length that a body is announced to have.
pub fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// Reads a body of at most `limit` bytes, which count for `held`.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize, held: &mut Held) -> Result<Bytes, NotTaken> {
    if announced(headers).is_some_and(|length| length > limit as u64) {
        return Err(NotTaken::TooLarge);
    }
    tokio::time::timeout(TIMEOUT, collect(body, limit, held)).await.unwrap_or(Err(NotTaken::Late))
}

async fn collect(mut body: Body, limit: usize, held: &mut Held) -> Result<Bytes, NotTaken> {
    let mut first = Bytes::new();
    // Copied together, once there is more than one: a list of many small pieces would take far more room than their bytes.
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NotTaken::Broken)?.into_data() else { continue };
        if first.len().max(whole.len()) + data.len() > limit {
            return Err(NotTaken::TooLarge);
        }
        held.add(data.len())?;
        if first.is_empty() && whole.is_empty() {
            first = data;
            if body.is_end_stream() {
                break;
            }
            continue;
        }
        if whole.is_empty() {
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Sender = Sender::Group(Uuid::from_u128(7));
    const OTHER: Sender = Sender::Group(Uuid::from_u128(8));

    fn held(budget: &BodyBudget, sender: Sender, bytes: usize) -> Option<Held> {
        let mut held = budget.hold(sender);
        held.add(bytes).is_ok().then_some(held)
    }

    #[test]
    fn anonymous_callers_hold_a_quarter_and_a_group_half() {
        let budget = BodyBudget::new(64);
        let client = |last| Sender::Client([203, 0, 113, last].into());
        let anonymous: Vec<Held> = (1..5).filter_map(|last| held(&budget, client(last), 4)).collect();
        assert!(anonymous.len() == 4 && held(&budget, client(5), 1).is_none());
        let group = held(&budget, GROUP, 32);
        assert!(group.is_some() && held(&budget, GROUP, 1).is_none());
        assert!(held(&budget, OTHER, 17).is_none());
        let other = held(&budget, OTHER, 16);
        assert!(other.is_some() && budget.held() == 64);
        drop((anonymous, group, other));
        assert_eq!(budget.held(), 0);
        assert!(lock(&budget.0.state).senders.is_empty());
    }

    #[test]
    fn one_client_without_a_credential_leaves_room_for_others() {
        let budget = BodyBudget::new(64);
        let [one, other] = [[203, 0, 113, 1], [203, 0, 113, 2]].map(|address| Sender::Client(address.into()));
        let held_by_one = held(&budget, one, 4);
        assert!(held_by_one.is_some() && held(&budget, one, 1).is_none());
        assert!(held(&budget, other, 4).is_some());
    }

    #[tokio::test]
    async fn body_in_pieces_is_put_together() {
        let budget = BodyBudget::new(1 << 10);
        for (pieces, expected) in [(&[][..], ""), (&["one"], "one"), (&["one", "", "two", "three"], "onetwothree")] {
            let pieces = pieces.iter().map(|piece| Ok::<_, std::convert::Infallible>(*piece));
            let body = Body::from_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
            let mut held = budget.hold(GROUP);
            assert_eq!(read(&HeaderMap::new(), body, 16, &mut held).await, Ok(Bytes::from_static(expected.as_bytes())));
            assert_eq!(budget.held(), expected.len());
        }
        let mut held = budget.hold(GROUP);
        let long = Body::from("seventeen letters");
        assert_eq!(read(&HeaderMap::new(), long, 16, &mut held).await, Err(NotTaken::TooLarge));
    }
}
