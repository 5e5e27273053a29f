//! Reset links that people ask for with "Forgot your password?".
//!
//! The page answers before anything is looked up, so that neither its text nor its time says whether an address is known. The
//! password and the sessions stay as they are until the link is used: anybody can ask for a link.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{LIFETIME, NO_PASSWORD, TOKEN, link_url, store, target};
use crate::audit::{Action, AuditContext, AuditedTx};
use crate::auth::error::Error;
use crate::core::Core;
use crate::mail::{self, Content, MailKind, NewMail};
use crate::members::{self, Email, Member};
use kit::http::client_ip;
use kit::limit::{Limits, Rate, RateLimited};
use kit::secret::SecretToken;

/// The requests of one network: colleagues share an address.
const PER_NETWORK: Rate = Rate { requests: 10, per: Duration::from_mins(5) };

/// The networks that are counted separately.
const NETWORKS: usize = 100_000;

/// The requests that are carried out at a time.
const AT_ONCE: usize = 4;

/// The requests that wait or are carried out.
const MAX_ADMITTED: usize = 64;

/// The time in which a member gets no second link: the first may still be on its way.
const PAUSE: Duration = Duration::from_mins(5);

/// The links that a member gets in a day.
const MAX_A_DAY: u64 = 5;

const DAY: Duration = Duration::from_hours(24);

/// Limits of requests for reset links. In memory, each node its own; those of a member are in the database.
#[derive(Debug)]
pub struct ResetRequests {
    networks: Limits<IpAddr>,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Default for ResetRequests {
    fn default() -> Self {
        Self {
            networks: Limits::new(PER_NETWORK, NETWORKS),
            admitted: Arc::new(Semaphore::new(MAX_ADMITTED)),
            running: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// The reason why a request is not carried out.
#[derive(Debug)]
pub enum RequestRefused {
    /// Too many requests from this network.
    Limited(RateLimited),
    /// Too many requests on this node.
    Busy,
}

/// A request that may be carried out.
#[derive(Debug)]
pub struct AdmittedRequest {
    _admitted: OwnedSemaphorePermit,
    running: Arc<Semaphore>,
}

impl ResetRequests {
    /// Admits a request, whatever its address.
    pub fn admit(&self, ip: IpAddr, ticks: Duration) -> Result<AdmittedRequest, RequestRefused> {
        self.networks.try_acquire(client_ip::network(ip), ticks).map_err(RequestRefused::Limited)?;
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| RequestRefused::Busy)?;
        Ok(AdmittedRequest { _admitted: admitted, running: Arc::clone(&self.running) })
    }
}

/// Sends a link to each member with this email, if there are any.
pub async fn send_reset_links(
    core: &Core,
    request: AdmittedRequest,
    email: &Email,
    context: impl Fn() -> AuditContext,
) -> Result<(), Error> {
    // The semaphore is never closed: an error would mean that it is, and then nothing need be limited.
    let _running = request.running.acquire().await.ok();
    for (member, _) in members::with_password(core.db.read(), email.as_str(), None).await? {
        send_link(core, &member, context()).await?;
    }
    Ok(())
}

async fn send_link(core: &Core, member: &Member, context: AuditContext) -> Result<(), Error> {
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    let sent = |within| mail::count_since(tx.db(), member.id, MailKind::PasswordReset, tx.now().before(within));
    if sent(PAUSE).await? > 0 || sent(DAY).await? >= MAX_A_DAY {
        return Ok(());
    }
    // An administrator has reset the password and handed a link over, which an anonymous request must not end.
    let hash = members::password_hash(tx.db(), member).await?;
    if hash.is_some_and(|hash| hash.ends_with(NO_PASSWORD)) && store::has_open(tx.db(), member.id, tx.now()).await? {
        return Ok(());
    }
    let (token, until) = (SecretToken::generate(TOKEN, tx.random()), tx.now().after(LIFETIME));
    let link = Some(link_url(&core.config.public_url, &token));
    let event = format!("password_reset {}", tx.now());
    if !mail::queue(core, &tx, member, NewMail { content: Content::PasswordReset { until }, event, link, until }).await? {
        return Ok(());
    }
    store::withdraw(tx.db(), member.id).await?;
    store::insert(tx.db(), member, token.digest(), tx.now(), until).await?;
    tx.record(Action::PasswordResetRequested, Some(target(member)), json!({ "linkExpiresAt": until }));
    Ok(tx.commit().await?)
}
